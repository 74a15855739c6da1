//! The commands through the real binary, against a simulated organisation.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};
use sigma_catalog::report::table::{Need, REPORTS};
use sigma_catalog::simulator::{FaultRule, Mutation, Options};

use crate::context::{Context, Ran};
use crate::world::assert_valid;

fn extracted() -> Context {
    Context::extracted(Options::small())
}

#[track_caller]
fn report(context: &Context, arguments: &[&str]) -> Ran {
    let mut all = vec!["report"];
    all.extend(arguments);
    context.run(&all)
}

#[track_caller]
fn json_of(context: &Context, arguments: &[&str]) -> Value {
    let ran = report(context, &[arguments, &["--format", "json"]].concat());
    assert_eq!(ran.code, 0, "{ran}");
    let json = ran.json();
    assert_valid(&json);
    json
}

#[track_caller]
fn rows(context: &Context, arguments: &[&str]) -> Vec<Value> {
    json_of(context, arguments)["rows"].as_array().expect("rows").clone()
}

#[test]
fn unread_grants_of_a_folder_weaken_every_answer_below_it() {
    let context = extracted();
    let folder = context.rows(
        "SELECT f.id FROM file f JOIN document d JOIN file g ON g.id = d.id AND g.parent_id = f.id \
         WHERE f.type = 'folder' AND d.is_archived IS NOT 1 GROUP BY f.id ORDER BY count(*) DESC LIMIT 1",
    )[0]
    .trim_matches('"')
    .to_owned();
    // Whether asked for by its UUID or by its slug.
    let url_id = context.rows(&format!("SELECT url_id FROM file WHERE id = '{folder}'"))[0]
        .trim_matches('"')
        .to_owned();
    let fault = |id: &str| format!("GET /v2/grants?*{id}* 403").parse::<FaultRule>().expect("a fault");
    context.simulator.set_faults(vec![fault(&folder), fault(&url_id)]);
    let again = context.run(&["extract", "--grants", "object"]);
    assert_eq!(again.code, 3, "{again}");
    let coverage = rows(&context, &["R18"]);
    let listed = |id: &str| coverage.iter().find(|row| row["object_id"] == *id);
    let of_folder = listed(&folder).expect("the folder");
    assert_eq!((&of_folder["http_status"], &of_folder["why"]), (&json!(403), &json!("denied")));
    let below =
        context.rows(&format!("SELECT id FROM file WHERE parent_id = '{folder}' AND is_archived IS NOT 1"));
    assert!(!below.is_empty());
    let all = rows(&context, &["R01"]);
    for id in below.iter().map(|id| id.trim_matches('"')) {
        assert_eq!(listed(id).expect("listed")["example_at"], folder, "{id}");
        for row in all.iter().filter(|row| row["object_id"] == id) {
            // Nothing is more than editing.
            let full = ["edit", "owner"].contains(&row["level"].as_str().expect("a level"));
            assert_eq!(row["confidence"] == "exact", full, "{row}");
        }
        let summary = &rows(&context, &["R02", "--object", id])[0];
        assert_eq!(summary["confidence"], "lower_bound", "{summary}");
    }
    assert_ne!(json_of(&context, &["R01"])["confidence"], "exact");
}

#[test]
fn findings_live_from_run_to_run() {
    let context = extracted();
    let first = rows(&context, &["orphaned-grants"]);
    assert!(first.len() > 3, "{first:#?}");
    assert!(first.iter().all(|row| row["status"] == "new" && row["first_seen_run"] == 1), "{first:#?}");
    context.extract();
    let second = rows(&context, &["r08"]);
    assert_eq!(second.len(), first.len());
    assert!(second.iter().all(|row| row["status"] == "known" && row["first_seen_run"] == 1), "{second:#?}");

    let key = second[0]["finding_key"].as_str().expect("a key");
    let early = report(&context, &["suppress", &key[..10], "--reason", "on leave", "--until", "2001-01-01"]);
    assert_eq!((early.code, early.stderr.contains("is past")), (2, true), "{early}");
    let made = report(&context, &["suppress", &key[..10], "--reason", "on leave", "--until", "2999-12-31"]);
    assert_eq!(made.code, 0, "{made}");
    let left = json_of(&context, &["R08"]);
    assert_eq!((&left["suppressed"], left["count"].as_u64()), (&json!(1), Some(first.len() as u64 - 1)));
    let hidden = rows(&context, &["R08", "--status", "suppressed"]);
    assert_eq!((hidden.len(), &hidden[0]["suppress_reason"]), (1, &json!("on leave")));
    let back = report(&context, &["unsuppress", key]);
    assert_eq!(back.code, 0, "{back}");
    assert_eq!(rows(&context, &["R08"]).len(), first.len());
    let twice = report(&context, &["unsuppress", key]);
    assert_eq!((twice.code, twice.stderr.contains("is not suppressed")), (2, true), "{twice}");

    let failing = report(&context, &["R08", "--fail-on", "medium"]);
    assert_eq!(failing.code, 11, "{failing}");
    assert_eq!(report(&context, &["R08", "--fail-on", "critical"]).code, 0);
}

#[test]
fn every_report_is_listed_and_written_and_valid() {
    let context = extracted();
    let listed = report(&context, &["list", "--format", "json"]).json();
    assert_eq!(listed["reports"].as_array().expect("reports").len(), REPORTS.len());
    let alone =
        REPORTS.iter().filter(|report| report.needs.iter().all(|need| *need == Need::Identity)).count();
    let users =
        "network_id,email,display_name,active\namara,amara.mensah@northwind-labs.example,Amara,true\n";
    std::fs::write(context.folder.path().join("users.csv"), users).expect("a file");
    let identity = ["--catalog-users-csv", "users.csv"];
    for format in ["json", "csv", "jsonl", "md", "html", "table"] {
        let folder = format!("out-{format}");
        let all = [&["all", "--out", &folder, "--format", format], &identity[..]].concat();
        let ran = report(&context, &all);
        assert_eq!(ran.code, 0, "{ran}");
        let files: Vec<_> =
            std::fs::read_dir(context.folder.path().join(&folder)).expect("a folder").collect();
        assert_eq!(files.len(), alone, "all but those about one thing: {ran}");
        for file in files {
            let path = file.expect("a file").path();
            #[cfg(unix)]
            assert_eq!(
                std::os::unix::fs::MetadataExt::mode(&path.metadata().expect("a file")) & 0o777,
                0o600
            );
            let text = std::fs::read_to_string(&path).expect("text");
            match format {
                "json" => {
                    let json: Value = serde_json::from_str(&text).expect("JSON");
                    assert_valid(&json);
                    let rows = json["rows"].as_array().expect("rows");
                    let keys: BTreeSet<&str> =
                        rows.iter().map(|row| row["finding_key"].as_str().expect("a key")).collect();
                    assert_eq!(keys.len(), rows.len(), "{}: each row has a key of its own", path.display());
                }
                "html" => {
                    assert!(text.ends_with("</html>\n") && !text.contains("<script"), "{}", path.display())
                }
                "csv" => assert!(text.starts_with("report_id,run_id,as_of,org_id,"), "{text:.200}"),
                _ => {}
            }
        }
    }
    // Some embed is public.
    assert_eq!(report(&context, &["all", "--out", "out", "--fail-on", "critical"]).code, 11);
    // Nobody was mirrored; once somebody is, the administrator sees everything.
    let nothing = report(&context, &["R05"]);
    assert!(nothing.stderr.contains("mirrors nothing: no Sigma member was mapped"), "{nothing}");
    assert!(rows(&context, &["R05"]).is_empty());
    std::fs::create_dir(context.folder.path().join("mappings")).expect("a folder");
    std::fs::write(context.folder.path().join("mappings/catalog-users.csv"), users).expect("a file");
    context.extract();
    let visible = rows(&context, &["R05"]);
    assert!(!visible.is_empty() && visible.iter().all(|row| row["catalog_user"] == "amara"), "{visible:#?}");
}

#[test]
fn what_a_report_lacks_is_said_with_a_remedy() {
    let context = extracted();
    for (arguments, expected) in [
        (&["R02"][..], "name the object with --object"),
        (&["R03"], "name the member with --member"),
        (&["R06"], "--catalog-users-csv"),
        (&["R99"], "`sigma-catalog report list`"),
        (&["R01", "--severity", "high"], "leave --severity out"),
        (&["R03", "--member", "nobody@nowhere"], "e-mail address or id"),
        (&["suppress", "abc", "--reason", "x", "--until", "2999-01-01"], "at least 6 characters"),
        (&["suppress", "abcdef123", "--reason", "x", "--until", "2999-01-01"], "recorded by"),
    ] {
        let ran = report(&context, arguments);
        assert_eq!(ran.code, 2, "{arguments:?} {ran}");
        assert!(ran.stderr.contains(expected), "{arguments:?} {ran}");
        assert_eq!(ran.stdout, "", "{arguments:?}");
    }
}

#[test]
fn r21_knows_what_verify_found() {
    let context = extracted();
    assert_eq!(rows(&context, &["R21"])[0]["verdict"], "never_run");
    assert_eq!(context.run(&["access", "verify", "--all"]).code, 0);
    let agreed = &rows(&context, &["R21"])[0];
    assert_eq!((&agreed["verdict"], &agreed["members_n"]), (&json!("agreed"), &json!(28)), "{agreed}");
}

#[test]
fn r12_has_every_embed_and_every_grant_to_all_members() {
    let context = extracted();
    let exposed = rows(&context, &["R12"]);
    let of = |exposure: &[&str]| -> BTreeSet<(String, bool)> {
        let is = |row: &&Value| exposure.contains(&row["exposure"].as_str().expect("a word"));
        let embed = |row: &Value| {
            (row["embed_id"].as_str().expect("an id").to_owned(), row["exposure"] == "public_embed")
        };
        exposed.iter().filter(is).map(embed).collect()
    };
    let truth = context.simulator.truth();
    let list = |list: &Value| list.as_array().expect("a list").clone();
    let embeds: BTreeSet<(String, bool)> = list(&truth["objects"]["embed"])
        .iter()
        .map(|row| (row["id"].as_str().expect("an id").to_owned(), row["public"] == true))
        .collect();
    assert!(embeds.iter().any(|(_, public)| *public) && embeds.iter().any(|(_, public)| !public));
    assert_eq!(of(&["public_embed", "secure_embed"]), embeds);
    let critical = exposed.iter().filter(|row| row["severity"] == "critical");
    assert!(critical.clone().count() > 0 && critical.clone().all(|row| row["exposure"] == "public_embed"));
    // What everybody but guests sees, each of those members sees.
    let all = rows(&context, &["R01", "--level", "view"]);
    let open: Vec<&Value> = exposed.iter().filter(|row| row["exposure"] == "org_wide").collect();
    assert!(!open.is_empty());
    assert!(
        all.iter()
            .filter(|row| row["via"] == "everyone")
            .all(|row| { open.iter().any(|open| open["object_id"] == row["object_id"]) })
    );
    assert_eq!(json_of(&context, &["R12"])["unread"], json!(["signed-embeds"]));
}

#[test]
fn what_the_settings_leave_out_is_told_and_leaves_nothing_in_doubt() {
    let context = extracted();
    let left_out = context.rows("SELECT message FROM fetch_scope WHERE error_code = 'filter.excluded'");
    assert!(!left_out.is_empty(), "people have documents of their own");
    let coverage = rows(&context, &["R18"]);
    let told: Vec<&Value> = coverage.iter().filter(|row| row["why"] == "excluded").collect();
    assert_eq!(told.len(), 1, "{coverage:#?}");
    let (documents, are) = if left_out.len() == 1 { ("document", "is") } else { ("documents", "are") };
    let expected = format!(
        "{} {documents} {are} not in the catalog: this workbook is left out by `crawl.personal`",
        left_out.len()
    );
    assert_eq!(told[0]["object"], expected);
    assert_eq!(json_of(&context, &["R01"])["unread"], json!([]));
}

#[test]
fn an_earlier_run_is_answered_as_it_was() {
    let context = extracted();
    let before = rows(&context, &["R01"]);
    let (member, object) = (&before[0]["member_id"], &before[0]["object_id"]);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let grant = Mutation::AddGrant {
        inode: text(object),
        member: Some(text(member)),
        team: None,
        permission: "edit".into(),
    };
    context.simulator.mutate(&grant).expect("a grant");
    context.extract();
    assert_ne!(rows(&context, &["R01"]).len(), 0);
    assert_eq!(rows(&context, &["R01"])[0]["level"], "edit");
    let at: Vec<Value> = rows(&context, &["R01", "--at", "1"]);
    assert_eq!(at, before);
}

#[test]
#[ignore = "needs python3"]
fn csv_reads_the_same_in_another_language() {
    let context = extracted();
    let script = "import csv, json, sys\nfor row in csv.DictReader(open(sys.argv[1], newline='', encoding='utf-8')):\n    print(json.dumps(row))\n";
    for id in ["R01", "R08"] {
        assert_eq!(report(&context, &[id, "--format", "csv", "--csv-raw", "--out", "r.csv"]).code, 0);
        let read = Command::new("python3")
            .args(["-c", script, "r.csv"])
            .current_dir(context.folder.path())
            .output()
            .expect("python3");
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        let theirs: Vec<Value> = String::from_utf8(read.stdout)
            .expect("UTF-8")
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let as_text = |value: &Value| match value {
            Value::Null => json!(""),
            Value::String(_) => value.clone(),
            other => json!(other.to_string()),
        };
        let ours: Vec<Value> = rows(&context, &[id])
            .iter()
            .map(|row| {
                let cells = row.as_object().expect("an object").iter();
                Value::Object(cells.map(|(name, value)| (name.clone(), as_text(value))).collect())
            })
            .collect();
        assert!(ours.len() > 5);
        assert_eq!(theirs, ours, "{id}");
    }
}
