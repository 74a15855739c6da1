//! With everything on: what an unchanged organisation, a run that is not published, and an exclusion write and leave.

use std::collections::BTreeSet;
use std::fs;

use sigma_catalog::catalog;
use sigma_catalog::simulator::Options;

use crate::combinations::{ALL, file_of, options, small};
use crate::context::{Context, Ran};

/// Everything there is to read, images and mirrored permissions included.
fn everything() -> Vec<&'static str> {
    [&ALL[..], &["--previews=workbooks", "--csv-mapping=true"]].concat()
}

/// Makes members catalog users, and mirrors these alone.
fn map(context: &Context, emails: &[String]) {
    fs::create_dir_all(file_of(context, "mappings")).expect("a folder");
    let write = |name: &str, header: &str, end: &str| {
        let rows: String =
            emails.iter().enumerate().map(|(n, email)| format!("user{n},{email}{end}\n")).collect();
        fs::write(file_of(context, name), format!("{header}\n{rows}")).expect("a file");
    };
    write("mappings/identity.csv", "network_id,sigma_email", "");
    write("mappings/catalog-users.csv", "network_id,email,display_name,active", ",,true");
}

fn emails(context: &Context) -> Vec<String> {
    let rows = context.simulator.truth()["objects"]["member"].as_array().expect("members").clone();
    let plain = rows
        .iter()
        .filter(|row| row["archived"] != true && row["kind"].as_str().is_none_or(|kind| kind == "internal"));
    let found: Vec<String> = plain.filter_map(|row| row["email"].as_str()).map(str::to_owned).collect();
    assert!(found.len() > 5, "{rows:#?}");
    found
}

/// Every table of the catalog with all its rows, but for the ledger of runs, and every file beside it.
fn state(context: &Context) -> Vec<String> {
    let names = context.rows(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY 1",
    );
    let mut all = Vec::new();
    for name in names.iter().map(|name| name.trim_matches('"')) {
        // `document_key` numbers what was ever seen; nothing is read through it alone. The others tell of runs.
        if name.starts_with("run")
            || name.starts_with("sqlite_")
            || ["fetch_scope", "document_key", "catalog_state", "permission_read", "settled_run"]
                .contains(&name)
        {
            continue;
        }
        // What a run has read and not published yet is nobody's state.
        if name.starts_with("staged_") || name.starts_with("staging") || name.starts_with("seen_") {
            continue;
        }
        let mut rows = context.rows(&format!("SELECT {} FROM \"{name}\"", published(context, name)));
        rows.sort();
        rows.retain(|row| row.split(" | ").any(|column| column != "null"));
        all.push(format!("{name}: {} rows", rows.len()));
        all.extend(rows.into_iter().map(|row| format!("{name} {row}")));
    }
    let mut files: Vec<_> = fs::read_dir(file_of(context, "catalog-previews"))
        .expect("a folder")
        .map(|entry| {
            let entry = entry.expect("an entry");
            format!("{:?} {:?}", entry.file_name(), entry.metadata().and_then(|data| data.modified()))
        })
        .collect();
    files.sort();
    all.extend(files);
    all
}

/// The columns of a table; of a history those of its published rows.
fn published(context: &Context, table: &str) -> String {
    let columns = context.rows(&format!("SELECT name FROM pragma_table_info('{table}')"));
    let is_history = columns.contains(&"\"valid_to\"".to_owned());
    if !is_history && table != "document_read" {
        return "*".to_owned();
    }
    let since = if is_history { "valid_from" } else { "run_id" };
    let run = "(SELECT published_run FROM catalog_state)";
    let shown = columns.iter().map(|column| match column.as_str() {
        "\"valid_to\"" => format!("iif(valid_to > {run}, NULL, valid_to)"),
        column => column.to_owned(),
    });
    // A row of a later run shows as nothing.
    let shown: Vec<_> = shown.map(|column| format!("iif({since} > {run}, NULL, {column})")).collect();
    shown.join(", ")
}

/// The lines that only one of two states has.
fn difference<'a>(before: &'a [String], after: &'a [String]) -> impl Iterator<Item = &'a String> {
    let (one, other): (BTreeSet<_>, BTreeSet<_>) = (before.iter().collect(), after.iter().collect());
    one.symmetric_difference(&other).copied().collect::<Vec<_>>().into_iter()
}

#[test]
fn an_unchanged_organisation_writes_nothing_whatever_is_on() {
    let context = small();
    let emails = emails(&context);
    map(&context, &emails[..5]);
    let first = context.extract_with(&everything());
    assert_eq!(first.code, 0, "{first}");
    assert!(first.stderr.contains("mirroring for 5 mapped user"), "{first}");
    let before = state(&context);
    for table in [
        "search_object",
        "mirrored_member_history",
        "access_principal_history",
        "preview_history",
        "column_edge_history",
    ] {
        assert!(before.iter().any(|line| line.starts_with(&format!("{table} "))), "{table} holds nothing");
    }
    let second = context.extract_with(&everything());
    assert_eq!(second.code, 0, "{second}");
    let after = state(&context);
    // A finding says which run saw it last.
    let changed: Vec<_> = difference(&before, &after).filter(|line| !line.starts_with("finding ")).collect();
    assert!(changed.is_empty(), "{:#?}", &changed[..changed.len().min(9)]);
    for (kind, counts) in second.json()["objects"].as_object().expect("objects") {
        assert_eq!(counts["unchanged"], counts["total"], "{kind}");
    }
}

/// The tables in which something current is about a document or lies in it.
fn traces(context: &Context, id: &str) -> BTreeSet<String> {
    let inside = format!("document IN (SELECT document FROM document_key WHERE id = '{id}')");
    let tables = catalog::TABLES.iter().map(|table| {
        let column = ["document_id", "dataset_id", "object_id", "id"]
            .into_iter()
            .find(|name| table.columns.iter().any(|column| column.name == *name));
        let place = match column {
            _ if table.in_document => inside.clone(),
            Some(column) => format!("{column} = '{id}'"),
            None => "0".to_owned(),
        };
        (table.name, format!("SELECT 1 FROM {} WHERE valid_to IS NULL AND {place}", table.history()))
    });
    let key = format!("object IN (SELECT key FROM access_key WHERE id = '{id}')");
    let more = [
        (
            "access_principal",
            format!("SELECT 1 FROM access_principal_history WHERE valid_to IS NULL AND {key}"),
        ),
        (
            "mirrored_object",
            format!("SELECT 1 FROM mirrored_object_history WHERE valid_to IS NULL AND {key}"),
        ),
        ("search_object", format!("SELECT 1 FROM search_object WHERE id = '{id}' OR {inside}")),
        ("bi_report", format!("SELECT 1 FROM bi_report WHERE external_id LIKE '%:{id}%'")),
        ("bi_report_column", format!("SELECT 1 FROM bi_report_column WHERE external_id LIKE '%:{id}%'")),
    ];
    let all: Vec<(&str, String)> = tables.chain(more).collect();
    all.into_iter()
        .filter(|(_, sql)| !context.rows(sql).is_empty())
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Runs, and once more where a guard asks whether that much may go.
fn extract_accepting(context: &Context, arguments: &[&str]) -> Ran {
    let ran = context.extract_with(arguments);
    if ran.code != 4 {
        return ran;
    }
    let run = ran.json()["run_id"].to_string();
    context.extract_with(&[arguments, &["--accept-removals", &run]].concat())
}

#[test]
fn a_document_that_is_left_out_goes_with_everything_in_it() {
    let context = small();
    let emails = emails(&context);
    // Without administrators, who reach everything.
    let is_ordinary =
        |email: &&String| ["ben", "camille", "chris"].iter().any(|name| email.starts_with(name));
    map(&context, &emails.iter().filter(is_ordinary).cloned().collect::<Vec<_>>());
    let start = || {
        let ran = extract_accepting(&context, &everything());
        assert_eq!(ran.code, 0, "{ran}");
    };
    start();
    let documents = context.rows("SELECT id FROM document WHERE is_archived IS NOT 1");
    let documents: Vec<&str> = documents.iter().map(|id| id.trim_matches('"')).collect();
    let reached = context.rows("SELECT object_id FROM mirrored_object");
    let is_reached = |id: &&&str| reached.contains(&format!("{id:?}"));
    let richest =
        documents.iter().filter(is_reached).max_by_key(|id| traces(&context, id).len()).expect("one");
    let held = traces(&context, richest);
    for table in [
        "preview",
        "embed",
        "column_edge",
        "element_query",
        "object_grant",
        "search_object",
        "bi_report",
        "mirrored_object",
    ] {
        assert!(held.contains(table), "{table} not in {held:?}");
    }
    let left = extract_accepting(&context, &[&everything()[..], &["--exclude-documents", richest]].concat());
    assert_eq!(left.code, 0, "{left}");
    assert_eq!(traces(&context, richest), BTreeSet::new());
    // Its neighbours are as they were.
    start();
    assert_eq!(traces(&context, richest), held);

    // What lies in somebody's own folder.
    let personal: Vec<String> = context
        .rows("SELECT id FROM document WHERE path LIKE 'My Documents%' AND is_archived IS NOT 1")
        .iter()
        .map(|id| id.trim_matches('"').to_owned())
        .collect();
    assert!(!personal.is_empty());
    let without: Vec<&str> = everything().into_iter().filter(|word| *word != "--personal=true").collect();
    let ran = extract_accepting(&context, &without);
    assert_eq!(ran.code, 0, "{ran}");
    for id in &personal {
        assert_eq!(traces(&context, id), BTreeSet::new(), "{id}");
    }

    // What the one user does not see whose view it is.
    start();
    let viewer = &emails.iter().find(|email| email.starts_with("chris")).expect("somebody who sees little");
    let one_view = [&ALL[..], &["--mirroring=false", "--login-user", viewer]].concat();
    let ran = extract_accepting(&context, &one_view);
    assert_eq!(ran.code, 0, "{ran}");
    let seen = context.rows("SELECT id FROM document");
    let unseen: Vec<_> = documents.iter().filter(|id| !seen.contains(&format!("{id:?}"))).collect();
    assert!(!seen.is_empty() && unseen.len() > 3, "{seen:?}");
    for id in unseen {
        assert_eq!(traces(&context, id), BTreeSet::new(), "{id}");
    }
}

#[test]
fn a_kind_that_is_off_stays_as_far_as_the_login_user_sees_it() {
    let context = small();
    let emails = emails(&context);
    let view = |email: &str, more: &[&str]| {
        let ran = extract_accepting(
            &context,
            &[&ALL[..], &["--mirroring=false", "--login-user", email], more].concat(),
        );
        assert_eq!(ran.code, 0, "{ran}");
    };
    let held = || -> Vec<Vec<String>> {
        catalog::TABLES
            .iter()
            .map(|table| context.rows(&format!("SELECT * FROM {} ORDER BY 1, 2, 3", table.history())))
            .collect()
    };
    let chris = emails.iter().find(|email| email.starts_with("chris")).expect("chris");
    view(chris, &[]);
    let kinds = "SELECT DISTINCT kind FROM document ORDER BY 1";
    let all = context.rows(kinds);
    assert!(all.len() > 2, "{all:?}");
    let told = context.rows(
        "SELECT endpoint FROM fetch_scope WHERE message LIKE '%`permissions.mirroring` is off' ORDER BY 1",
    );
    assert_eq!(
        told,
        ["account-types", "object-grants", "teams", "tenants", "user-attributes", "version-tags"]
            .map(|scope| format!("{scope:?}"))
    );
    let before = held();
    view(chris, &["--reports=false", "--data-models=false", "--datasets=false"]);
    assert_eq!(held(), before);
    view(chris, &["--lineage=false"]);
    assert_eq!(held(), before);
    // Somebody else does not see what the first one saw, whether it is asked for or not.
    let other = emails.iter().find(|email| email.starts_with("camille")).expect("camille");
    let fresh = small();
    let ran = fresh.extract_with(&[&ALL[..], &["--mirroring=false", "--login-user", other]].concat());
    assert_eq!(ran.code, 0, "{ran}");
    let visible = fresh.rows("SELECT id FROM document");
    view(other, &["--reports=false", "--data-models=false", "--datasets=false"]);
    let kept = context.rows("SELECT id FROM document");
    assert!(kept.iter().all(|id| visible.contains(id)), "{kept:?} {visible:?}");
}

#[cfg(unix)]
#[test]
fn a_run_that_is_not_published_leaves_everything_as_it_was() {
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use sigma_catalog::simulator::Mutation;

    let context = Context::new(Options { latency: Duration::from_millis(2), ..options() });
    let emails = emails(&context);
    map(&context, &emails[..5]);
    let first = context.extract_with(&everything());
    assert_eq!(first.code, 0, "{first}");
    let before = state(&context);
    let workbooks: Vec<String> = context
        .rows("SELECT p.document_id FROM preview p JOIN document d ON d.id = p.document_id WHERE d.is_archived IS NOT 1 GROUP BY 1 ORDER BY 1")
        .iter()
        .map(|id| id.trim_matches('"').to_owned())
        .collect();
    let change = |mutation: Mutation| context.simulator.mutate(&mutation).expect("a change");
    change(Mutation::RenameDocument { document: workbooks[0].clone(), name: "Restated".to_owned() });
    change(Mutation::AddPage { document: workbooks[1].clone(), name: Some("Appendix".to_owned()) });
    map(&context, &emails[2..6]);
    let unchanged = |ran: &dyn std::fmt::Display| {
        let after = state(&context);
        let changed: Vec<_> = difference(&before, &after).collect();
        assert!(changed.is_empty(), "{:#?} {ran}", &changed[..changed.len().min(9)]);
    };
    // Credentials that expire for good when much is read already.
    context.simulator.set_faults(vec!["GET /v2/grants unauthorized skip=5".parse().expect("a rule")]);
    let ran = context.extract_with(&everything());
    assert_eq!(ran.code, 5, "{ran}");
    unchanged(&ran);
    context.simulator.set_faults(Vec::new());

    let url = context.simulator.url();
    context.simulator.reset_stats();
    let mut command =
        context.command(&[&["extract", "--api-url", &url, "--db", "catalog.db"], &everything()[..]].concat());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    while context.simulator.stats()["total"].as_u64().is_none_or(|total| total < 150) {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill").success());
    assert_eq!(child.wait().expect("an end").code(), Some(143));
    unchanged(&"told to stop");

    for document in workbooks[2..].iter().cloned() {
        change(Mutation::DeleteDocument { document });
    }
    // The one that was told to stop had listed all workbooks.
    let ran = context.extract_with(&[&everything()[..], &["--no-resume"]].concat());
    assert_eq!(ran.code, 4, "{ran}");
    unchanged(&ran);
    assert_eq!(
        context.rows("SELECT state FROM run ORDER BY run_id"),
        ["\"published\"", "\"failed\"", "\"interrupted\"", "\"rejected\""]
    );
}

#[test]
fn custom_sql_is_read_only_where_it_is_known_whose_sql_it_is() {
    let context = small();
    assert_eq!(context.extract_with(&ALL).code, 0);
    let edges = "SELECT * FROM column_edge_history ORDER BY 1, 2, 3, 4, 5, 6";
    let before = context.rows(edges);
    context.simulator.set_faults(vec!["GET /v2/connections 403".parse().expect("a rule")]);
    let ran = context.extract_with(&ALL);
    assert_eq!(ran.code, 3, "{ran}");
    assert_eq!(context.rows(edges), before);
    let kept = context.rows(
        "SELECT DISTINCT outcome, message FROM fetch_scope WHERE run_id = 2 AND endpoint = 'column-lineage' \
         AND outcome NOT IN ('complete', 'excluded')",
    );
    assert_eq!(kept, ["\"skipped\" | \"which SQL its connections speak is not known\""]);
}
