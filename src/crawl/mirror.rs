//! What a run mirrors: from its facts to rows by principal. Pure.
//!
//! The catalog's native tables keep everything an administrator's crawl saw, so that "who can see what" is answered about
//! everybody. What other catalogs read, the `bi_` views and `mirror export`, is limited here: permissions to members that
//! are exactly one catalog user, objects to what the audience can reach. Whatever is not known gives nobody anything.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::audience::{Decision, Mirroring, Plan};
use crate::access::{Access, Kind, Level, Principal};
use crate::catalog::delivery::scope;
use crate::catalog::facts::Facts;
use crate::catalog::mirror::{
    Audience, Key, Mirror, MirroredMember, Mode, PlacedGrant, PlacedObject, PrincipalAccess, Source,
    principal,
};
use crate::catalog::organisation::Member;
use crate::identity::{MemberIdentity, Status};

/// What Sigma answered about what a member sees: the object's id, Sigma's word, and whether the member owns it.
pub type Answers = HashMap<String, Vec<Answered>>;

/// One object of such an answer.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The object.
    pub object_id: String,
    /// Sigma's word.
    pub permission: Option<String>,
    /// Whether the member owns it.
    pub owned: bool,
}

impl Plan {
    /// Draws from the facts of a run what it mirrors. `answers` are Sigma's own, where they are the source.
    pub fn mirror(&self, facts: &Facts, decision: &Decision, answers: Option<&Answers>) -> Mirror {
        let audience = match self {
            Self::Mirror(mirroring) => return materialise(facts, mirroring, answers),
            Self::LoginUser { .. } => Audience {
                mode: Mode::LoginUser,
                login_member_id: decision.login.clone(),
                source: Source::None,
                excluded: facts.members.len(),
                ..Audience::default()
            },
        };
        Mirror { audience, ..Mirror::default() }
    }
}

fn materialise(facts: &Facts, mirroring: &Mirroring, answers: Option<&Answers>) -> Mirror {
    let access = Access::new(facts);
    let members: Vec<Member> = facts.members.iter().map(Member::from).collect();
    let identities = mirroring.reconcile(&members);
    // A member that was not listed could be the second one to claim a catalog user.
    let complete = facts.readings.is_read(scope::MEMBERS, "");
    let mapped: Vec<&MemberIdentity> =
        identities.iter().filter(|identity| complete && identity.status == Status::Mapped).collect();
    let mut book = Book::new(&access);
    let places: HashMap<&str, u32> =
        access.members().iter().zip(0..).map(|(member, place)| (member.id.as_str(), place)).collect();
    book.by_principal();
    for identity in &mapped {
        let (Some(member), Some(user)) = (places.get(identity.member_id.as_str()), &identity.catalog_user)
        else {
            continue;
        };
        book.mirror.members.push(MirroredMember {
            member: *member,
            catalog_user: user.clone(),
            method: identity.method.unwrap_or_default(),
        });
        match answers {
            None => book.stand_for_own(*member),
            Some(answers) => book.stand_for_answer(*member, answers.get(&identity.member_id)),
        }
    }
    if let Some(audience) = mirroring.audience(&identities) {
        let audience: Vec<u32> = audience.iter().filter_map(|id| places.get(id.as_str()).copied()).collect();
        book.mirror.reached = book.reached(&audience, answers);
    }
    let (objects, grants) = (book.placed().collect(), book.granted().collect());
    let mut mirror = book.mirror;
    mirror.audience = mirroring.evidence();
    mirror.objects = objects;
    mirror.grants = grants;
    mirror.settled = access.is_settled(facts);
    mirror.audience.source = if answers.is_some() { Source::Sigma } else { Source::Grants };
    mirror.audience.mapped = mirror.members.len();
    mirror.audience.excluded = facts.members.len() - mirror.members.len();
    mirror
}

/// A mirror being written, and where in its keys everything stands: members, teams, objects, everyone, administrators.
struct Book<'a> {
    access: &'a Access,
    mirror: Mirror,
    teams: u32,
    objects: u32,
    everyone: u32,
    administrators: u32,
}

impl<'a> Book<'a> {
    fn new(access: &'a Access) -> Self {
        let key = |kind: &'static str, id: &str| Key { kind, id: id.to_owned() };
        let members = access.members().iter().map(|member| key(principal::MEMBER, &member.id));
        let teams = access.teams().iter().map(|team| key(principal::TEAM, &team.id));
        let objects = access.objects().iter().map(|object| key(object.kind.name(), &object.id));
        let all = [key(principal::EVERYONE, ""), key(principal::ADMINISTRATORS, "")];
        let teams_from = access.members().len() as u32;
        let objects_from = teams_from + access.teams().len() as u32;
        let everyone = objects_from + access.objects().len() as u32;
        let keys = members.chain(teams).chain(objects).chain(all).collect();
        Self {
            access,
            mirror: Mirror { keys, ..Mirror::default() },
            teams: teams_from,
            objects: objects_from,
            everyone,
            administrators: everyone + 1,
        }
    }

    /// All objects, with where they lie.
    fn placed(&self) -> impl Iterator<Item = PlacedObject> {
        let (access, objects) = (self.access, self.objects);
        access.objects().iter().zip(0..).map(move |(object, place)| PlacedObject {
            object: objects + place,
            parent: access.parent(place).map(|parent| objects + parent),
            id: object.id.clone(),
            kind: object.kind.name(),
            name: object.name.clone(),
            path: access.stated_path(place).map(str::to_owned),
            // Members come first among the keys.
            owner: access.owner(place),
            is_archived: object.archived,
        })
    }

    /// All grants, each once.
    fn granted(&self) -> impl Iterator<Item = PlacedGrant> {
        (0..self.access.objects().len() as u32).flat_map(move |object| {
            self.access.grants_on(object).map(move |(principal, _, word)| PlacedGrant {
                principal: self.key_of(principal),
                object: self.objects + object,
                permission: self.access.word(word).to_owned(),
            })
        })
    }

    /// The place of a principal among the keys.
    fn key_of(&self, principal: Principal) -> u32 {
        match principal {
            Principal::Member(member) => member,
            Principal::Team(team) => self.teams + team,
            Principal::Everyone => self.everyone,
        }
    }

    /// The objects that give anybody anything: neither in the trash nor of a kind that no view shows.
    fn living(&self) -> impl Iterator<Item = u32> + use<'a> {
        let objects = self.access.objects();
        (0..objects.len() as u32).filter(|place| {
            let object = &objects[*place as usize];
            !object.archived && object.kind != Kind::Other
        })
    }

    /// The best level of each principal on each object.
    fn by_principal(&mut self) {
        let (access, members) = (self.access, self.access.members());
        let mut entries = Vec::new();
        for object in self.living() {
            let owner = access.owner(object).filter(|owner| members[*owner as usize].inactive.is_none());
            if let Some(owner) = owner {
                self.add(owner, object, Level::Owner, "owner", object);
            }
            access.principals(object, &mut entries);
            for entry in entries.iter().filter(|entry| entry.level > Level::Unknown) {
                let via = match entry.principal {
                    // What is granted to an owner adds nothing.
                    Principal::Member(member) if owner == Some(member) => continue,
                    Principal::Member(member) if members[member as usize].inactive.is_some() => continue,
                    Principal::Member(_) => "direct",
                    Principal::Team(_) => "team",
                    Principal::Everyone => "everyone",
                };
                self.add(self.key_of(entry.principal), object, entry.level, via, entry.at);
            }
            self.add(self.administrators, object, Level::Edit, "admin", object);
        }
    }

    fn add(&mut self, principal: u32, object: u32, level: Level, via: &'static str, at: u32) {
        let (object, granted_at) = (self.objects + object, self.objects + at);
        self.mirror.access.push(PrincipalAccess { principal, object, level: level as u8, via, granted_at });
    }

    /// A member has its own access, that of its teams and of everyone, and an administrator's.
    fn stand_for_own(&mut self, member: u32) {
        let all = self.principals_of(member);
        self.mirror.stands_for.extend(all.into_iter().map(|principal| (member, principal)));
    }

    fn principals_of(&self, member: u32) -> Vec<u32> {
        let who = &self.access.members()[member as usize];
        let mut principals = vec![member];
        principals.extend(self.access.teams_of(member).iter().map(|team| self.teams + team));
        if who.in_everyone() {
            principals.push(self.everyone);
        }
        if who.admin == Some(true) {
            principals.push(self.administrators);
        }
        principals
    }

    /// A member has what Sigma answered, and an administrator's access, which that answer leaves out.
    fn stand_for_answer(&mut self, member: u32, answer: Option<&Vec<Answered>>) {
        let who = &self.access.members()[member as usize];
        if who.admin == Some(true) {
            self.mirror.stands_for.push((member, self.administrators));
        }
        // Nothing was answered: nothing is visible.
        let Some(answer) = answer else { return };
        let principal = self.mirror.keys.len() as u32;
        self.mirror.keys.push(Key { kind: principal::ANSWER, id: who.id.clone() });
        self.mirror.stands_for.push((member, principal));
        let mut best: BTreeMap<u32, Level> = BTreeMap::new();
        for answered in answer {
            let Some(object) = self.access.place_of(&answered.object_id) else { continue };
            let known = &self.access.objects()[object as usize];
            let word = Level::of_permission(answered.permission.as_deref());
            let level = if answered.owned && word > Level::Unknown { Level::Owner } else { word };
            if level > Level::Unknown && !known.archived && known.kind != Kind::Other {
                let held = best.entry(object).or_insert(level);
                *held = level.max(*held);
            }
        }
        for (object, level) in best {
            let via = if level == Level::Owner { "owner" } else { "sigma" };
            self.add(principal, object, level, via, object);
        }
    }

    /// What somebody of the audience can reach, with the containers above it; `None`: everything, because an
    /// administrator is among them.
    fn reached(&self, audience: &[u32], answers: Option<&Answers>) -> Option<Vec<u32>> {
        let members = self.access.members();
        if audience.iter().any(|member| members[*member as usize].admin == Some(true)) {
            return None;
        }
        let mut seen: Vec<u32> = match answers {
            None => {
                let principals: HashSet<u32> =
                    audience.iter().flat_map(|member| self.principals_of(*member)).collect();
                let rows = self.mirror.access.iter().filter(|row| principals.contains(&row.principal));
                rows.map(|row| row.object - self.objects).collect()
            }
            Some(answers) => audience
                .iter()
                .filter_map(|member| answers.get(&members[*member as usize].id))
                .flatten()
                .filter(|answered| Level::of_permission(answered.permission.as_deref()) > Level::Unknown)
                .filter_map(|answered| self.access.place_of(&answered.object_id))
                .collect(),
        };
        seen.sort_unstable();
        seen.dedup();
        let reached: HashSet<u32> = seen.iter().flat_map(|object| self.access.chain(*object)).collect();
        let mut reached: Vec<u32> = reached.into_iter().map(|object| self.objects + object).collect();
        reached.sort_unstable();
        Some(reached)
    }
}
