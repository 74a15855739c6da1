//! What one member holds of one object, in the words that commands and reports print.

use serde::Serialize;

use super::answer::Answer;
use super::closure::Access;
use super::level::{Kind, Level};

/// Access of one member to one object, for programs: the one source of what `access effective`, `access object`,
/// `access member` and the reports R01 to R03 say.
#[derive(Debug, Clone, Serialize)]
pub struct Holding<'a> {
    /// Sigma's id of the member.
    pub member_id: &'a str,
    /// E-mail address of the member.
    pub email: Option<&'a str>,
    /// Account type of the member.
    pub account_type: Option<&'a str>,
    /// `internal`, `guest`, `embed`, `system` or `other`.
    pub user_kind: &'static str,
    /// Id of the object.
    pub object_id: &'a str,
    /// What the object is.
    pub kind: &'static str,
    /// Name of the object; its id where it has none.
    pub name: &'a str,
    /// Names of the containers above it, from the top.
    pub path: &'a str,
    /// The workspace it lies in.
    pub workspace: Option<&'a str>,
    /// The level.
    pub level: &'static str,
    /// The same in the words of Sigma's application.
    pub level_label: &'static str,
    /// What the account type leaves of the level; `None` where that is not known.
    pub usable_level: Option<&'static str>,
    /// The kind of the winning path.
    pub via: &'static str,
    /// The team of that path.
    pub via_team: Option<&'a str>,
    /// Id of the object that path's grant is on.
    pub granted_at_object: &'a str,
    /// What that object is.
    pub granted_at_kind: &'static str,
    /// How many steps above the object that is.
    pub depth: u32,
    /// How many different paths there are.
    pub paths_count: u32,
    /// `exact`, `lower_bound` or `unknown`.
    pub confidence: &'static str,
}

impl Access {
    /// What an answer says that a member holds of an object; `None` where there is no path.
    pub fn holding(&self, member: u32, object: u32, answer: &Answer) -> Option<Holding<'_>> {
        let best = answer.best?;
        let (who, what) = (&self.members()[member as usize], &self.objects()[object as usize]);
        let at = &self.objects()[best.at as usize];
        Some(Holding {
            member_id: &who.id,
            email: who.email.as_deref(),
            account_type: who.account_type.as_deref(),
            user_kind: who.kind.name(),
            object_id: &what.id,
            kind: what.kind.name(),
            name: what.title(),
            path: &what.path,
            workspace: self.workspace_of(object),
            level: best.level.name(),
            level_label: best.level.label(what.kind),
            usable_level: who.usable(best.level).map(Level::name),
            via: best.via.name(),
            via_team: best.team.map(|team| self.teams()[team as usize].title()),
            granted_at_object: &at.id,
            granted_at_kind: at.kind.name(),
            depth: best.depth,
            paths_count: answer.paths,
            confidence: answer.confidence.name(),
        })
    }

    /// The workspace an object lies in, where the way up to it is known.
    pub fn workspace_of(&self, object: u32) -> Option<&str> {
        let top = &self.objects()[self.chain(object).last()? as usize];
        (top.kind == Kind::Workspace).then(|| top.title())
    }
}
