//! What reports are made from.

use std::collections::HashMap;

use super::table::{CATALOG_USERS, SIGNED_EMBEDS};
use crate::access::{Access, Confidence, NotFound};
use crate::catalog::delivery::scope;
use crate::catalog::facts::Facts;
use crate::identity::{MemberIdentity, Reconciliation, Status};
use crate::store::{Catalog, Evidence, RunRow};

/// Which state of which organisation a report is about.
#[derive(Debug, Clone, Default)]
pub struct Stamp {
    /// The run.
    pub run_id: i64,
    /// When it ended, UTC.
    pub as_of: Option<String>,
    /// The organisation.
    pub org_id: Option<String>,
}

impl From<&RunRow> for Stamp {
    fn from(run: &RunRow) -> Self {
        Self {
            run_id: run.run_id,
            as_of: Some(run.ended_at.clone().unwrap_or_else(|| run.started_at.clone())),
            org_id: run.organization_id.clone(),
        }
    }
}

/// What a person asked for beside the report.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The member it is about, as the person named it.
    pub member: Option<String>,
    /// The object it is about, likewise.
    pub object: Option<String>,
    /// Domains of addresses that belong to the organisation; empty: those of its administrators.
    pub internal_domains: Vec<String>,
    /// Who owns more objects than this is privileged.
    pub owner_above: usize,
    /// The runs to compare.
    pub between: Option<(i64, i64)>,
}

/// From how many objects on an owner is privileged, unless somebody says otherwise.
pub const OWNER_ABOVE: usize = 50;

/// Who is who in the catalog.
#[derive(Debug)]
pub struct Identity {
    /// One status for every member and every catalog user.
    pub found: Reconciliation,
    places: HashMap<String, usize>,
}

impl Identity {
    /// Of a reconciliation.
    pub fn new(found: Reconciliation) -> Self {
        let places = found.members.iter().enumerate().map(|(at, member)| (member.member_id.clone(), at));
        Self { places: places.collect(), found }
    }

    /// Who a member is.
    pub fn of(&self, member_id: &str) -> Option<&MemberIdentity> {
        Some(&self.found.members[*self.places.get(member_id)?])
    }

    /// The catalog user that a member is, if it is mapped: everybody else sees nothing in the catalog.
    pub fn mapped(&self, member_id: &str) -> Option<&str> {
        let member = self.of(member_id).filter(|member| member.status == Status::Mapped)?;
        member.catalog_user.as_deref()
    }
}

/// Everything a report may look at. Nothing in it changes.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// Which state of which organisation.
    pub stamp: &'a Stamp,
    /// What the run found.
    pub facts: &'a Facts,
    /// What follows from it.
    pub access: &'a Access,
    /// What else the catalog holds about that state.
    pub evidence: &'a Evidence,
    /// Who is who in the catalog, where that is known.
    pub identity: Option<&'a Identity>,
    /// The catalog itself, for what is of other runs.
    pub catalog: Option<&'a Catalog>,
    /// What was asked for.
    pub options: &'a Options,
}

impl Inputs<'_> {
    /// Which of these scopes were not read to their end.
    pub fn unread(&self, scopes: &[&'static str]) -> Vec<&'static str> {
        scopes.iter().copied().filter(|scope| !self.is_whole(scope)).collect()
    }

    /// How surely something that is not there is not there, if it could only be found in these scopes.
    pub fn absence(&self, scopes: &[&'static str]) -> Confidence {
        if self.unread(scopes).is_empty() { Confidence::Exact } else { Confidence::Unknown }
    }

    /// Whether everything of a scope's kind was read to its end.
    pub fn is_whole(&self, kind: &str) -> bool {
        let readings = &self.facts.readings;
        let deficient = || readings.deficient();
        let without_gap = |kind: &str| deficient().iter().all(|(scope, _)| *scope != kind);
        match kind {
            SIGNED_EMBEDS => false,
            CATALOG_USERS => self.identity.is_some(),
            scope::MEMBERS | scope::TEAMS | scope::ACCOUNT_TYPES | scope::WORKSPACES => {
                readings.is_read(kind, "")
            }
            scope::TEAM_MEMBERS => readings.is_read(scope::TEAMS, "") && without_gap(kind),
            scope::OBJECT_GRANTS => {
                let objects = 0..self.access.objects().len() as u32;
                readings.by_administrator
                    && [kind, scope::MEMBER_GRANTS, scope::TEAM_GRANTS].into_iter().all(without_gap)
                    && objects.into_iter().all(|object| !self.access.is_doubtful(object))
            }
            scope::FILES | scope::DOCUMENTS => {
                (readings.knows(kind) || readings.otherwise) && without_gap(kind)
            }
            EMBEDS => self.evidence.embeds.as_ref().is_some_and(|embeds| embeds.is_whole),
            _ => (readings.knows(kind) || readings.otherwise) && without_gap(kind),
        }
    }

    /// The member that was asked for.
    ///
    /// # Errors
    /// If there is no such member.
    pub fn member(&self) -> Result<Option<u32>, NotFound> {
        self.options.member.as_deref().map(|text| self.access.find_member(text)).transpose()
    }

    /// The object that was asked for.
    ///
    /// # Errors
    /// If there is no such object.
    pub fn object(&self) -> Result<Option<u32>, NotFound> {
        self.options.object.as_deref().map(|text| self.access.find_object(text)).transpose()
    }
}

/// The embeds of a workbook, as a scope.
pub const EMBEDS: &str = "embeds";
