//! Who is who: every Sigma member and every catalog user gets exactly one status, and only `mapped` ever shows anybody
//! anything. In doubt nobody is mapped.

use std::collections::{HashMap, HashSet};

use super::key::{EmailKey, UserKey};
use super::mapping::Pair;
use super::status::{Include, LookAlike, Matching, MemberIdentity, Reconciliation, Status, UserIdentity};
use super::users::CatalogUser;
use crate::catalog::organisation::Member;

/// Sigma's own scheduler, which it lists among the members as an administrator.
const SYSTEM_MEMBER: &str = "SigmaSchedulerRobot";
/// Its address.
const SYSTEM_EMAIL: &str = "scheduler-robot@sigmacomputing.com";

/// Decides about every member and every catalog user. Both lists must be complete.
pub fn reconcile(
    members: &[Member],
    users: &[CatalogUser],
    matching: Matching<'_>,
    include: Include,
) -> Reconciliation {
    let directory = Directory::new(users, matching);
    let people: Vec<Person<'_>> =
        members.iter().map(|member| Person::new(member, &directory, include)).collect();
    let mut claims: Vec<Vec<usize>> = vec![Vec::new(); users.len()];
    let mut excluded: Vec<Vec<usize>> = vec![Vec::new(); users.len()];
    for (index, person) in people.iter().enumerate() {
        let claims = if person.excluded.is_some() { &mut excluded } else { &mut claims };
        person.candidates.iter().for_each(|user| claims[*user].push(index));
    }
    let shared: Vec<bool> = claims.iter().map(|claims| is_shared(claims, &people, matching)).collect();
    let statuses: Vec<Status> = people.iter().map(|person| person.status(users, &shared)).collect();

    let mut found: Vec<MemberIdentity> = people
        .iter()
        .zip(&statuses)
        .map(|(person, status)| person.identity(*status, users, &claims, &people, &directory))
        .collect();
    found.sort_by(|a, b| (&a.sigma_email, &a.member_id).cmp(&(&b.sigma_email, &b.member_id)));
    let mut catalog_users: Vec<UserIdentity> = (0..users.len())
        .map(|user| {
            directory.identity(user, &claims[user], &excluded[user], shared[user], &people, &statuses)
        })
        .collect();
    catalog_users.sort_by(|a, b| a.network_id.cmp(&b.network_id));
    let (unknown_sigma, unknown_catalog) = directory.unknown(&people);
    let mut look_alikes: Vec<LookAlike> = people
        .iter()
        .zip(&statuses)
        .filter(|(_, status)| **status == Status::Unmapped)
        .filter_map(|(person, _)| {
            let of = directory.look_alike(person.email.as_ref().ok()?)?;
            Some(LookAlike { member_id: person.member.id.clone(), ..of.clone() })
        })
        .collect();
    look_alikes.sort_by(|a, b| a.member_id.cmp(&b.member_id));
    Reconciliation { members: found, catalog_users, unknown_sigma, unknown_catalog, look_alikes }
}

/// Whether several members claim one user. With merging allowed, several addresses may; two members with one address
/// may not, since nothing says which of them was meant.
fn is_shared(claims: &[usize], people: &[Person<'_>], matching: Matching<'_>) -> bool {
    let merged = match matching {
        Matching::Csv(mapping) if mapping.merges() => {
            let mut emails: Vec<_> = claims.iter().map(|claim| people[*claim].email.as_ref().ok()).collect();
            emails.sort();
            emails.dedup();
            emails.len() == claims.len()
        }
        _ => false,
    };
    claims.len() > 1 && !merged
}

/// The catalog's users, by what they are found by.
struct Directory<'a> {
    users: &'a [CatalogUser],
    matching: Matching<'a>,
    by_name: HashMap<UserKey, Vec<usize>>,
    by_email: HashMap<EmailKey, Vec<usize>>,
    /// Whose address it is that looks so; of no member yet.
    look_alikes: HashMap<String, LookAlike>,
}

impl<'a> Directory<'a> {
    fn new(users: &'a [CatalogUser], matching: Matching<'a>) -> Self {
        let mut directory = Self {
            users,
            matching,
            by_name: HashMap::new(),
            by_email: HashMap::new(),
            look_alikes: HashMap::new(),
        };
        for (index, user) in users.iter().enumerate() {
            if let Ok(name) = UserKey::new(&user.network_id) {
                directory.by_name.entry(name).or_default().push(index);
            }
            let address = match matching {
                Matching::Username => Some(&user.network_id),
                Matching::Csv(_) | Matching::Email => user.email.as_ref(),
            };
            if let Some(Ok(email)) = address.map(|address| EmailKey::new(address)) {
                let whose = || LookAlike {
                    member_id: String::new(),
                    network_id: user.network_id.clone(),
                    whose: format!("the address of `{}`", user.network_id),
                    line: None,
                };
                if !matches!(matching, Matching::Csv(_)) {
                    directory.look_alikes.entry(email.skeleton()).or_insert_with(whose);
                }
                directory.by_email.entry(email).or_default().push(index);
            }
        }
        if let Matching::Csv(mapping) = matching {
            for pair in mapping.pairs() {
                let whose = || LookAlike {
                    member_id: String::new(),
                    network_id: pair.network_id.clone(),
                    whose: format!("the address on line {}", pair.line),
                    line: Some(pair.line),
                };
                directory.look_alikes.entry(pair.email.skeleton()).or_insert_with(whose);
            }
        }
        directory
    }

    /// The other address that one could be mistaken for. None for an address that the CSV names itself.
    fn look_alike(&self, email: &EmailKey) -> Option<&LookAlike> {
        if self.pair(email).is_some() { None } else { self.look_alikes.get(&email.skeleton()) }
    }

    /// The users that an address could be. Users whose names differ in case only cannot be told apart: one of them
    /// brings the others along.
    fn candidates(&self, email: &EmailKey) -> Vec<usize> {
        let named = |name: &UserKey| self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        let direct: Vec<usize> = match self.matching {
            Matching::Csv(mapping) => {
                mapping.of_email(email).map_or(Vec::new(), |pair| named(&pair.user).to_vec())
            }
            Matching::Email | Matching::Username => self.by_email.get(email).cloned().unwrap_or_default(),
        };
        let mut all = direct.clone();
        for user in direct {
            if let Ok(name) = UserKey::new(&self.users[user].network_id) {
                all.extend(named(&name));
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    fn pair(&self, email: &EmailKey) -> Option<&'a Pair> {
        match self.matching {
            Matching::Csv(mapping) => mapping.of_email(email),
            Matching::Email | Matching::Username => None,
        }
    }

    fn pair_of_user(&self, name: &UserKey) -> Option<&'a Pair> {
        match self.matching {
            Matching::Csv(mapping) => mapping.of_user(name),
            Matching::Email | Matching::Username => None,
        }
    }

    /// Lines of the CSV that name nobody in Sigma, and nobody in the catalog.
    fn unknown(&self, people: &[Person<'_>]) -> (Vec<u64>, Vec<u64>) {
        let Matching::Csv(mapping) = self.matching else { return (Vec::new(), Vec::new()) };
        let known: HashSet<&EmailKey> =
            people.iter().filter_map(|person| person.email.as_ref().ok()).collect();
        let lines = |unknown: &dyn Fn(&Pair) -> bool| {
            mapping.pairs().iter().filter(|pair| unknown(pair)).map(|pair| pair.line).collect()
        };
        (lines(&|pair| !known.contains(&pair.email)), lines(&|pair| !self.by_name.contains_key(&pair.user)))
    }

    /// What became of a catalog user: what became of the one member it could be.
    fn identity(
        &self,
        index: usize,
        claims: &[usize],
        excluded: &[usize],
        shared: bool,
        people: &[Person<'_>],
        statuses: &[Status],
    ) -> UserIdentity {
        let user = &self.users[index];
        let pair = UserKey::new(&user.network_id).ok().and_then(|name| self.pair_of_user(&name));
        let claimants = if claims.is_empty() { excluded } else { claims };
        let (status, hint) = match claimants {
            [] => (Status::Unmapped, self.no_member(user, pair)),
            _ if shared => {
                (Status::AmbiguousSharedUser, format!("could be any of {}", names(claimants, people)))
            }
            [first, ..] => {
                // Several only when merged: one that is mapped is enough.
                let best = claimants.iter().min_by_key(|claim| statuses[**claim]).unwrap_or(first);
                let status = statuses[*best];
                let hint = match status {
                    Status::Mapped => String::new(),
                    Status::CatalogUserInactive => "may not sign in to the catalog".to_owned(),
                    _ => format!("see the member {}", names(&[*best], people)),
                };
                (status, hint)
            }
        };
        UserIdentity {
            network_id: user.network_id.clone(),
            email: user.email.clone(),
            active: user.active,
            member_ids: claimants.iter().map(|claim| people[*claim].member.id.clone()).collect(),
            status,
            csv_line: pair.map(|pair| pair.line),
            hint,
        }
    }

    fn no_member(&self, user: &CatalogUser, pair: Option<&Pair>) -> String {
        match (self.matching, pair) {
            (Matching::Csv(_), Some(pair)) => {
                format!("line {} names `{}`, which no Sigma member has", pair.line, pair.sigma_email)
            }
            (Matching::Csv(_), None) => "not in the CSV".to_owned(),
            (Matching::Email, _) if user.email.is_none() => "has no e-mail address in the catalog".to_owned(),
            (Matching::Email, _) => "no Sigma member has this e-mail address".to_owned(),
            (Matching::Username, _) => "no Sigma member has this login name as e-mail address".to_owned(),
        }
    }
}

/// A member while it is decided who it is.
struct Person<'a> {
    member: &'a Member,
    email: Result<EmailKey, String>,
    excluded: Option<Status>,
    candidates: Vec<usize>,
}

impl<'a> Person<'a> {
    fn new(member: &'a Member, directory: &Directory<'_>, include: Include) -> Self {
        let email = match member.email.as_deref() {
            Some(address) => EmailKey::new(address).map_err(|error| format!("its e-mail address {error}")),
            None => Err("has no e-mail address in Sigma".to_owned()),
        };
        let candidates = email.as_ref().map_or(Vec::new(), |email| directory.candidates(email));
        let excluded = exclusion(member, email.as_ref().ok(), include);
        Self { member, email, excluded, candidates }
    }

    fn is_inactive(&self) -> bool {
        self.member.is_archived == Some(true) || self.member.is_inactive == Some(true)
    }

    /// The first that applies of: excluded, no candidate, more than one candidate on either side, an inactive account on
    /// either side.
    fn status(&self, users: &[CatalogUser], shared: &[bool]) -> Status {
        if let Some(excluded) = self.excluded {
            return excluded;
        }
        match self.candidates[..] {
            [] => Status::Unmapped,
            [user] if shared[user] => Status::AmbiguousSharedUser,
            [user] if !users[user].active => Status::CatalogUserInactive,
            [_] if self.is_inactive() => Status::SigmaInactive,
            [_] => Status::Mapped,
            _ => Status::AmbiguousManyUsers,
        }
    }

    fn identity(
        &self,
        status: Status,
        users: &[CatalogUser],
        claims: &[Vec<usize>],
        people: &[Person<'_>],
        directory: &Directory<'_>,
    ) -> MemberIdentity {
        let pair = self.email.as_ref().ok().and_then(|email| directory.pair(email));
        let user = match self.candidates[..] {
            [user] => Some(&users[user]),
            _ => None,
        };
        let state = match (self.member.is_archived, self.member.is_inactive) {
            (Some(true), _) => "deactivated",
            (_, Some(true)) => "archived_by_scim",
            _ => "active",
        };
        let hint = match status {
            Status::Mapped => match self.candidates[..] {
                [user] if claims[user].len() > 1 => "merged with other members of the same user".to_owned(),
                _ => String::new(),
            },
            Status::Unmapped => self.no_user(pair, directory),
            Status::AmbiguousManyUsers => {
                let names: Vec<_> =
                    self.candidates.iter().map(|user| format!("`{}`", users[*user].network_id)).collect();
                format!("could be any of {}", names.join(", "))
            }
            Status::AmbiguousSharedUser => {
                let claims = self.candidates.first().map_or(&[][..], |user| &claims[*user]);
                format!("the catalog user could be any of {}", names(claims, people))
            }
            Status::CatalogUserInactive => "the user may not sign in to the catalog".to_owned(),
            Status::SigmaInactive => "the account gives no access in Sigma any more".to_owned(),
            Status::ExcludedEmbed | Status::ExcludedGuest | Status::ExcludedSystem => match pair {
                Some(pair) => format!("line {} of the CSV names it: not applied", pair.line),
                None => String::new(),
            },
        };
        MemberIdentity {
            member_id: self.member.id.clone(),
            sigma_email: self.member.email.clone(),
            account_type: self.member.member_type.clone(),
            user_kind: self.member.user_kind.clone(),
            state,
            catalog_user: user.map(|user| user.network_id.clone()),
            catalog_email: user.and_then(|user| user.email.clone()),
            method: (!self.candidates.is_empty()).then(|| directory.matching.name()),
            status,
            csv_line: pair.map(|pair| pair.line),
            hint,
        }
    }

    fn no_user(&self, pair: Option<&Pair>, directory: &Directory<'_>) -> String {
        let email = match &self.email {
            Ok(email) => email,
            Err(why) => return why.clone(),
        };
        match (directory.matching, pair) {
            (Matching::Csv(_), Some(pair)) => {
                format!("line {} names `{}`, which is no catalog user", pair.line, pair.network_id)
            }
            (Matching::Csv(_), None) => match directory.look_alike(email) {
                Some(found) => format!("not in the CSV; looks like {}, and is another one", found.whose),
                None => "not in the CSV".to_owned(),
            },
            (Matching::Email | Matching::Username, _) => match directory.look_alike(email) {
                Some(found) => format!("looks like {}, and is another one", found.whose),
                None => format!(
                    "no catalog user has this {}",
                    match directory.matching {
                        Matching::Username => "login name",
                        _ => "e-mail address",
                    }
                ),
            },
        }
    }
}

/// Why a member is left out from the start.
fn exclusion(member: &Member, email: Option<&EmailKey>, include: Include) -> Option<Status> {
    let kind = member.user_kind.as_deref().unwrap_or_default();
    let is_system = member.id == SYSTEM_MEMBER || email.is_some_and(|email| email.as_str() == SYSTEM_EMAIL);
    [
        (is_system && !include.system, Status::ExcludedSystem),
        (kind.eq_ignore_ascii_case("embed") && !include.embed, Status::ExcludedEmbed),
        (kind.eq_ignore_ascii_case("guest") && !include.guests, Status::ExcludedGuest),
    ]
    .into_iter()
    .find_map(|(applies, status)| applies.then_some(status))
}

/// Members as people know them.
fn names(claims: &[usize], people: &[Person<'_>]) -> String {
    let name = |claim: &usize| {
        let member = people[*claim].member;
        format!("`{}`", member.email.as_deref().unwrap_or(&member.id))
    };
    let names: Vec<String> = claims.iter().map(name).collect();
    names.join(", ")
}
