//! The page's answers are those of `access`: for every member and object of many organisations.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Value, json};
use sigma_catalog::access::{Access, Answer, Path, Scratch};
use sigma_catalog::catalog::facts::Facts;
use sigma_catalog::report::finding::Ledger;
use sigma_catalog::report::page;

use crate::awkward::{chance, organisation};
use crate::browser::Tab;
use crate::facts::{Build, empty};
use crate::file::{data_of, written};
use crate::world::World;

/// How many random organisations.
const ORGANISATIONS: u64 = 500;

/// What the page says of an organisation, in the form of [`expected`].
const SAID: &str = "(text) => {
    const data = decode(JSON.parse(text));
    const path = ({ level, via, team, at, depth, granted, word }) =>
        [level, via, team ?? null, at, depth, granted, word ?? null];
    const told = (member, { paths, level, confidence }) =>
        [paths.map(path), confidence, level ? usable(data, member, level) : null];
    const members = data.members.title.map((_, member) => member);
    const objects = data.objects.name.map((_, object) => object);
    const heat = heatMap(data);
    return {
        answers: objects.map((object) => members.map((member) => told(member, answer(data, member, object)))),
        audiences: objects.map((object) => audienceOf(data, object).map(([member, given]) => [member, told(member, given)])),
        reaches: members.map((member) => reachOf(data, member).map(([object, given]) => [object, told(member, given)])),
        heat: heat.rows.flatMap(([team, cells]) => cells.flatMap((cell, column) => cell.objects
            ? [[team, heat.columns[column], data.levels[cell.level], cell.objects, heat.unread[column]]] : [])),
        paths: objects.map((object) => pathOf(data, object)),
        teams: members.map((member) => [...data.teamsOf[member]]),
    };
}";

fn path(path: &Path) -> Value {
    let (level, granted) = (path.level as u8, path.granted as u8);
    json!([level, path.via.name(), path.team, path.at, path.depth, granted, path.word])
}

/// One answer, in the form in which the page is asked for it.
fn told(access: &Access, member: u32, object: u32, answer: &Answer) -> Value {
    let paths = access.paths(&access.asker(member), object);
    assert_eq!(paths.len(), answer.paths as usize);
    let paths: Vec<Value> = paths.iter().map(path).collect();
    let usable = answer.level().and_then(|level| access.members()[member as usize].usable(level));
    json!([paths, answer.confidence.name().replace('_', " "), usable.map(|level| level as u8)])
}

/// What `access` and the reports say of an organisation.
fn expected(world: &World) -> Value {
    let access = Access::new(&world.facts);
    let members = 0..access.members().len() as u32;
    let objects = 0..access.objects().len() as u32;
    let surely_nothing = json!([[], "exact", null]);
    let mut answers: Vec<Vec<Value>> = Vec::new();
    let mut scratch = Scratch::default();
    for object in objects.clone() {
        let ask = |member| told(&access, member, object, &access.answer(&access.asker(member), object));
        let row: Vec<Value> = members.clone().map(ask).collect();
        // Everybody with a path is in the audience by the other way of asking, too.
        access.expand(object, &mut scratch, |member, answer| {
            assert_eq!(row[member as usize], told(&access, member, object, &answer));
        });
        answers.push(row);
    }
    let at = |object: u32, member: u32| &answers[object as usize][member as usize];
    let matters = |given: &&Value| **given != surely_nothing;
    let audience = |object: u32| -> Vec<Value> {
        let all = members.clone().map(|member| (member, at(object, member)));
        all.filter(|(_, given)| matters(given)).map(|(member, given)| json!([member, given])).collect()
    };
    let reach = |member: u32| -> Vec<Value> {
        let all = objects.clone().map(|object| (object, at(object, member)));
        all.filter(|(_, given)| matters(given)).map(|(object, given)| json!([object, given])).collect()
    };
    json!({
        "teams": members.clone().map(|member| access.teams_of(member)).collect::<Vec<_>>(),
        "audiences": objects.clone().map(audience).collect::<Vec<_>>(),
        "reaches": members.clone().map(reach).collect::<Vec<_>>(),
        "answers": &answers,
        "heat": heat(world, &access),
        "paths": access.objects().iter().map(|object| object.path.replace('/', " / ")).collect::<Vec<_>>(),
    })
}

/// R17's cells of workspaces, as a set.
fn heat(world: &World, access: &Access) -> Vec<Value> {
    let json = world.json("R17");
    let rows = json["rows"].as_array().expect("rows").iter();
    let inside = rows.filter(|row| !row["workspace_id"].is_null() && !row["max_level"].is_null());
    let mut cells: Vec<Value> = inside
        .map(|row| {
            let workspace = access.place_of(row["workspace_id"].as_str().expect("an id"));
            let unread = row["confidence"] != "exact";
            json!([row["team"], workspace, row["max_level"], row["objects"], unread])
        })
        .collect();
    cells.sort_by_key(Value::to_string);
    cells
}

/// Compares the page of an organisation with what is expected of it; how many answers that were.
fn compare(tab: &mut Tab, facts: Facts, what: &str) -> BTreeMap<String, usize> {
    let mut world = World::new();
    world.facts = facts;
    let text = world.with(|inputs| page(inputs, &Ledger::default())).expect("a page");
    let data = serde_json::to_string(data_of(&text)).expect("JSON");
    let mut said = tab.eval(&format!("({SAID})({data})"));
    said["heat"].as_array_mut().expect("cells").sort_by_key(Value::to_string);
    let expected = expected(&world);
    for part in ["answers", "audiences", "reaches", "heat", "paths", "teams"] {
        assert_eq!(said[part], expected[part], "{part} of {what}: {:#?}", world.facts);
    }
    let mut kinds = BTreeMap::new();
    for answer in expected["answers"].as_array().expect("rows").iter().filter_map(Value::as_array).flatten() {
        *kinds.entry(answer[1].as_str().expect("a word").to_owned()).or_default() += 1;
        *kinds.entry("paths".to_owned()).or_default() += answer[0].as_array().map_or(0, Vec::len);
        *kinds.entry("capped".to_owned()).or_default() += usize::from(answer[2] == 1 && answer[0][0][0] != 1);
    }
    *kinds.entry("heat".to_owned()).or_default() += expected["heat"].as_array().map_or(0, Vec::len);
    kinds
}

/// Every kind of path, every level, a person who is capped, one who is away, a guest, an administrator, the trash.
fn one_of_each() -> Facts {
    let mut facts = empty();
    for (kind, allowed) in [("Viewer", "view-worksheet"), ("Creator", "fly")] {
        let known = facts.account_types.iter_mut().find(|known| known.name.as_deref() == Some(kind));
        known.expect("a type").permissions = Some(vec![allowed.into()]);
    }
    for (id, account_type) in [("ann", "Admin"), ("ben", "Viewer"), ("cat", "Creator"), ("dan", "Creator")] {
        facts.member(id, account_type);
    }
    facts.member("gus", "Viewer").user_kind = Some("guest".into());
    facts.member("lee", "Viewer").is_archived = true;
    facts.team("t", &["ben", "cat", "gus", "lee"]);
    facts.team("old", &["ben", "dan"]).is_archived = true;
    facts.team("all", &[]).name = Some("All Members".into());
    facts.workspace("w");
    facts.folder("f", "w").owner_id = Some("dan".into());
    facts.folder("bin", "f").is_archived = true;
    for (kind, parent) in [("workbook", "f"), ("report", "f"), ("data-model", "f"), ("dataset", "bin")] {
        facts.document(kind, &format!("a {kind}"), parent).owner_id = Some("cat".into());
    }
    for (object, to, word) in [
        ("w", "team:all", "view"),
        ("w", "team:t", "explore"),
        ("f", "team:t", "explore"),
        ("f", "team:t", "organize"),
        ("f", "ben", "edit"),
        ("f", "team:old", "edit"),
        ("a workbook", "gus", "organize"),
        ("a report", "dan", "create"),
        ("bin", "team:t", "edit"),
    ] {
        facts.grant(object, to, word);
    }
    facts
}

#[test]
#[ignore = "needs Chromium: .ci/run has it"]
fn the_page_answers_as_access_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut tab = Tab::open(1280, 800, false);
    tab.load(&written(&folder, &World::new()), "");
    let mut seen = compare(&mut tab, one_of_each(), "one of each");
    for kind in ["exact", "lower bound", "paths", "capped", "heat"] {
        assert!(seen[kind] > 0, "{kind}: {seen:?}");
    }
    for seed in 0..ORGANISATIONS {
        let mut rng = Rng::with_seed(seed);
        let mut facts = organisation(&mut rng);
        for known in &mut facts.account_types {
            known.permissions = chance(&mut rng, 50).then(|| vec!["view-worksheet".into()]);
        }
        for (kind, count) in compare(&mut tab, facts, &format!("organisation {seed}")) {
            *seen.entry(kind).or_default() += count;
        }
    }
    for kind in ["exact", "lower bound", "unknown", "paths", "capped", "heat"] {
        assert!(seen[kind] > 100, "too few to tell: {seen:?}");
    }
    assert_eq!(tab.problems(), [""; 0]);
}
