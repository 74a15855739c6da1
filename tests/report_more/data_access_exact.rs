//! R19 on catalogs of which every row is known, and against the books of a simulated organisation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use sigma_catalog::catalog::delivery::{Bundle, Delivery, Outcome, Rows, ScopeReport, scope};
use sigma_catalog::catalog::document::LineageNode;
use sigma_catalog::catalog::organisation::{
    AccountType, Connection, Document, File, Member, ObjectGrant, Team, TeamMember, Workspace,
};
use sigma_catalog::catalog::warehouse::{ConnectionGrant, WarehouseTable};
use sigma_catalog::report::table::find;
use sigma_catalog::simulator::Options;
use sigma_catalog::store::{RunEnd, RunStart, Store};
use tempfile::TempDir;

use crate::shared::{Context, binary, run};

/// The report's own columns and what findings have beside them, apart by `|`: the same in CSV and JSON.
fn exact(folder: &TempDir) -> Vec<String> {
    let ask = |format: &str| {
        let ran = run(binary(folder).args(["report", "R19", "--db", "catalog.db", "--format", format]));
        assert_eq!(ran.code, 0, "{ran}");
        ran
    };
    let own = find("R19").expect("a report").columns.iter().map(|column| column.name);
    let names: Vec<&str> = own.chain(["confidence", "severity"]).collect();
    let csv = ask("csv").stdout;
    let mut csv = csv::Reader::from_reader(csv.as_bytes());
    let header = csv.headers().expect("a header").clone();
    let place = |name: &&str| header.iter().position(|column| column == *name).expect(name);
    let records: Vec<String> = csv
        .records()
        .map(|record| record.expect("a row"))
        .map(|record| names.iter().map(|name| &record[place(name)]).collect::<Vec<_>>().join("|"))
        .collect();
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let json: Vec<String> = ask("json").json()["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| names.iter().map(|name| cell(&row[*name])).collect::<Vec<_>>().join("|"))
        .collect();
    assert_eq!(records, json);
    records
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Four members explore workbook `wb`, which reads table `orders` through connection `con`; `eve` only views it. With
/// each data permission: on what, to whom, which word.
fn catalog(path: &Path, grants: &[(&str, &str, &str)], asked: bool) {
    let start = RunStart {
        version: String::new(),
        api_url: String::new(),
        organization_id: None,
        token_member_id: None,
        token_is_admin: Some(true),
    };
    let mut writer = Store::open(path).expect("a store").begin(&start).expect("a run");
    let mut rows = Rows::default();
    let member = |id: &str, kind: &str| Member {
        id: id.into(),
        email: Some(format!("{id}@x.com")),
        first_name: None,
        last_name: None,
        member_type: text(kind),
        user_kind: text("internal"),
        is_archived: Some(false),
        is_inactive: Some(false),
        home_folder_id: None,
        created_at: None,
        updated_at: None,
    };
    for (id, kind) in
        [("adm", "Admin"), ("ann", "Creator"), ("bob", "Creator"), ("cy", "Creator"), ("eve", "Creator")]
    {
        rows.push(member(id, kind));
    }
    for name in ["Admin", "Creator"] {
        let (id, name) = (name.to_lowercase(), text(name));
        rows.push(AccountType { id, name, description: None, is_custom: Some(false) });
    }
    rows.push(Team {
        id: "fin".into(),
        name: text("Finance"),
        description: None,
        visibility: None,
        is_archived: Some(false),
        created_by: None,
        created_at: None,
        updated_at: None,
    });
    rows.push(TeamMember {
        team_id: "fin".into(),
        member_id: "bob".into(),
        is_team_admin: None,
        added_by: None,
    });
    rows.push(Workspace {
        id: "ws".into(),
        url_id: None,
        name: text("Sales"),
        created_by: None,
        updated_by: None,
        created_at: None,
        updated_at: None,
    });
    rows.push(File {
        id: "wb".into(),
        r#type: "workbook".into(),
        url_id: None,
        name: text("Orders"),
        parent_id: text("ws"),
        path: text("Sales"),
        permission: None,
        badge: None,
        description: None,
        owner_id: None,
        is_archived: Some(false),
        created_by: None,
        updated_by: None,
        created_at: None,
        updated_at: None,
    });
    rows.push(Document {
        id: "wb".into(),
        kind: "workbook".into(),
        url_id: None,
        name: text("Orders"),
        url: None,
        path: text("Sales"),
        description: None,
        owner_id: None,
        latest_version: None,
        is_archived: Some(false),
        migration_status: None,
        migrated_to: None,
        created_by: None,
        updated_by: None,
        created_at: None,
        updated_at: None,
    });
    for (number, (to, word)) in
        [("adm", "edit"), ("ann", "edit"), ("bob", "explore"), ("cy", "explore"), ("eve", "view")]
            .iter()
            .enumerate()
    {
        rows.push(ObjectGrant {
            id: format!("g{number}"),
            object_id: "wb".into(),
            member_id: (*to).into(),
            team_id: String::new(),
            permission: text(word),
            created_by: None,
            created_at: None,
            updated_at: None,
        });
    }
    rows.push(Connection {
        id: "con".into(),
        name: text("Snowflake"),
        r#type: None,
        account: None,
        warehouse: None,
        role: None,
        is_sample: None,
        is_audit_log: None,
        use_oauth: None,
        write_access: None,
        is_archived: None,
        created_by: None,
        created_at: None,
        updated_at: None,
    });
    rows.push(WarehouseTable {
        id: "orders".into(),
        connection_id: text("con"),
        path: text("DB/PUBLIC/ORDERS"),
        database_name: text("DB"),
        schema_name: text("PUBLIC"),
        name: text("ORDERS"),
    });
    for (number, (on, to, word)) in grants.iter().enumerate() {
        let (member, team) = to.split_once("team:").map_or((*to, ""), |(_, team)| ("", team));
        rows.push(ConnectionGrant {
            id: format!("d{number}"),
            asked_id: (*on).into(),
            member_id: member.into(),
            team_id: team.into(),
            asked_kind: if *on == "con" { "connection" } else { "table" }.into(),
            object_id: None,
            permission: text(word),
            created_by: None,
            created_at: None,
            updated_at: None,
        });
    }
    writer.accept(Delivery::Rows(rows)).expect("rows");
    let read = |scope: &'static str, parent: &str| ScopeReport {
        code: None,
        message: None,
        ..ScopeReport::without_rows(scope, parent, Outcome::Complete, "", "")
    };
    let whole = [scope::MEMBERS, scope::TEAMS, scope::ACCOUNT_TYPES, scope::WORKSPACES, scope::CONNECTIONS];
    let mut scopes: Vec<ScopeReport> = whole.into_iter().map(|scope| read(scope, "")).collect();
    scopes.extend([
        read(scope::TEAM_MEMBERS, "fin"),
        read(scope::OBJECT_GRANTS, "ws"),
        read(scope::OBJECT_GRANTS, "wb"),
    ]);
    scopes.extend([read(scope::FILES, "workbook"), read(scope::DOCUMENTS, "workbook")]);
    if asked {
        scopes.extend(["con", "orders"].map(|asked| read(scope::CONNECTION_GRANTS, asked)));
    }
    for scope in scopes {
        writer.accept(Delivery::Scope(scope)).expect("a scope");
    }
    let mut rows = Rows::default();
    rows.push(LineageNode {
        r#type: "table".into(),
        id: "orders".into(),
        name: text("ORDERS"),
        connection_id: text("con"),
        definition: None,
    });
    let bundle = Bundle { document_id: "wb".into(), rows, scopes: vec![read(scope::LINEAGE, "")] };
    writer.accept(Delivery::Bundle(bundle)).expect("a document");
    writer.flush().expect("a flush");
    writer.publish(&RunEnd::default(), &BTreeMap::new()).expect("a publication");
}

#[test]
fn who_builds_without_permission_on_the_data_is_named_with_the_table() {
    let folder = TempDir::new().expect("a folder");
    // Bob may through his team, on the connection; what `writeback` allows is not documented.
    catalog(
        &folder.path().join("catalog.db"),
        &[("con", "team:fin", "usage"), ("orders", "cy", "writeback")],
        true,
    );
    let row = |who: &str, level: &str| {
        format!(
            "{who}|{who}@x.com|wb|workbook|Sales/Orders|Sales|orders|Snowflake/DB/PUBLIC/ORDERS|false|{level}|exact|low"
        )
    };
    assert_eq!(exact(&folder), [row("ann", "edit"), row("cy", "explore")]);
}

#[test]
fn where_everybody_who_builds_may_use_the_data_there_is_no_finding() {
    let folder = TempDir::new().expect("a folder");
    let grants = [("con", "team:fin", "usage"), ("orders", "cy", "annotate"), ("orders", "ann", "usage")];
    catalog(&folder.path().join("catalog.db"), &grants, true);
    assert_eq!(exact(&folder), Vec::<String>::new());
}

#[test]
fn without_having_asked_nothing_is_known() {
    let folder = TempDir::new().expect("a folder");
    catalog(&folder.path().join("catalog.db"), &[], false);
    let rows = exact(&folder);
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row.contains("|false|") && row.ends_with("|unknown|info")), "{rows:#?}");
}

#[test]
fn it_finds_what_the_books_of_an_organisation_say() {
    let context = Context::new(Options { seed: 2, pages: 1, elements: 2, columns: 1, ..Options::small() });
    context.extract();
    let (truth, access) = (context.simulator.truth(), context.simulator.with(|org| org.access()));
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let id = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let memberships: Vec<(String, String)> =
        list(&truth["memberships"]).iter().map(|row| (id(&row["team"]), id(&row["member"]))).collect();
    let members = list(&truth["objects"]["member"]);
    let everyone: Vec<String> = context
        .rows("SELECT id FROM team WHERE lower(name) = 'all members'")
        .iter()
        .map(|id| id.trim_matches('"').to_owned())
        .collect();
    let archived = context.rows("SELECT id FROM team WHERE is_archived = 1");
    let mut users: BTreeSet<(String, String)> = BTreeSet::new();
    for grant in list(&truth["connection_grants"]) {
        if !["usage", "annotate"].contains(&grant["permission"].as_str().expect("a word")) {
            continue;
        }
        let (team, on) = (id(&grant["team"]), id(&grant["inode"]));
        // An archived team gives nothing.
        if archived.contains(&format!("{team:?}")) {
            continue;
        }
        users.insert((on.clone(), id(&grant["member"])));
        let named = memberships.iter().filter(|(of, _)| *of == team);
        users.extend(named.map(|(_, member)| (on.clone(), member.clone())));
        if everyone.contains(&team) {
            let insiders = members.iter().filter(|member| member["userKind"] != "guest");
            users.extend(insiders.map(|member| (on.clone(), id(&member["id"]))));
        }
    }
    let may_use = |on: &str, member: &str| users.contains(&(on.to_owned(), member.to_owned()));
    let cells = |row: &str| -> Vec<String> {
        row.split(" | ").map(|cell| cell.trim_matches('"').to_owned()).collect()
    };
    let admins = context.rows("SELECT id FROM member WHERE lower(member_type) = 'admin'");
    let builds = |document: &str| -> Vec<String> {
        list(&access)
            .iter()
            .filter(|row| {
                row["inode"] == document
                    && ["explore", "edit"].contains(&row["permission"].as_str().expect("a word"))
            })
            .map(|row| id(&row["member"]))
            .filter(|member| !admins.contains(&format!("{member:?}")))
            .collect()
    };
    let mut expected: BTreeSet<[String; 3]> = BTreeSet::new();
    for row in context.rows("SELECT document_id, id, connection_id FROM lineage_node WHERE type = 'table'") {
        let row = cells(&row);
        let (document, table, connection) = (&row[0], &row[1], &row[2]);
        let without = builds(document)
            .into_iter()
            .filter(|member| !may_use(table, member) && !may_use(connection, member));
        expected.extend(without.map(|member| [member, document.clone(), table.clone()]));
    }
    let mut command = context.command(&["report", "R19", "--db", "catalog.db", "--format", "json"]);
    let report = run(&mut command).json();
    let found: BTreeSet<[String; 3]> = list(&report["rows"])
        .iter()
        .map(|row| ["member_id", "object_id", "table_id"].map(|name| id(&row[name])))
        .collect();
    assert!(expected.len() > 2, "{}", expected.len());
    assert_eq!(found, expected);
    assert!(list(&report["rows"]).iter().all(|row| row["confidence"] == "exact"), "{report}");
}
