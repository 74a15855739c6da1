//! The page of an organisation of 3,000 members, 150 teams, 15,000 objects and 30,000 grants.

#![allow(clippy::print_stdout, reason = "figures for people")]

use std::fmt::Write;

use fastrand::Rng;
use sigma_catalog::catalog::facts::{Facts, FileFact, GrantFact, MemberFact, MembershipFact, WorkspaceFact};

use crate::browser::Tab;
use crate::facts::{Build, empty};
use crate::file::{data_of, text_of, written};
use crate::world::World;

const MEMBERS: usize = 3_000;
const TEAMS: usize = 150;
const WORKSPACES: usize = 60;
const OBJECTS: usize = 15_000;
const GRANTS: usize = 30_000;
/// Bytes that such a page may have.
const MOST: usize = 25_000_000;

const WORDS: [&str; 12] = [
    "Revenue",
    "Forecast",
    "Churn",
    "Pipeline",
    "Retention",
    "Headcount",
    "Marketing",
    "Orders",
    "Margin",
    "Quarterly",
    "Weekly",
    "Überblick",
];

fn name(rng: &mut Rng) -> String {
    let mut name = String::new();
    for _ in 0..rng.usize(2..6) {
        let _ = write!(name, "{} ", rng.choice(WORDS).expect("a word"));
    }
    name + &rng.u32(0..1000).to_string()
}

/// As long as Sigma's.
fn uuid(rng: &mut Rng) -> String {
    let (a, b) = (rng.u64(..), rng.u64(..));
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xffff,
        b >> 48,
        b & 0xffff_ffff_ffff
    )
}

/// The generated organisation: folders in folders, everything with an owner, grants on everything.
fn organisation() -> Facts {
    let rng = &mut Rng::with_seed(5);
    let mut facts = empty();
    for number in 0..MEMBERS {
        facts.members.push(MemberFact {
            id: uuid(rng),
            email: Some(format!("firstname.lastname-{number}@northwind-labs.example")),
            name: Some(format!("Firstname Lastname {number}")),
            account_type: Some(
                ["Viewer", "Creator", "Admin"]
                    [usize::from(number % 10 == 0) + usize::from(number % 300 == 0)]
                .into(),
            ),
            user_kind: Some(["internal", "guest"][usize::from(number % 50 == 7)].into()),
            ..MemberFact::default()
        });
    }
    for number in 0..TEAMS {
        let id = uuid(rng);
        let team = facts.team(&id, &[]);
        team.name = Some(if number == 0 {
            "All Members".to_owned()
        } else {
            format!("{} team {number}", WORDS[number % WORDS.len()])
        });
        for _ in 0..60 {
            let member_id = facts.members[rng.usize(0..MEMBERS)].id.clone();
            facts.memberships.push(MembershipFact { team_id: id.clone(), member_id });
        }
    }
    let mut containers: Vec<String> = Vec::new();
    for _ in 0..WORKSPACES {
        let (id, name) = (uuid(rng), Some(name(rng)));
        containers.push(id.clone());
        facts.workspaces.push(WorkspaceFact { id, url_id: None, name });
    }
    let mut objects = containers.clone();
    for number in WORKSPACES..OBJECTS {
        let kind = ["workbook", "workbook", "data-model", "report", "folder"][number % 5];
        let (id, parent) = (uuid(rng), containers[rng.usize(0..containers.len())].clone());
        let owner = facts.members[rng.usize(0..MEMBERS)].id.clone();
        let (name, url_id) = (name(rng), format!("{:022x}", rng.u128(..) >> 40));
        if kind == "folder" {
            facts.folder(&id, &parent);
            containers.push(id.clone());
        } else {
            let document = facts.document(kind, &id, &parent);
            (document.name, document.url_id) = (Some(name.clone()), Some(url_id.clone()));
        }
        let file = facts.files.last_mut().expect("just added");
        *file = FileFact { name: Some(name), owner_id: Some(owner), url_id: Some(url_id), ..file.clone() };
        objects.push(id);
    }
    for number in 0..GRANTS {
        let to_team = number % 3 != 0;
        let team = facts.teams[rng.usize(usize::from(number > 20)..TEAMS)].id.clone();
        let member = facts.members[rng.usize(0..MEMBERS)].id.clone();
        facts.grants.push(GrantFact {
            id: uuid(rng),
            object_id: objects[rng.usize(0..OBJECTS)].clone(),
            member_id: if to_team { String::new() } else { member },
            team_id: if to_team { team } else { String::new() },
            permission: Some(["view", "explore", "edit", "organize"][rng.usize(0..4)].into()),
            ..GrantFact::default()
        });
    }
    facts
}

fn large() -> World {
    let mut world = World::new();
    world.facts = organisation();
    world
}

#[test]
fn a_large_page_is_no_larger_than_it_may_be() {
    let text = text_of(&large());
    let read: serde_json::Value = serde_json::from_str(data_of(&text)).expect("JSON");
    let length = |list: &serde_json::Value| list.as_array().map_or(0, Vec::len);
    assert_eq!(length(&read["members"]["title"]), MEMBERS);
    assert_eq!(length(&read["teams"]["name"]), TEAMS);
    assert_eq!(length(&read["objects"]["name"]), OBJECTS);
    // Of two equal grants one is left.
    assert!(length(&read["grants"]["to"]) > GRANTS - 100);
    println!("{} bytes, {} of them data", text.len(), data_of(&text).len());
    assert!(text.len() <= MOST, "{} bytes", text.len());
}

/// Milliseconds are printed (`--nocapture`), not asserted: how long something takes is no matter of right or wrong.
#[test]
#[ignore = "needs Chromium: .ci/run has it"]
fn a_large_page_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut tab = Tab::open(1280, 900, false);
    tab.load(&written(&folder, &large()), "");
    let loaded = "Math.round(performance.getEntriesByType('navigation')[0].domComplete)";
    println!("loaded after {} ms", tab.eval(loaded));
    // What is asked is drawn and laid out before the clock stops.
    for question in ["f", "firstname.lastname-17", "weekly überblick", "margin 99", "zzz", "e"] {
        let said = tab.eval(&format!(
            "(() => {{ field.value = {question:?}; const from = performance.now(); field.dispatchEvent(new Event('input')); \
             list.getBoundingClientRect(); return [told.textContent, performance.now() - from]; }})()"
        ));
        println!("search {question:?}: {} in {:.1} ms", said[0], said[1].as_f64().expect("a time"));
        assert_eq!(said[0] == "0 found", question == "zzz");
    }
    let shown = |tab: &mut Tab, what: &str, hash: &str| {
        let said = tab.eval(&format!(
            "(() => {{ history.replaceState(null, '', {hash:?}); const from = performance.now(); follow(); \
             panel.getBoundingClientRect(); return [panel.querySelector('strong').textContent, performance.now() - from]; }})()"
        ));
        println!("{what}: {} in {:.1} ms", said[0], said[1].as_f64().expect("a time"));
    };
    let admin = tab.eval("data.members.flags.findIndex((flags) => flags & ADMIN)");
    let everyone = "(() => { const all = data.objects.name.map((_, object) => [audienceOf(data, object).length, object]); \
        return all.reduce((best, one) => one[0] > best[0] ? one : best)[1]; })()";
    let seen_most = tab.eval(everyone);
    shown(&mut tab, "an administrator", &format!("#person-{admin}"));
    shown(&mut tab, "a person", "#person-1700");
    shown(&mut tab, "the object that most people reach", &format!("#object-{seen_most}"));
    let heat = tab.eval(
        "(() => { const from = performance.now(); heat.replaceChildren(heatTable(data)[0]); heat.getBoundingClientRect(); \
         return [heat.querySelectorAll('td').length, performance.now() - from]; })()",
    );
    println!("heat map: {} cells in {:.1} ms", heat[0], heat[1].as_f64().expect("a time"));
    assert!(heat[0].as_u64() > Some(1000));
    assert_eq!(tab.problems(), [""; 0]);
}
