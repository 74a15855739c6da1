//! Random organisations: the rules against the oracle, for every member and object.

use std::collections::BTreeMap;

use fastrand::Rng;
use sigma_catalog::access::{Access, Answer, Entry, Level, Principal, Scratch};
use sigma_catalog::catalog::facts::{Facts, MembershipFact, Readings};

use crate::facts::{Build, empty};
use crate::oracle::{self, Said};

const KINDS: [&str; 7] = ["folder", "folder", "folder", "workbook", "dataset", "data-model", "report"];
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
        facts.workspace(&id);
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
            facts.files[file].parent_id = Some(pick(rng, &ids).to_owned());
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

/// What happens between two runs: something moves, comes into the trash, changes hands.
fn change(rng: &mut Rng, facts: &mut Facts) {
    let ids: Vec<String> = facts.files.iter().map(|file| file.id.clone()).collect();
    if ids.is_empty() {
        return;
    }
    let (moved, owner) = (rng.usize(0..ids.len()), rng.usize(0..facts.members.len()));
    facts.files[moved].parent_id = Some(pick(rng, &ids).to_owned());
    let owner = facts.members[owner].id.clone();
    facts.files[rng.usize(0..ids.len())].owner_id = Some(owner.clone());
    facts.files[rng.usize(0..ids.len())].is_archived = true;
    if let Some(team) = facts.teams.first() {
        facts.memberships.push(MembershipFact { team_id: team.id.clone(), member_id: owner });
    }
}

fn as_said(answer: &Answer) -> (Option<u8>, usize, &'static str) {
    let order = [Level::Unknown, Level::View, Level::Explore, Level::Organize, Level::Edit, Level::Owner];
    let rank = |level: Level| order.iter().zip(0..).find(|(known, _)| **known == level).map(|(_, rank)| rank);
    (answer.best.and_then(|best| rank(best.level)), answer.paths as usize, answer.confidence.name())
}

/// Compares everything the closure offers with the oracle.
fn compare(facts: &Facts, seed: u64) {
    let access = Access::new(facts);
    let mut scratch = Scratch::default();
    for object in 0..access.objects().len() as u32 {
        let id = access.objects()[object as usize].id.clone();
        let mut expanded: BTreeMap<u32, Answer> = BTreeMap::new();
        access.expand(object, &mut scratch, |member, answer| {
            let twice = expanded.insert(member, answer);
            assert_eq!(twice, None, "seed {seed}: a member twice on {id}");
        });
        for (number, fact) in facts.members.iter().enumerate() {
            let member = access.find_member(&fact.id).expect("a member");
            let asker = access.asker(member);
            let answer = access.answer(&asker, object);
            let said: Said = oracle::said(facts, number, &id, true);
            let what = format!("seed {seed}: {} on {id}\n{facts:#?}", fact.id);
            assert_eq!(as_said(&answer), (said.level, said.paths, said.confidence), "{what}");
            if let Some(best) = answer.best {
                let at = access.objects()[best.at as usize].id.clone();
                assert!(said.best.contains(&(best.via.name(), at)), "{best:?} is not among {said:?}\n{what}");
            }
            let paths = access.paths(&asker, object);
            assert_eq!(paths.len(), said.paths, "{what}");
            assert_eq!(paths.first().copied(), answer.best, "the first path wins: {what}");
            let plain = access.answer_without_admin(&asker, object);
            let said = oracle::said(facts, number, &id, false);
            let found = as_said(&plain);
            assert_eq!(found, (said.level, said.paths, said.confidence), "without admin, {what}");
            let expected = answer.best.map(|_| answer);
            assert_eq!(expanded.remove(&member), expected, "expanded, {what}");
        }
        assert!(expanded.is_empty(), "seed {seed}: more members than there are on {id}");
        principals_hold_what_their_members_get(&access, object, seed);
    }
}

/// A principal's entry is the best of the paths through it, seen from any member it stands for.
fn principals_hold_what_their_members_get(access: &Access, object: u32, seed: u64) {
    let mut entries: Vec<Entry> = Vec::new();
    access.principals(object, &mut entries);
    for member in 0..access.members().len() as u32 {
        let paths = access.paths(&access.asker(member), object);
        for path in paths.iter().filter(|path| path.word.is_some()) {
            let principal = match (path.via.name(), path.team) {
                ("direct", _) => Principal::Member(member),
                ("team", Some(team)) => Principal::Team(team),
                _ => Principal::Everyone,
            };
            let entry = entries.iter().find(|entry| entry.principal == principal);
            let entry = entry.unwrap_or_else(|| panic!("seed {seed}: no entry of {principal:?}"));
            let through =
                |other: &&sigma_catalog::access::Path| (other.via, other.team) == (path.via, path.team);
            let best = paths.iter().filter(through).map(|other| other.level).max();
            assert_eq!(Some(entry.level), best, "seed {seed}: {principal:?}");
        }
    }
}

#[test]
fn an_oracle_agrees_on_random_organisations() {
    // As many as fit the patience of a debug build; `ACCESS_ORACLE_ORGANISATIONS` asks for more.
    let count =
        std::env::var("ACCESS_ORACLE_ORGANISATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(600);
    for seed in 0..count {
        let mut rng = Rng::with_seed(seed);
        let mut facts = organisation(&mut rng);
        compare(&facts, seed);
        change(&mut rng, &mut facts);
        compare(&facts, seed);
    }
}
