//! Facts about one object answer as all facts do: random organisations in a real catalog, one run after the other.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use fastrand::Rng;
use sigma_catalog::access::{Access, Scratch, edges, narrative, words_for};
use sigma_catalog::catalog::TABLES;
use sigma_catalog::catalog::delivery::{Delivery, Outcome, Rows, ScopeReport, scope};
use sigma_catalog::catalog::facts::Facts;
use sigma_catalog::catalog::governance::AccountTypePermission;
use sigma_catalog::catalog::organisation::{
    AccountType, Document, File, Member, ObjectGrant, Team, TeamMember, Workspace,
};
use sigma_catalog::config::{MatchOn, PermissionSettings, PermissionSource};
use sigma_catalog::crawl::audience::Plan;
use sigma_catalog::store::{About, Catalog, Publication, RunEnd, RunStart, Store};

use crate::awkward::{chance, organisation, pick};

/// Names and ids in addresses that are shared, missing, or differ between a file and its document.
pub fn named(rng: &mut Rng, facts: &mut Facts) {
    let names = ["Sales", "sales", "Q3", "a/b", "Sales/Q3", "", "/"];
    let mut name = |own: &mut Option<String>, url_id: &mut Option<String>| {
        match rng.usize(0..10) {
            0..5 => *own = Some(names[rng.usize(0..names.len())].into()),
            5 => *own = None,
            _ => {}
        }
        *url_id = chance(rng, 60).then(|| format!("url{}", rng.u32(0..9)));
    };
    facts.workspaces.iter_mut().for_each(|workspace| name(&mut workspace.name, &mut workspace.url_id));
    facts.files.iter_mut().for_each(|file| name(&mut file.name, &mut file.url_id));
    facts.documents.iter_mut().for_each(|document| name(&mut document.name, &mut document.url_id));
    let ids: Vec<String> = facts.files.iter().map(|file| file.id.clone()).collect();
    for file in &mut facts.files {
        file.path = chance(rng, 50).then(|| pick(rng, &ids).into());
    }
}

fn rows(facts: &Facts) -> Rows {
    let mut rows = Rows::default();
    for (fact, number) in facts.account_types.iter().zip(0..) {
        let (name, is_custom) = (fact.name.clone(), fact.is_custom);
        let id = format!("a{number}");
        for word in fact.permissions.iter().flatten() {
            let (account_type_id, permission) = (id.clone(), word.clone());
            rows.push(AccountTypePermission { account_type_id, permission, description: None });
        }
        rows.push(AccountType { id, name, description: None, is_custom });
    }
    for fact in &facts.members {
        rows.push(Member::from(fact));
    }
    for fact in &facts.teams {
        rows.push(Team {
            id: fact.id.clone(),
            name: fact.name.clone(),
            description: None,
            visibility: None,
            is_archived: Some(fact.is_archived),
            created_by: None,
            created_at: None,
            updated_at: None,
        });
    }
    for fact in &facts.memberships {
        let (team_id, member_id) = (fact.team_id.clone(), fact.member_id.clone());
        rows.push(TeamMember { team_id, member_id, is_team_admin: None, added_by: None });
    }
    for fact in &facts.workspaces {
        rows.push(Workspace {
            id: fact.id.clone(),
            url_id: fact.url_id.clone(),
            name: fact.name.clone(),
            created_by: None,
            updated_by: None,
            created_at: None,
            updated_at: None,
        });
    }
    for fact in &facts.files {
        rows.push(File {
            id: fact.id.clone(),
            r#type: fact.file_type.clone().into(),
            url_id: fact.url_id.clone(),
            name: fact.name.clone(),
            parent_id: fact.parent_id.as_deref().map(str::to_owned),
            path: fact.path.as_deref().map(str::to_owned),
            permission: None,
            badge: None,
            description: None,
            owner_id: fact.owner_id.clone(),
            is_archived: Some(fact.is_archived),
            created_by: None,
            updated_by: None,
            created_at: None,
            updated_at: None,
        });
    }
    for fact in &facts.documents {
        rows.push(Document {
            id: fact.id.clone(),
            kind: fact.kind.clone(),
            url_id: fact.url_id.clone(),
            name: fact.name.clone(),
            url: None,
            path: fact.path.as_deref().map(str::to_owned),
            description: None,
            owner_id: fact.owner_id.clone(),
            latest_version: None,
            is_archived: Some(fact.is_archived),
            migration_status: None,
            migrated_to: None,
            created_by: None,
            updated_by: None,
            created_at: None,
            updated_at: None,
        });
    }
    for (fact, number) in facts.grants.iter().zip(0..) {
        rows.push(ObjectGrant {
            id: format!("g{number}"),
            object_id: fact.object_id.clone(),
            member_id: fact.member_id.clone(),
            team_id: fact.team_id.clone(),
            permission: fact.permission.clone(),
            created_by: None,
            created_at: None,
            updated_at: None,
        });
    }
    rows
}

/// Every scope that access rests on, with its parent.
fn scopes(facts: &Facts) -> Vec<(&'static str, String)> {
    let top = [scope::MEMBERS, scope::TEAMS, scope::ACCOUNT_TYPES, scope::WORKSPACES];
    let mut all: Vec<(&'static str, String)> = top.map(|scope| (scope, String::new())).into();
    for kind in ["folder", "workbook", "dataset", "data-model", "report", "something-new"] {
        all.extend([scope::FILES, scope::DOCUMENTS].map(|scope| (scope, kind.to_owned())));
    }
    all.extend(facts.teams.iter().map(|team| (scope::TEAM_MEMBERS, team.id.clone())));
    all.extend(
        (0..facts.account_types.len()).map(|number| (scope::ACCOUNT_TYPE_PERMISSIONS, format!("a{number}"))),
    );
    let mut objects: Vec<&String> = facts.workspaces.iter().map(|workspace| &workspace.id).collect();
    objects.extend(facts.files.iter().map(|file| &file.id));
    objects.extend(facts.documents.iter().map(|document| &document.id));
    objects.sort_unstable();
    objects.dedup();
    all.extend(objects.into_iter().map(|id| (scope::OBJECT_GRANTS, id.clone())));
    all
}

/// Mirrors for nobody.
fn plan(path: &Path) -> Plan {
    let settings = PermissionSettings {
        mirroring: true,
        csv_mapping: false,
        login_user: None,
        match_on: MatchOn::Email,
        source: PermissionSource::Grants,
        identity_csv: path.with_file_name("none.csv"),
        catalog_users_csv: path.with_file_name("none.csv"),
    };
    Plan::read(&settings, None).expect("a plan")
}

/// One run that finds the organisation; then its ledger says of some scopes that they were not read.
pub fn store(path: &Path, rng: &mut Rng, facts: &Facts) -> i64 {
    let start = RunStart {
        version: String::new(),
        api_url: String::new(),
        organization_id: None,
        token_member_id: None,
        token_is_admin: Some(true),
    };
    let mut writer = Store::open(path).expect("a store").begin(&start).expect("a run");
    writer.accept(Delivery::Rows(rows(facts))).expect("rows");
    let all = scopes(facts);
    for (scope, parent) in &all {
        let report = ScopeReport::without_rows(scope, parent, Outcome::Complete, "", "");
        writer.accept(Delivery::Scope(ScopeReport { code: None, message: None, ..report })).expect("a scope");
    }
    let kinds = ["workbook", "report", "data-model", "dataset", "something-new"];
    let accepted: BTreeMap<String, i64> =
        TABLES.iter().map(|table| table.name).chain(kinds).map(|kind| (kind.to_owned(), i64::MAX)).collect();
    let plan = plan(path);
    let decision = plan.decide(&[]).expect("an audience");
    let published = || {
        let db = rusqlite::Connection::open(path).expect("the catalog");
        let run = db.query_row("SELECT published_run FROM catalog_state", [], |row| row.get::<_, i64>(0));
        run.expect("a run")
    };
    let before = published();
    let mirror = |facts: &Facts| {
        assert_eq!(
            published(),
            before,
            "who reads in the midst of publishing sees what was published before"
        );
        plan.mirror(facts, &decision, None)
    };
    let end = RunEnd::default();
    let publication = Publication { end: &end, accepted: &accepted, only: None, mirror: Some(&mirror) };
    let outcome = writer.publish_as(publication).expect("a publication");
    assert!(outcome.refusals.is_empty(), "{outcome:?}");
    let db = rusqlite::Connection::open(path).expect("the catalog");
    let run = published();
    assert_ne!(run, before);
    if chance(rng, 50) {
        return run;
    }
    let by_principal = chance(rng, 50);
    let members = facts.members.iter().map(|member| (scope::MEMBER_GRANTS, member.id.clone()));
    let teams = facts.teams.iter().map(|team| (scope::TEAM_GRANTS, team.id.clone()));
    let asked: Vec<_> = members.chain(teams).filter(|_| by_principal).collect();
    let (denied, forgotten) = (rng.u32(0..25), rng.u32(0..10));
    let spoilt = db.unchecked_transaction().expect("a transaction");
    spoilt.execute("DELETE FROM fetch_scope WHERE run_id = ?", [run]).expect("an empty ledger");
    spoilt.execute("DELETE FROM settled_run WHERE run_id = ?", [run]).expect("no mark");
    for (scope, parent) in all.iter().chain(&asked) {
        if chance(rng, forgotten) {
            continue;
        }
        let outcome = if chance(rng, denied) { Outcome::Denied } else { Outcome::Complete };
        let insert = "INSERT INTO fetch_scope VALUES (?, ?, ?, ?, 1, 0, 1, 0, NULL, NULL)";
        spoilt.execute(insert, (run, scope, parent, outcome.name())).expect("a scope");
    }
    if chance(rng, 10) {
        spoilt.execute("UPDATE run SET token_is_admin = 0 WHERE run_id = ?", [run]).expect("a user's token");
    }
    spoilt.commit().expect("a ledger with holes");
    run
}

/// Everything that can be said of an object, places turned into ids.
fn told(access: &Access, object: u32) -> String {
    let mut text = String::new();
    let what = &access.objects()[object as usize];
    let id = |place: u32| access.objects()[place as usize].id.as_str();
    let team = |place: u32| access.teams()[place as usize].id.as_str();
    let line = format!(
        "{} {:?} {} archived {} owner {:?} in {:?} chain {:?} doubtful {} top {}",
        what.id,
        what.kind,
        what.full_path(),
        what.archived,
        access.owner(object),
        access.workspace_of(object),
        access.chain(object).map(id).collect::<Vec<_>>(),
        access.is_doubtful(object),
        access.is_top(object),
    );
    writeln!(text, "{line}\n{:?}\n{:?}", access.members(), access.teams()).expect("text");
    let mut entries = Vec::new();
    access.principals(object, &mut entries);
    for entry in entries {
        writeln!(text, "{:?} {:?} {} {}", entry.principal, entry.level, id(entry.at), entry.depth)
            .expect("text");
    }
    access.expand(object, &mut Scratch::default(), |member, answer| {
        writeln!(text, "{}", serde_json::json!(access.holding(member, object, &answer))).expect("text");
    });
    for member in 0..access.members().len() as u32 {
        let asker = access.asker(member);
        let answer = access.answer(&asker, object);
        writeln!(text, "{member} {:?} {:?}", answer.level(), answer.confidence).expect("text");
        for path in access.paths(&asker, object) {
            let via = path.team.map(team);
            let steps = edges(access, member, object, &path);
            let word = path.word.map(|word| access.word(word));
            let line = narrative(access, &path, member, object);
            writeln!(text, "    {line} {via:?} {} {word:?} {steps:?}", id(path.at)).expect("text");
        }
    }
    text
}

/// All that a person may type for an object.
fn spellings(access: &Access, object: u32) -> Vec<String> {
    let what = &access.objects()[object as usize];
    let url_id = what.url_id.as_deref().unwrap_or("none");
    let path = what.full_path();
    vec![
        what.id.clone(),
        what.id.to_uppercase(),
        format!("https://app.example.com/x/workbook/Some-Name-{url_id}?page=1"),
        url_id.to_owned(),
        path.to_uppercase(),
        format!(" /{path}/ "),
        what.title().to_owned(),
    ]
}

/// Asks for each object by its id and for one by all that names it. How many objects the narrow facts held and how many
/// all did, over all questions.
fn compare(catalog: &Catalog, at: Option<i64>, rng: &mut Rng) -> (usize, usize) {
    let (run, all) = catalog.facts(at).expect("facts");
    let full = Access::new(&all);
    let mut held = (0, 0);
    let thorough = rng.usize(0..full.objects().len()) as u32;
    for object in 0..full.objects().len() as u32 {
        let all_spellings = spellings(&full, object);
        let asked = if object == thorough { all_spellings.len() } else { 1 };
        for text in all_spellings.into_iter().take(asked) {
            let words = words_for(&text).expect("a few words");
            let (_, facts) = catalog.facts_about(at, About::Objects(&words)).expect("facts");
            let what = format!("run {}, {text:?}:\n{all:#?}", run.run_id);
            assert_eq!(facts.readings.deficient(), all.readings.deficient(), "{what}");
            let access = Access::new(&facts);
            let (found, expected) = (access.find_object(&text), full.find_object(&text));
            assert_eq!(found.is_ok(), expected.is_ok(), "{found:?}, {expected:?}: {what}");
            if let (Ok(found), Ok(expected)) = (found, expected) {
                assert_eq!(told(&access, found), told(&full, expected), "{what}");
            }
            held = (held.0 + access.objects().len(), held.1 + full.objects().len());
        }
    }
    held
}

#[test]
fn facts_about_an_object_answer_as_all_facts_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("catalog.db");
    let (mut narrow, mut full) = (0, 0);
    let mut runs = Vec::new();
    for seed in 0..300 {
        let mut rng = Rng::with_seed(seed);
        let mut facts = organisation(&mut rng);
        named(&mut rng, &mut facts);
        runs.push(store(&path, &mut rng, &facts));
        let catalog = Catalog::open(&path).expect("a catalog");
        let earlier = runs[rng.usize(0..runs.len())];
        for at in [None, Some(earlier).filter(|_| seed % 10 == 9)] {
            let held = compare(&catalog, at, &mut rng);
            (narrow, full) = (narrow + held.0, full + held.1);
        }
    }
    assert!(narrow * 4 < full * 3, "little was left out: {narrow} of {full} objects");
}

#[test]
fn a_path_of_very_many_steps_is_no_list_of_words() {
    assert_eq!(
        words_for(" /A/b-C/ "),
        Some(["/A/b-C/", "/a/b-c/", "A/b-C", "C", "b-C"].map(str::to_owned).into())
    );
    assert_eq!(words_for(&"a/".repeat(60_000)), None);
}
