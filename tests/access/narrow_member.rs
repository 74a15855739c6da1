//! Facts about one member answer as all facts do: random organisations in a real catalog, one run after the other, and the
//! commands with and without the mark that makes the difference.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use fastrand::Rng;
use serde_json::json;
use sigma_catalog::access::{Access, Confidence, Level, narrative};
use sigma_catalog::catalog::delivery::scope;
use sigma_catalog::catalog::facts::{Facts, Readings};
use sigma_catalog::simulator::{FaultRule, Options};
use sigma_catalog::store::{About, Catalog, Store};

use crate::awkward::{chance, organisation};
use crate::context::Context;
use crate::facts::{Build, empty};
use crate::narrow::{named, store};

/// How many organisations.
const RUNS: u64 = 300;

/// Everything that can be said of what a member sees, in the order it is told in, places turned into ids.
fn told(access: &Access, member: u32) -> String {
    let who = &access.members()[member as usize];
    let mut text = format!("{who:?} {:?}\n", who.usable(Level::Edit));
    let asker = access.asker(member);
    for object in 0..access.objects().len() as u32 {
        let answer = access.answer(&asker, object);
        if answer.level().is_none() && answer.confidence == Confidence::Exact {
            continue;
        }
        let what = &access.objects()[object as usize];
        let above: Vec<&str> =
            access.chain(object).map(|place| access.objects()[place as usize].title()).collect();
        let holding = json!(access.holding(member, object, &answer));
        writeln!(text, "{} {} {above:?} {:?} {holding}", what.id, what.full_path(), answer.confidence)
            .expect("text");
        for path in access.paths(&asker, object) {
            let word = path.word.map(|word| access.word(word));
            writeln!(text, "    {} {word:?}", narrative(access, &path, member, object)).expect("text");
        }
    }
    text
}

/// Addresses that differ in case alone, one that is another member's id, grants that name a member and a team, and
/// account types of which it is known what they allow.
fn addressed(rng: &mut Rng, facts: &mut Facts) {
    for known in &mut facts.account_types {
        known.permissions = chance(rng, 60).then(|| vec!["view-worksheet".to_owned()]);
    }
    for grant in facts.grants.iter_mut().filter(|grant| grant.team_id.is_empty()) {
        if chance(rng, 15) {
            grant.team_id = "t0".into();
        }
    }
    let emails = ["ann@x.com", "Ann@X.com", "m0", "M1", "", "änn@x.com", "ÄNN@x.com"];
    for member in &mut facts.members {
        match rng.usize(0..10) {
            0..4 => member.email = Some(emails[rng.usize(0..emails.len())].to_owned()),
            4 => member.email = None,
            _ => {}
        }
    }
}

/// Takes out what would leave something in doubt although all was read.
fn without_doubt(facts: &mut Facts) {
    let places: BTreeSet<String> = facts.files.iter().map(|file| file.id.clone()).collect();
    facts.documents.retain(|document| places.contains(&document.id));
    let is_known = |id: &Arc<str>| {
        places.contains(&**id)
            || facts.workspaces.iter().any(|workspace| *workspace.id == **id)
            || facts.documents.iter().any(|document| *document.id == **id)
    };
    for file in &mut facts.files {
        file.parent_id = file.parent_id.take().filter(is_known);
        if file.file_type == "something-new" {
            file.file_type = "workbook".into();
        }
    }
    for document in facts.documents.iter_mut().filter(|document| document.kind == "something-new") {
        document.kind = "workbook".into();
    }
}

/// Asks for each member by its id and its address. How many objects the narrow facts held and how many all did, over all
/// questions.
fn compare(catalog: &Catalog, at: Option<i64>, all: &Facts) -> (usize, usize) {
    let (full, deficient) = (&Access::new(all), all.readings.deficient());
    let what = format!("run {at:?}:\n{all:#?}");
    let mut held = (0, 0);
    for member in full.members() {
        let email = member.email.clone().unwrap_or_default();
        for text in [member.id.clone(), format!(" {} ", email.to_uppercase()), email] {
            let (_, facts) = catalog.facts_about(at, About::Member(&text)).expect("facts");
            assert_eq!(facts.readings.deficient(), deficient, "{text:?}: {what}");
            let narrow = Access::new(&facts);
            let (found, expected) = (narrow.find_member(&text), full.find_member(&text));
            assert_eq!(found.is_ok(), expected.is_ok(), "{text:?}, {found:?}, {expected:?}: {what}");
            if let (Ok(found), Ok(expected)) = (found, expected) {
                assert_eq!(told(&narrow, found), told(full, expected), "{text:?}: {what}");
                held = (held.0 + narrow.objects().len(), held.1 + full.objects().len());
            }
        }
    }
    held
}

/// Says of a run that no administrator's credentials made it.
fn read_by_a_user(path: &Path, run: i64) {
    let db = rusqlite::Connection::open(path).expect("the catalog");
    db.execute("DELETE FROM settled_run WHERE run_id = ?", [run]).expect("no mark");
    db.execute("UPDATE run SET token_is_admin = 0 WHERE run_id = ?", [run]).expect("a user's token");
}

/// Says of a run that it read all that access rests on.
fn mark(path: &Path, run: i64) {
    let db = rusqlite::Connection::open(path).expect("the catalog");
    db.execute("INSERT OR IGNORE INTO settled_run VALUES (?)", [run]).expect("marked");
}

#[test]
fn facts_about_a_member_answer_as_all_facts_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("catalog.db");
    let (mut narrow, mut full, mut settled) = (0, 0, 0);
    let mut runs: Vec<i64> = Vec::new();
    for seed in 0..RUNS {
        let mut rng = Rng::with_seed(seed);
        let mut facts = organisation(&mut rng);
        named(&mut rng, &mut facts);
        addressed(&mut rng, &mut facts);
        if chance(&mut rng, 75) {
            without_doubt(&mut facts);
        }
        runs.push(store(&path, &mut rng, &facts));
        let run = runs[runs.len() - 1];
        if chance(&mut rng, 10) {
            read_by_a_user(&path, run);
        }
        let catalog = Catalog::open(&path).expect("a catalog");
        let all = catalog.facts(None).expect("facts").1;
        let access = Access::new(&all);
        if access.is_settled(&all) {
            mark(&path, run);
            settled += 1;
        }
        let held = compare(&catalog, None, &all);
        if access.is_settled(&all) {
            (narrow, full) = (narrow + held.0, full + held.1);
        }
        if seed % 10 == 9 {
            let earlier = runs[rng.usize(0..runs.len())];
            let all = catalog.facts(Some(earlier)).expect("facts").1;
            compare(&catalog, Some(earlier), &all);
        }
    }
    assert!(settled * 5 > RUNS, "hardly any is settled: {settled}");
    assert!(narrow * 10 < full * 9, "little was left out: {narrow} of {full} objects");
}

#[test]
fn the_commands_say_the_same_whether_or_not_a_run_is_marked() {
    let context = Context::extracted(Options { seed: 3, ..Options::small() });
    let db = rusqlite::Connection::open(context.database()).expect("the catalog");
    let marked = |run: i64| {
        let sql = "SELECT count(*) FROM settled_run WHERE run_id = ?";
        db.query_row(sql, [run], |row| row.get::<_, i64>(0)).expect("a count") == 1
    };
    assert!(marked(1), "all was read");
    let members: Vec<String> = {
        let mut statement = db.prepare("SELECT coalesce(email, id) FROM member").expect("members");
        statement.query_map([], |row| row.get(0)).expect("members").collect::<Result<_, _>>().expect("rows")
    };
    assert!(members.len() > 20, "{members:?}");
    let all = || -> Vec<String> {
        let said = |member: &String| {
            let [text, json] =
                [&["access", "member", member][..], &["access", "member", member, "--format", "json"]]
                    .map(|arguments| context.run(arguments));
            format!("{text}\n{json}")
        };
        members.iter().map(said).collect()
    };
    let with = all();
    db.execute("DELETE FROM settled_run", []).expect("unmarked");
    assert_eq!(with, all());

    let fault: FaultRule = "GET /v2/grants 403 x1".parse().expect("a fault");
    context.simulator.set_faults(vec![fault]);
    let ran = context.run(&["extract", "--grants", "object"]);
    assert_eq!(ran.code, 3, "{ran}");
    context.simulator.set_faults(Vec::new());
    assert!(!marked(2), "one object's grants were not read");
    let ran = context.run(&["extract", "--grants", "principal"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(marked(3), "all was read again");
}

/// An organisation of which the ledger says of each scope that it was read, but for one.
fn read_but(unread: Option<(&str, &str)>) -> Facts {
    let mut facts = empty();
    facts.account_types.remove(0);
    facts.member("m0", "Admin");
    facts.team("t0", &["m0"]);
    facts.workspace("w0");
    facts.document("workbook", "o0", "w0");
    facts.document("report", "o1", "").is_archived = true;
    facts.readings = Readings::new(false, true);
    let all = [
        (scope::MEMBERS, ""),
        (scope::TEAMS, ""),
        (scope::ACCOUNT_TYPES, ""),
        (scope::WORKSPACES, ""),
        (scope::TEAM_MEMBERS, "t0"),
        (scope::FILES, "workbook"),
        (scope::DOCUMENTS, "workbook"),
        (scope::OBJECT_GRANTS, "w0"),
        (scope::OBJECT_GRANTS, "o0"),
    ];
    for (scope, parent) in all.into_iter().filter(|one| Some(*one) != unread) {
        facts.readings.note(scope, parent, true);
    }
    facts
}

#[test]
fn whatever_answers_rest_on_unsettles_an_organisation_where_nothing_is_known_of_it() {
    let is_settled = |facts: &Facts| Access::new(facts).is_settled(facts);
    assert!(is_settled(&read_but(None)), "what is in the trash does not matter");
    for unread in [
        (scope::ACCOUNT_TYPES, ""),
        (scope::TEAM_MEMBERS, "t0"),
        (scope::FILES, "workbook"),
        (scope::DOCUMENTS, "workbook"),
        (scope::OBJECT_GRANTS, "w0"),
        (scope::OBJECT_GRANTS, "o0"),
    ] {
        assert!(!is_settled(&read_but(Some(unread))), "{unread:?}");
    }
    let mut facts = read_but(None);
    facts.readings.note(scope::MEMBER_GRANTS, "somebody else", true);
    assert!(!is_settled(&facts), "a member's grants");
    let mut facts = read_but(None);
    facts.readings.note(scope::FILES, "report", false);
    assert!(!is_settled(&facts), "a listing that failed");
    let mut facts = read_but(None);
    facts.readings.by_administrator = false;
    assert!(!is_settled(&facts), "a user's credentials");
}

#[test]
fn a_catalog_of_an_earlier_version_says_the_same_before_and_after_it_is_brought_up_to_date() {
    let context = Context::extracted(Options { seed: 3, ..Options::small() });
    let db = rusqlite::Connection::open(context.database()).expect("the catalog");
    let (email, seen): (String, i64) = {
        let sql = "SELECT m.email, count(*) FROM member m JOIN object_grant g ON g.member_id = m.id \
                   WHERE NOT coalesce(m.is_archived, 0) AND NOT coalesce(m.is_inactive, 0) GROUP BY m.id ORDER BY 2 DESC";
        db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).expect("a member")
    };
    assert!(seen > 0, "nothing is granted to {email}");
    let told = || context.run(&["access", "member", &email]).stdout;
    let expected = told();
    db.execute_batch(
        "DROP TABLE placed_grant_history;
         CREATE INDEX placed_object_by_id ON placed_object_history (id);
         CREATE INDEX object_grant_to_member ON object_grant_history (member_id, valid_to, permission);
         CREATE INDEX object_grant_to_team ON object_grant_history (team_id, valid_to, permission);
         PRAGMA user_version = 17;",
    )
    .expect("version 17");
    assert_eq!(told(), expected, "as it is");
    drop(Store::open(&context.database()).expect("a store"));
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a version");
    assert!(version > 17);
    assert_eq!(told(), expected, "brought up to date");
    assert_eq!(context.run(&["extract"]).code, 0);
    assert_eq!(told(), expected, "after a run");
}
