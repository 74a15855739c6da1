//! What changed between two states of an organisation: who gained, lost, raised or lowered access to what, and by which
//! single change of the organisation. Pure.
//!
//! ```text
//! two states --union--> one list of members, teams, objects --world--> facts with two values; each difference an atom
//! atoms --reach--> the members and objects whose answers may differ; only those are worked out again, by `Access`
//! a changed answer --cause--> the atoms that, turned alone in the one state, lead to the other
//! ```
//!
//! What appears or disappears takes along what hangs on it: the grants on an object that is gone, and who belonged to a
//! team that is gone, are no causes of their own.

mod atom;
mod cause;
mod slot;
mod union;
mod world;

use std::collections::HashMap;

pub use atom::{Atom, Cause};

use super::answer::{Answer, Confidence};
use super::closure::{Access, Asker, Scratch};
use super::level::{Kind, Level};
use super::people::Member;
use super::tree::Object;
use crate::catalog::delivery::scope;
use crate::catalog::facts::Facts;
use atom::Reach;
use cause::Aspect;
use world::World;

/// Which catalog user stands for a member, by the member's id.
pub type Users = HashMap<String, String>;

/// How access changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Move {
    /// None before, some now.
    Gained,
    /// Some before, none now.
    Lost,
    /// More than before.
    Raised,
    /// Less than before.
    Lowered,
}

impl Move {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gained => "gained",
            Self::Lost => "lost",
            Self::Raised => "raised",
            Self::Lowered => "lowered",
        }
    }

    /// Whether there is more than before.
    pub fn is_up(self) -> bool {
        matches!(self, Self::Gained | Self::Raised)
    }
}

/// What a member holds of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// What is granted, one way or another.
    pub level: Level,
    /// What the account type leaves of it; `None` where that is not known.
    pub usable: Option<Level>,
}

impl Held {
    /// What an answer about a member says it holds; `None`: nothing that is known.
    pub fn of(access: &Access, member: u32, answer: &Answer) -> Option<Self> {
        let level = answer.level()?;
        Some(Self { level, usable: access.members()[member as usize].usable(level) })
    }
}

/// One change of one member's access to one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// How.
    pub how: Move,
    /// Whose: a place for [`Drift::member`].
    pub member: u32,
    /// To what: a place for [`Drift::object`].
    pub object: u32,
    /// What was held in the earlier state.
    pub before: Option<Held>,
    /// What is held in the later state.
    pub after: Option<Held>,
    /// How surely. [`Confidence::Unknown`]: what was not read may be all there is to it.
    pub confidence: Confidence,
    /// The catalog user who gained or lost, where mappings were given.
    pub user: Option<String>,
    /// What did it: places in [`Drift::atoms`].
    pub causes: Vec<u32>,
}

/// Two states of an organisation, compared.
#[derive(Debug)]
pub struct Drift<'f> {
    facts: [&'f Facts; 2],
    sides: [Access; 2],
    world: World,
    extent: Extent,
}

/// Whose answers may differ.
#[derive(Debug, Default)]
struct Extent {
    /// Objects to look at for all members.
    objects: Vec<bool>,
    /// Members to look at for all objects.
    members: Vec<u32>,
}

/// From so many members on, going through all members of an object at once is cheaper than asking one by one.
const MANY_MEMBERS: usize = 64;

impl<'f> Drift<'f> {
    /// Compares two states. With the catalog users of both, only what the catalog mirrors counts: access of members that
    /// a catalog user stands for.
    pub fn between(earlier: &'f Facts, later: &'f Facts, users: Option<[&Users; 2]>) -> Self {
        let facts = [earlier, later];
        let sides = facts.map(Access::new);
        let world = World::new(sides.each_ref(), facts, users);
        let extent = Extent::of(&world);
        Self { facts, sides, world, extent }
    }

    /// The earlier state.
    pub fn earlier(&self) -> &Access {
        &self.sides[0]
    }

    /// The later state.
    pub fn later(&self) -> &Access {
        &self.sides[1]
    }

    /// Every single difference of the two states that has to do with access.
    pub fn atoms(&self) -> &[Atom] {
        &self.world.atoms
    }

    /// A member, as the later state has it if it is there.
    pub fn member(&self, place: u32) -> &Member {
        let (side, at) = self.world.members.shown(place);
        &self.sides[side].members()[at as usize]
    }

    /// An object, as the later state has it if it is there.
    pub fn object(&self, place: u32) -> &Object {
        let (side, at) = self.world.objects.shown(place);
        &self.sides[side].objects()[at as usize]
    }

    /// The state that shows an object, the later one first, with the object's place in it.
    pub fn shown_object(&self, place: u32) -> (&Access, u32) {
        let (side, at) = self.world.objects.shown(place);
        (&self.sides[side], at)
    }

    /// Hands every change to `each`, by the object's path and the member's address.
    ///
    /// # Errors
    /// Whatever `each` answers; it ends the walk.
    pub fn each<E>(&self, mut each: impl FnMut(Change) -> Result<(), E>) -> Result<(), E> {
        let mut walk = Walk::new(self);
        for object in 0..self.world.objects.len() as u32 {
            if self.extent.objects[object as usize] {
                walk.everybody(object);
            } else {
                walk.some(object, &self.extent.members);
            }
            for member in std::mem::take(&mut walk.differing) {
                for change in walk.changes(member, object) {
                    each(change)?;
                }
            }
        }
        Ok(())
    }

    /// All changes.
    pub fn changes(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        let all: Result<(), std::convert::Infallible> = self.each(|change| {
            changes.push(change);
            Ok(())
        });
        match all {
            Ok(()) => changes,
        }
    }

    /// Whether a state's listings were read in which something would be, were it there.
    fn is_listed(&self, side: usize, kind: Option<Kind>) -> bool {
        let readings = &self.facts[side].readings;
        let read = |scope: &str, parent: &str| readings.is_read(scope, parent);
        let listed = match kind {
            None => read(scope::MEMBERS, ""),
            Some(Kind::Workspace) => read(scope::WORKSPACES, ""),
            Some(Kind::Folder) => read(scope::FILES, Kind::Folder.name()),
            Some(kind) => read(scope::DOCUMENTS, kind.name()) && read(scope::FILES, kind.name()),
        };
        listed && readings.by_administrator
    }
}

impl Extent {
    fn of(world: &World) -> Self {
        let mut inside: Vec<Vec<u32>> = vec![Vec::new(); world.things.len()];
        for (thing, at) in world.things.iter().zip(0..) {
            for parent in thing.parent.both().into_iter().flatten() {
                inside[*parent as usize].push(at);
            }
        }
        let mut extent = Self { objects: vec![false; world.things.len()], members: Vec::new() };
        let mut below = vec![false; world.things.len()];
        for atom in &world.atoms {
            match atom.reach {
                Reach::Object(object) => extent.objects[object as usize] = true,
                Reach::Below(object) => extent.take(object, &inside, &mut below),
                Reach::Member(member) => extent.members.push(member),
                Reach::Team(team) => {
                    for (thing, object) in world.things.iter().zip(0..) {
                        let to_it = crate::access::Principal::Team(team);
                        if thing.grants.iter().any(|grant| grant.principal == to_it) {
                            extent.take(object, &inside, &mut below);
                        }
                    }
                }
            }
        }
        extent.members.sort_unstable();
        extent.members.dedup();
        if extent.members.len() >= MANY_MEMBERS {
            extent.objects.fill(true);
        }
        extent
    }

    /// The object and whatever lies in it in either state. `taken`: all that lies in these is in already.
    fn take(&mut self, object: u32, inside: &[Vec<u32>], taken: &mut [bool]) {
        let mut left = vec![object];
        while let Some(at) = left.pop() {
            if !std::mem::replace(&mut taken[at as usize], true) {
                self.objects[at as usize] = true;
                left.extend(&inside[at as usize]);
            }
        }
    }
}

/// What going from object to object needs.
struct Walk<'d, 'f> {
    drift: &'d Drift<'f>,
    scratch: Scratch,
    askers: [HashMap<u32, Asker>; 2],
    /// What each member holds of the present object, in either state.
    held: Vec<[Option<Held>; 2]>,
    /// The members that hold anything of it.
    holders: Vec<u32>,
    differing: Vec<u32>,
}

impl<'d, 'f> Walk<'d, 'f> {
    fn new(drift: &'d Drift<'f>) -> Self {
        Self {
            drift,
            scratch: Scratch::default(),
            askers: [HashMap::new(), HashMap::new()],
            held: vec![[None; 2]; drift.world.members.len()],
            holders: Vec::new(),
            differing: Vec::new(),
        }
    }

    /// Works out what all members hold of an object, and who differs.
    fn everybody(&mut self, object: u32) {
        let Self { drift, scratch, held, holders, .. } = self;
        for member in holders.drain(..) {
            held[member as usize] = [None; 2];
        }
        for (side, access) in drift.sides.iter().enumerate() {
            let Some(at) = drift.world.objects.places[object as usize][side] else { continue };
            access.expand(at, scratch, |member, answer| {
                let place = drift.world.members.of[side][member as usize];
                held[place as usize][side] = Held::of(access, member, &answer);
                holders.push(place);
            });
        }
        holders.sort_unstable();
        holders.dedup();
        self.note_differing();
    }

    /// The same of some members only.
    fn some(&mut self, object: u32, members: &[u32]) {
        for member in self.holders.drain(..) {
            self.held[member as usize] = [None; 2];
        }
        for member in members {
            for side in 0..2 {
                let answer = self.answer(side, *member, object);
                let held = answer.and_then(|(at, answer)| Held::of(&self.drift.sides[side], at, &answer));
                self.held[*member as usize][side] = held;
            }
        }
        self.holders.extend(members);
        self.note_differing();
    }

    fn note_differing(&mut self) {
        let Self { drift, held, holders, differing, .. } = self;
        differing.extend(holders.iter().filter(|member| {
            let [before, after] = held[**member as usize];
            let [old, new] = drift.world.people[**member as usize].user.both();
            before != after || (old != new && before.is_some())
        }));
    }

    /// The answer about a member and an object in a state, if it has both; with the member's place there.
    fn answer(&mut self, side: usize, member: u32, object: u32) -> Option<(u32, Answer)> {
        let world = &self.drift.world;
        let who = world.members.places[member as usize][side]?;
        let what = world.objects.places[object as usize][side]?;
        let access = &self.drift.sides[side];
        let asker = self.askers[side].entry(member).or_insert_with(|| access.asker(who));
        Some((who, access.answer(asker, what)))
    }

    /// How surely a state says what it says about a member and an object.
    fn confidence(&mut self, side: usize, member: u32, object: u32) -> Confidence {
        if let Some((_, answer)) = self.answer(side, member, object) {
            return answer.confidence;
        }
        let [no_member, no_object] = [
            self.drift.world.members.places[member as usize][side].is_none(),
            self.drift.world.objects.places[object as usize][side].is_none(),
        ];
        let kind = self.drift.object(object).kind;
        let surely = (no_member && self.drift.is_listed(side, None))
            || (no_object && self.drift.is_listed(side, Some(kind)));
        if surely { Confidence::Exact } else { Confidence::Unknown }
    }

    /// The changes of one member's access to one object: two where the catalog user changed as well.
    fn changes(&mut self, member: u32, object: u32) -> Vec<Change> {
        let world = &self.drift.world;
        let [before, after] = self.held[member as usize];
        let Some(mirrored) = world.mirrored_users(member) else {
            return self.change(member, object, [before, after], None).into_iter().collect();
        };
        // Access of a member that nobody stands for is no access in the catalog.
        let held = |user: &Option<String>, held: Option<Held>| held.filter(|_| user.is_some());
        let [old, new] = mirrored;
        let (before, after) = (held(old, before), held(new, after));
        if old == new || old.is_none() || new.is_none() {
            let user = old.clone().or(new.clone());
            return self.change(member, object, [before, after], user).into_iter().collect();
        }
        let lost = self.change(member, object, [before, None], old.clone());
        let gained = self.change(member, object, [None, after], new.clone());
        lost.into_iter().chain(gained).collect()
    }

    fn change(
        &mut self,
        member: u32,
        object: u32,
        [before, after]: [Option<Held>; 2],
        user: Option<String>,
    ) -> Option<Change> {
        let (how, aspect) = compared(before, after)?;
        let confidences = [0, 1].map(|side| self.confidence(side, member, object));
        let [fatal, mild] = if how.is_up() { confidences } else { [confidences[1], confidences[0]] };
        let known = |held: Option<Held>| held.is_some_and(|held| held.usable.is_some());
        let confidence = match (fatal, mild) {
            _ if aspect == Aspect::Usable && !(known(before) && known(after)) => Confidence::Unknown,
            (Confidence::Exact, Confidence::Exact) => Confidence::Exact,
            (Confidence::Exact, _) => Confidence::LowerBound,
            // There may have been as much before, or there may be as much now.
            _ => Confidence::Unknown,
        };
        let world = &self.drift.world;
        let swapped = world.mirrored_users(member).is_some_and(|[old, new]| old != new);
        let aspect = if swapped { Aspect::User } else { aspect };
        let causes = cause::causes(world, member, object, aspect);
        Some(Change { how, member, object, before, after, confidence, user, causes })
    }
}

/// How the two differ. What may be used at most counts where as much is granted as before.
fn compared(before: Option<Held>, after: Option<Held>) -> Option<(Move, Aspect)> {
    let (before, after) = match (before, after) {
        (None, None) => return None,
        (None, Some(_)) => return Some((Move::Gained, Aspect::Level)),
        (Some(_), None) => return Some((Move::Lost, Aspect::Level)),
        (Some(before), Some(after)) => (before, after),
    };
    let step = |up: bool| if up { Move::Raised } else { Move::Lowered };
    if before.level != after.level {
        return Some((step(before.level < after.level), Aspect::Level));
    }
    let [old, new] = [before, after].map(|held| held.usable.unwrap_or(held.level));
    (old != new).then(|| (step(old < new), Aspect::Usable))
}
