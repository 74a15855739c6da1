//! What an organisation would be like after changes that nobody has made yet. Pure: the facts are copied, not touched.

use serde::Deserialize;

use super::closure::Access;
use super::find::{NotFound, Thing, near, one_of};
use super::people::Member;
use crate::catalog::facts::{Facts, FileFact, GrantFact, MembershipFact};

/// One change, as a value: `{"change": "remove_member", "member": "ann@example.com", "team": "Finance"}`. Members are
/// named by e-mail address or id, teams by name or id, objects by id, address or path, grants by id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum Planned {
    /// Takes a grant away.
    RemoveGrant {
        /// Its id.
        grant: String,
    },
    /// Grants a member or a team (exactly one) something on an object.
    AddGrant {
        /// The object.
        object: String,
        /// The member.
        member: Option<String>,
        /// The team.
        team: Option<String>,
        /// Sigma's word: `view`, `explore`, `organize`, `edit`.
        permission: String,
    },
    /// Takes a member out of a team.
    RemoveMember {
        /// The member.
        member: String,
        /// The team.
        team: String,
    },
    /// Puts a member into a team.
    AddMember {
        /// The member.
        member: String,
        /// The team.
        team: String,
    },
    /// Archives a team.
    ArchiveTeam {
        /// The team.
        team: String,
    },
    /// Puts an object into another folder or workspace.
    Move {
        /// The object.
        object: String,
        /// The folder or workspace.
        to: String,
    },
    /// Deactivates a member.
    Deactivate {
        /// The member.
        member: String,
    },
}

/// Why a change cannot be thought through.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    /// Something that it names is not there, or is not one thing.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// It makes no sense.
    #[error("{problem}")]
    Senseless {
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
}

impl Impossible {
    /// What to do.
    pub fn remedy(&self) -> String {
        match self {
            Self::NotFound(error) => error.remedy(),
            Self::Senseless { remedy, .. } => (*remedy).to_owned(),
        }
    }
}

fn senseless(problem: String, remedy: &'static str) -> Impossible {
    Impossible::Senseless { problem, remedy }
}

/// The facts after all the changes, in their order. `access` is the access of `facts`, by which things are found.
///
/// # Errors
/// If a change names what is not there, or could not be made in Sigma either; or would change nothing, which is more
/// likely to be a mistake than what was meant.
pub fn what_if(facts: &Facts, access: &Access, changes: &[Planned]) -> Result<Facts, Impossible> {
    let mut facts = facts.clone();
    changes.iter().try_for_each(|change| make(&mut facts, access, change))?;
    Ok(facts)
}

fn make(facts: &mut Facts, access: &Access, change: &Planned) -> Result<(), Impossible> {
    match change {
        Planned::RemoveGrant { grant } => remove_grant(facts, grant),
        Planned::AddGrant { object, member, team, permission } => {
            let (member_id, team_id) = match (member, team) {
                (Some(member), None) => (find_member(access, member)?.id.clone(), String::new()),
                (None, Some(team)) => (String::new(), access.find_team(team)?),
                _ => {
                    let problem = "a grant names a member or a team, and not both".to_owned();
                    return Err(senseless(problem, "give one of `member` and `team`"));
                }
            };
            if super::Level::of_permission(Some(permission)) == super::Level::Unknown {
                let problem = format!("what the permission `{permission}` gives is not established");
                return Err(senseless(problem, "give `view`, `explore`, `organize` or `edit`"));
            }
            let object_id = access.objects()[access.find_object(object)? as usize].id.clone();
            let id = format!("planned-{}", facts.grants.len());
            facts.grants.push(GrantFact {
                id,
                object_id,
                member_id,
                team_id,
                permission: Some(permission.clone()),
                ..GrantFact::default()
            });
            Ok(())
        }
        Planned::RemoveMember { member, team } => {
            let fact = membership(access, member, team)?;
            let before = facts.memberships.len();
            facts.memberships.retain(|other| *other != fact);
            if facts.memberships.len() == before {
                let problem = format!("`{member}` does not belong to team `{team}`");
                return Err(senseless(problem, "see who belongs to it with the view team_member"));
            }
            Ok(())
        }
        Planned::AddMember { member, team } => {
            let fact = membership(access, member, team)?;
            if facts.memberships.contains(&fact) {
                let problem = format!("`{member}` belongs to team `{team}` already");
                return Err(senseless(problem, "leave this change out"));
            }
            facts.memberships.push(fact);
            Ok(())
        }
        Planned::ArchiveTeam { team } => {
            let id = access.find_team(team)?;
            let fact = facts.teams.iter_mut().find(|fact| fact.id == id);
            match fact {
                Some(fact) if !fact.is_archived => fact.is_archived = true,
                _ => {
                    let problem = format!("team `{team}` is archived already, or was not listed");
                    return Err(senseless(problem, "leave this change out"));
                }
            }
            Ok(())
        }
        Planned::Move { object, to } => move_object(facts, access, object, to),
        Planned::Deactivate { member } => {
            let found = find_member(access, member)?;
            if let Some(why) = found.inactive {
                return Err(senseless(format!("`{member}` is {why} already"), "leave this change out"));
            }
            let id = found.id.clone();
            facts.members.iter_mut().filter(|fact| fact.id == id).for_each(|fact| fact.is_archived = true);
            Ok(())
        }
    }
}

fn find_member<'a>(access: &'a Access, text: &str) -> Result<&'a Member, NotFound> {
    Ok(&access.members()[access.find_member(text)? as usize])
}

fn remove_grant(facts: &mut Facts, id: &str) -> Result<(), Impossible> {
    let before = facts.grants.len();
    facts.grants.retain(|grant| !grant.id.eq_ignore_ascii_case(id.trim()));
    if facts.grants.len() < before {
        return Ok(());
    }
    let ids = facts.grants.iter().map(|grant| grant.id.clone());
    let near = near(id.get(..8).unwrap_or(id), ids);
    Err(NotFound::Nothing { thing: Thing::Grant, text: id.to_owned(), near }.into())
}

fn membership(access: &Access, member: &str, team: &str) -> Result<MembershipFact, Impossible> {
    let fact = MembershipFact {
        team_id: access.find_team(team)?,
        member_id: find_member(access, member)?.id.clone(),
    };
    if access.teams().iter().any(|known| known.id == fact.team_id && known.everyone) {
        let problem = format!("team `{team}` is everybody but guests: nobody joins or leaves it");
        return Err(senseless(problem, "name another team, or deactivate the member"));
    }
    Ok(fact)
}

fn move_object(facts: &mut Facts, access: &Access, object: &str, to: &str) -> Result<(), Impossible> {
    let (at, container) = (access.find_object(object)?, access.find_object(to)?);
    let (moved, target) = (&access.objects()[at as usize], &access.objects()[container as usize]);
    if !target.kind.is_container() {
        let problem = format!("`{to}` is a {}: nothing can lie in it", target.kind.words());
        return Err(senseless(problem, "give a folder or a workspace"));
    }
    if moved.kind == super::Kind::Workspace {
        return Err(senseless(
            format!("`{object}` is a workspace: it lies in nothing"),
            "move a folder or a document",
        ));
    }
    // As far as the changes before this one have moved the container.
    let mut above = Some(target.id.as_str());
    for _ in 0..=facts.files.len() {
        if above == Some(&moved.id) {
            return Err(senseless(format!("`{to}` lies in `{object}` itself"), "give another folder"));
        }
        above = above.and_then(|id| facts.files.iter().find(|file| file.id == id)?.parent_id.as_deref());
    }
    match facts.files.iter_mut().find(|file| file.id == moved.id) {
        Some(file) => file.parent_id = Some(target.id.as_str().into()),
        // A document whose place was not read gets one.
        None => facts.files.push(FileFact {
            id: moved.id.clone(),
            file_type: moved.kind.name().into(),
            name: moved.name.clone(),
            parent_id: Some(target.id.as_str().into()),
            owner_id: moved.owner_id.clone(),
            is_archived: moved.archived,
            ..FileFact::default()
        }),
    }
    Ok(())
}

impl Access {
    /// The id of the team with that id or, in whatever ASCII case, that name.
    ///
    /// # Errors
    /// If there is none, or several share the name.
    pub fn find_team(&self, text: &str) -> Result<String, NotFound> {
        let (text, teams) = (text.trim(), self.teams());
        if let Some(team) = teams.iter().find(|team| team.id.eq_ignore_ascii_case(text)) {
            return Ok(team.id.clone());
        }
        let named = |exact: bool| -> Vec<u32> {
            let is = |name: &str| if exact { name == text } else { name.eq_ignore_ascii_case(text) };
            let all = teams.iter().zip(0..);
            all.filter(|(team, _)| team.name.as_deref().is_some_and(is)).map(|(_, place)| place).collect()
        };
        let exact = named(true);
        let found = if exact.is_empty() { named(false) } else { exact };
        let id = |place: u32| teams[place as usize].id.clone();
        let names = || near(text, teams.iter().map(|team| team.title().to_owned()));
        one_of(Thing::Team, text, found, id, names).map(id)
    }
}
