//! Whether grants, memberships and attribute values are asked for, or taken from the published catalog.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::carry::{carried, digest};
use super::token::Token;
use crate::catalog::delivery::{ScopeReport, scope};
use crate::config::CrawlSettings;
use crate::store::{Earlier, PermissionsRead};

/// The scopes that `crawl.grants_every` is about.
pub(super) const PERMISSION_SCOPES: [&str; 6] = [
    scope::TEAM_MEMBERS,
    scope::OBJECT_GRANTS,
    scope::MEMBER_GRANTS,
    scope::TEAM_GRANTS,
    scope::USER_ATTRIBUTE_VALUES,
    scope::CONNECTION_GRANTS,
];

/// Whether grants, memberships and attribute values are asked for, or taken from the published catalog.
#[derive(Debug)]
pub(super) struct Permissions {
    /// When they were read; with the published catalog where they are young enough to be carried.
    pub read: PermissionsRead,
    carried: Option<Arc<Earlier>>,
    /// Some of them were read by the interrupted run that this one goes on with.
    are_taken_over: bool,
}

impl Permissions {
    /// Decides, given the published catalog. `full` asks whatever it says.
    pub fn new(earlier: Option<Arc<Earlier>>, full: bool, settings: &CrawlSettings, token: &Token) -> Self {
        let text = format!(
            "{} {} {:?} {:?} {:?} {} {}",
            env!("CARGO_PKG_VERSION"),
            token.member_id,
            token.admin,
            settings.grants,
            settings.data_grants,
            settings.user_attributes,
            settings.tenants
        );
        let questions = digest(&text);
        let now = Timestamp::now();
        let before = earlier.as_ref().and_then(|earlier| earlier.permissions().ok().flatten());
        let is_young = |before: &PermissionsRead| {
            let age = before.read_at.parse().ok().map(|read_at| now.duration_since(read_at));
            let age = age.and_then(|age| Duration::try_from(age).ok());
            before.questions == questions && age.is_some_and(|age| age < settings.grants_every)
        };
        match before.filter(|before| !full && is_young(before)) {
            Some(read) => Self { read, carried: earlier, are_taken_over: false },
            None => {
                let read = PermissionsRead { read_at: format!("{now:.3}"), questions };
                Self { read, carried: None, are_taken_over: false }
            }
        }
    }

    /// Of a run that goes on with what another began to read `since` then: what is asked and what is taken over is not told
    /// apart, so all of it is as old as it may be. What is carried is older still.
    pub fn taken_over(mut self, since: &str) -> Self {
        if self.carried.is_none() {
            self.read.read_at = since.to_owned();
            self.are_taken_over = true;
        }
        self
    }

    /// When they were read, if an earlier run did that.
    pub fn since(&self) -> Option<String> {
        (self.are_carried() || self.are_taken_over).then(|| self.read.read_at.clone())
    }

    /// What stands, in one sentence, if something does.
    pub fn announcement(&self) -> Option<String> {
        let read_at = self.carried.as_ref().map(|_| &self.read.read_at)?;
        Some(format!(
            "grants, memberships and attribute values are those of {read_at}: `crawl.grants_every` lets them stand"
        ))
    }

    /// Whether what an earlier run read stands.
    pub fn are_carried(&self) -> bool {
        self.carried.is_some()
    }

    /// Whether grants that were carried by member and team say nothing about an object.
    pub fn miss(&self, object: &str) -> bool {
        self.carried.as_ref().is_some_and(|earlier| !earlier.has_object(object).unwrap_or_default())
    }

    /// The report of a scope that need not be asked: an earlier run read it not long ago. What came since was never read.
    pub fn carried(&self, scope: &'static str, parent: &str) -> Option<ScopeReport> {
        let is_known = self.carried.as_ref()?.has_scope(scope, parent).unwrap_or_default();
        is_known.then(|| carried(scope, parent))
    }
}
