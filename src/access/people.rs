//! Members and teams as the rules see them.

use std::collections::HashMap;

use super::ceiling::ceiling;
use super::level::Level;
use crate::catalog::delivery::scope;
use crate::catalog::facts::{AccountTypeFact, Facts, MemberFact, TeamFact};

/// Sigma's own user that runs schedules. It calls itself an administrator and must never count as one.
const ROBOT_ID: &str = "SigmaSchedulerRobot";
/// The robot's address.
const ROBOT_EMAIL: &str = "scheduler-robot@sigmacomputing.com";

/// What sort of user a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserKind {
    /// A person of the organisation.
    Internal,
    /// A guest: never part of "All Members".
    Guest,
    /// Made by an embedding application.
    Embed,
    /// Sigma's own robot.
    System,
    /// A kind Sigma has not documented, or none.
    Other,
}

impl UserKind {
    fn of(member: &MemberFact) -> Self {
        let robot = member.email.as_deref().is_some_and(|email| email.eq_ignore_ascii_case(ROBOT_EMAIL));
        match member.user_kind.as_deref() {
            _ if robot || member.id == ROBOT_ID => Self::System,
            Some("internal") => Self::Internal,
            Some("guest") => Self::Guest,
            Some("embed") => Self::Embed,
            _ => Self::Other,
        }
    }

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Guest => "guest",
            Self::Embed => "embed",
            Self::System => "system",
            Self::Other => "other",
        }
    }
}

/// A member.
#[derive(Debug, Clone)]
pub struct Member {
    /// Sigma's `memberId`.
    pub id: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Given and family name.
    pub name: Option<String>,
    /// Name of the account type, as Sigma spells it for this member.
    pub account_type: Option<String>,
    /// What sort of user it is.
    pub kind: UserKind,
    /// Why it has no access at all: `deactivated`, or `archived by SCIM`.
    pub inactive: Option<&'static str>,
    /// Whether it is an administrator; `None` where the account types that tell were not read.
    pub admin: Option<bool>,
    /// The highest level that its account type lets it use, where that is known.
    pub ceiling: Option<Level>,
    /// Grants that could be this member's were not read.
    pub(super) unread: bool,
}

impl Member {
    /// The member as people know it: the address, else the name, else the id.
    pub fn title(&self) -> &str {
        self.email.as_deref().or(self.name.as_deref()).unwrap_or(&self.id)
    }

    /// Whether the team "All Members" includes it. Guests never are in it, whatever a listing says.
    pub fn in_everyone(&self) -> bool {
        self.inactive.is_none() && self.kind != UserKind::Guest
    }

    /// What it may use of a granted level. `None`: that depends on what its account type allows, which is not known.
    pub fn usable(&self, granted: Level) -> Option<Level> {
        match self.ceiling {
            Some(ceiling) => Some(granted.min(ceiling)),
            None => (self.admin == Some(true)).then_some(granted),
        }
    }

    /// Whether grants that could be this member's were not read.
    pub fn is_unread(&self) -> bool {
        self.unread
    }

    pub(super) fn new(fact: &MemberFact, facts: &Facts) -> Self {
        let types = types_named(fact.account_type.as_deref(), &facts.account_types);
        let kind = UserKind::of(fact);
        let inactive = match (fact.is_archived, fact.is_inactive) {
            (true, _) => Some("deactivated"),
            (_, true) => Some("archived by SCIM"),
            _ => None,
        };
        let admin = if fact.is_called_administrator() && kind != UserKind::System {
            let all = |custom: bool| types.iter().all(|known| known.is_custom == Some(custom));
            let read = facts.readings.is_read(scope::ACCOUNT_TYPES, "");
            match types.is_empty() {
                true => read.then_some(false),
                false if all(false) => Some(true),
                false if all(true) => Some(false),
                false => None,
            }
        } else {
            Some(false)
        };
        let ceilings = types.iter().map(|known| {
            ceiling(known.permissions.as_deref().unwrap_or_default().iter().map(String::as_str))
        });
        let ceiling = ceilings.min().flatten().filter(|_| admin != Some(true));
        Self {
            id: fact.id.clone(),
            email: fact.email.clone(),
            name: fact.name.clone(),
            account_type: fact.account_type.clone(),
            kind,
            inactive,
            admin,
            ceiling,
            unread: false,
        }
    }
}

/// The account types a member's `memberType` may mean: that word carries their name in inconsistent case.
fn types_named<'facts>(name: Option<&str>, types: &'facts [AccountTypeFact]) -> Vec<&'facts AccountTypeFact> {
    let Some(name) = name else { return Vec::new() };
    types
        .iter()
        .filter(|known| known.name.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(name)))
        .collect()
}

/// A team.
#[derive(Debug, Clone)]
pub struct Team {
    /// Sigma's `teamId`.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Archived teams give nothing.
    pub archived: bool,
    /// The team everybody but guests belongs to.
    pub everyone: bool,
    /// Who belongs to it was not read to the end.
    pub(super) unread: bool,
}

impl Team {
    /// The team as people know it.
    pub fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    /// Whether who belongs to it was not read to the end.
    pub fn is_unread(&self) -> bool {
        self.unread
    }

    pub(super) fn new(fact: &TeamFact, facts: &Facts) -> Self {
        let everyone = fact.is_everyone();
        Self {
            id: fact.id.clone(),
            name: fact.name.clone(),
            archived: fact.is_archived,
            everyone,
            unread: !everyone && !facts.readings.is_read(scope::TEAM_MEMBERS, &fact.id),
        }
    }

    /// A team that a grant names and no listing shows: it may exist, unseen.
    fn unseen(id: &str) -> Self {
        Self { id: id.to_owned(), name: None, archived: false, everyone: false, unread: true }
    }
}

/// Everybody: members, teams, and who belongs to what, by place in these lists.
#[derive(Debug, Default)]
pub(super) struct People {
    /// Sorted by e-mail address, then id.
    pub members: Vec<Member>,
    /// Sorted by name, then id.
    pub teams: Vec<Team>,
    /// The members of each team that are known; none for "All Members", which is worked out.
    pub members_of: Vec<Vec<u32>>,
    pub member_places: HashMap<String, u32>,
    pub team_places: HashMap<String, u32>,
}

impl People {
    pub fn new(facts: &Facts) -> Self {
        let mut members: Vec<Member> = facts.members.iter().map(|fact| Member::new(fact, facts)).collect();
        members.sort_by(|a, b| (&a.email, &a.id).cmp(&(&b.email, &b.id)));
        members.dedup_by(|a, b| a.id == b.id);
        let mut teams: Vec<Team> = facts.teams.iter().map(|fact| Team::new(fact, facts)).collect();
        if !facts.readings.is_read(scope::TEAMS, "") {
            let mut named: Vec<&str> = facts.grants.iter().map(|grant| grant.team_id.as_str()).collect();
            named.sort_unstable();
            named.dedup();
            let known: std::collections::HashSet<&str> =
                facts.teams.iter().map(|team| team.id.as_str()).collect();
            let unseen = named.into_iter().filter(|id| !id.is_empty() && !known.contains(id));
            teams.extend(unseen.map(Team::unseen));
        }
        teams.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        let member_places = places(members.iter().map(|member| &member.id));
        let team_places = places(teams.iter().map(|team| &team.id));
        let mut members_of = vec![Vec::new(); teams.len()];
        for membership in &facts.memberships {
            let place = (team_places.get(&membership.team_id), member_places.get(&membership.member_id));
            if let (Some(&team), Some(&member)) = place
                && !teams[team as usize].everyone
            {
                members_of[team as usize].push(member);
            }
        }
        for members in &mut members_of {
            members.sort_unstable();
            members.dedup();
        }
        let mut people = Self { members, teams, members_of, member_places, team_places };
        people.mark_unread_grants(facts);
        people
    }

    /// Where grants were asked for by principal, those of one that was not read are unknown for all it stands for.
    fn mark_unread_grants(&mut self, facts: &Facts) {
        let readings = &facts.readings;
        if !asked_by_principal(facts) {
            return;
        }
        for member in &mut self.members {
            member.unread |= !readings.is_read(scope::MEMBER_GRANTS, &member.id);
        }
        for (team, known) in self.teams.iter().zip(&self.members_of) {
            if team.archived || readings.is_read(scope::TEAM_GRANTS, &team.id) {
                continue;
            }
            if team.everyone || team.unread {
                // Whoever may belong to it.
                for member in self.members.iter_mut().filter(|member| !team.everyone || member.in_everyone())
                {
                    member.unread = true;
                }
            }
            for member in known {
                self.members[*member as usize].unread = true;
            }
        }
    }
}

/// Whether the run asked for the grants of members and teams, rather than for those on objects.
pub(super) fn asked_by_principal(facts: &Facts) -> bool {
    facts.readings.knows(scope::MEMBER_GRANTS) || facts.readings.knows(scope::TEAM_GRANTS)
}

/// The place of each id.
fn places<'ids>(ids: impl Iterator<Item = &'ids String>) -> HashMap<String, u32> {
    ids.zip(0..).map(|(id, place)| (id.clone(), place)).collect()
}
