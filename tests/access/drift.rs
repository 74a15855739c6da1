//! What changed between two states, and by what: against an oracle that makes each change alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fastrand::Rng;
use sigma_catalog::access::{Access, Cause, Change, Confidence, Drift, Level, Move, Users};
use sigma_catalog::catalog::facts::{AccountTypeFact, Facts, Readings};

use crate::awkward::organisation;
use crate::facts::{Build, empty};
use crate::mutation::{KINDS, Mutation, mutation};
use crate::oracle;

/// A random organisation, read to its end.
fn complete(rng: &mut Rng) -> Facts {
    let mut facts = organisation(rng);
    facts.readings = Readings::new(true, true);
    facts
}

type Pair = (String, String);

/// Member and object of a change, by their ids.
fn pair(drift: &Drift<'_>, change: &Change) -> Pair {
    (drift.member(change.member).id.clone(), drift.object(change.object).id.clone())
}

/// What caused a change, in the terms of mutations.
fn named(drift: &Drift<'_>, change: &Change) -> BTreeSet<(Cause, Vec<String>)> {
    let atoms = change.causes.iter().map(|atom| &drift.atoms()[*atom as usize]);
    atoms.map(|atom| (atom.cause, atom.ids.clone())).collect()
}

fn key(mutation: &Mutation) -> (Cause, Vec<String>) {
    (mutation.cause, mutation.ids.clone())
}

/// Every level that is held, by the full closure.
fn levels(facts: &Facts) -> BTreeMap<Pair, Level> {
    let access = Access::new(facts);
    let mut held = BTreeMap::new();
    for member in 0..access.members().len() as u32 {
        let asker = access.asker(member);
        for object in 0..access.objects().len() as u32 {
            if let Some(level) = access.answer(&asker, object).level() {
                let id = access.members()[member as usize].id.clone();
                held.insert((id, access.objects()[object as usize].id.clone()), level);
            }
        }
    }
    held
}

/// The changes make the later state out of the earlier one, pair by pair.
fn leads_from_one_to_the_other(earlier: &Facts, later: &Facts, drift: &Drift<'_>, seed: u64) {
    let (mut held, expected) = (levels(earlier), levels(later));
    let mut met = BTreeSet::new();
    for change in drift.changes() {
        let pair = pair(drift, &change);
        assert!(met.insert(pair.clone()), "seed {seed}: {pair:?} twice");
        assert_eq!(change.before.map(|held| held.level), held.get(&pair).copied(), "seed {seed}: {pair:?}");
        let how = match (change.before, change.after) {
            (None, _) => Move::Gained,
            (_, None) => Move::Lost,
            (Some(before), Some(after)) if before.level < after.level => Move::Raised,
            _ => Move::Lowered,
        };
        assert_eq!(change.how, how, "seed {seed}: {pair:?}");
        match change.after {
            Some(after) => held.insert(pair, after.level),
            None => held.remove(&pair),
        };
    }
    assert_eq!(held, expected, "seed {seed}");
}

#[test]
fn the_cause_of_a_single_change_is_named_each_time() {
    let mut effective: BTreeMap<Cause, usize> = BTreeMap::new();
    for seed in 0..200 {
        for cause in KINDS {
            let mut rng = Rng::with_seed(seed);
            let earlier = complete(&mut rng);
            let Some(made) = mutation(&mut rng, &earlier, cause, "x") else { continue };
            let later = made.made(&earlier);
            let drift = Drift::between(&earlier, &later, None);
            leads_from_one_to_the_other(&earlier, &later, &drift, seed);
            let changes = drift.changes();
            *effective.entry(cause).or_default() += usize::from(!changes.is_empty());
            for change in changes {
                let found = named(&drift, &change);
                let what = format!("seed {seed}: {:?}\n{earlier:#?}", pair(&drift, &change));
                assert_eq!(found, BTreeSet::from([key(&made)]), "{what}");
            }
        }
    }
    let sparse: Vec<_> = KINDS.iter().filter(|cause| effective.get(cause).is_none_or(|n| *n == 0)).collect();
    assert!(sparse.is_empty(), "seldom of any effect: {sparse:?} of {effective:?}");
}

/// What a member has by the oracle, 0 for nothing; neither need exist.
fn level_of(facts: &Facts, (member, object): &Pair) -> u8 {
    let member = facts.members.iter().position(|fact| fact.id == *member);
    match member {
        Some(member) if oracle::kind(facts, object).is_some() => {
            oracle::said(facts, member, object, true).level.unwrap_or(0)
        }
        _ => 0,
    }
}

/// Whether one of the two does away with, or makes, what the other one is about, or both say the same thing twice.
fn entangled(a: &Mutation, b: &Mutation) -> bool {
    use Cause::{GrantAdded, GrantChanged, GrantRemoved};
    let wholesale = |cause| {
        matches!(
            cause,
            Cause::TeamNew
                | Cause::TeamGone
                | Cause::MemberNew
                | Cause::MemberGone
                | Cause::ObjectNew
                | Cause::ObjectGone
        )
    };
    let grant = |cause| matches!(cause, GrantAdded | GrantRemoved | GrantChanged);
    let shared = a.touches.iter().filter(|id| b.touches.contains(id)).count();
    key(a) == key(b)
        || (shared > 0 && (wholesale(a.cause) || wholesale(b.cause)))
        || (shared > 1 && grant(a.cause) && grant(b.cause))
}

#[test]
fn of_two_changes_each_is_named_where_it_matters_and_nothing_else() {
    let (mut with_both, mut only_together) = (0, 0);
    for seed in 0..1500 {
        let mut rng = Rng::with_seed(seed);
        let earlier = complete(&mut rng);
        let mut next = |name: &str| {
            let cause = KINDS[rng.usize(0..KINDS.len())];
            mutation(&mut rng, &earlier, cause, name)
        };
        let (Some(a), Some(b)) = (next("a"), next("b")) else { continue };
        if entangled(&a, &b) {
            continue;
        }
        let alone = [a.made(&earlier), b.made(&earlier)];
        let later = b.made(&alone[0]);
        let drift = Drift::between(&earlier, &later, None);
        leads_from_one_to_the_other(&earlier, &later, &drift, seed);
        for change in drift.changes() {
            let pair = pair(&drift, &change);
            let (before, after) = (level_of(&earlier, &pair), level_of(&later, &pair));
            let [by_a, by_b] = [0, 1].map(|one| level_of(&alone[one], &pair));
            let mut expected = BTreeSet::new();
            if by_a == after || by_b == before {
                expected.insert(key(&a));
            }
            if by_b == after || by_a == before {
                expected.insert(key(&b));
            }
            with_both += usize::from(expected.len() == 2);
            if expected.is_empty() {
                expected = BTreeSet::from([key(&a), key(&b)]);
                only_together += 1;
            }
            let found = named(&drift, &change);
            assert_eq!(found, expected, "seed {seed}: {pair:?} {before}->{after}\n{earlier:#?}");
        }
    }
    assert!(with_both > 50, "{with_both} changes had two causes, {only_together} only together");
}

#[test]
fn any_number_of_changes_leads_from_the_one_state_to_the_other() {
    for seed in 0..300 {
        let mut rng = Rng::with_seed(seed);
        let earlier = organisation(&mut rng);
        let mut later = earlier.clone();
        for number in 0..rng.usize(0..12) {
            let cause = KINDS[rng.usize(0..KINDS.len())];
            if let Some(made) = mutation(&mut rng, &later, cause, &number.to_string()) {
                later = made.made(&later);
            }
            if later.members.is_empty() {
                break;
            }
        }
        let drift = Drift::between(&earlier, &later, None);
        leads_from_one_to_the_other(&earlier, &later, &drift, seed);
        for change in drift.changes() {
            assert!(!change.causes.is_empty(), "seed {seed}: {:?} by nothing", pair(&drift, &change));
        }
        assert_eq!(Drift::between(&later, &later, None).changes(), [], "seed {seed}");
    }
}

fn workspace_of_ann() -> Facts {
    let mut facts = empty();
    facts.workspace("ws");
    facts.document("workbook", "wb", "ws");
    facts.member("ann", "Viewer");
    facts
}

#[test]
fn ways_that_take_several_changes_each_are_named_whole() {
    let earlier = workspace_of_ann();
    let mut later = earlier.clone();
    later.team("old", &[]);
    let mut earlier = earlier;
    earlier.team("old", &[]);
    earlier.team("new", &[]);
    later.team("new", &["ann"]);
    later.memberships.extend([sigma_catalog::catalog::facts::MembershipFact {
        team_id: "old".into(),
        member_id: "ann".into(),
    }]);
    later.grant("wb", "team:old", "view");
    later.grant("wb", "team:new", "view");
    let drift = Drift::between(&earlier, &later, None);
    let changes = drift.changes();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].causes.len(), 4, "{:?}", named(&drift, &changes[0]));
}

#[test]
fn a_change_that_explains_all_alone_is_named_alone() {
    let mut earlier = workspace_of_ann();
    earlier.team("fin", &[]);
    let mut later = earlier.clone();
    later.memberships.push(sigma_catalog::catalog::facts::MembershipFact {
        team_id: "fin".into(),
        member_id: "ann".into(),
    });
    later.grant("wb", "team:fin", "view");
    later.grant("wb", "ann", "view");
    let drift = Drift::between(&earlier, &later, None);
    let changes = drift.changes();
    let expected = BTreeSet::from([(Cause::GrantAdded, vec!["g2".to_owned()])]);
    assert_eq!((changes.len(), named(&drift, &changes[0])), (1, expected));
}

#[test]
fn a_grant_of_another_word_is_one_removed_and_one_added() {
    let mut earlier = workspace_of_ann();
    let mut later = earlier.clone();
    earlier.grant("wb", "ann", "view");
    later.grant("wb", "ann", "edit");
    let drift = Drift::between(&earlier, &later, None);
    let change = &drift.changes()[0];
    let atom = &drift.atoms()[change.causes[0] as usize];
    assert_eq!((change.how, atom.cause.names()), (Move::Raised, &["grant_removed", "grant_added"][..]));
    assert_eq!(atom.text, "`view` of ann@x.com on workbook ws/wb became `edit`");
    // The same grant under another id is the same grant.
    later.grants[0].permission = Some("view".into());
    later.grants[0].id = "other".into();
    assert_eq!(Drift::between(&earlier, &later, None).atoms(), []);
}

#[test]
fn what_was_not_read_in_either_run_makes_a_change_doubtful() {
    let earlier = workspace_of_ann();
    let mut later = earlier.clone();
    later.grant("ws", "ann", "view");
    let confidence = |earlier: &Facts, later: &Facts| {
        let drift = Drift::between(earlier, later, None);
        let changes = drift.changes();
        let wb = changes.iter().find(|change| drift.object(change.object).id == "wb").expect("a change");
        wb.confidence
    };
    assert_eq!(confidence(&earlier, &later), Confidence::Exact);
    let unread = |facts: &Facts, scope: &str, parent: &str| {
        let mut facts = facts.clone();
        facts.readings.note(scope, parent, false);
        facts
    };
    let hole = |facts: &Facts| unread(facts, "object-grants", "ws");
    // Gained: there may have been access before; or there may be more now.
    assert_eq!(confidence(&hole(&earlier), &later), Confidence::Unknown);
    assert_eq!(confidence(&earlier, &hole(&later)), Confidence::LowerBound);
    // Lost: there may still be access; or it was more.
    assert_eq!(confidence(&later, &hole(&earlier)), Confidence::Unknown);
    assert_eq!(confidence(&hole(&later), &earlier), Confidence::LowerBound);
    // Of what is not there, only a listing read to its end tells that.
    let mut nobody = later.clone();
    nobody.members.clear();
    assert_eq!(confidence(&later, &nobody), Confidence::Exact);
    assert_eq!(confidence(&later, &unread(&nobody, "members", "")), Confidence::Unknown);
    let mut nothing = later.clone();
    nothing.files.clear();
    nothing.documents.clear();
    assert_eq!(confidence(&later, &nothing), Confidence::Exact);
    assert_eq!(confidence(&later, &unread(&nothing, "documents", "workbook")), Confidence::Unknown);
    assert_eq!(confidence(&unread(&nothing, "files", "workbook"), &later), Confidence::Unknown);
}

#[test]
fn another_account_type_changes_what_is_usable() {
    let mut earlier = workspace_of_ann();
    for (name, permissions) in [("Viewer", Some(vec!["view-worksheet".to_owned()])), ("Creator", None)] {
        let place = earlier.account_types.iter().position(|t| t.name.as_deref() == Some(name)).expect(name);
        earlier.account_types[place] =
            AccountTypeFact { name: Some(name.into()), is_custom: Some(false), permissions };
    }
    earlier.grant("wb", "ann", "edit");
    let mut later = earlier.clone();
    later.members[0].account_type = Some("Creator".into());
    let drift = Drift::between(&earlier, &later, None);
    let changes = drift.changes();
    assert_eq!(changes.len(), 1);
    let (before, after) = (changes[0].before.expect("held"), changes[0].after.expect("held"));
    assert_eq!((changes[0].how, before.level, after.level), (Move::Raised, Level::Edit, Level::Edit));
    assert_eq!((before.usable, after.usable), (Some(Level::View), None));
    assert_eq!(changes[0].confidence, Confidence::Unknown, "what a Creator may use is not known");
    assert_eq!(drift.atoms()[changes[0].causes[0] as usize].cause, Cause::AccountType);
}

#[test]
fn a_mapping_that_changed_is_a_cause() {
    let mut facts = workspace_of_ann();
    facts.grant("wb", "ann", "view");
    facts.member("bob", "Viewer");
    facts.grant("wb", "bob", "view");
    let users = |user: Option<&str>| -> Users {
        user.map(|user| HashMap::from([("ann".to_owned(), user.to_owned())])).unwrap_or_default()
    };
    let told = |old: Option<&str>, new: Option<&str>| -> Vec<(Move, Option<String>)> {
        let (old, new) = (users(old), users(new));
        let drift = Drift::between(&facts, &facts, Some([&old, &new]));
        let changes = drift.changes();
        for change in &changes {
            let causes: Vec<Cause> =
                change.causes.iter().map(|atom| drift.atoms()[*atom as usize].cause).collect();
            assert_eq!(causes, [Cause::MappingChanged]);
        }
        changes.into_iter().map(|change| (change.how, change.user)).collect()
    };
    let user = |name: &str| Some(name.to_owned());
    assert_eq!(told(None, Some("u1")), [(Move::Gained, user("u1"))]);
    assert_eq!(told(Some("u1"), None), [(Move::Lost, user("u1"))]);
    assert_eq!(told(Some("u1"), Some("u2")), [(Move::Lost, user("u1")), (Move::Gained, user("u2"))]);
    assert_eq!(told(Some("u1"), Some("u1")), []);
    // Who is not mapped has nothing in the catalog, whatever Sigma grants.
    let mut later = facts.clone();
    later.grants.retain(|grant| grant.member_id == "ann");
    let same = users(Some("u1"));
    assert_eq!(Drift::between(&facts, &later, Some([&same, &same])).changes(), []);
}
