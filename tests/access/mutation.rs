//! Single changes of an organisation, each with the cause a comparison must name.

use fastrand::Rng;
use sigma_catalog::access::Cause;
use sigma_catalog::catalog::facts::{Facts, FileFact, GrantFact, MembershipFact};

use crate::awkward::{chance, pick};
use crate::facts::Build;
use crate::oracle;

/// A change that can be made to any state that has what it names.
pub struct Mutation {
    /// The cause it is.
    pub cause: Cause,
    /// What it is about, as the cause's ids say.
    pub ids: Vec<String>,
    /// The objects, members and teams it touches.
    pub touches: Vec<String>,
    change: Box<dyn Fn(&mut Facts)>,
}

impl Mutation {
    /// The facts after it.
    pub fn made(&self, facts: &Facts) -> Facts {
        let mut facts = facts.clone();
        (self.change)(&mut facts);
        facts
    }
}

pub const KINDS: [Cause; 19] = [
    Cause::GrantAdded,
    Cause::GrantRemoved,
    Cause::GrantChanged,
    Cause::TeamMembership,
    Cause::TeamArchived,
    Cause::TeamRenamed,
    Cause::TeamNew,
    Cause::TeamGone,
    Cause::MovedFolder,
    Cause::OwnerChanged,
    Cause::AccountType,
    Cause::UserKind,
    Cause::MemberArchived,
    Cause::MemberNew,
    Cause::MemberGone,
    Cause::ObjectNew,
    Cause::ObjectGone,
    Cause::ObjectArchived,
    Cause::ObjectKind,
];

const WORDS: [&str; 4] = ["view", "explore", "organize", "edit"];

fn same_grant(a: &GrantFact, b: &GrantFact) -> bool {
    (&a.object_id, &a.member_id, &a.team_id) == (&b.object_id, &b.member_id, &b.team_id)
}

fn grantee(grant: &GrantFact) -> String {
    if grant.member_id.is_empty() { grant.team_id.clone() } else { grant.member_id.clone() }
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids.dedup();
    ids
}

/// A random change of that sort, or `None` where the organisation has nothing it could be made to. `name` tells what it
/// adds from what others add.
pub fn mutation(rng: &mut Rng, facts: &Facts, cause: Cause, name: &str) -> Option<Mutation> {
    let members: Vec<String> = facts.members.iter().map(|member| member.id.clone()).collect();
    let teams: Vec<String> = facts.teams.iter().map(|team| team.id.clone()).collect();
    let files: Vec<FileFact> = facts.files.clone();
    let containers: Vec<String> = facts
        .workspaces
        .iter()
        .map(|workspace| workspace.id.clone())
        .chain(files.iter().filter(|file| file.file_type == "folder").map(|file| file.id.clone()))
        .collect();
    let object: Option<FileFact> = (!files.is_empty()).then(|| files[rng.usize(0..files.len())].clone());
    let member = pick(rng, &members).to_owned();
    let team = (!teams.is_empty()).then(|| pick(rng, &teams).to_owned());
    let exists = |grant: &&GrantFact| {
        oracle::kind(facts, &grant.object_id).is_some()
            && (members.contains(&grant.member_id) || teams.contains(&grant.team_id))
    };
    let grants: Vec<GrantFact> = facts.grants.iter().filter(exists).cloned().collect();
    let grant = (!grants.is_empty()).then(|| grants[rng.usize(0..grants.len())].clone());
    let made = |ids: &[&str], touches: &[&str], change: Box<dyn Fn(&mut Facts)>| {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Some(Mutation { cause, ids: texts(ids), touches: texts(touches), change })
    };
    match cause {
        Cause::GrantAdded => {
            let to_team = team.clone().filter(|_| chance(rng, 50));
            let object = pick(rng, &containers).to_owned();
            let object = files.get(rng.usize(0..files.len() * 2 + 1)).map_or(object, |file| file.id.clone());
            let new = GrantFact {
                id: format!("new-{name}"),
                object_id: object.clone(),
                member_id: if to_team.is_some() { String::new() } else { member.clone() },
                team_id: to_team.unwrap_or_default(),
                permission: Some(WORDS[rng.usize(0..4)].into()),
                ..GrantFact::default()
            };
            if facts.grants.iter().any(|grant| same_grant(grant, &new)) {
                return None;
            }
            let to = grantee(&new);
            made(&[&new.id.clone()], &[&object, &to], Box::new(move |facts| facts.grants.push(new.clone())))
        }
        Cause::GrantRemoved => {
            let old = grant?;
            let is = move |grant: &GrantFact| same_grant(grant, &old) && grant.permission == old.permission;
            let ids = sorted(facts.grants.iter().filter(|g| is(g)).map(|grant| grant.id.clone()).collect());
            let one = facts.grants.iter().find(|grant| is(grant))?;
            let (object, to) = (one.object_id.clone(), grantee(one));
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            made(&ids, &[&object, &to], Box::new(move |facts| facts.grants.retain(|grant| !is(grant))))
        }
        Cause::GrantChanged => {
            let old = grant?;
            let all: Vec<&GrantFact> = facts.grants.iter().filter(|grant| same_grant(grant, &old)).collect();
            let word = WORDS[rng.usize(0..4)];
            if all.iter().any(|grant| grant.permission.as_deref() == Some(word)) {
                return None;
            }
            let mut ids: Vec<String> = all.iter().map(|grant| grant.id.clone()).collect();
            let new = GrantFact { id: format!("new-{name}"), permission: Some(word.into()), ..old };
            ids.push(new.id.clone());
            let ids = sorted(ids);
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let (object, to) = (new.object_id.clone(), grantee(&new));
            let change = move |facts: &mut Facts| {
                facts.grants.retain(|grant| !same_grant(grant, &new));
                facts.grants.push(new.clone());
            };
            made(&ids, &[&object, &to], Box::new(change))
        }
        Cause::TeamMembership => {
            let team = team?;
            let is = {
                let (team, member) = (team.clone(), member.clone());
                move |fact: &MembershipFact| fact.team_id == team && fact.member_id == member
            };
            let belongs = facts.memberships.iter().any(&is);
            let fact = MembershipFact { team_id: team.clone(), member_id: member.clone() };
            let change = move |facts: &mut Facts| {
                facts.memberships.retain(|fact| !is(fact));
                if !belongs {
                    facts.memberships.push(fact.clone());
                }
            };
            made(&[&team, &member], &[&team, &member], Box::new(change))
        }
        Cause::TeamArchived | Cause::TeamRenamed => {
            let team = team?;
            let id = team.clone();
            let change = move |facts: &mut Facts| {
                let team = facts.teams.iter_mut().find(|team| team.id == id).expect("the team");
                let everyone = team.name.as_ref().is_some_and(|name| name.to_lowercase() == "all members");
                if cause == Cause::TeamArchived {
                    team.is_archived = !team.is_archived;
                } else {
                    team.name = Some(if everyone { "Some Members" } else { "All Members" }.into());
                }
            };
            made(&[&team], &[&team], Box::new(change))
        }
        Cause::TeamNew => {
            let (id, object) = (format!("team-{name}"), pick(rng, &containers).to_owned());
            let (team, at, who) = (id.clone(), object.clone(), member.clone());
            let word = WORDS[rng.usize(0..4)];
            let change = move |facts: &mut Facts| {
                facts.team(&team, &[&who]);
                facts.grant(&at, &format!("team:{team}"), word);
            };
            made(&[&id], &[&id, &object, &member], Box::new(change))
        }
        Cause::TeamGone => {
            let team = team?;
            let id = team.clone();
            let change = move |facts: &mut Facts| {
                facts.teams.retain(|team| team.id != id);
                facts.memberships.retain(|fact| fact.team_id != id);
                facts.grants.retain(|grant| grant.team_id != id);
            };
            made(&[&team], &[&team], Box::new(change))
        }
        Cause::MovedFolder => {
            let file = object.filter(|file| file.file_type != "workspace")?;
            let to = pick(rng, &containers).to_owned();
            if file.parent_id.as_deref() == Some(&to) {
                return None;
            }
            let id = file.id.clone();
            let change = move |facts: &mut Facts| {
                let file = facts.files.iter_mut().find(|file| file.id == id).expect("the file");
                file.parent_id = Some(to.as_str().into());
            };
            made(&[&file.id], &[&file.id], Box::new(change))
        }
        Cause::OwnerChanged => {
            let id = object?.id;
            let (at, owner) = (id.clone(), member.clone());
            let change = move |facts: &mut Facts| {
                for file in facts.files.iter_mut().filter(|file| file.id == at) {
                    file.owner_id = Some(owner.clone());
                }
                for document in facts.documents.iter_mut().filter(|document| document.id == at) {
                    document.owner_id = Some(owner.clone());
                }
            };
            made(&[&id], &[&id, &member], Box::new(change))
        }
        Cause::AccountType | Cause::UserKind | Cause::MemberArchived => {
            let id = member.clone();
            let inactive = chance(rng, 50);
            let change = move |facts: &mut Facts| {
                let member = facts.members.iter_mut().find(|member| member.id == id).expect("the member");
                match cause {
                    Cause::AccountType => {
                        let admin = member.account_type.as_deref().is_some_and(|name| name.ends_with("dmin"));
                        member.account_type = Some(if admin { "Viewer" } else { "Admin" }.into());
                    }
                    Cause::UserKind => {
                        let guest = member.user_kind.as_deref() == Some("guest");
                        member.user_kind = Some(if guest { "internal" } else { "guest" }.into());
                    }
                    _ if member.is_archived || member.is_inactive => {
                        (member.is_archived, member.is_inactive) = (false, false);
                    }
                    _ => (member.is_archived, member.is_inactive) = (!inactive, inactive),
                }
            };
            made(&[&member], &[&member], Box::new(change))
        }
        Cause::MemberNew => {
            let id = format!("member-{name}");
            let (who, object) = (id.clone(), pick(rng, &containers).to_owned());
            let (at, team) = (object.clone(), team.clone());
            let touches: Vec<&str> =
                [Some(&id), Some(&object), team.as_ref()].into_iter().flatten().map(String::as_str).collect();
            let team = team.clone();
            let change = move |facts: &mut Facts| {
                facts.member(&who, "Viewer");
                facts.grant(&at, &who, "explore");
                let team_id = team.clone().unwrap_or_default();
                facts.memberships.push(MembershipFact { team_id, member_id: who.clone() });
            };
            made(&[&id], &touches, Box::new(change))
        }
        Cause::MemberGone => {
            let id = member.clone();
            let change = move |facts: &mut Facts| {
                facts.members.retain(|member| member.id != id);
                facts.memberships.retain(|fact| fact.member_id != id);
                facts.grants.retain(|grant| grant.member_id != id);
            };
            made(&[&member], &[&member], Box::new(change))
        }
        Cause::ObjectNew => {
            let id = format!("object-{name}");
            let (at, parent) = (id.clone(), pick(rng, &containers).to_owned());
            let kind = ["workbook", "folder", "report"][rng.usize(0..3)];
            let (owner, inside) = (member.clone(), parent.clone());
            let change = move |facts: &mut Facts| {
                if kind == "folder" {
                    facts.folder(&at, &inside).owner_id = Some(owner.clone());
                } else {
                    facts.document(kind, &at, &inside).owner_id = Some(owner.clone());
                }
                facts.grant(&at, &owner, "view");
            };
            made(&[&id], &[&id, &member, &parent], Box::new(change))
        }
        Cause::ObjectGone => {
            let id = object.filter(|file| file.file_type != "workspace")?.id;
            let at = id.clone();
            let change = move |facts: &mut Facts| {
                facts.files.retain(|file| file.id != at);
                facts.documents.retain(|document| document.id != at);
                facts.grants.retain(|grant| grant.object_id != at);
            };
            made(&[&id], &[&id], Box::new(change))
        }
        Cause::ObjectArchived => {
            let id = object?.id;
            let at = id.clone();
            let change = move |facts: &mut Facts| {
                let file = facts.files.iter_mut().find(|file| file.id == at).expect("the file");
                let document = facts.documents.iter_mut().find(|document| document.id == at);
                let archived = file.is_archived || document.as_ref().is_some_and(|d| d.is_archived);
                file.is_archived = !archived;
                document.into_iter().for_each(|document| document.is_archived = !archived);
            };
            made(&[&id], &[&id], Box::new(change))
        }
        Cause::ObjectKind => {
            let file = object.filter(|file| !["folder", "workspace"].contains(&&*file.file_type))?;
            let id = file.id.clone();
            let to = if file.file_type == "workbook" { "dataset" } else { "workbook" };
            let change = move |facts: &mut Facts| {
                for file in facts.files.iter_mut().filter(|file| file.id == id) {
                    file.file_type = to.into();
                }
                for document in facts.documents.iter_mut().filter(|document| document.id == id) {
                    document.kind = to.into();
                }
            };
            made(&[&file.id], &[&file.id], Box::new(change))
        }
        Cause::MappingChanged => None,
    }
}
