//! Objects beside documents and people: what they cost, and what their refusals mean.

use serde_json::Value;

use crate::context::{Context, EVERYTHING, run};
use crate::requests::asked;

const TABLE_PATH: &str = "/v2/connections/paths/{inodeId}";
const TABLE_COLUMNS: &str = "/v2/connections/tables/{tableId}/columns";
const TABLE_GRANTS: &str = "/v2/connections/paths/{connectionPathId}/grants";
const CONNECTION_GRANTS: &str = "/v2/connections/{connectionId}/grants";

/// The tables whose rows come from these objects.
const TABLES: &[&str] = &[
    "account_type_permission",
    "user_attribute",
    "user_attribute_value",
    "tenant",
    "version_tag",
    "tagged_version",
    "dataset_source",
    "warehouse_table",
    "warehouse_column",
    "connection_grant",
];

fn held(context: &Context) -> Vec<Vec<String>> {
    TABLES.iter().map(|table| context.rows(&format!("SELECT * FROM {table} ORDER BY 1, 2"))).collect()
}

fn break_with(context: &Context, rules: &[&str]) {
    context.simulator.set_faults(rules.iter().map(|rule| rule.parse().expect("a rule")).collect());
}

fn count(context: &Context, sql: &str) -> u64 {
    context.rows(sql)[0].parse().expect("a count")
}

#[test]
fn a_table_is_asked_about_once_however_many_documents_read_it() {
    let context = Context::small();
    context.extract();
    let stats = context.simulator.stats();
    let tables = count(&context, "SELECT count(*) FROM warehouse_table");
    let named = count(&context, "SELECT count(*) FROM lineage_node WHERE type = 'table'");
    assert!(0 < tables && tables < named, "{tables} tables named {named} times");
    for endpoint in [TABLE_PATH, TABLE_COLUMNS, TABLE_GRANTS] {
        assert_eq!(asked(&stats, endpoint), tables, "{endpoint}");
    }
    assert_eq!(asked(&stats, CONNECTION_GRANTS), count(&context, "SELECT count(*) FROM connection"));
    // Two names where there are no databases, three elsewhere.
    let levels = context.rows("SELECT DISTINCT database_name IS NULL FROM warehouse_table ORDER BY 1");
    assert_eq!(levels, ["0", "1"]);
}

#[test]
fn what_is_off_costs_nothing_and_what_was_known_stays() {
    let context = Context::small();
    let off = [
        "--tags=false",
        "--user-attributes=false",
        "--tenants=false",
        "--warehouse=false",
        "--data-grants=off",
        "--datasets=false",
    ];
    let ran = context.extract_with(&off);
    assert_eq!(ran.code, 0, "{ran}");
    let optional = [
        "/v2/tags",
        "/v2/user-attributes",
        "/v2/user-attributes/{userAttributeId}/users",
        "/v2/tenants",
        "/v2/datasets/{datasetId}/sources",
        TABLE_PATH,
        TABLE_COLUMNS,
        TABLE_GRANTS,
        CONNECTION_GRANTS,
    ];
    for endpoint in optional {
        assert_eq!(asked(&context.simulator.stats(), endpoint), 0, "{endpoint}");
    }
    for table in &TABLES[1..] {
        // Listings of documents come without tags when nobody wants them.
        assert_eq!(count(&context, &format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    context.extract();
    let before = held(&context);
    assert!(before.iter().all(|rows| !rows.is_empty()));
    let ran = context.extract_with(&off);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(held(&context), before);
    let left_out = context.rows(
        "SELECT endpoint FROM fetch_scope WHERE run_id = 3 AND outcome = 'excluded' AND error_code = 'setting.off' \
         AND parent_id IN ('', 'workbook') ORDER BY 1",
    );
    for scope in ["connection-grants", "tagged-versions", "tenants", "user-attributes", "warehouse-tables"] {
        assert!(left_out.contains(&format!("{scope:?}")), "{scope} in {left_out:?}");
    }
}

#[test]
fn data_permissions_on_tables_are_asked_only_when_wanted() {
    let context = Context::small();
    assert_eq!(context.extract_with(&[]).code, 0);
    let kinds = "SELECT DISTINCT asked_kind FROM connection_grant ORDER BY 1";
    assert_eq!(context.rows(kinds), ["\"connection\""]);
    assert_eq!(asked(&context.simulator.stats(), TABLE_GRANTS), 0);
    let told =
        "SELECT parent_id FROM fetch_scope WHERE endpoint = 'connection-grants' AND outcome = 'excluded'";
    assert_eq!(context.rows(told), ["\"table\""]);
    context.extract();
    assert_eq!(context.rows(kinds), ["\"connection\"", "\"table\""]);
}

#[test]
fn a_table_or_dataset_that_is_no_more_makes_no_run_partial_and_one_that_is_denied_does() {
    let context = Context::small();
    context.extract();
    let before = held(&context);
    let sources = "/v2/datasets/{datasetId}/sources";
    let cases: &[(&[&str], u16, i32)] = &[
        (&[TABLE_PATH, TABLE_COLUMNS, TABLE_GRANTS, sources], 404, 0),
        (&[TABLE_PATH, TABLE_COLUMNS, TABLE_GRANTS, sources], 409, 0),
        (&[sources], 410, 0),
        (&[TABLE_PATH], 410, 3),
        (&[TABLE_PATH], 403, 3),
        (&[TABLE_COLUMNS], 403, 3),
        (&[CONNECTION_GRANTS], 404, 3),
        (&[sources], 403, 3),
        (&["/v2/tags"], 403, 3),
        (&["/v2/accountTypes/{accountTypeId}/permissions"], 403, 3),
    ];
    for (endpoints, status, code) in cases {
        let rules: Vec<String> =
            endpoints.iter().map(|endpoint| format!("GET {endpoint} {status}")).collect();
        break_with(&context, &rules.iter().map(String::as_str).collect::<Vec<_>>());
        let ran = context.extract_with(&[&EVERYTHING[..], &["--full"]].concat());
        assert_eq!(ran.code, *code, "{endpoints:?} {status}: {ran}");
        assert_eq!(held(&context), before, "{endpoints:?} {status}");
    }
}

#[test]
fn one_denied_table_costs_that_table_only() {
    let context = Context::small();
    let tables = context.simulator.truth()["objects"]["warehouse-table"].clone();
    let denied = tables[0]["id"].as_str().expect("an id").to_owned();
    break_with(&context, &[&format!("GET /v2/connections/*/{denied} 403")]);
    let ran = context.extract_with(&EVERYTHING);
    assert_eq!(ran.code, 3, "{ran}");
    let deficient = ran.json()["deficient"].clone();
    assert_eq!(deficient.as_array().map(Vec::len), Some(1), "{deficient:#}");
    assert_eq!(
        (&deficient[0]["scope"], &deficient[0]["parent_id"]),
        (&"warehouse-tables".into(), &denied.clone().into())
    );
    let known = count(&context, "SELECT count(*) FROM warehouse_table");
    assert_eq!(Some(known + 1), tables.as_array().map(|all| all.len() as u64));
    // It stays in the stable face, by the name that lineage gives it.
    let shown = context.rows(&format!(
        "SELECT name IS NOT NULL, db_table FROM bi_connection WHERE external_id = 'table:{denied}'"
    ));
    assert_eq!(shown, ["1 | null"]);
}

#[test]
fn values_of_an_attribute_are_whole_only_if_all_who_may_have_one_answered() {
    let context = Context::small();
    context.extract();
    let before = held(&context);
    for who in ["users", "teams", "tenants"] {
        break_with(&context, &[&format!("GET /v2/user-attributes/{{userAttributeId}}/{who} 403")]);
        let ran = context.extract_with(&EVERYTHING);
        assert_eq!(ran.code, 3, "{who}: {ran}");
        assert_eq!(held(&context), before, "{who}");
        let ended = context.rows(
            "SELECT DISTINCT outcome FROM fetch_scope WHERE endpoint = 'user-attribute-values' \
             AND run_id = (SELECT max(run_id) FROM run)",
        );
        assert_eq!(ended, ["\"denied\""], "{who}");
    }
}

#[test]
fn a_tenant_that_sigma_does_not_tell_about_makes_no_run_partial_and_removes_none() {
    let context = Context::small();
    context.extract();
    let ended = context.rows("SELECT outcome, rows > 0 FROM fetch_scope WHERE endpoint = 'tenants'");
    assert_eq!(ended, ["\"carried\" | 1"]);
    break_with(&context, &["GET /v2/tenants row-error"]);
    let ran = context.extract_with(&EVERYTHING);
    assert_eq!(ran.code, 3, "an error object is no tenant: {ran}");
}

#[test]
fn who_may_only_view_by_account_type_can_use_no_more_than_that() {
    let context = Context::small();
    context.extract();
    let url = ["access", "effective", "--db", "catalog.db", "--format", "jsonl"];
    let usable = |context: &Context| -> Vec<(String, Option<String>)> {
        let ran = run(&mut context.command(&url));
        assert_eq!(ran.code, 0, "{ran}");
        let types = context.rows("SELECT id, lower(member_type) FROM member");
        let type_of = |id: &str| {
            let line = types.iter().find(|line| line.starts_with(&format!("{id:?}"))).expect("a member");
            line.rsplit('"').nth(1).expect("a type").to_owned()
        };
        ran.stdout
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
            .map(|row| {
                let member = row["member_id"].as_str().expect("a member");
                (type_of(member), row["usable_level"].as_str().map(str::to_owned))
            })
            .collect()
    };
    let rows = usable(&context);
    let of = |name: &str| rows.iter().filter(|(found, _)| found == name).collect::<Vec<_>>();
    // Only the words of this type have all an established meaning.
    assert!(!of("view").is_empty() && of("view").iter().all(|(_, usable)| usable.as_deref() == Some("view")));
    assert!(!of("build").is_empty() && of("build").iter().all(|(_, usable)| usable.is_none()));
    // What was not read says nothing.
    let other = Context::small();
    break_with(&other, &["GET /v2/accountTypes/{accountTypeId}/permissions 403"]);
    assert_eq!(other.extract_with(&[]).code, 3);
    assert!(usable(&other).iter().all(|(name, usable)| name != "view" || usable.is_none()));
}

#[test]
fn a_catalog_of_an_earlier_version_can_be_asked_and_is_completed_by_the_next_run() {
    let context = Context::small();
    context.extract();
    context.extract();
    let before = held(&context);
    context.back_to_version(2);
    for command in [&["runs", "diff", "1", "2"][..], &["access", "effective"]] {
        let ran = run(&mut context.command(&[command, &["--db", "catalog.db"]].concat()));
        assert_eq!(ran.code, 0, "{command:?}: {ran}");
    }
    context.extract();
    assert_eq!(held(&context), before);
}
