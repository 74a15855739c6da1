//! Which single differences explain a change, by trying.

use super::Held;
use super::slot::View;
use super::world::World;

/// What of a change is to be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aspect {
    /// The level.
    Level,
    /// What the account type lets the member use of it.
    Usable,
    /// Whether the member is mapped at all, and to whom; the level is the same.
    User,
}

/// The atoms that explain the change of what a member holds of an object, sorted.
///
/// An atom is named when it alone explains the change: made to the earlier state it leads to what the later one has, or
/// taken from the later state it leads back. Where none does, because several ways opened or closed that take more than
/// one change each, the fewest changes of each way are named together.
pub(super) fn causes(world: &World, member: u32, object: u32, aspect: Aspect) -> Vec<u32> {
    let ask = |view: &View<'_>| {
        let held = world.held(member, object, view);
        let user = || world.people[member as usize].user.get(view).clone();
        match aspect {
            Aspect::Level => (held.map(|held: Held| held.level), None),
            Aspect::Usable => (held.and_then(|held| held.usable), None),
            Aspect::User => (None, user().filter(|_| held.is_some())),
        }
    };
    let (earlier, later) = (View::watching(false), View::watching(true));
    let (before, after) = (ask(&earlier), ask(&later));
    let mut met = earlier.met();
    met.extend(later.met());
    met.sort_unstable();
    met.dedup();
    if met.len() <= 1 {
        return met;
    }
    let explains = |atom: &u32| {
        let turned = std::slice::from_ref(atom);
        ask(&View::turning(false, turned)) == after || ask(&View::turning(true, turned)) == before
    };
    let alone: Vec<u32> = met.iter().copied().filter(explains).collect();
    if !alone.is_empty() {
        return alone;
    }
    let mut named = Vec::new();
    let leads = |atoms: &[u32]| ask(&View::turning(false, atoms)) == after;
    while leads(&met) {
        let way = fewest(&met, &leads);
        met.retain(|atom| !way.contains(atom));
        named.extend(way);
    }
    named.sort_unstable();
    named
}

/// Some of the atoms, of which none can be left out.
fn fewest(atoms: &[u32], leads: &impl Fn(&[u32]) -> bool) -> Vec<u32> {
    let mut way = atoms.to_vec();
    for atom in atoms {
        let rest: Vec<u32> = way.iter().copied().filter(|other| other != atom).collect();
        if leads(&rest) {
            way = rest;
        }
    }
    way
}
