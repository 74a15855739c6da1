//! The records this product is about: plain types and their rules, no I/O.
//!
//! * [`record`] — what a record is: a table, its columns, a row of values.
//! * [`organisation`] — records of the whole organisation: people, containers, documents, grants.
//! * [`document`] — records inside one document: pages, elements, columns, SQL, lineage.
//! * [`governance`] — what administrators define: user attributes, tenants, version tags, what account types allow.
//! * [`warehouse`] — the tables that documents and datasets read, their columns, data permissions.
//! * [`attached`] — what hangs on a document: controls, bookmarks, embeds, schedules, versions, sources.
//! * [`delivery`] — what a crawl hands to a store: rows, scopes with their outcome, events.
//! * [`facts`] — what the rules of access need to know of an organisation, as one run found it.
//! * [`mirror`] — what a run mirrors: the audience, and what each principal may do.
//! * [`sql`] — the rule that makes stored SQL stable and free of personal data.

pub mod attached;
pub mod delivery;
pub mod document;
pub mod facts;
pub mod governance;
pub mod mirror;
pub mod organisation;
pub mod record;
pub mod sql;
pub mod warehouse;

use record::{Record, Table};

/// Every table of the catalog, parents before children.
pub static TABLES: &[&Table] = &[
    organisation::Organization::TABLE,
    organisation::Member::TABLE,
    organisation::Team::TABLE,
    organisation::TeamMember::TABLE,
    organisation::AccountType::TABLE,
    organisation::Workspace::TABLE,
    organisation::File::TABLE,
    organisation::Connection::TABLE,
    organisation::Document::TABLE,
    organisation::ObjectGrant::TABLE,
    document::Page::TABLE,
    document::Element::TABLE,
    document::ElementColumn::TABLE,
    document::ElementQuery::TABLE,
    document::LineageNode::TABLE,
    document::LineageEdge::TABLE,
    document::ColumnEdge::TABLE,
    governance::AccountTypePermission::TABLE,
    governance::UserAttribute::TABLE,
    governance::Tenant::TABLE,
    governance::UserAttributeValue::TABLE,
    governance::VersionTag::TABLE,
    governance::TaggedVersion::TABLE,
    warehouse::DatasetSource::TABLE,
    warehouse::WarehouseTable::TABLE,
    warehouse::WarehouseColumn::TABLE,
    warehouse::ConnectionGrant::TABLE,
    attached::Control::TABLE,
    attached::Bookmark::TABLE,
    attached::Embed::TABLE,
    attached::ExportSchedule::TABLE,
    attached::MaterializationSchedule::TABLE,
    attached::DocumentVersion::TABLE,
    attached::DocumentSource::TABLE,
    document::Preview::TABLE,
    document::CustomSqlTable::TABLE,
];

/// The table of that name.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().copied().find(|table| table.name == name)
}
