//! What a crawl hands to a store: rows, scopes with their outcome, events.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::record::{Record, Table, Value};

/// The code of a scope that stands for one document which a filter or setting left out: its listing was read all the same.
pub const LEFT_OUT: &str = "filter.excluded";

/// The names of scopes. A scope is an endpoint with a parent: the unit of completeness and of deletion.
pub mod scope {
    /// The organisation itself.
    pub const ORGANIZATION: &str = "organization";
    /// All members.
    pub const MEMBERS: &str = "members";
    /// All teams.
    pub const TEAMS: &str = "teams";
    /// The members of a team.
    pub const TEAM_MEMBERS: &str = "team-members";
    /// All account types.
    pub const ACCOUNT_TYPES: &str = "account-types";
    /// All workspaces.
    pub const WORKSPACES: &str = "workspaces";
    /// All files of a type.
    pub const FILES: &str = "files";
    /// All connections.
    pub const CONNECTIONS: &str = "connections";
    /// All documents of a kind.
    pub const DOCUMENTS: &str = "documents";
    /// The grants on an object.
    pub const OBJECT_GRANTS: &str = "object-grants";
    /// The grants made to a member.
    pub const MEMBER_GRANTS: &str = "member-grants";
    /// The grants made to a team.
    pub const TEAM_GRANTS: &str = "team-grants";
    /// What a member sees, as Sigma answers it.
    pub const MEMBER_FILES: &str = "member-files";
    /// The pages of a document.
    pub const PAGES: &str = "pages";
    /// The elements of a page of a document.
    pub const PAGE_ELEMENTS: &str = "page-elements";
    /// The elements of a document that are on no page.
    pub const ELEMENTS: &str = "elements";
    /// The columns of a document.
    pub const COLUMNS: &str = "columns";
    /// The SQL of a document's elements.
    pub const QUERIES: &str = "queries";
    /// The lineage of a document.
    pub const LINEAGE: &str = "lineage";
    /// What the columns of a document are computed from: derived from its columns and its lineage, not asked.
    pub const COLUMN_LINEAGE: &str = "column-lineage";
    /// What an account type allows.
    pub const ACCOUNT_TYPE_PERMISSIONS: &str = "account-type-permissions";
    /// All user attributes.
    pub const USER_ATTRIBUTES: &str = "user-attributes";
    /// What a user attribute is for members, teams and tenants.
    pub const USER_ATTRIBUTE_VALUES: &str = "user-attribute-values";
    /// All tenants.
    pub const TENANTS: &str = "tenants";
    /// All version tags.
    pub const VERSION_TAGS: &str = "version-tags";
    /// The tagged versions of all documents of a kind; they come with the documents' own listing.
    pub const TAGGED_VERSIONS: &str = "tagged-versions";
    /// What a dataset reads.
    pub const DATASET_SOURCES: &str = "dataset-sources";
    /// Where a warehouse table is.
    pub const WAREHOUSE_TABLES: &str = "warehouse-tables";
    /// The columns of a warehouse table.
    pub const WAREHOUSE_COLUMNS: &str = "warehouse-columns";
    /// The data permissions on a connection or a warehouse table.
    pub const CONNECTION_GRANTS: &str = "connection-grants";
    /// The controls of a document.
    pub const CONTROLS: &str = "controls";
    /// The bookmarks of a document.
    pub const BOOKMARKS: &str = "bookmarks";
    /// The embeds of a document.
    pub const EMBEDS: &str = "embeds";
    /// The scheduled exports of a document.
    pub const EXPORT_SCHEDULES: &str = "export-schedules";
    /// The scheduled materialisations of a document.
    pub const MATERIALIZATION_SCHEDULES: &str = "materialization-schedules";
    /// The published versions of a document.
    pub const VERSIONS: &str = "versions";
    /// What a document is built on as a whole.
    pub const SOURCES: &str = "sources";
    /// Everything inside a document, as one: what was not asked because the document did not change.
    pub const CONTENTS: &str = "contents";
    /// The image of a page of a document.
    pub const PREVIEWS: &str = "previews";
    /// Whether grants are asked by object or by principal. No ledger has it.
    pub const GRANTS_BY: &str = "grants-by";
    /// A document with all its scopes: the unit in which a run is resumed. No ledger has it.
    pub const DOCUMENT: &str = "document";
}

/// How the listing of a scope ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Everything in it was listed.
    Complete,
    /// Sigma answered that there is nothing of this kind here.
    NotApplicable,
    /// Not asked: known to be unchanged since an earlier run.
    Carried,
    /// The token may not see it.
    Denied,
    /// It disappeared between its listing and the question.
    Gone,
    /// It could not be asked, or not be understood, after all retries.
    Failed,
    /// The listing ended before everything was seen.
    Incomplete,
    /// Left out on purpose: by a setting, or because the document is archived.
    Excluded,
    /// Not asked, against the run's purpose, for the reason given.
    Skipped,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 9] = [
        Self::Complete,
        Self::NotApplicable,
        Self::Carried,
        Self::Denied,
        Self::Gone,
        Self::Failed,
        Self::Incomplete,
        Self::Excluded,
        Self::Skipped,
    ];

    /// The outcome of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::NotApplicable => "not_applicable",
            Self::Carried => "carried",
            Self::Denied => "denied",
            Self::Gone => "gone",
            Self::Failed => "failed",
            Self::Incomplete => "incomplete",
            Self::Excluded => "excluded",
            Self::Skipped => "skipped",
        }
    }

    /// Whether what is absent from the scope is really absent, so that it may be removed.
    pub fn is_complete(self) -> bool {
        matches!(self, Self::Complete | Self::NotApplicable)
    }

    /// Whether the catalog is as good as the source in this scope.
    pub fn is_good(self) -> bool {
        self.is_complete() || matches!(self, Self::Carried | Self::Excluded)
    }
}

/// What became of one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeReport {
    /// One of [`scope`].
    pub scope: &'static str,
    /// The parent's id; empty for scopes of the whole organisation.
    pub parent: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Pages read.
    pub pages: u64,
    /// Rows read.
    pub rows: u64,
    /// HTTP calls made, retries included.
    pub http_calls: u64,
    /// Retries among them.
    pub retries: u64,
    /// Stable code of what went wrong or why it was skipped.
    pub code: Option<String>,
    /// The same for people.
    pub message: Option<String>,
}

impl ScopeReport {
    /// A scope that was not asked, or of which nothing was read.
    pub fn without_rows(
        scope: &'static str,
        parent: impl Into<String>,
        outcome: Outcome,
        code: &str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            scope,
            parent: parent.into(),
            outcome,
            pages: 0,
            rows: 0,
            http_calls: 0,
            retries: 0,
            code: Some(code.to_owned()),
            message: Some(message.into()),
        }
    }
}

impl ScopeReport {
    /// The event that tells of a scope that is less than it should be. `context` says which scope it is.
    pub fn warning(&self, context: String) -> Event {
        Event {
            severity: Severity::Warning,
            code: self.code.clone().unwrap_or_else(|| self.outcome.name().to_owned()),
            message: self.message.clone().unwrap_or_default(),
            context,
        }
    }
}

/// Rows of several tables, each in the order of its table's columns.
#[derive(Debug, Default)]
pub struct Rows {
    tables: BTreeMap<&'static str, (TableRef, Vec<Vec<Value>>)>,
    sketches: BTreeSet<&'static str>,
}

#[derive(Debug, Clone, Copy)]
struct TableRef(&'static Table);

impl Rows {
    /// Adds a record.
    pub fn push<R: Record>(&mut self, record: R) {
        self.tables
            .entry(R::TABLE.name)
            .or_insert_with(|| (TableRef(R::TABLE), Vec::new()))
            .1
            .push(record.into_values());
    }

    /// Says that whoever told the rows of a table does not tell all there is to them: what they leave empty stays as it is
    /// known.
    pub fn sketch<R: Record>(&mut self) {
        self.sketches.insert(R::TABLE.name);
    }

    /// Whether the rows of a table leave empty what was not told.
    pub fn is_sketch(&self, table: &Table) -> bool {
        self.sketches.contains(table.name)
    }

    /// The rows of a table.
    pub fn of(&self, table: &Table) -> &[Vec<Value>] {
        self.tables.get(table.name).map_or(&[], |(_, rows)| rows)
    }

    /// Every table that has rows, with them.
    pub fn into_tables(self) -> impl Iterator<Item = (&'static Table, Vec<Vec<Value>>)> {
        self.tables.into_values().map(|(table, rows)| (table.0, rows))
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.tables.values().map(|(_, rows)| rows.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a scope sets off besides its rows, in the crawl's own words: kept with them, and handed back to the run that goes on
/// where another one ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp(pub String);

/// A page of a scope of the organisation.
#[derive(Debug)]
pub struct Page {
    /// One of [`scope`].
    pub scope: &'static str,
    /// The scope's parent; empty for scopes of the whole organisation.
    pub parent: String,
    /// Its rows.
    pub rows: Rows,
    /// What they set off.
    pub follow_ups: Vec<FollowUp>,
}

/// One document with everything inside it, and how each of its scopes ended. It is stored in one piece.
#[derive(Debug)]
pub struct Bundle {
    /// The document.
    pub document_id: String,
    /// Its rows.
    pub rows: Rows,
    /// Its scopes. Parents of page scopes are page ids; the others have none, but for the lineage of custom SQL whose text
    /// is not known.
    pub scopes: Vec<ScopeReport>,
}

/// That the contents of a document were read to their end, and what the document was then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentRead {
    /// The document.
    pub document_id: String,
    /// Its state, as its listing showed it before its contents were asked for.
    pub seen: Seen,
    /// What it is built on, with the state of each of them as it was listed before the contents were asked for.
    pub sources: BTreeMap<String, String>,
    /// What stands for everything that was asked, and for whoever asked.
    pub questions: String,
    /// When, UTC.
    pub read_at: String,
}

/// A document that is not asked for its contents, because neither it nor what it is built on changed since they were read.
#[derive(Debug)]
pub struct Carried {
    /// The document.
    pub document_id: String,
    /// That it was not asked, and what the settings leave out of it.
    pub scopes: Vec<ScopeReport>,
    /// Whether it has contents of its own: a dataset has none.
    pub has_contents: bool,
}

/// The state of a document as its listing shows it: what differs when its contents may.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its latest version; datasets have none.
    pub version: Option<i64>,
    /// When it was last changed, verbatim.
    pub updated_at: Option<String>,
    /// The names of its containers.
    pub place: Option<String>,
    /// What stands for its version tags.
    pub tags: String,
}

/// How bad an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Something is less than it could be.
    Warning,
    /// Something is missing.
    Error,
}

impl Severity {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Something that happened in a run and is worth keeping in its ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// How bad it is.
    pub severity: Severity,
    /// Stable code.
    pub code: String,
    /// What happened and what to do, for people.
    pub message: String,
    /// What it happened to.
    pub context: String,
}

/// What travels from the workers to the one writer.
#[derive(Debug)]
pub enum Delivery {
    /// Rows of the organisation of no one scope.
    Rows(Rows),
    /// Rows of a scope of the organisation, which is reported when its listing ends.
    Page(Page),
    /// The listing of an organisation scope ended.
    Scope(ScopeReport),
    /// A document with everything inside it, and what it sets off.
    Document(Bundle, Vec<FollowUp>),
    /// Something more of a document.
    Bundle(Bundle),
    /// Something that was learnt and that a run which goes on from here is to know; it is in no ledger.
    Learnt {
        /// One of [`scope`].
        scope: &'static str,
        /// The scope's parent.
        parent: String,
        /// What was learnt.
        follow_ups: Vec<FollowUp>,
    },
    /// A scope that an earlier run has read and that need not be asked again.
    Adopted {
        /// One of [`scope`].
        scope: &'static str,
        /// The scope's parent.
        parent: String,
        /// How many documents with contents it listed.
        documents: u64,
    },
    /// The contents of a document were read to their end: after its bundle.
    Read(DocumentRead),
    /// Documents that are not asked for their contents.
    Carried(Vec<Carried>),
    /// An event.
    Event(Event),
}
