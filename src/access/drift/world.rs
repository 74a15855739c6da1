//! Two states of an organisation as one, in which every single difference can be turned back and forth.

use std::collections::{BTreeMap, HashMap};

use super::atom::{Atom, Cause, Reach};
use super::slot::{Slot, View};
use super::union::Union;
use super::{Held, Users};
use crate::access::closure::{Access, Principal};
use crate::access::level::{Kind, Level};
use crate::access::people::UserKind;
use crate::access::tree::Object;
use crate::catalog::facts::{Facts, GrantFact};

/// The two states.
#[derive(Debug)]
pub(super) struct World {
    pub members: Union,
    pub objects: Union,
    pub atoms: Vec<Atom>,
    pub people: Vec<Person>,
    groups: Vec<Group>,
    pub things: Vec<Thing>,
    /// Only what catalog users stand for counts.
    mirrored: bool,
}

#[derive(Debug)]
pub(super) struct Person {
    exists: Slot<bool>,
    inactive: Slot<bool>,
    guest: Slot<bool>,
    /// Whether it is an administrator, and the highest level that it may use.
    account: Slot<(Option<bool>, Option<Level>)>,
    /// The catalog user.
    pub user: Slot<Option<String>>,
    /// By team.
    teams: BTreeMap<u32, Slot<bool>>,
}

#[derive(Debug)]
struct Group {
    exists: Slot<bool>,
    archived: Slot<bool>,
    everyone: Slot<bool>,
}

#[derive(Debug)]
pub(super) struct Thing {
    exists: Slot<bool>,
    archived: Slot<bool>,
    kind: Slot<Kind>,
    pub parent: Slot<Option<u32>>,
    owner: Slot<Option<u32>>,
    pub grants: Vec<Granted>,
}

/// What a principal was granted on an object.
#[derive(Debug)]
pub(super) struct Granted {
    pub principal: Principal,
    level: Slot<Option<Level>>,
}

/// The atoms that were found so far.
#[derive(Debug, Default)]
struct Found {
    atoms: Vec<Atom>,
}

impl Found {
    /// A fact of both states, and an atom where they differ.
    fn slot<T: PartialEq + Clone>(&mut self, [a, b]: [T; 2], atom: impl FnOnce(&T, &T) -> Atom) -> Slot<T> {
        if a == b {
            return Slot::same(a);
        }
        self.atoms.push(atom(&a, &b));
        Slot::changed(a, b, self.atoms.len() as u32 - 1)
    }
}

impl World {
    pub fn new(sides: [&Access; 2], facts: [&Facts; 2], users: Option<[&Users; 2]>) -> Self {
        let member = |side: usize, at: u32| &sides[side].members()[at as usize];
        let team = |side: usize, at: u32| &sides[side].teams()[at as usize];
        let object = |side: usize, at: u32| &sides[side].objects()[at as usize];
        let members = Union::new(
            sides.map(|side| side.members().iter().map(|m| m.id.as_str()).collect()),
            |side, at| member(side, at).email.clone(),
        );
        let teams =
            Union::new(sides.map(|side| side.teams().iter().map(|t| t.id.as_str()).collect()), |side, at| {
                team(side, at).name.clone()
            });
        let objects = Union::new(
            sides.map(|side| side.objects().iter().map(|o| o.id.as_str()).collect()),
            |side, at| {
                let object = object(side, at);
                (object.path.clone(), object.name.clone())
            },
        );
        let mut found = Found::default();
        let names = Names { sides, members: &members, teams: &teams, objects: &objects };
        let people = (0..members.len() as u32).map(|at| person(at, &names, users, &mut found)).collect();
        let groups = (0..teams.len() as u32).map(|at| group(at, &names, &mut found)).collect();
        let things = (0..objects.len() as u32).map(|at| thing(at, &names, &mut found)).collect();
        let (mut people, mut things): (Vec<Person>, Vec<Thing>) = (people, things);
        memberships(&mut people, facts, &names, &mut found);
        grants(&mut things, facts, &names, &mut found);
        let atoms = found.atoms;
        Self { members, objects, atoms, people, groups, things, mirrored: users.is_some() }
    }

    /// What a member holds of an object: the rules of [`Access`] over facts that may be of either state.
    pub fn held(&self, member: u32, object: u32, view: &View<'_>) -> Option<Held> {
        let (person, thing) = (&self.people[member as usize], &self.things[object as usize]);
        let is_there = *person.exists.get(view) && *thing.exists.get(view);
        if !is_there || *person.inactive.get(view) || *thing.archived.get(view) {
            return None;
        }
        if self.mirrored && person.user.get(view).is_none() {
            return None;
        }
        let kind = *thing.kind.get(view);
        let mut best: Option<Level> = None;
        let mut line = vec![object];
        while let Some(&at) = line.last() {
            for grant in &self.things[at as usize].grants {
                if !self.stands_for(grant.principal, member, view) {
                    continue;
                }
                let level = *grant.level.get(view);
                best =
                    best.max(level.map(|level| if at == object { level } else { level.inherited_by(kind) }));
            }
            match *self.things[at as usize].parent.get(view) {
                Some(parent) if !line.contains(&parent) && self.hands_down(parent, view) => line.push(parent),
                _ => break,
            }
        }
        let (admin, ceiling) = *person.account.get(view);
        if admin == Some(true) {
            best = best.max(Some(Level::Edit));
        }
        if *thing.owner.get(view) == Some(member) {
            best = Some(Level::Owner);
        }
        let level = best.filter(|level| *level > Level::Unknown)?;
        let usable = ceiling.map(|ceiling| level.min(ceiling)).or((admin == Some(true)).then_some(level));
        Some(Held { level, usable })
    }

    /// The catalog users that stand for a member in the two states; `None` where no mappings were given.
    pub fn mirrored_users(&self, member: u32) -> Option<[&Option<String>; 2]> {
        self.mirrored.then(|| self.people[member as usize].user.both())
    }

    fn stands_for(&self, principal: Principal, member: u32, view: &View<'_>) -> bool {
        let person = &self.people[member as usize];
        let Principal::Team(place) = principal else { return principal == Principal::Member(member) };
        let team = &self.groups[place as usize];
        // Most teams of most grants are none of the member's, and of most teams the name never changes.
        let belongs = person.teams.get(&place);
        if belongs.is_none() && team.everyone.both() == [&false; 2] {
            return false;
        }
        if !*team.exists.get(view) || *team.archived.get(view) {
            return false;
        }
        if *team.everyone.get(view) {
            return !*person.guest.get(view);
        }
        belongs.is_some_and(|belongs| *belongs.get(view))
    }

    fn hands_down(&self, container: u32, view: &View<'_>) -> bool {
        let thing = &self.things[container as usize];
        *thing.exists.get(view) && thing.kind.get(view).is_container() && !*thing.archived.get(view)
    }
}

/// How atoms call what they are about.
struct Names<'a> {
    sides: [&'a Access; 2],
    members: &'a Union,
    teams: &'a Union,
    objects: &'a Union,
}

impl Names<'_> {
    fn member(&self, at: u32) -> &str {
        let (side, at) = self.members.shown(at);
        self.sides[side].members()[at as usize].title()
    }

    fn team(&self, at: u32) -> String {
        let (side, at) = self.teams.shown(at);
        format!("team {}", self.sides[side].teams()[at as usize].title())
    }

    fn thing(&self, at: u32) -> &Object {
        let (side, at) = self.objects.shown(at);
        &self.sides[side].objects()[at as usize]
    }

    fn object(&self, at: u32) -> String {
        let object = self.thing(at);
        format!("{} {}", object.kind.words(), object.full_path())
    }

    fn id_of_member(&self, at: u32) -> String {
        let (side, at) = self.members.shown(at);
        self.sides[side].members()[at as usize].id.clone()
    }

    fn id_of_team(&self, at: u32) -> String {
        let (side, at) = self.teams.shown(at);
        self.sides[side].teams()[at as usize].id.clone()
    }
}

/// The atom of something that came or went.
fn came_or_went(causes: [Cause; 2], id: String, name: &str, came: bool, reach: Reach) -> Atom {
    let words = if came { "is new" } else { "is gone" };
    Atom { cause: causes[usize::from(!came)], ids: vec![id], text: format!("{name} {words}"), reach }
}

fn person(at: u32, names: &Names<'_>, users: Option<[&Users; 2]>, found: &mut Found) -> Person {
    let (name, reach) = (names.member(at), Reach::Member(at));
    let ids = || vec![names.id_of_member(at)];
    let atom = |cause, text| Atom { cause, ids: ids(), text, reach };
    let fact = |side: usize, place: u32| &names.sides[side].members()[place as usize];
    let exists = found.slot(names.members.exists(at), |_, came| {
        came_or_went([Cause::MemberNew, Cause::MemberGone], names.id_of_member(at), name, *came, reach)
    });
    let why = names.members.both(at, |side, place| fact(side, place).inactive);
    let inactive = found.slot(why.map(|why| why.is_some()), |_, _| {
        atom(
            Cause::MemberArchived,
            why[1].map_or(format!("{name} is active again"), |why| format!("{name} was {why}")),
        )
    });
    let guest = found.slot(
        names.members.both(at, |side, place| fact(side, place).kind == UserKind::Guest),
        |_, guest| {
            let words = if *guest { "became a guest" } else { "is no longer a guest" };
            atom(Cause::UserKind, format!("{name} {words}"))
        },
    );
    let types =
        names.members.both(at, |side, place| fact(side, place).account_type.as_deref().unwrap_or("none"));
    let account = names.members.both(at, |side, place| (fact(side, place).admin, fact(side, place).ceiling));
    let account = found.slot(account, |_, _| {
        let same = types[0].eq_ignore_ascii_case(types[1]);
        atom(
            Cause::AccountType,
            if same {
                format!("account type {} of {name} lets its members do something else", types[1])
            } else {
                format!("account type of {name}: {} became {}", types[0], types[1])
            },
        )
    });
    let user = users.map_or([None, None], |users| users.map(|users| users.get(&ids()[0]).cloned()));
    let user = found.slot(user, |earlier, later| {
        let word = |user: &Option<String>| user.clone().unwrap_or_else(|| "nobody".to_owned());
        atom(
            Cause::MappingChanged,
            format!("catalog user of {name}: {} became {}", word(earlier), word(later)),
        )
    });
    Person { exists, inactive, guest, account, user, teams: BTreeMap::new() }
}

fn group(at: u32, names: &Names<'_>, found: &mut Found) -> Group {
    let (name, reach) = (names.team(at), Reach::Team(at));
    let atom = |cause, text| Atom { cause, ids: vec![names.id_of_team(at)], text, reach };
    let fact = |side: usize, place: u32| &names.sides[side].teams()[place as usize];
    let exists = found.slot(names.teams.exists(at), |_, came| {
        came_or_went([Cause::TeamNew, Cause::TeamGone], names.id_of_team(at), &name, *came, reach)
    });
    let archived =
        found.slot(names.teams.both(at, |side, place| fact(side, place).archived), |_, archived| {
            let words = if *archived { "was archived" } else { "is no longer archived" };
            atom(Cause::TeamArchived, format!("{name} {words}"))
        });
    let everyone =
        found.slot(names.teams.both(at, |side, place| fact(side, place).everyone), |_, everyone| {
            let words = if *everyone {
                "now stands for everybody but guests"
            } else {
                "no longer stands for everybody"
            };
            atom(Cause::TeamRenamed, format!("{name} {words}"))
        });
    Group { exists, archived, everyone }
}

fn thing(at: u32, names: &Names<'_>, found: &mut Found) -> Thing {
    let (name, id) = (names.object(at), names.thing(at).id.clone());
    let atom = |cause, text, reach| Atom { cause, ids: vec![id.clone()], text, reach };
    let fact = |side: usize, place: u32| &names.sides[side].objects()[place as usize];
    let exists = found.slot(names.objects.exists(at), |_, came| {
        came_or_went([Cause::ObjectNew, Cause::ObjectGone], id.clone(), &name, *came, Reach::Below(at))
    });
    let archived =
        found.slot(names.objects.both(at, |side, place| fact(side, place).archived), |_, archived| {
            let words = if *archived { "came into the trash" } else { "came out of the trash" };
            atom(Cause::ObjectArchived, format!("{name} {words}"), Reach::Below(at))
        });
    let kind = found.slot(names.objects.both(at, |side, place| fact(side, place).kind), |earlier, _| {
        atom(Cause::ObjectKind, format!("{name} was a {}", earlier.words()), Reach::Below(at))
    });
    let parents = names.objects.both(at, |side, place| fact(side, place).parent_id.as_deref());
    let known = parents.map(|id| id.and_then(|id| names.objects.place(id)));
    let parent = found.slot(known, |earlier, later| {
        let place = |at: &Option<u32>, id: Option<&str>| match (at, id) {
            (Some(at), _) => names.object(*at),
            (None, Some(id)) => format!("{id}, which the catalog does not know"),
            (None, None) => "the top".to_owned(),
        };
        let text =
            format!("{name} moved from {} to {}", place(earlier, parents[0]), place(later, parents[1]));
        atom(Cause::MovedFolder, text, Reach::Below(at))
    });
    let owners = names.objects.both(at, |side, place| fact(side, place).owner_id.as_deref());
    let known = owners.map(|id| id.and_then(|id| names.members.place(id)));
    let owner = found.slot(known, |earlier, later| {
        let word = |at: &Option<u32>| at.map_or("nobody the catalog knows", |at| names.member(at));
        let text = format!("owner of {name}: {} became {}", word(earlier), word(later));
        atom(Cause::OwnerChanged, text, Reach::Object(at))
    });
    Thing { exists, archived, kind, parent, owner, grants: Vec::new() }
}

/// What came or went together with what it hangs on is no difference of its own: the one side has what the other had.
fn settled<T: Clone>([earlier, later]: [T; 2], ends: &[[bool; 2]]) -> [T; 2] {
    if ends.iter().any(|exists| !exists[1]) {
        [earlier.clone(), earlier]
    } else if ends.iter().any(|exists| !exists[0]) {
        [later.clone(), later]
    } else {
        [earlier, later]
    }
}

fn memberships(people: &mut [Person], facts: [&Facts; 2], names: &Names<'_>, found: &mut Found) {
    let mut listed: BTreeMap<(u32, u32), [bool; 2]> = BTreeMap::new();
    for (side, facts) in facts.iter().enumerate() {
        for fact in &facts.memberships {
            let place = (names.teams.place(&fact.team_id), names.members.place(&fact.member_id));
            if let (Some(team), Some(member)) = place {
                listed.entry((team, member)).or_default()[side] = true;
            }
        }
    }
    for ((team, member), listed) in listed {
        let listed = settled(listed, &[names.teams.exists(team), names.members.exists(member)]);
        let slot = found.slot(listed, |_, joined| {
            let words = if *joined { "joined" } else { "left" };
            Atom {
                cause: Cause::TeamMembership,
                ids: vec![names.id_of_team(team), names.id_of_member(member)],
                text: format!("{} {words} {}", names.member(member), names.team(team)),
                reach: Reach::Member(member),
            }
        });
        people[member as usize].teams.insert(team, slot);
    }
}

fn grants(things: &mut [Thing], facts: [&Facts; 2], names: &Names<'_>, found: &mut Found) {
    let mut listed: HashMap<(u32, Principal), [Vec<&GrantFact>; 2]> = HashMap::new();
    for (side, facts) in facts.iter().enumerate() {
        for fact in &facts.grants {
            let to = if fact.member_id.is_empty() {
                names.teams.place(&fact.team_id).map(Principal::Team)
            } else {
                names.members.place(&fact.member_id).map(Principal::Member)
            };
            if let (Some(object), Some(to)) = (names.objects.place(&fact.object_id), to) {
                listed.entry((object, to)).or_default()[side].push(fact);
            }
        }
    }
    let mut listed: Vec<_> = listed.into_iter().collect();
    listed.sort_unstable_by_key(|(key, _)| *key);
    for ((object, principal), facts) in listed {
        let ends = match principal {
            Principal::Member(at) => names.members.exists(at),
            Principal::Team(at) => names.teams.exists(at),
            Principal::Everyone => [true; 2],
        };
        let facts = settled(facts, &[names.objects.exists(object), ends]);
        let level = found.slot(facts.each_ref().map(|facts| highest(facts)), |_, _| {
            of_grants(object, principal, &facts, names)
        });
        things[object as usize].grants.push(Granted { principal, level });
    }
}

/// The most that any of the words gives: additive, the highest wins.
fn highest(facts: &[&GrantFact]) -> Option<Level> {
    let known = facts.iter().map(|fact| Level::of_permission(fact.permission.as_deref()));
    known.filter(|level| *level > Level::Unknown).max()
}

fn of_grants(object: u32, principal: Principal, facts: &[Vec<&GrantFact>; 2], names: &Names<'_>) -> Atom {
    let words = |side: usize| {
        let mut words: Vec<String> = facts[side]
            .iter()
            .map(|fact| format!("`{}`", fact.permission.as_deref().unwrap_or_default()))
            .collect();
        words.sort_unstable();
        words.dedup();
        words
    };
    let (earlier, later) = (words(0), words(1));
    let gone: Vec<String> = earlier.iter().filter(|word| !later.contains(word)).cloned().collect();
    let new: Vec<String> = later.iter().filter(|word| !earlier.contains(word)).cloned().collect();
    let to = match principal {
        Principal::Member(at) => names.member(at).to_owned(),
        Principal::Team(at) => names.team(at),
        Principal::Everyone => "All Members".to_owned(),
    };
    let on = names.object(object);
    let (cause, text) = match (&gone[..], &new[..]) {
        ([], new) => (Cause::GrantAdded, format!("{} granted to {to} on {on}", new.join(", "))),
        (gone, []) => (Cause::GrantRemoved, format!("{} taken from {to} on {on}", gone.join(", "))),
        (gone, new) => {
            (Cause::GrantChanged, format!("{} of {to} on {on} became {}", gone.join(", "), new.join(", ")))
        }
    };
    let is_other = |side: usize, fact: &&&GrantFact| {
        !facts[side].iter().any(|other| other.permission == fact.permission)
    };
    let taken = facts[0].iter().filter(|fact| is_other(1, fact));
    let mut ids: Vec<String> =
        taken.chain(facts[1].iter().filter(|fact| is_other(0, fact))).map(|fact| fact.id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    Atom { cause, ids, text, reach: Reach::Below(object) }
}
