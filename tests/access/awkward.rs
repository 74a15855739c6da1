//! Random organisations with everything that is awkward.

use fastrand::Rng;
use sigma_catalog::catalog::facts::{AccountTypeFact, Facts, Readings};

use crate::facts::{Build, empty};
use crate::oracle;

const KINDS: [&str; 8] =
    ["folder", "folder", "folder", "workbook", "dataset", "data-model", "report", "something-new"];
const WORDS: [&str; 8] = ["view", "explore", "organize", "edit", "edit", "create", "apply", ""];

pub fn chance(rng: &mut Rng, percent: u32) -> bool {
    rng.u32(0..100) < percent
}

pub fn pick<'a>(rng: &mut Rng, from: &'a [String]) -> &'a str {
    &from[rng.usize(0..from.len())]
}

/// A small organisation with everything that is awkward: cycles, archived things, guests, grantees and parents that do
/// not exist, words without a meaning, listings that were not read.
pub fn organisation(rng: &mut Rng) -> Facts {
    let mut facts = empty();
    if chance(rng, 20) {
        facts.account_types[0].is_custom = [Some(true), None][rng.usize(0..2)];
    }
    if chance(rng, 10) {
        facts.account_types.remove(0);
    }
    if chance(rng, 10) {
        let is_custom = [Some(true), Some(false), None][rng.usize(0..3)];
        facts.account_types.push(AccountTypeFact {
            name: Some("ADMIN".into()),
            is_custom,
            permissions: None,
        });
    }
    for number in 0..rng.usize(1..7) {
        let account = ["Viewer", "Creator", "admin", "Admin"][rng.usize(0..4)];
        let kind = ["internal", "internal", "guest", "embed"][rng.usize(0..4)];
        let member = facts.member(&format!("m{number}"), account);
        member.user_kind = Some(kind.into());
        member.is_archived = chance(rng, 15);
        member.is_inactive = chance(rng, 10);
    }
    if chance(rng, 20) {
        facts.member("SigmaSchedulerRobot", "admin");
    }
    if chance(rng, 10) {
        facts.member("robot", "admin").email = Some("scheduler-robot@sigmacomputing.com".into());
    }
    let mut grantees: Vec<String> = facts.members.iter().map(|member| member.id.clone()).collect();
    let members = grantees.clone();
    for number in 0..rng.usize(0..4) {
        let id = format!("t{number}");
        let mine: Vec<&str> = members.iter().filter(|_| chance(rng, 40)).map(String::as_str).collect();
        let (everyone, archived) = (chance(rng, 25), chance(rng, 20));
        let team = facts.team(&id, &mine);
        team.is_archived = archived;
        if everyone {
            team.name = Some(["All Members", "all members"][rng.usize(0..2)].into());
        }
        grantees.push(format!("team:{id}"));
    }
    grantees.extend(["nobody".to_owned(), "team:none".to_owned()]);
    let mut ids: Vec<String> = Vec::new();
    for number in 0..rng.usize(1..3) {
        let id = format!("w{number}");
        // A listing of files may have it as well, or alone, with a parent that means nothing.
        let listed = chance(rng, 30);
        if listed {
            let file = facts.folder(&id, "o0");
            file.file_type = "workspace".into();
            file.is_archived = chance(rng, 10);
        }
        if !listed || chance(rng, 70) {
            facts.workspace(&id);
        }
        ids.push(id);
    }
    for number in 0..rng.usize(1..12) {
        let (id, kind) = (format!("o{number}"), KINDS[rng.usize(0..KINDS.len())]);
        let parent = if chance(rng, 85) { pick(rng, &ids).to_owned() } else { String::new() };
        let owner = chance(rng, 50).then(|| pick(rng, &members).to_owned());
        if kind == "folder" {
            let folder = facts.folder(&id, &parent);
            folder.owner_id = owner;
            folder.is_archived = chance(rng, 10);
        } else {
            let document = facts.document(kind, &id, &parent);
            document.owner_id = owner;
            document.is_archived = chance(rng, 10);
        }
        ids.push(id);
    }
    // Cycles, self-parents, parents that nobody knows, documents whose place nobody knows.
    for file in 0..facts.files.len() {
        if chance(rng, 12) {
            facts.files[file].parent_id = Some(pick(rng, &ids).into());
        } else if chance(rng, 4) {
            facts.files[file].parent_id = Some("beyond".into());
        }
    }
    if chance(rng, 15) && !facts.files.is_empty() {
        let file = rng.usize(0..facts.files.len());
        facts.files.swap_remove(file);
    }
    ids.retain(|id| oracle::kind(&facts, id).is_some());
    ids.push("gone".into());
    for _ in 0..rng.usize(0..18) {
        let (object, to) = (pick(rng, &ids).to_owned(), pick(rng, &grantees).to_owned());
        facts.grant(&object, &to, WORDS[rng.usize(0..WORDS.len())]);
        if chance(rng, 15) {
            facts.grants.extend(facts.grants.last().cloned());
        }
    }
    if chance(rng, 40) {
        facts.readings = readings(rng, &facts);
    }
    facts
}

/// Readings with holes.
fn readings(rng: &mut Rng, facts: &Facts) -> Readings {
    let mut readings = Readings::new(true, chance(rng, 90));
    for scope in ["members", "teams", "account-types"] {
        readings.note(scope, "", chance(rng, 85));
    }
    for kind in ["folder", "workbook", "dataset", "data-model", "report"] {
        readings.note("files", kind, chance(rng, 95));
        readings.note("documents", kind, chance(rng, 95));
    }
    let by_principal = chance(rng, 40);
    for member in facts.members.iter().filter(|_| by_principal) {
        readings.note("member-grants", &member.id, chance(rng, 90));
    }
    for team in &facts.teams {
        readings.note("team-members", &team.id, chance(rng, 80));
        if by_principal {
            readings.note("team-grants", &team.id, chance(rng, 75));
        }
    }
    // Grants on workspaces are asked for by object in any case.
    for workspace in &facts.workspaces {
        readings.note("object-grants", &workspace.id, chance(rng, 92));
    }
    for file in &facts.files {
        readings.note("object-grants", &file.id, !by_principal && chance(rng, 92));
    }
    readings
}
