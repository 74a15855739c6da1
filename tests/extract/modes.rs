//! Whose view decides what enters the catalog: each mode through the binary, and each mistake with its message.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;
use sigma_catalog::simulator::{Mutation, Options};

use crate::context::{Context, Ran, run};

const CHRIS: &str = "chris.creator@northwind-labs.example";
const ADMIN: &str = "second.admin@northwind-labs.example";
const LEFT: &str = "archie.gone@northwind-labs.example";
const SCIM: &str = "ina.inactive@northwind-labs.example";
const GUEST: &str = "gwen@auditors.example";
const ROBOT: &str = "scheduler-robot@sigmacomputing.com";

/// The kinds of file that the catalog knows.
const TYPES: [&str; 6] = ["workspace", "folder", "workbook", "report", "data-model", "dataset"];

fn small() -> Context {
    Context::new(Options { pages: 1, elements: 1, columns: 2, ..Options::small() })
}

/// Catalog users by login name and address; those whose name begins with `x` may not sign in.
fn write_users(context: &Context, users: &[(&str, &str)]) {
    let rows: String = users
        .iter()
        .map(|(login, email)| format!("{login},{email},,{}\n", !login.starts_with('x')))
        .collect();
    write(context, "catalog-users.csv", &format!("network_id,email,display_name,active\n{rows}"));
}

fn write_identities(context: &Context, pairs: &[(&str, &str)]) {
    let rows: String = pairs.iter().map(|(login, email)| format!("{login},{email}\n")).collect();
    write(context, "identity.csv", &format!("network_id,sigma_email\n{rows}"));
}

fn write(context: &Context, name: &str, text: &str) {
    let folder = context.folder.path().join("mappings");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(name), text).expect("a file");
}

fn ask(context: &Context, arguments: &[&str]) -> Ran {
    let mut all = arguments.to_vec();
    all.extend(["--db", "catalog.db"]);
    run(&mut context.command(&all))
}

fn set(context: &Context, query: &str) -> BTreeSet<String> {
    context.rows(query).into_iter().map(|row| row.replace('"', "")).collect()
}

fn member(context: &Context, email: &str) -> String {
    let truth = context.simulator.truth();
    let members = truth["objects"]["member"].as_array().expect("members");
    let found =
        members.iter().find(|row| row["email"].as_str().is_some_and(|e| e.eq_ignore_ascii_case(email)));
    found.unwrap_or_else(|| panic!("no {email}"))["id"].as_str().expect("an id").to_owned()
}

/// What the simulator's books say that a member sees, as `type:id | permission`.
fn sees(context: &Context, email: &str) -> BTreeSet<String> {
    let member = member(context, email);
    let (truth, access) = (context.simulator.truth(), context.simulator.with(|org| org.access()));
    let files = truth["objects"]["file"].as_array().expect("files");
    let rows = access.as_array().expect("rows").iter().filter(|row| row["member"] == *member);
    rows.filter_map(|row| {
        let file = files.iter().find(|file| file["id"] == row["inode"])?;
        let kind = file["type"].as_str().expect("a type");
        let (id, word) = (row["inode"].as_str().expect("an id"), row["permission"].as_str().expect("a word"));
        TYPES.contains(&kind).then(|| format!("{kind}:{id} | {word}"))
    })
    .collect()
}

/// The same as far as an administrator's crawl finds it: the folder "My Documents" of others is in no listing.
fn sees_of_catalogued(context: &Context, email: &str) -> BTreeSet<String> {
    let catalogued =
        set(context, "SELECT id FROM workspace UNION SELECT id FROM file UNION SELECT id FROM document");
    let mut seen = sees(context, email);
    let all = seen.len();
    seen.retain(|row| catalogued.contains(row.split([':', ' ']).nth(1).expect("an id")));
    assert!(seen.len() + 1 >= all, "all but one");
    seen
}

/// Ids of what a member sees, with the containers above, as `type:id`.
fn sees_with_containers(context: &Context, email: &str) -> BTreeSet<String> {
    let truth = context.simulator.truth();
    let files = truth["objects"]["file"].as_array().expect("files");
    let find = |id: &Value| files.iter().find(|file| file["id"] == *id).expect("a file");
    let name = |file: &Value| {
        format!("{}:{}", file["type"].as_str().expect("text"), file["id"].as_str().expect("text"))
    };
    let mut all = BTreeSet::new();
    for seen in sees(context, email) {
        let id = seen.split([':', ' ']).nth(1).expect("an id").to_owned();
        let mut file = find(&Value::from(id));
        while all.insert(name(file)) {
            file = find(&file["parent"]);
        }
    }
    all
}

fn permissions(context: &Context, email: &str) -> BTreeSet<String> {
    let member = member(context, email);
    set(
        context,
        &format!(
            "SELECT object_external_id, permission FROM bi_permission WHERE user_external_id = 'member:{member}'"
        ),
    )
}

/// Every row that says what is mirrored, with the runs it was valid in.
fn mirrored_history(context: &Context) -> Vec<String> {
    ["access_principal", "mirrored_member", "mirrored_principal", "mirrored_object"]
        .iter()
        .flat_map(|table| context.rows(&format!("SELECT '{table}', * FROM {table}_history ORDER BY 2, 3, 4")))
        .collect()
}

#[test]
fn on_without_a_csv_mirrors_whom_catalog_and_sigma_have_in_common() {
    let context = small();
    write_users(
        &context,
        &[
            ("chris", "Chris.Creator@Northwind-Labs.example"),
            ("admin", ADMIN),
            ("left", LEFT),
            ("guest", GUEST),
            ("robot", ROBOT),
            ("xolga", "olga.old+bi@northwind-labs.example"),
            ("nobody", "nobody@northwind-labs.example"),
        ],
    );
    let ran = context.extract_with(&["--login-user", "somebody@example.com"]);
    assert_eq!(ran.code, 0, "{ran}");
    let members = context.rows("SELECT id FROM member").len();
    let sentence = format!("mirroring for 2 mapped users; {} excluded", members - 2);
    assert!(ran.stderr.contains(&sentence), "{ran}");
    assert!(ran.stderr.contains("`permissions.login_user` is ignored"), "{ran}");
    assert_eq!(ran.json()["audience"], sentence);
    let expected = sees_of_catalogued(&context, CHRIS);
    assert!(expected.len() > 5);
    assert_eq!(permissions(&context, CHRIS), expected);
    // An administrator sees everything that is not in the trash, the own things included.
    let living = "SELECT kind || ':' || id FROM document WHERE is_archived IS NOT 1";
    let seen: BTreeSet<String> = permissions(&context, ADMIN)
        .into_iter()
        .map(|row| row.split(' ').next().expect("an id").to_owned())
        .filter(|id| !id.starts_with("folder") && !id.starts_with("workspace"))
        .collect();
    assert_eq!(seen, set(&context, living));
    let users = set(&context, "SELECT catalog_user FROM bi_user WHERE catalog_user IS NOT NULL");
    assert_eq!(users, BTreeSet::from(["admin".to_owned(), "chris".to_owned()]));
    let others = set(&context, "SELECT DISTINCT user_external_id FROM bi_permission");
    assert_eq!(others.len(), 2, "nobody else: {others:?}");
    assert!(context.rows("SELECT 1 FROM bi_user WHERE email LIKE '%robot%'").is_empty());
    assert_eq!(context.rows("SELECT count(*) FROM member WHERE email LIKE '%robot%'"), ["1"]);

    // What has not changed is not written again.
    let before = mirrored_history(&context);
    assert!(before.len() > 50);
    context.extract();
    assert_eq!(mirrored_history(&context), before);

    // Somebody else loses and gets access: the earlier run still says what it said.
    let export = |at: &[&str]| {
        let mut all = vec!["mirror", "export", "--format", "jsonl"];
        all.extend(at);
        let ran = ask(&context, &all);
        assert_eq!(ran.code, 0, "{ran}");
        ran.stdout
    };
    let first = export(&[]);
    write_users(&context, &[("chris", CHRIS), ("admin2", ADMIN)]);
    context.extract();
    let second = export(&[]);
    assert!(first.contains("\"admin\"") && !second.contains("\"admin\",\"object_id\""));
    assert!(second.contains("\"admin2\"") && first != second);
    assert_eq!(export(&["--at", "1"]), first);
    assert_eq!(ask(&context, &["mirror", "export", "--at", "99"]).code, 2);
}

#[test]
fn the_export_says_user_object_level_and_why() {
    let context = small();
    write_users(&context, &[("=chris", CHRIS), ("admin", ADMIN)]);
    context.extract();
    let csv = ask(&context, &["mirror", "export"]);
    let mut lines = csv.stdout.lines();
    assert_eq!(
        lines.next(),
        Some("catalog_user,object_id,catalog_object_key,visible,level,basis,sigma_member")
    );
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let mut sorted = rows.clone();
    sorted.sort_by_key(|row| (row[0], row[6], row[2].split(':').map(str::to_owned).collect::<Vec<_>>()));
    assert_eq!(rows, sorted, "by user, member, kind and id");
    let mine = member(&context, CHRIS);
    let told: BTreeSet<String> = rows
        .iter()
        .filter(|row| row[0] == "'=chris")
        .map(|row| format!("{} | {}", row[2], if row[4] == "owner" { "edit" } else { row[4] }))
        .collect();
    assert_eq!(told, sees_of_catalogued(&context, CHRIS));
    assert!(rows.iter().all(|row| row[3] == "true" && row[2].ends_with(row[1])));
    assert!(rows.iter().filter(|row| row[6] == mine).all(|row| row[5] != "admin" && row[4] != "unknown"));
    let bases: BTreeSet<&str> = rows.iter().map(|row| row[5]).collect();
    assert_eq!(bases, BTreeSet::from(["admin", "grant", "owner", "public"]));
    // The basis is what the rules say.
    let effective = ask(&context, &["access", "effective", "--format", "jsonl"]);
    let mut compared = 0;
    for line in effective.stdout.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let Some(row) = rows.iter().find(|row| line["member_id"] == row[6] && line["object_id"] == row[1])
        else {
            continue;
        };
        compared += 1;
        let basis = match line["via"].as_str().expect("a path") {
            "direct" | "team" => "grant",
            "everyone" => "public",
            via => via,
        };
        assert_eq!(line["level"], row[4], "{line}");
        // Two grants of one level may differ in kind.
        if !["grant", "public"].contains(&row[5]) {
            assert_eq!(basis, row[5], "{line}");
        }
    }
    assert_eq!(compared, rows.len());
    assert!(ask(&context, &["mirror", "export", "--csv-raw"]).stdout.contains("\n=chris,"));
    let json = ask(&context, &["mirror", "export", "--format", "json"]).json();
    assert_eq!(json["rows"].as_array().map(Vec::len), Some(rows.len()));
    assert_eq!((&json["report_id"], &json["audience"]["mapped"]), (&"R05".into(), &2.into()));
}

/// What `mirror export` and the report R05 say: user, object, key, visible, level, basis and member.
fn told(context: &Context, at: &[&str]) -> [BTreeSet<String>; 2] {
    let of = |command: &[&str], member: &str| {
        let ran = ask(context, &[command, &["--format", "jsonl"], at].concat());
        assert_eq!(ran.code, 0, "{ran}");
        let rows: Vec<String> = ran
            .stdout
            .lines()
            .map(|line| {
                let row: Value = serde_json::from_str(line).expect("JSON");
                let columns =
                    ["catalog_user", "object_id", "catalog_object_key", "visible", "level", "basis", member];
                columns.map(|column| row[column].to_string()).join(" ")
            })
            .collect();
        let set: BTreeSet<String> = rows.iter().cloned().collect();
        assert_eq!(set.len(), rows.len(), "each row once");
        set
    };
    [of(&["mirror", "export"], "sigma_member"), of(&["report", "R05"], "member_id")]
}

#[test]
fn the_export_and_the_report_are_one_in_every_mode() {
    let context = small();
    write_users(
        &context,
        &[("chris", CHRIS), ("admin", ADMIN), (CHRIS, "other@example.com"), ("xleft", LEFT)],
    );
    write_identities(&context, &[("chris", CHRIS)]);
    let agree = |run: &[&str]| {
        let ran = context.extract_with(run);
        assert_eq!(ran.code, 0, "{ran}");
        let [export, report] = told(&context, &[]);
        assert_eq!(export, report, "{run:?}");
        export
    };
    let by_email = agree(&[]);
    assert!(by_email.iter().any(|row| row.contains("\"public\"")));
    let by_name = agree(&["--match-on", "username"]);
    assert!(by_name.iter().all(|row| row.starts_with(&format!("{CHRIS:?} "))));
    let by_csv = agree(&["--csv-mapping", "true"]);
    assert!(by_csv.iter().all(|row| row.starts_with("\"chris\" ")) && by_csv.len() == by_name.len());
    let by_sigma = agree(&["--permission-source", "sigma"]);
    assert!(by_sigma.len() > by_csv.len());

    // Two accounts of one user: each object once, with the better of both.
    write_identities(&context, &[("chris", CHRIS), ("chris", ADMIN)]);
    assert_eq!(
        ask(&context, &["identity", "import", "mappings/identity.csv", "--allow-merge", "--yes"]).code,
        0
    );
    let merged = agree(&["--csv-mapping", "true"]);
    let objects = |rows: &BTreeSet<String>| -> BTreeSet<String> {
        rows.iter().map(|row| row.split(' ').nth(1).expect("an object").to_owned()).collect()
    };
    assert_eq!(objects(&merged).len(), merged.len());
    assert!(objects(&merged).is_superset(&objects(&by_csv)) && merged.len() > by_csv.len());
    for (level, member) in [("owner", CHRIS), ("owner", ADMIN), ("edit", ADMIN)] {
        let row = format!(" \"{level}\" ");
        let of = format!("\"{}\"", self::member(&context, member));
        assert!(
            merged.iter().any(|merged| merged.contains(&row) && merged.ends_with(&of)),
            "{level} {member}"
        );
    }
    // What either has alone, the higher level first and then the better basis; each word begins with its rank here.
    let ranked = |row: &str| -> (String, String) {
        let ranks = ["admin", "public", "grant", "view", "explore", "organize", "edit", "owner"];
        let words: Vec<&str> = row.split(' ').collect();
        let rank = |word: &str| ranks.iter().position(|known| word.contains(known)).expect("a word");
        (words[1].to_owned(), format!("{}{} {}", rank(words[4]), rank(words[5]), words[4..].join(" ")))
    };
    let mut best = BTreeMap::new();
    for (object, right) in by_email.iter().map(|row| ranked(row)) {
        let known: &mut String = best.entry(object).or_default();
        *known = right.max(std::mem::take(known));
    }
    let without_member = |right: &str| right.rsplit_once(' ').expect("a member").0.to_owned();
    for (object, right) in merged.iter().map(|row| ranked(row)) {
        assert_eq!(without_member(&right), without_member(&best[&object]), "{object}");
    }
    assert_eq!(merged.len(), best.len());
    // Nothing but a run changes what is enforced, and earlier runs say what they said.
    write_users(&context, &[("nobody", "nobody@example.com")]);
    let [export, report] = told(&context, &[]);
    assert_eq!((&export, &report), (&merged, &merged));
    assert_eq!(told(&context, &["--at", "1"]), [by_email.clone(), by_email]);

    assert_eq!(context.extract_with(&off(ADMIN)).code, 4, "what is out of sight goes after asking");
    let rejected = context.rows("SELECT max(run_id) FROM run")[0].clone();
    let ran = context.extract_with(&[&off(ADMIN)[..], &["--accept-removals", &rejected]].concat());
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(told(&context, &[]), [BTreeSet::new(), BTreeSet::new()]);
    let report = ask(&context, &["report", "R05"]);
    assert!(report.stderr.contains("mirrors nothing: mirroring was off"), "{report}");
}

#[test]
fn without_catalog_users_nobody_is_mirrored_and_that_is_said_loudly() {
    let context = small();
    let ran = context.extract_with(&[]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stderr.contains("warning: mirroring for nobody: there is no `"), "{ran}");
    assert!(ran.stderr.contains("mappings/catalog-users.csv"), "{ran}");
    assert!(context.rows("SELECT * FROM bi_permission").is_empty());
    assert!(!context.rows("SELECT * FROM access_principal").is_empty(), "who could see what is still known");
    let export = ask(&context, &["mirror", "export"]);
    assert_eq!((export.code, export.stdout.lines().count()), (0, 1), "{export}");
    assert!(export.stderr.contains("mirrors nothing: no Sigma member was mapped"), "{export}");
    write_users(&context, &[("nobody", "nobody@example.com")]);
    let ran = context.extract_with(&[]);
    assert!(ran.stderr.contains("none of the 1 catalog users"), "{ran}");
}

#[test]
fn login_names_find_members_where_the_setting_says_so() {
    let context = small();
    write_users(&context, &[(CHRIS, "other@example.com"), ("second", ADMIN)]);
    let ran = context.extract_with(&["--match-on", "username"]);
    assert!(ran.stderr.contains("mirroring for 1 mapped user; "), "{ran}");
    assert_eq!(
        context.rows("SELECT catalog_user, method FROM mirrored_member"),
        [format!("{CHRIS:?} | \"username\"")]
    );
}

#[test]
fn on_with_a_csv_mirrors_exactly_its_users_and_shows_what_they_reach() {
    let context = small();
    write_users(&context, &[("c", "someone@example.com"), ("admin", ADMIN)]);
    write_identities(&context, &[("c", CHRIS)]);
    let extract = || context.extract_with(&["--csv-mapping", "true"]);
    let ran = extract();
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stderr.contains("mirroring for 1 mapped user; "), "{ran}");
    assert_eq!(permissions(&context, CHRIS), sees_of_catalogued(&context, CHRIS));
    assert!(permissions(&context, ADMIN).is_empty(), "administrators are not added");
    // What other catalogs read is what the audience reaches; the native tables keep everything.
    let shown = set(
        &context,
        "SELECT external_id FROM bi_folder UNION SELECT external_id FROM bi_datasource \
         WHERE bi_object_type IN ('Dataset', 'Data Model') AND external_id IN (SELECT kind || ':' || id FROM document)",
    );
    let mut expected = sees_with_containers(&context, CHRIS);
    let catalogued = set(
        &context,
        "SELECT 'workspace:' || id FROM workspace UNION SELECT type || ':' || id FROM file UNION SELECT kind || ':' || id FROM document",
    );
    expected.retain(|id| catalogued.contains(id));
    assert_eq!(shown, expected);
    let all = set(&context, "SELECT id FROM document");
    let reached = set(&context, "SELECT object_id FROM mirrored_object");
    assert!(all.iter().any(|id| !reached.contains(id)), "something is out of sight");
    for (view, column) in
        [("bi_report", "parent_folder_external_id"), ("bi_report_column", "report_external_id")]
    {
        let documents = set(&context, &format!("SELECT DISTINCT {column} FROM {view}"));
        assert!(!documents.is_empty());
        for external in documents {
            let id = external.split([':', '/']).nth(1).expect("an id");
            assert!(reached.contains(id), "{view} shows {external}");
        }
    }
    for row in set(&context, "SELECT target_external_id FROM bi_lineage") {
        assert!(reached.contains(row.split([':', '/']).nth(1).expect("an id")), "{row}");
    }
    // The run says what it rested on.
    let shown = ask(&context, &["runs", "show"]);
    assert!(shown.stdout.contains("1 mapped users by csv"), "{shown}");
    assert!(shown.stdout.contains("identity.csv, SHA-256 "), "{shown}");
    let audience = ask(&context, &["runs", "show", "--format", "json"]).json()["audience"].clone();
    assert_eq!((&audience["mode"], &audience["limited"]), (&"identity_csv".into(), &true.into()));
    assert_eq!(audience["mapping_version"], Value::Null);

    // An imported version is used instead of the file, whatever the file says.
    assert_eq!(ask(&context, &["identity", "import", "mappings/identity.csv", "--yes"]).code, 0);
    write_identities(&context, &[("nobody", "nobody@example.com")]);
    let ran = extract();
    assert_eq!(ran.code, 0, "{ran}");
    let audience = ask(&context, &["runs", "show", "--format", "json"]).json()["audience"].clone();
    assert_eq!(audience["mapping_version"], 1);
    assert_eq!(permissions(&context, CHRIS), sees_of_catalogued(&context, CHRIS));

    // Where nothing lists the catalog's users, the CSV is authoritative.
    fs::remove_file(context.folder.path().join("mappings/catalog-users.csv")).expect("a file");
    let ran = extract();
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stderr.contains("mirroring for 1 mapped user; "), "{ran}");
    assert!(ran.stderr.contains("whom the identity CSV names is taken for a catalog user"), "{ran}");
    assert_eq!(permissions(&context, CHRIS), sees_of_catalogued(&context, CHRIS));
    assert_eq!(set(&context, "SELECT object_id FROM mirrored_object"), reached);
    let report = ask(&context, &["identity", "report", "--match", "csv", "--format", "json"]).json();
    assert_eq!(report["member_counts"]["mapped"], 1, "{report}");
}

/// What the catalog holds of files, as `type:id`, and of documents, likewise.
fn held(context: &Context) -> (BTreeSet<String>, BTreeSet<String>) {
    (
        set(context, "SELECT type || ':' || id FROM file"),
        set(context, "SELECT kind || ':' || id FROM document"),
    )
}

/// Whose credentials read a view.
#[derive(Clone, Copy)]
enum Credentials {
    Admin,
    Own,
}

fn assert_holds_the_view_of(context: &Context, email: &str, by: Credentials) {
    let (files, documents) = held(context);
    let with_containers = sees_with_containers(context, email);
    match by {
        // Whoever does not see a folder is told its name by what lies in it, and nothing of what is above it.
        Credentials::Own => {
            assert!(files.is_subset(&with_containers) && files.len() + 3 > with_containers.len())
        }
        Credentials::Admin => assert_eq!(files, with_containers),
    }
    let containers = |id: &String| id.starts_with("workspace") || id.starts_with("folder");
    let seen: BTreeSet<String> = sees(context, email)
        .iter()
        .map(|row| row.split(' ').next().expect("an id").to_owned())
        .filter(|id| !containers(id))
        .collect();
    assert_eq!(documents, seen);
    let inside = set(context, "SELECT document_id FROM page UNION SELECT document_id FROM element");
    assert!(!inside.is_empty());
    assert!(inside.iter().all(|id| documents.iter().any(|document| document.ends_with(id.as_str()))));
    let folders: BTreeSet<String> = files.iter().filter(|id| containers(id)).cloned().collect();
    let shown = "SELECT external_id FROM bi_folder WHERE bi_object_type NOT IN ('Workbook', 'Report')";
    assert_eq!(set(context, shown), folders);
    assert!(context.rows("SELECT * FROM bi_permission").is_empty());
}

/// With the login user's own folder, so that nothing it sees is left out.
const OFF: [&str; 4] = ["--mirroring=false", "--csv-mapping=false", "--personal=true", "--login-user"];

fn off(email: &str) -> Vec<&str> {
    OFF.into_iter().chain([email]).collect()
}

#[test]
fn off_extracts_what_the_login_user_sees_and_nothing_else() {
    let context = small();
    let ran = context.extract_with(&off("CHRIS.creator@northwind-labs.example"));
    assert_eq!(ran.code, 0, "{ran}");
    assert!(
        ran.stderr.contains(
            "mirroring is off: extracting what CHRIS.creator@northwind-labs.example sees; whoever can open"
        ),
        "{ran}"
    );
    assert_holds_the_view_of(&context, CHRIS, Credentials::Admin);
    // A container out of sight is there by its name only.
    let own = sees(&context, CHRIS);
    let hidden: Vec<String> = context
        .rows("SELECT type || ':' || id, permission, owner_id, name IS NOT NULL FROM file")
        .into_iter()
        .filter(|row| {
            !own.iter().any(|seen| seen.contains(&row.split([':', '"']).nth(2).expect("an id").to_owned()))
        })
        .collect();
    assert!(!hidden.is_empty() && hidden.iter().all(|row| row.ends_with("null | null | 1")), "{hidden:?}");
    let shown = ask(&context, &["runs", "show"]);
    assert!(shown.stdout.contains("nothing: the view of member "), "{shown}");
    let export = ask(&context, &["mirror", "export"]);
    assert!(export.stderr.contains("mirroring was off"), "{export}");
    // Nothing has changed, so nothing is written.
    let before = context.rows("SELECT * FROM file_history ORDER BY 1, 2");
    assert_eq!(context.extract_with(&off(CHRIS)).code, 0);
    assert_eq!(context.rows("SELECT * FROM file_history ORDER BY 1, 2"), before);
}

#[test]
fn off_needs_no_administrator_for_the_view_of_the_credentials_owner() {
    let context = small();
    let viewer = context.simulator.credentials()[2].clone();
    let email = {
        let truth = context.simulator.truth();
        let members = truth["objects"]["member"].as_array().expect("members").clone();
        let found = members.into_iter().find(|row| row["id"] == viewer.member_id.as_str()).expect("a member");
        found["email"].as_str().expect("an address").to_owned()
    };
    let url = context.simulator.url();
    let mut all = vec!["extract", "--api-url", &url, "--db", "catalog.db", "--format", "json"];
    all.extend(off(&email));
    let extract = |arguments: &[&str]| {
        let mut command = context.command(arguments);
        command.env("SIGMA_CLIENT_ID", &viewer.client_id).env("SIGMA_CLIENT_SECRET", &viewer.client_secret);
        run(&mut command)
    };
    let ran = extract(&all);
    assert_eq!(ran.code, 0, "{ran}");
    assert_holds_the_view_of(&context, &email, Credentials::Own);
    // Somebody else's view is an administrator's to ask for.
    let mut other = all.clone();
    *other.last_mut().expect("an address") = CHRIS;
    let ran = extract(&other);
    assert_eq!(ran.code, 6, "{ran}");
}

#[test]
fn another_mode_or_user_takes_what_is_out_of_sight_away_after_asking() {
    let context = small();
    context.extract();
    let everything = held(&context);
    // That much at once is what a lost view looks like: the guard asks.
    let ran = context.extract_with(&off(CHRIS));
    assert_eq!(ran.code, 4, "{ran}");
    assert_eq!(held(&context), everything);
    // A listing that fails must not keep what this user does not see.
    context.simulator.set_faults(vec!["GET /v2/datasets 403".parse().expect("a rule")]);
    let mut all = off(CHRIS);
    all.extend(["--accept-removals", "2"]);
    let ran = context.extract_with(&all);
    assert_eq!(ran.code, 3, "{ran}");
    let seen = sees_with_containers(&context, CHRIS);
    let (files, documents) = held(&context);
    assert!(documents.is_subset(&seen) && files.is_subset(&seen));
    assert!(
        !context.rows("SELECT 1 FROM document WHERE kind = 'dataset'").is_empty(),
        "what is seen is kept"
    );
    context.simulator.set_faults(Vec::new());
    assert_eq!(context.extract_with(&off(CHRIS)).code, 0);
    assert_holds_the_view_of(&context, CHRIS, Credentials::Admin);
    // And back.
    context.extract();
    assert_eq!(held(&context), everything);
}

#[test]
fn a_login_user_that_is_not_exactly_one_active_member_is_an_error_before_the_crawl() {
    let context = small();
    for name in ["Twin", "Double"] {
        let mutation = Mutation::AddMember {
            first: Some(name.to_owned()),
            last: None,
            email: Some("twin@northwind-labs.example".to_owned()),
            member_type: None,
        };
        context.simulator.mutate(&mutation).expect("a member");
    }
    for (login, code, parts) in [
        ("chris.craetor@northwind-labs.example", "login_user.unknown", ["did you mean", CHRIS]),
        (
            "somebody.else@nowhere.example",
            "login_user.unknown",
            ["no Sigma member has", "permissions.login_user"],
        ),
        ("TWIN@northwind-labs.example", "login_user.ambiguous", ["2 Sigma members have", "TWIN@"]),
        (LEFT, "login_user.inactive", ["was deactivated in Sigma", "sees nothing"]),
        (SCIM, "login_user.inactive", ["was archived by SCIM", "sees nothing"]),
        ("chris", "login_user.malformed", ["`chris`", "permissions.login_user"]),
    ] {
        context.simulator.reset_stats();
        let ran = context.extract_with(&off(login));
        assert_eq!(ran.code, 8, "{ran}");
        for part in
            parts.iter().chain([&format!("error[{code}]").as_str(), &"help: set `permissions.login_user`"])
        {
            assert!(ran.stderr.contains(part), "no `{part}` in {ran}");
        }
        assert!(!context.database().exists());
        assert!(context.simulator.stats()["total"].as_u64().is_some_and(|asked| asked <= 5), "{ran}");
    }
    let ran = context.extract_with(&off("somebody.else@nowhere.example"));
    assert!(!ran.stderr.contains("did you mean"), "{ran}");
}

#[test]
fn contradictions_and_files_that_cannot_be_used_are_errors_before_any_request() {
    let context = small();
    context.simulator.reset_stats();
    let mistake = |arguments: &[&str], code: i32, parts: &[&str]| {
        let ran = context.extract_with(arguments);
        assert_eq!(ran.code, code, "{ran}");
        for part in parts.iter().chain([&"help: "]) {
            assert!(ran.stderr.contains(part), "no `{part}` in {ran}");
        }
        assert!(!context.database().exists(), "{ran}");
        assert_eq!(context.simulator.stats()["total"].as_u64(), Some(0), "{ran}");
    };
    mistake(&["--mirroring", "false"], 8, &["config.login_user_missing"]);
    mistake(&["--mirroring", "false", "--csv-mapping", "true"], 8, &["config.contradiction", "csv_mapping"]);
    let csv = ["--csv-mapping", "true"];
    mistake(&csv, 8, &["identity.missing", "mappings/identity.csv", "identity import"]);
    write_identities(&context, &[]);
    mistake(&csv, 8, &["identity.", "mappings/identity.csv"]);
    write(&context, "identity.csv", "network_id,sigma_email\na,one@example.com\nb,one@example.com\nc,\n");
    mistake(&csv, 8, &["identity.rejected", "identity.csv:3", "identity.csv:4"]);
    write_identities(&context, &[("c", CHRIS)]);
    write(&context, "catalog-users.csv", "network_id,email,active\nc,c@example.com,perhaps\n");
    mistake(&csv, 8, &["identity.rejected", "catalog-users.csv:2", "neither true nor false"]);
    mistake(&[], 8, &["identity.rejected", "catalog-users.csv:2"]);
}

#[test]
fn a_csv_that_names_no_active_member_is_an_error_before_the_crawl() {
    let context = small();
    write_users(&context, &[("a", LEFT), ("b", "b@example.com")]);
    for (pairs, part) in [
        (&[("b", "b@example.com")][..], "its one row has no address"),
        (&[("a", LEFT), ("r", ROBOT), ("g", GUEST)], "none of its 3 rows"),
    ] {
        write_identities(&context, pairs);
        let ran = context.extract_with(&["--csv-mapping", "true"]);
        assert_eq!(ran.code, 8, "{ran}");
        assert!(ran.stderr.contains("error[identity.empty]") && ran.stderr.contains(part), "{ran}");
        assert!(ran.stderr.contains("help: give an identity CSV"), "{ran}");
        assert!(!context.database().exists());
    }
}

#[test]
fn mirroring_without_an_administrator_is_an_error_and_not_a_smaller_answer() {
    let context = small();
    let credentials = context.simulator.credentials();
    let ordinary =
        credentials.iter().find(|c| !c.account_type.eq_ignore_ascii_case("admin")).expect("a non-admin");
    let url = context.simulator.url();
    let ask = |arguments: &[&str]| {
        let mut all = arguments.to_vec();
        all.extend(["--api-url", &url, "--db", "catalog.db"]);
        let mut command = context.command(&all);
        command
            .env("SIGMA_CLIENT_ID", &ordinary.client_id)
            .env("SIGMA_CLIENT_SECRET", &ordinary.client_secret);
        run(&mut command)
    };
    let ran = ask(&["extract"]);
    assert_eq!(ran.code, 6, "{ran}");
    for part in
        ["error[token.not_admin]", "credentials of a Sigma administrator", "`permissions.mirroring` = false"]
    {
        assert!(ran.stderr.contains(part), "no `{part}` in {ran}");
    }
    assert!(!context.database().exists());
    // `check` says it feature by feature, and exits the same way.
    let ran = ask(&["check"]);
    assert_eq!(ran.code, 6, "{ran}");
    for line in [
        "ok      token: basic extraction",
        "denied  token: permission mirroring",
        "help: give the credentials",
    ] {
        assert!(ran.stdout.contains(line), "no `{line}` in {ran}");
    }
    let ran = ask(&["check", "--mirroring", "false", "--login-user", CHRIS]);
    assert_eq!(ran.code, 0, "{ran}");
    // An existing catalog keeps what it had.
    context.extract();
    let before = held(&context);
    assert_eq!(ask(&["extract"]).code, 6);
    assert_eq!(held(&context), before);
    let runs = context.rows("SELECT state, exit_code FROM run ORDER BY run_id");
    assert_eq!(runs, ["\"published\" | 0", "\"failed\" | 6"]);
}

#[test]
fn sigmas_own_answer_can_be_mirrored_and_what_it_does_not_say_is_not_visible() {
    let context = small();
    write_users(&context, &[("chris", CHRIS), ("admin", ADMIN)]);
    let extract = || context.extract_with(&["--permission-source", "sigma"]);
    let ran = extract();
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(permissions(&context, CHRIS), sees_of_catalogued(&context, CHRIS));
    assert!(permissions(&context, ADMIN).len() > permissions(&context, CHRIS).len());
    assert_eq!(context.rows("SELECT source FROM run_audience"), ["\"sigma\""]);
    assert_eq!(
        context.rows("SELECT DISTINCT via FROM access_principal WHERE principal_kind = 'answer' ORDER BY 1"),
        ["\"owner\"", "\"sigma\""]
    );
    // An error in the place of rows, or no answer at all: nothing becomes visible by it.
    for (fault, least) in [("row-error", 1), ("404", 0)] {
        let rule = format!("GET /v2/members/{{memberId}}/files {fault}");
        context.simulator.set_faults(vec![rule.parse().expect("a rule")]);
        let ran = extract();
        assert_eq!(ran.code, 3, "{ran}");
        let shown = permissions(&context, CHRIS);
        assert!(shown.len() >= least && shown.is_subset(&sees(&context, CHRIS)), "{ran}");
        assert!(least > 0 || shown.is_empty(), "{shown:?}");
        assert!(ran.stderr.contains("member-files"), "{ran}");
    }
    // One that may not ask cannot mirror.
    context.simulator.set_faults(vec!["GET /v2/members/{memberId}/files 403".parse().expect("a rule")]);
    assert_eq!(extract().code, 6);
}

#[test]
fn members_that_were_not_listed_completely_are_mirrored_to_nobody() {
    let context = small();
    write_users(&context, &[("chris", CHRIS)]);
    context.extract();
    assert!(!permissions(&context, CHRIS).is_empty());
    context.simulator.set_faults(vec!["GET /v2/members row-error".parse().expect("a rule")]);
    let ran = context.extract_with(&[]);
    assert_eq!(ran.code, 3, "{ran}");
    assert!(context.rows("SELECT * FROM bi_permission").is_empty(), "another could be the same catalog user");
}
