//! How long the questions about permissions take in an organisation of 3,000 members, 150 teams, 15,000 objects and 30,000
//! grants, what a run pays for it when it publishes, and how long an identity CSV of 100,000 rows takes.
//! `cargo bench --bench permissions`.

#![allow(clippy::print_stdout, reason = "what it measures is told there")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File as Disk;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fastrand::Rng;
use sigma_catalog::access::{Access, Scratch};
use sigma_catalog::catalog::delivery::{Delivery, Outcome, Rows, ScopeReport, scope};
use sigma_catalog::catalog::facts::Facts;
use sigma_catalog::catalog::mirror::Mirror;
use sigma_catalog::catalog::organisation::{
    AccountType, Document, File, Member, ObjectGrant, Team, TeamMember, Workspace,
};
use sigma_catalog::config::{MatchOn, PermissionSettings, PermissionSource};
use sigma_catalog::crawl::audience::Plan;
use sigma_catalog::identity::{CatalogUsers, CsvUsers, Include, Matching, ReadOptions, mapping, reconcile};
use sigma_catalog::report::table::{Need, REPORTS};
use sigma_catalog::report::{Identity, Inputs, Options, Stamp, seen};
use sigma_catalog::store::{Catalog, Publication, RunEnd, RunStart, Store};

const MEMBERS: usize = 3_000;
const TEAMS: usize = 150;
const WORKSPACES: usize = 50;
const FOLDERS: usize = 2_950;
const DOCUMENTS: usize = 12_000;
const GRANTS: usize = 30_000;
const CSV_ROWS: usize = 100_000;

fn id(kind: &str, number: usize) -> String {
    format!("{:08x}-0000-4000-8000-{:>012x}", kind.len() * 7919 + number * 2_654_435 % 0x00ff_ffff, number)
        .replace("0000-4000", &format!("{:04x}-4000", kind.bytes().map(usize::from).sum::<usize>()))
}

fn email(number: usize) -> String {
    format!("member{number}@northwind-labs.example")
}

fn name(kind: &str, number: usize) -> Option<String> {
    Some(format!("{kind} number {number}"))
}

/// Everything a crawl delivers of such an organisation, the same each time.
fn organisation() -> (Rows, Vec<ScopeReport>) {
    let mut rng = Rng::with_seed(1);
    let (mut rows, mut scopes) = (Rows::default(), Vec::new());
    let mut read = |scope: &'static str, parent: &str| {
        scopes.push(ScopeReport {
            pages: 1,
            http_calls: 1,
            code: None,
            message: None,
            ..ScopeReport::without_rows(scope, parent, Outcome::Complete, "", "")
        });
    };
    for top in [scope::MEMBERS, scope::TEAMS, scope::ACCOUNT_TYPES, scope::WORKSPACES] {
        read(top, "");
    }
    for (account, custom) in [("Admin", false), ("Pro", false), ("View", false)] {
        let (name, is_custom) = (Some(account.to_owned()), Some(custom));
        rows.push(AccountType { id: id("account", account.len()), name, description: None, is_custom });
    }
    for number in 0..MEMBERS {
        rows.push(Member {
            id: id("member", number),
            email: Some(email(number)),
            first_name: Some("Member".to_owned()),
            last_name: Some(number.to_string()),
            member_type: Some(
                ["View", "Pro", "Pro", "Admin"][if number % 150 == 0 { 3 } else { number % 3 }].to_owned(),
            ),
            user_kind: Some(if number % 30 == 7 { "guest" } else { "internal" }.to_owned()),
            is_archived: Some(number % 25 == 3),
            is_inactive: None,
            home_folder_id: None,
            created_at: None,
            updated_at: None,
        });
    }
    for number in 0..TEAMS {
        let everyone = number == 0;
        rows.push(Team {
            id: id("team", number),
            name: if everyone { Some("All Members".to_owned()) } else { name("team", number) },
            description: None,
            visibility: None,
            is_archived: Some(number % 40 == 9),
            created_by: None,
            created_at: None,
            updated_at: None,
        });
        read(scope::TEAM_MEMBERS, &id("team", number));
        // A few hundred belong to a large team, a handful to a small one.
        let size = if everyone { 0 } else { [300, 60, 15, 5][number % 4] };
        let first = rng.usize(0..MEMBERS);
        for member in 0..size {
            rows.push(TeamMember {
                team_id: id("team", number),
                member_id: id("member", (first + member * 7) % MEMBERS),
                is_team_admin: None,
                added_by: None,
            });
        }
    }
    let mut objects: Vec<String> = Vec::new();
    for number in 0..WORKSPACES {
        let workspace = id("workspace", number);
        rows.push(Workspace {
            id: workspace.clone(),
            url_id: None,
            name: name("workspace", number),
            created_by: None,
            updated_by: None,
            created_at: None,
            updated_at: None,
        });
        read(scope::OBJECT_GRANTS, &workspace);
        objects.push(workspace);
    }
    for kind in ["folder", "workbook", "data-model", "report", "dataset"] {
        read(scope::FILES, kind);
        read(scope::DOCUMENTS, kind);
    }
    for number in 0..FOLDERS + DOCUMENTS {
        let kind = match number {
            0..FOLDERS => "folder",
            _ => ["workbook", "workbook", "workbook", "data-model", "report", "dataset"][number % 6],
        };
        let object = id(kind, number);
        // Any workspace or earlier folder: some are five deep and deeper.
        let parent = objects[rng.usize(0..objects.len().min(WORKSPACES + FOLDERS))].clone();
        let owner_id = Some(id("member", rng.usize(0..MEMBERS)));
        let archived = Some(number % 50 == 11);
        rows.push(File {
            id: object.clone(),
            r#type: kind.to_owned(),
            url_id: None,
            name: name(kind, number),
            parent_id: Some(parent),
            path: Some("somewhere/in/a/workspace".to_owned()),
            permission: None,
            badge: None,
            description: None,
            owner_id: owner_id.clone(),
            is_archived: archived,
            created_by: None,
            updated_by: None,
            created_at: Some("2026-01-01T00:00:00.000Z".to_owned()),
            updated_at: None,
        });
        if kind != "folder" {
            rows.push(Document {
                id: object.clone(),
                kind: kind.to_owned(),
                url_id: None,
                name: name(kind, number),
                url: None,
                path: Some("somewhere/in/a/workspace".to_owned()),
                description: None,
                owner_id,
                latest_version: Some(3),
                is_archived: archived,
                migration_status: None,
                migrated_to: None,
                created_by: None,
                updated_by: None,
                created_at: Some("2026-01-01T00:00:00.000Z".to_owned()),
                updated_at: None,
            });
        }
        read(scope::OBJECT_GRANTS, &object);
        objects.push(object);
    }
    for number in 0..GRANTS {
        let container = rng.u32(0..100) < 15;
        let object = rng.usize(0..if container { WORKSPACES + FOLDERS } else { objects.len() });
        // All Members is granted something on a document here and there, teams most, and members the rest.
        let team = match rng.u32(0..1000) {
            0..8 if !container => Some(0),
            0..550 => Some(rng.usize(1..TEAMS)),
            _ => None,
        };
        let member = if team.is_none() { id("member", rng.usize(0..MEMBERS)) } else { String::new() };
        rows.push(ObjectGrant {
            id: id("grant", number),
            object_id: objects[object].clone(),
            member_id: member,
            team_id: team.map(|team| id("team", team)).unwrap_or_default(),
            permission: Some(["view", "explore", "organize", "edit"][rng.usize(0..4)].to_owned()),
            created_by: None,
            created_at: None,
            updated_at: None,
        });
    }
    (rows, scopes)
}

/// One run that delivers the organisation; how long its publication took, what it mirrors included where `plan` says so.
fn run(path: &Path, plan: Option<&Plan>, rows: Rows, scopes: Vec<ScopeReport>) -> Duration {
    let start = RunStart {
        version: String::new(),
        api_url: String::new(),
        organization_id: None,
        token_member_id: None,
        token_is_admin: Some(true),
    };
    let mut writer = Store::open(path).expect("a store").begin(&start).expect("a run");
    writer.accept(Delivery::Rows(rows)).expect("rows");
    for report in scopes {
        writer.accept(Delivery::Scope(report)).expect("a scope");
    }
    writer.flush().expect("a flush");
    let (end, accepted) = (RunEnd::default(), BTreeMap::new());
    let decision = plan.map(|plan| plan.decide(&[]).expect("an audience"));
    let mirror = |facts: &Facts| match (plan, &decision) {
        (Some(plan), Some(decision)) => plan.mirror(facts, decision, None),
        _ => Mirror::default(),
    };
    let mirror = Some(&mirror as &dyn Fn(&Facts) -> Mirror).filter(|_| plan.is_some());
    let began = Instant::now();
    let publication = Publication { end: &end, accepted: &accepted, only: None, mirror };
    let outcome = writer.publish_as(publication).expect("a publication");
    assert!(outcome.refusals.is_empty(), "{outcome:?}");
    began.elapsed()
}

/// The fastest and the median of some, and what the last one answered.
fn time<T>(what: &str, times: usize, mut ask: impl FnMut() -> T) -> (Duration, T) {
    let mut took = Vec::new();
    let mut answer = None;
    for _ in 0..times {
        let began = Instant::now();
        answer = Some(ask());
        took.push(began.elapsed());
    }
    (told(what, took), answer.expect("asked at least once"))
}

/// Prints the fastest and the median, which it answers.
fn told(what: &str, mut took: Vec<Duration>) -> Duration {
    took.sort();
    let median = took[took.len() / 2];
    tell(what, took[0], Some(median));
    median
}

fn tell(what: &str, fastest: Duration, median: Option<Duration>) {
    let millis = |time: Duration| format!("{:>9.1} ms", time.as_secs_f64() * 1_000.0);
    println!("{what:<66} {} {}", millis(fastest), median.map(millis).unwrap_or_default());
}

/// How long the binary takes to answer into an empty file, which is made before.
fn command(path: &Path, arguments: &[&str]) -> Duration {
    let out = path.with_extension("out");
    // Emptying the file of the last answer is the file system's work and not the command's.
    let _ = std::fs::remove_file(&out);
    let out = Disk::create_new(&out).expect("a file");
    let mut command = asking(path, arguments);
    let began = Instant::now();
    let status = command.stdout(Stdio::from(out)).status().expect("the binary");
    let took = began.elapsed();
    assert!(status.success(), "{arguments:?}");
    took
}

/// How long the binary takes to stream an answer through a pipe; its lines and bytes, counted as they come.
fn streamed(path: &Path, arguments: &[&str]) -> (Duration, usize, usize) {
    let began = Instant::now();
    let mut ran = asking(path, arguments).stdout(Stdio::piped()).spawn().expect("the binary");
    let mut out = ran.stdout.take().expect("a pipe");
    let (mut some, mut lines, mut bytes) = (vec![0; 1 << 20], 0, 0);
    loop {
        let read = out.read(&mut some).expect("what it says");
        if read == 0 {
            break;
        }
        bytes += read;
        lines += some[..read].iter().filter(|byte| **byte == b'\n').count();
    }
    assert!(ran.wait().expect("the binary").success(), "{arguments:?}");
    (began.elapsed(), lines, bytes)
}

/// The binary with a question about the catalog at `path`.
fn asking(path: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sigma-catalog"));
    command.args(arguments).arg("--db").arg(path);
    command
}

fn identities() {
    let mut csv = String::from("network_id,sigma_email\n");
    for row in 0..CSV_ROWS {
        writeln!(csv, "user{row},{}", email(row)).expect("text");
    }
    let read = || mapping::read(csv.as_bytes(), ReadOptions::default(), false).expect("a mapping");
    let (_, file) = time("an identity CSV of 100,000 rows, validated", 5, read);
    assert_eq!(file.mapping.pairs().len(), CSV_ROWS);
    let crooked = csv.replace("@northwind", "@@northwind");
    time("the same with a mistake in every row", 5, || {
        mapping::read(crooked.as_bytes(), ReadOptions::default(), false).expect_err("mistakes")
    });
}

fn rules(facts: &Facts) {
    let (_, access) = time("rules: facts compiled", 5, || Access::new(facts));
    let principals = || {
        let (mut entries, mut rows) = (Vec::new(), 0);
        for object in 0..access.objects().len() as u32 {
            access.principals(object, &mut entries);
            rows += entries.len();
        }
        rows
    };
    let (_, rows) = time("rules: closure by principal", 5, principals);
    println!("    {rows} rows by principal");
    let asker = access.asker(access.find_member(&email(1)).expect("a member"));
    let all = 0..access.objects().len() as u32;
    time("rules: one member on everything", 9, || {
        all.clone().filter(|object| access.answer(&asker, *object).level().is_some()).count()
    });
    let mut scratch = Scratch::default();
    time("rules: everybody on one object", 9, || {
        let mut members = 0;
        access.expand(7_777, &mut scratch, |_, _| members += 1);
        members
    });
    let (took, rows) = time("rules: everybody on everything", 3, || {
        let mut rows = 0_u64;
        for object in all.clone() {
            access.expand(object, &mut scratch, |_, _| rows += 1);
        }
        rows
    });
    println!("    {rows} rows, {:.1} million a second", rows as f64 / took.as_secs_f64() / 1e6);
}

/// What `extract` does after publishing.
fn findings(path: &Path, users: &[u8]) {
    let began = Instant::now();
    let catalog = Catalog::open(path).expect("a catalog");
    let (run, facts) = catalog.facts(None).expect("facts");
    let evidence = catalog.evidence(run.run_id).expect("evidence");
    let access = Access::new(&facts);
    let members: Vec<Member> = catalog_members(&facts);
    let users = CsvUsers { name: "users.csv".to_owned(), bytes: users, options: ReadOptions::default() };
    let users = users.users().expect("users");
    let identity = Identity::new(reconcile(&members, &users, Matching::Email, Include::default()));
    let (stamp, options) = (Stamp::from(&run), Options { owner_above: 50, ..Options::default() });
    let inputs = Inputs {
        stamp: &stamp,
        facts: &facts,
        access: &access,
        evidence: &evidence,
        identity: Some(&identity),
        catalog: Some(&catalog),
        options: &options,
    };
    tell("findings: what reports look at, read", began.elapsed(), None);
    let mut all = Vec::new();
    for report in REPORTS.iter().filter(|report| report.findings) {
        if report.needs.iter().all(|need| *need == Need::Identity) {
            let began = Instant::now();
            let found = seen(report, &inputs).expect("findings");
            tell(
                &format!("findings: {} {} ({})", report.id, report.name, found.found.len()),
                began.elapsed(),
                None,
            );
            all.push(found);
        }
    }
    drop(catalog);
    for what in ["findings: recorded for the first time", "findings: recorded again"] {
        let began = Instant::now();
        Store::open(path).expect("a store").record_findings(run.run_id, &all).expect("recorded");
        tell(what, began.elapsed(), None);
    }
}

fn catalog_members(facts: &Facts) -> Vec<Member> {
    facts.members.iter().map(Member::from).collect()
}

fn main() {
    println!("{:<66} {:>12} {:>12}", "what", "fastest", "median");
    identities();
    let folder = tempfile::tempdir().expect("a folder");
    let path: PathBuf = folder.path().join("catalog.db");
    let mut users = String::from("network_id,email,display_name,active\n");
    for number in (0..MEMBERS).filter(|number| number % 10 != 4) {
        writeln!(users, "user{number},{},,true", email(number)).expect("text");
    }
    let users_csv = folder.path().join("catalog-users.csv");
    std::fs::write(&users_csv, &users).expect("a file");
    let plan = Plan::read(
        &PermissionSettings {
            mirroring: true,
            csv_mapping: false,
            login_user: None,
            match_on: MatchOn::Email,
            source: PermissionSource::Grants,
            identity_csv: folder.path().join("none.csv"),
            catalog_users_csv: users_csv,
        },
        None,
    )
    .expect("a plan");
    let (rows, scopes) = organisation();
    tell("publish: the organisation, mirroring nothing", run(&path, None, rows, scopes), None);
    for what in ["publish: mirroring for the first time", "publish: mirroring, nothing has changed"] {
        let (rows, scopes) = organisation();
        tell(what, run(&path, Some(&plan), rows, scopes), None);
    }
    let (_, facts) = time("facts read from the catalog", 5, || {
        Catalog::open(&path).expect("a catalog").facts(None).expect("facts").1
    });
    rules(&facts);
    findings(&path, users.as_bytes());
    let (member, object) = (email(1), id("workbook", FOLDERS + 6_002));
    let about_one: [&[&str]; 5] = [
        &["access", "member", &member],
        &["access", "object", &object],
        &["access", "explain", &member, &object],
        &["access", "member", &member, "--format", "json"],
        &["access", "object", &object, "--format", "json"],
    ];
    about_one.iter().for_each(|arguments| answered("command", &path, arguments));
    for arguments in [&["access", "effective", "--format", "csv"][..], &["mirror", "export"]] {
        let (mut lines, mut bytes) = (0, 0);
        let times = (0..3).map(|_| {
            let took;
            (took, lines, bytes) = streamed(&path, arguments);
            took
        });
        let took = told(&format!("streamed: {}", arguments.join(" ")), times.collect());
        let rate = lines as f64 / took.as_secs_f64() / 1e6;
        println!("    {lines} lines, {} MB, {rate:.2} million rows a second", bytes / 1_000_000);
    }
    let (rows, scopes) = organisation();
    tell("publish: mirroring ends", run(&path, None, rows, scopes), None);
    let (rows, scopes) = organisation();
    tell("publish: mirroring again", run(&path, Some(&plan), rows, scopes), None);
    about_one[..3].iter().for_each(|arguments| answered("with a past as large", &path, arguments));
}

/// Tells how long the binary takes to answer, of 21 times.
fn answered(what: &str, path: &Path, arguments: &[&str]) {
    let what = format!("{what}: {}", arguments.join(" "));
    told(&what, (0..21).map(|_| command(path, arguments)).collect());
}
