//! Random organisations: the rules against the oracle, for every member and object.

use std::collections::BTreeMap;

use fastrand::Rng;
use sigma_catalog::access::{Access, Answer, Entry, Level, Principal, Scratch, Via};
use sigma_catalog::catalog::facts::{Facts, MembershipFact};

use crate::awkward::{organisation, pick};
use crate::oracle::{self, Said};

/// What happens between two runs: something moves, comes into the trash, changes hands.
fn change(rng: &mut Rng, facts: &mut Facts) {
    let ids: Vec<String> = facts.files.iter().map(|file| file.id.clone()).collect();
    if ids.is_empty() {
        return;
    }
    let (moved, owner) = (rng.usize(0..ids.len()), rng.usize(0..facts.members.len()));
    facts.files[moved].parent_id = Some(pick(rng, &ids).into());
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
                // Being an administrator is named where nothing else gives as much.
                assert!(best.via != Via::Admin || said.best.len() == 1, "{best:?} of {said:?}\n{what}");
            }
            assert_eq!(
                answer.level().is_some(),
                said.level > Some(0),
                "an unknown word is no access: {what}"
            );
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
    assert!(entries.windows(2).all(|pair| pair[0].principal < pair[1].principal), "seed {seed}: one each");
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
    // `ACCESS_ORACLE_ORGANISATIONS` asks for more, or for less.
    let count = std::env::var("ACCESS_ORACLE_ORGANISATIONS")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(2_000);
    for seed in 0..count {
        let mut rng = Rng::with_seed(seed);
        let mut facts = organisation(&mut rng);
        compare(&facts, seed);
        change(&mut rng, &mut facts);
        compare(&facts, seed);
    }
}
