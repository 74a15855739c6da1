//! Organisations written down in a few lines.

use sigma_catalog::access::{Access, Answer, Level};
use sigma_catalog::catalog::facts::{
    AccountTypeFact, DocumentFact, Facts, FileFact, GrantFact, MemberFact, MembershipFact, Readings,
    TeamFact, WorkspaceFact,
};

/// An empty organisation of which everything was read by an administrator.
pub fn empty() -> Facts {
    let account_types = [("Admin", false), ("Creator", false), ("Viewer", false)];
    Facts {
        account_types: account_types
            .map(|(name, custom)| AccountTypeFact {
                name: Some(name.into()),
                is_custom: Some(custom),
                permissions: None,
            })
            .into(),
        readings: Readings::new(true, true),
        ..Facts::default()
    }
}

/// Adds things by their ids; names are the ids where nothing else is said.
pub trait Build {
    fn member(&mut self, id: &str, account_type: &str) -> &mut MemberFact;
    fn team(&mut self, id: &str, members: &[&str]) -> &mut TeamFact;
    fn workspace(&mut self, id: &str);
    fn folder(&mut self, id: &str, parent: &str) -> &mut FileFact;
    fn document(&mut self, kind: &str, id: &str, parent: &str) -> &mut DocumentFact;
    fn grant(&mut self, object: &str, to: &str, permission: &str);
}

impl Build for Facts {
    fn member(&mut self, id: &str, account_type: &str) -> &mut MemberFact {
        self.members.push(MemberFact {
            id: id.into(),
            email: Some(format!("{id}@x.com")),
            account_type: Some(account_type.into()),
            user_kind: Some("internal".into()),
            ..MemberFact::default()
        });
        self.members.last_mut().expect("just added")
    }

    fn team(&mut self, id: &str, members: &[&str]) -> &mut TeamFact {
        let membership = |member: &&str| MembershipFact { team_id: id.into(), member_id: (*member).into() };
        self.memberships.extend(members.iter().map(membership));
        self.teams.push(TeamFact { id: id.into(), name: Some(id.into()), is_archived: false });
        self.teams.last_mut().expect("just added")
    }

    fn workspace(&mut self, id: &str) {
        self.workspaces.push(WorkspaceFact { id: id.into(), url_id: None, name: Some(id.into()) });
    }

    fn folder(&mut self, id: &str, parent: &str) -> &mut FileFact {
        self.files.push(FileFact {
            id: id.into(),
            file_type: "folder".into(),
            name: Some(id.into()),
            parent_id: Some(parent.into()).filter(|_| !parent.is_empty()),
            ..FileFact::default()
        });
        self.files.last_mut().expect("just added")
    }

    fn document(&mut self, kind: &str, id: &str, parent: &str) -> &mut DocumentFact {
        self.folder(id, parent).file_type = kind.to_owned().into();
        self.documents.push(DocumentFact {
            id: id.into(),
            kind: kind.into(),
            name: Some(id.into()),
            ..DocumentFact::default()
        });
        self.documents.last_mut().expect("just added")
    }

    /// `to` is a member's id, or a team's behind `team:`.
    fn grant(&mut self, object: &str, to: &str, permission: &str) {
        let (member, team) = match to.strip_prefix("team:") {
            Some(team) => ("", team),
            None => (to, ""),
        };
        self.grants.push(GrantFact {
            id: format!("g{}", self.grants.len() + 1),
            object_id: object.into(),
            member_id: member.into(),
            team_id: team.into(),
            permission: Some(permission.to_owned()).filter(|word| !word.is_empty()),
            ..GrantFact::default()
        });
    }
}

/// The answer for a member and an object, by their ids.
pub fn ask(access: &Access, member: &str, object: &str) -> Answer {
    let member = access.find_member(member).expect("a member");
    let object = access.place_of(object).expect("an object");
    access.answer(&access.asker(member), object)
}

/// The level only.
pub fn level(facts: &Facts, member: &str, object: &str) -> Option<Level> {
    ask(&Access::new(facts), member, object).level()
}
