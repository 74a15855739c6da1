//! A run that was stopped anywhere is gone on with by the next one: nothing that was read is asked again, and the catalog is
//! the one that a run without interruption makes.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::Value;
use sigma_catalog::catalog::TABLES;
use sigma_catalog::simulator::{Mutation, Options};

use crate::context::{Context, Ran, binary, run};

/// Rows by table, view or question.
pub type Told = BTreeMap<String, Vec<String>>;

/// Requests in flight in these runs.
pub const WORKERS: usize = 4;

/// What every run asks, whatever was read before: the token, whose it is, and whether that is an administrator.
pub fn is_door(target: &str) -> bool {
    target == "/v2/auth/token"
        || target == "/v2/whoami"
        || target == "/v2/workbooks?skipPermissionCheck=true&limit=1"
        || target == "/v2/workbooks?limit=1&skipPermissionCheck=true"
}

/// What is read in one piece, and so asked again as one: a document, or a listing with its pages.
fn piece(target: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let parts: Vec<&str> = path.trim_start_matches("/v2/").split('/').collect();
    match parts[..] {
        [kind @ ("workbooks" | "reports" | "dataModels"), id, ..] => format!("{kind}/{id}"),
        // Archived documents are a second listing of the same scope; values of an attribute have three.
        ["workbooks" | "reports"] => path.to_owned(),
        ["user-attributes", id, ..] => format!("user-attributes/{id}"),
        _ => {
            let of_page = ["page=", "pageToken=", "limit=", "pageSize="];
            let kept = query.split('&').filter(|part| !of_page.iter().any(|name| part.starts_with(name)));
            format!("{path}?{}", kept.collect::<Vec<_>>().join("&"))
        }
    }
}

fn pieces(asked: &BTreeMap<String, u64>) -> BTreeSet<String> {
    asked.keys().filter(|target| !is_door(target)).map(|target| piece(target)).collect()
}

fn start(context: &Context, more: &[&str]) -> Child {
    let url = context.simulator.url();
    let workers = WORKERS.to_string();
    let mut all = vec!["extract", "--api-url", &url, "--db", "catalog.db", "--concurrency", &workers];
    all.extend(more);
    context.command(&all).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts")
}

/// A run to its end.
pub fn finish(context: &Context, more: &[&str]) -> Ran {
    let workers = WORKERS.to_string();
    context.extract_with(&[&["--concurrency", &workers], more].concat())
}

/// A run that is killed when `answered` requests were answered and it waits for the others; what it asked for. `None` where
/// it needed no more than that.
pub fn killed_after(context: &Context, answered: u64, more: &[&str]) -> Option<BTreeMap<String, u64>> {
    context.simulator.answer_only(answered);
    let mut child = start(context, more);
    let deadline = Instant::now() + Duration::from_secs(60);
    let ended = loop {
        if child.try_wait().expect("a child").is_some() {
            break true;
        }
        let (asked, waiting) = context.simulator.asked();
        if asked.values().sum::<u64>() == answered && waiting > 0 {
            break false;
        }
        assert!(Instant::now() < deadline, "the run neither asks nor ends");
        std::thread::sleep(Duration::from_millis(2));
    };
    if ended {
        return None;
    }
    // What was answered is on its way to the disk: nothing that waits is needed for that.
    let mut idle = 0;
    while idle < 15 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
        idle = if is_busy(child.id()) { 0 } else { idle + 1 };
    }
    child.kill().expect("a kill");
    child.wait().expect("an end");
    Some(context.simulator.asked().0)
}

/// Whether a thread of a process runs, wants to, or waits for the disk. Linux tells it; elsewhere none seems to.
fn is_busy(process: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let states = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("stat")).ok());
    let mut states = states.filter_map(|stat| stat.rsplit_once(") ").map(|(_, rest)| rest.to_owned()));
    states.any(|rest| rest.starts_with(['R', 'D']))
}

/// Everything that a catalog tells, but the numbers and times of runs.
pub fn told(context: &Context) -> Told {
    let catalog = context.catalog();
    let mut told = BTreeMap::new();
    for view in names(&catalog, "view") {
        let columns = columns(&catalog, &view);
        let kept: Vec<_> = columns
            .iter()
            .filter(|column| view != "bi_server" || *column != "last_updated")
            .filter(|column| !["run_id", "valid_from", "valid_to", "exported_at"].contains(&column.as_str()))
            .map(|column| format!("\"{column}\""))
            .collect();
        told.insert(view.clone(), context.rows(&format!("SELECT {} FROM \"{view}\"", kept.join(", "))));
    }
    let run = "(SELECT published_run FROM catalog_state)";
    for (name, sql) in [
        ("counts", format!("SELECT kind, total, new, changed, removed, unchanged FROM run_count WHERE run_id = {run}")),
        ("scopes", format!("SELECT endpoint, parent_id, outcome, pages, rows, error_code, message FROM fetch_scope WHERE run_id = {run}")),
        ("events", format!("SELECT severity, code, title, context FROM run_event WHERE run_id = {run} AND code NOT LIKE 'run.%'")),
        ("state", format!("SELECT state, exit_code FROM run WHERE run_id = {run}")),
        ("search", "SELECT o.kind, k.id, o.id, t.name, t.description, t.columns, t.formulas, t.sql FROM search_object o \
            JOIN search_text t ON t.rowid = o.entry LEFT JOIN document_key k ON k.document = o.document".to_owned()),
        ("staging", "SELECT 'staging', count(*) FROM staging UNION ALL SELECT 'scopes', count(*) FROM staged_scope \
            UNION ALL SELECT 'tables', count(*) FROM sqlite_schema WHERE name LIKE 'seen_%'".to_owned()),
        ("newer", "SELECT count(*) FROM document_history WHERE valid_from > (SELECT published_run FROM catalog_state)".to_owned()),
    ] {
        told.insert(name.to_owned(), context.rows(&sql));
    }
    told.values_mut().for_each(|rows| rows.sort());
    told
}

fn names(catalog: &Connection, kind: &str) -> Vec<String> {
    let mut statement = catalog.prepare("SELECT name FROM sqlite_schema WHERE type = ?").expect("a query");
    let names = statement.query_map([kind], |row| row.get(0)).expect("names");
    names.collect::<Result<_, _>>().expect("names")
}

fn columns(catalog: &Connection, view: &str) -> Vec<String> {
    let mut statement = catalog.prepare(&format!("PRAGMA table_info(\"{view}\")")).expect("a query");
    let names = statement.query_map([], |row| row.get(1)).expect("columns");
    names.collect::<Result<_, _>>().expect("columns")
}

/// Where two catalogs differ, in a few lines.
#[track_caller]
pub fn assert_alike(expected: &Told, found: &Told, what: &str) {
    let mut wrong = Vec::new();
    for (name, rows) in expected {
        let (mut missing, mut extra) = (rows.clone(), found[name].clone());
        missing.retain(|row| {
            let place = extra.iter().position(|other| other == row);
            place.map(|place| extra.swap_remove(place)).is_none()
        });
        wrong.extend(missing.iter().take(5).map(|row| format!("{name}: missing {row}")));
        wrong.extend(extra.iter().take(5).map(|row| format!("{name}: extra {row}")));
    }
    assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
}

/// What a run is made of, and what went before it.
pub struct Case {
    pub options: Options,
    pub more: Vec<&'static str>,
    pub before: fn(&Context, &[&str]),
}

impl Case {
    pub fn new(options: Options, more: &[&'static str]) -> Self {
        Self { options, more: more.to_vec(), before: |_, _| {} }
    }

    /// A world in which only the run itself is missing.
    pub fn context(&self) -> Context {
        let context = Context::new(self.options.clone());
        (self.before)(&context, &self.more);
        context
    }

    /// How many requests the run takes, and what its catalog tells.
    pub fn uninterrupted(&self) -> Whole {
        let context = self.context();
        context.simulator.answer_only(u64::MAX);
        let ran = finish(&context, &self.more);
        assert!([0, 3].contains(&ran.code), "{ran}");
        Whole { requests: context.simulator.asked().0.values().sum(), told: told(&context) }
    }

    /// Kills the run after so many answers, lets the next one go on, and holds its catalog and its requests against those of
    /// a run without interruption.
    fn kill_and_resume(&self, answered: u64, whole: &Whole, again: &str) {
        let (context, more) = (self.context(), &self.more);
        let what = format!("{again}: killed after {answered} of {} answers {more:?}", whole.requests);
        let published = context.database().exists().then(|| readable(&context));
        let Some(first) = killed_after(&context, answered, more) else { panic!("{what}: the run ended") };
        if context.database().exists() {
            assert_eq!(context.rows("PRAGMA integrity_check"), ["\"ok\""], "{what}");
            assert_eq!(readable(&context), published.unwrap_or_default(), "{what}");
        }
        context.simulator.answer_only(u64::MAX);
        let ran = finish(&context, more);
        assert!([0, 3].contains(&ran.code), "{what}: {ran}");
        assert_alike(&whole.told, &told(&context), &what);
        assert_nothing_twice(&first, &context.simulator.asked().0, WORKERS, &what);
    }
}

/// A run without interruption.
pub struct Whole {
    pub requests: u64,
    pub told: Told,
}

/// What readers see of the published catalog.
fn readable(context: &Context) -> Vec<String> {
    let mut rows = context.rows("SELECT id, name, updated_at FROM document ORDER BY id");
    rows.extend(context.rows("SELECT id, object_id, permission FROM object_grant ORDER BY id, object_id"));
    rows
}

/// How many pieces are being read at once: a few more than requests are in flight.
pub fn in_hand(workers: usize) -> usize {
    workers + workers / 3
}

/// Two runs asked for the same only where the first was interrupted.
#[track_caller]
pub fn assert_nothing_twice(
    first: &BTreeMap<String, u64>,
    second: &BTreeMap<String, u64>,
    workers: usize,
    what: &str,
) {
    let again: Vec<String> = pieces(first).intersection(&pieces(second)).cloned().collect();
    // Besides what is in hand: whether grants may be asked by principal is one member's grants asked ahead.
    assert!(again.len() <= in_hand(workers) + 1, "{what}: asked again {again:#?}");
}

/// Points of a run, spread over all of it.
pub fn points(total: u64, count: u64) -> impl Iterator<Item = u64> {
    (1..=count).map(move |point| point * (total - 1) / count)
}

#[test]
fn a_run_killed_at_any_point_is_gone_on_with_and_ends_as_if_it_had_not_been() {
    let case = Case::new(Options::small(), &[]);
    let whole = case.uninterrupted();
    for answered in points(whole.requests, 20) {
        case.kill_and_resume(answered, &whole, "the small one");
    }
}

#[test]
fn whatever_is_asked_for_a_killed_run_is_gone_on_with() {
    for case in &cases()[1..] {
        let whole = case.uninterrupted();
        for answered in points(whole.requests, 3) {
            case.kill_and_resume(answered, &whole, "one of the cases");
        }
    }
}

/// Some in CI; all by hand: `RESUME_KILLS=200 cargo test --test extract -- --ignored killed_at_random`.
#[test]
#[ignore = "minutes: as many kills as RESUME_KILLS says, 200 unless told; .ci/run plays 5"]
fn a_run_killed_at_random_points_is_gone_on_with() {
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
    };
    let (kills, seed) = (number("RESUME_KILLS", 200), number("RESUME_SEED", 1));
    let mut known: BTreeMap<usize, Whole> = BTreeMap::new();
    let cases = cases();
    for kill in seed..seed + kills {
        // A multiplicative hash: neighbouring numbers fall far apart.
        let dice = kill.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let place = (dice % cases.len() as u64) as usize;
        let case = &cases[place];
        let whole = known.entry(place).or_insert_with(|| case.uninterrupted());
        let answered = 1 + (dice / 7) % (whole.requests - 1);
        let again = format!(
            "RESUME_SEED={kill} RESUME_KILLS=1 cargo test --test extract -- --ignored killed_at_random"
        );
        case.kill_and_resume(answered, whole, &again);
    }
}

/// Organisations and settings that take different ways through a crawl.
fn cases() -> Vec<Case> {
    let small = Options::small();
    let many = Options { workbooks: 60, members: 8, teams: 2, ..Options::small() };
    let published_and_changed = |context: &Context, more: &[&str]| {
        let ran = finish(context, more);
        assert_eq!(ran.code, 0, "{ran}");
        change(context);
    };
    vec![
        Case::new(small.clone(), &[]),
        Case::new(Options { seed: 5, ..small.clone() }, &["--everything", "true"]),
        Case::new(many, &[]),
        Case::new(small.clone(), &["--grants", "object", "--archived", "true", "--personal", "true"]),
        Case { before: published_and_changed, ..Case::new(small.clone(), &[]) },
        Case { before: published_and_changed, ..Case::new(small.clone(), &["--everything", "true"]) },
        Case { before: published_and_changed, ..Case::new(small, &["--full"]) },
    ]
}

/// Changes one of everything: what goes, comes, moves, and is called otherwise.
pub fn change(context: &Context) {
    let truth = context.simulator.truth();
    let ids = |kind: &str, is_ours: &dyn Fn(&Value) -> bool| -> Vec<String> {
        let rows = truth["objects"].get(kind).unwrap_or(&truth[kind]).as_array().expect(kind).iter();
        rows.filter(|row| is_ours(row)).map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
    };
    let workbooks = ids("workbook", &|row| row["archived"] != true && row["exploration"] != true);
    let members = ids("member", &|row| row["archived"] != true);
    let (teams, folders) =
        (ids("team", &|_| true), ids("file", &|row| row["type"] == "folder" && row["path"] != ""));
    let grants = ids("grants", &|_| true);
    let change = |mutation: Mutation| drop(context.simulator.mutate(&mutation).expect("a change"));
    change(Mutation::DeleteDocument { document: workbooks[1].clone() });
    change(Mutation::DeleteDocument { document: workbooks[workbooks.len() - 2].clone() });
    change(Mutation::RenameDocument { document: workbooks[2].clone(), name: "Renamed".to_owned() });
    change(Mutation::AddPage { document: workbooks[3].clone(), name: Some("Added".to_owned()) });
    change(Mutation::MoveDocument { document: workbooks[4].clone(), folder: folders[0].clone() });
    change(Mutation::TouchDocument { document: workbooks[5].clone() });
    change(Mutation::RenameFolder { folder: folders[1].clone(), name: "Elsewhere".to_owned() });
    change(Mutation::RemoveGrant { grant: grants[grants.len() / 2].clone() });
    change(Mutation::ArchiveMember { member: members[members.len() - 1].clone() });
    change(Mutation::AddMember { first: None, last: None, email: None, member_type: None });
    let (inode, member) = (workbooks[6].clone(), Some(members[members.len() - 2].clone()));
    change(Mutation::AddGrant { inode, member, team: None, permission: "view".to_owned() });
    let (team, member) = (teams[teams.len() - 1].clone(), members[3].clone());
    // Whichever of the two is a change.
    let in_team = Mutation::AddTeamMember { team: team.clone(), member: member.clone(), admin: false };
    if context.simulator.mutate(&in_team).is_err() {
        change(Mutation::RemoveTeamMember { team, member });
    }
}

#[test]
fn a_source_that_changes_between_kill_and_resume_loses_nothing_and_leaves_no_ghost() {
    let case = Case::new(Options::small(), &[]);
    let old = case.uninterrupted();
    let changed = Case { before: |context, _| change(context), ..Case::new(Options::small(), &[]) };
    let new = changed.uninterrupted();
    for is_published in [false, true] {
        for answered in points(old.requests, 4) {
            let what = format!("changed after {answered} of {} answers", old.requests);
            let context = case.context();
            if is_published {
                assert_eq!(finish(&context, &[]).code, 0);
            }
            // What did not change since it was published would not be asked at all.
            let more: &[&str] = if is_published { &["--full"] } else { &[] };
            let first = killed_after(&context, answered, more).expect("a run to kill");
            change(&context);
            context.simulator.answer_only(u64::MAX);
            let ran = finish(&context, more);
            // A document that was listed before it went is missed when it is read.
            assert!([0, 3].contains(&ran.code), "{what}: {ran}");
            assert_nothing_twice(&first, &context.simulator.asked().0, WORKERS + CHANGED, &what);
            let found = told(&context);
            for table in TABLES.iter().map(|table| table.name) {
                let rows = |told: &Told| told[table].iter().cloned().collect::<BTreeSet<_>>();
                let (old, new, found) = (rows(&old.told), rows(&new.told), rows(&found));
                let lost: Vec<_> = old.intersection(&new).filter(|row| !found.contains(*row)).collect();
                assert!(lost.is_empty(), "{what}: lost from {table}: {lost:#?}");
                let ghosts: Vec<_> =
                    found.iter().filter(|row| !old.contains(*row) && !new.contains(*row)).collect();
                assert!(ghosts.is_empty(), "{what}: ghosts in {table}: {ghosts:#?}");
            }
            let homeless = context.rows(
                "SELECT DISTINCT document_id FROM page WHERE document_id NOT IN (SELECT id FROM document)",
            );
            assert!(homeless.is_empty(), "{what}: {homeless:?}");
            assert_eq!(finish(&context, &[]).code, 0);
            let healed = told(&context);
            for (table, rows) in &new.told {
                let is_of_run = ["counts", "scopes", "events", "state"].contains(&table.as_str());
                assert!(is_of_run || *rows == healed[table], "{what}: {table} is not as it is now");
            }
        }
    }
}

/// Documents that have another version after [`change`], and are read again for that.
pub const CHANGED: usize = 6;

/// What a run says about what it did not go on with.
fn refusal(context: &Context) -> Vec<String> {
    context.rows("SELECT title FROM run_event WHERE code = 'run.not_resumed' ORDER BY rowid")
}

#[test]
fn what_was_read_otherwise_is_not_gone_on_with_and_that_is_said() {
    let case = Case::new(Options::small(), &[]);
    let whole = case.uninterrupted();
    let of_store = |sql: &'static str| {
        move |context: &Context| {
            let catalog = Connection::open(context.database()).expect("the catalog");
            catalog.execute_batch(sql).expect(sql);
        }
    };
    type Spoil = Box<dyn Fn(&Context)>;
    let nothing: fn() -> Spoil = || Box::new(|_| {});
    let cases: Vec<(&str, &[&str], Spoil)> = vec![
        ("`--no-resume`", &["--no-resume"], nothing()),
        ("`crawl.resume_within` is 0", &["--resume-within", "0"], nothing()),
        ("another program version", &["--lineage", "false"], nothing()),
        ("another program version", &[], Box::new(of_store("UPDATE staging SET fingerprint = 'other'"))),
        ("older than", &[], Box::new(of_store("UPDATE staging SET since = '2020-01-01T00:00:00.000Z'"))),
        ("later than now", &[], Box::new(of_store("UPDATE staging SET since = '2999-01-01T00:00:00.000Z'"))),
        ("nobody knows when", &[], Box::new(of_store("UPDATE staging SET since = 'soon'"))),
        (
            "not what this program writes",
            &[],
            Box::new(of_store("UPDATE staged_follow_up SET follow_up = '{'")),
        ),
        ("cannot be read", &[], Box::new(of_store("DROP TABLE seen_member"))),
    ];
    for (why, more, spoil) in cases {
        let context = case.context();
        killed_after(&context, whole.requests / 2, &[]).expect("a run to kill");
        spoil(&context);
        context.simulator.answer_only(u64::MAX);
        let ran = finish(&context, more);
        assert_eq!(ran.code, 0, "{why}: {ran}");
        assert!(ran.stderr.contains(why), "{why}: {ran}");
        assert!(ran.json()["resumes"].is_null(), "{why}: {ran}");
        let said = refusal(&context);
        assert!(said.len() == 1 && said[0].contains(why), "{why}: {said:?}");
        let asked: u64 = context.simulator.asked().0.values().sum();
        if !more.contains(&"--lineage") {
            // What the killed process had on the way may be counted here.
            assert!(
                (whole.requests..whole.requests + 5).contains(&asked),
                "{why}: {asked} of {}",
                whole.requests
            );
            assert_alike(&whole.told, &told(&context), why);
        }
    }
}

#[test]
fn nobody_goes_on_with_what_other_credentials_have_read() {
    let context = Context::small();
    killed_after(&context, 100, &[]).expect("a run to kill");
    context.simulator.answer_only(u64::MAX);
    let builder = context.simulator.credentials().swap_remove(1);
    let url = context.simulator.url();
    let mut command = binary(&context.folder);
    command
        .env("SIGMA_CLIENT_ID", &builder.client_id)
        .env("SIGMA_CLIENT_SECRET", &builder.client_secret)
        .args(["extract", "--api-url", &url, "--db", "catalog.db", "--format", "json"])
        .args(["--mirroring", "false", "--login-user", &builder.email]);
    let ran = run(&mut command);
    assert!([0, 3].contains(&ran.code), "{ran}");
    assert!(ran.json()["resumes"].is_null(), "{ran}");
    assert!(refusal(&context)[0].contains("credentials"), "{:?}", refusal(&context));
    // What the administrator's run had read is nowhere.
    assert_eq!(context.rows("SELECT count(*) FROM team_history"), ["0"]);
    assert_eq!(context.rows("SELECT count(*) FROM object_grant_history"), ["0"]);
}

#[test]
fn a_run_that_sigma_left_alone_is_gone_on_with_and_a_refused_one_is_not() {
    let whole = Case::new(Options::small(), &[]).uninterrupted();
    // 7: Sigma does not answer any more. 5: it does not know the credentials any more.
    for (fault, code, resumes) in [("429 retry-after=9999", 7, true), ("unauthorized", 5, false)] {
        let context = Context::small();
        context.simulator.answer_only(u64::MAX);
        let rule = format!("GET /v2/workbooks/{{workbookId}}/lineage {fault} skip=4");
        context.simulator.set_faults(vec![rule.parse().expect("a fault")]);
        let ran = finish(&context, &[]);
        assert_eq!(ran.code, code, "{ran}");
        let first = context.simulator.asked().0;
        // One that does not get in takes nothing away.
        context.simulator.set_faults(vec!["POST /v2/auth/token 503".parse().expect("a fault")]);
        assert_eq!(finish(&context, &[]).code, 7);
        context.simulator.set_faults(Vec::new());
        context.simulator.answer_only(u64::MAX);
        let ran = finish(&context, &[]);
        assert_eq!(ran.code, 0, "{ran}");
        assert_eq!(ran.json()["resumes"].as_i64(), resumes.then_some(1), "{ran}");
        assert_alike(&whole.told, &told(&context), fault);
        if resumes {
            assert_nothing_twice(&first, &context.simulator.asked().0, WORKERS, fault);
        }
    }
}

#[test]
fn what_sigma_in_trouble_failed_to_tell_is_asked_again() {
    let case = Case::new(Options::small(), &[]);
    let whole = case.uninterrupted();
    let context = case.context();
    let faults = [
        // Where a document has no lineage Sigma answers the same.
        "GET /v2/workbooks/{workbookId}/lineage 500",
        "GET /v2/workbooks/{workbookId}/lineage/elements/{elementId} 500",
        // Where datasets are no longer offered as well.
        "GET /v2/datasets 404",
        "GET /v2/workbooks/{workbookId}/queries 429 retry-after=9999 skip=10",
    ];
    context.simulator.set_faults(faults.iter().map(|fault| fault.parse().expect("a fault")).collect());
    let ran = finish(&context, &[]);
    assert_eq!(ran.code, 7, "{ran}");
    let untold = "SELECT count(*) > 2 FROM fetch_scope WHERE endpoint = 'lineage' AND outcome = 'carried'";
    assert_eq!(context.rows(untold), ["1"]);
    context.simulator.set_faults(Vec::new());
    let ran = finish(&context, &[]);
    assert_eq!((ran.code, ran.json()["resumes"].as_i64()), (0, Some(1)), "{ran}");
    assert_alike(&whole.told, &told(&context), "after trouble");
}

#[test]
fn a_run_killed_again_and_again_ends_all_the_same() {
    let case = Case::new(Options::small(), &[]);
    let whole = case.uninterrupted();
    let context = case.context();
    let mut killed = 0;
    while killed_after(&context, 40, &[]).is_some() {
        killed += 1;
        assert!(killed < 60, "it never ends");
    }
    assert!(killed > 3, "{killed}");
    assert_alike(&whole.told, &told(&context), "killed again and again");
    let resumed = context.rows("SELECT earlier, run_id FROM run_resumed ORDER BY 1");
    let chain: Vec<String> = (1..=killed).map(|run| format!("{run} | {}", run + 1)).collect();
    assert_eq!(resumed, chain);
    let shown = run(&mut context.command(&["runs", "show", "--db", "catalog.db"]));
    assert!(shown.stdout.contains(&format!("resumes        run {killed}")), "{shown}");
    let listed = run(&mut context.command(&["runs", "list", "--db", "catalog.db"]));
    assert!(listed.stdout.contains("goes on with run 1"), "{listed}");
    assert!(listed.stdout.contains("abandoned"), "{listed}");
}

#[test]
fn other_commands_leave_what_was_read_alone() {
    let case = Case::new(Options::small(), &[]);
    let whole = case.uninterrupted();
    let context = case.context();
    assert_eq!(finish(&context, &[]).code, 0);
    killed_after(&context, whole.requests / 2, &["--full"]).expect("a run to kill");
    std::fs::write(context.folder.path().join("identity.csv"), "network_id,sigma_email\n").expect("a file");
    for command in
        ["identity import identity.csv", "report R01", "search e", "runs list", "extract --dry-run"]
    {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        let url = context.simulator.url();
        arguments.extend(["--db", "catalog.db"]);
        if command.starts_with("extract") {
            context.simulator.answer_only(u64::MAX);
            arguments.extend(["--api-url", &url]);
        }
        let ran = run(&mut context.command(&arguments));
        assert!([0, 1, 8, 11].contains(&ran.code), "{command}: {ran}");
    }
    let ran = finish(&context, &["--full"]);
    assert_eq!(ran.json()["resumes"], 2, "{ran}");
}

#[test]
fn a_file_that_a_crash_has_damaged_is_refused_and_left_as_it_is() {
    let context = Context::small();
    killed_after(&context, 200, &[]).expect("a run to kill");
    // All pages into the file itself, then a page of an index torn.
    let catalog = Connection::open(context.database()).expect("the catalog");
    catalog.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("a checkpoint");
    let (root, size): (u64, u64) = catalog
        .query_row(
            "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_schema WHERE name = 'seen_file'",
            [],
            |row| Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64)),
        )
        .expect("a table");
    drop(catalog);
    let mut bytes = std::fs::read(context.database()).expect("the file");
    let from = ((root - 1) * size) as usize;
    bytes[from..from + size as usize].fill(0x5a);
    std::fs::write(context.database(), &bytes).expect("the file");
    context.simulator.answer_only(u64::MAX);
    let ran = finish(&context, &[]);
    assert_eq!(ran.code, 9, "{ran}");
    assert!(ran.stderr.contains("store.corrupt"), "{ran}");
    assert_eq!(context.simulator.asked().0.len(), 0, "nothing is asked");
    assert!(std::fs::read(context.database()).expect("the file") == bytes, "the file is as it was");
}
