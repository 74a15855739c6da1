//! Wire rows to records, one function each.

use crate::catalog::document::{Element, ElementColumn, ElementQuery, Page};
use crate::catalog::organisation::{
    AccountType, Connection, Document, File, Member, ObjectGrant, Organization, Team, TeamMember, Workspace,
};
use crate::catalog::sql::without_sigma_comment;
use crate::sigma::{ids, model};

/// Text that says something: Sigma sends empty strings where it means nothing.
pub(super) fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

pub(super) fn organization(id: String, document_url: Option<&str>) -> Organization {
    let slug = document_url.and_then(slug_of);
    let url = document_url.zip(slug.as_deref()).and_then(|(url, slug)| {
        let end = url.find(&format!("/{slug}/"))? + slug.len() + 2;
        Some(url[..end].to_owned())
    });
    Organization { id, slug, url }
}

/// The organisation's slug in a document's address: `https://<application>/<slug>/<kind>/<url id>`.
fn slug_of(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let mut segments = url.path_segments()?;
    let slug = segments.next()?;
    segments.next()?;
    Some(slug.to_owned()).filter(|slug| !slug.is_empty())
}

pub(super) fn member(row: model::Member) -> Member {
    Member {
        id: row.member_id,
        email: said(row.email),
        first_name: said(row.first_name),
        last_name: said(row.last_name),
        member_type: said(row.member_type),
        user_kind: said(row.user_kind),
        is_archived: row.is_archived,
        is_inactive: row.is_inactive,
        home_folder_id: said(row.home_folder_id),
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

pub(super) fn team(row: model::Team) -> Team {
    Team {
        id: row.team_id,
        name: row.name,
        description: said(row.description),
        visibility: row.visibility,
        is_archived: row.is_archived,
        created_by: row.created_by,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

pub(super) fn team_member(team_id: &str, row: model::TeamMember) -> TeamMember {
    TeamMember {
        team_id: team_id.to_owned(),
        member_id: row.user_id,
        is_team_admin: row.is_team_admin,
        added_by: said(row.added_by),
    }
}

pub(super) fn account_type(row: model::AccountType) -> AccountType {
    AccountType {
        id: row.account_type_id,
        name: row.account_type_name,
        description: said(row.description),
        is_custom: row.is_custom,
    }
}

pub(super) fn workspace(row: model::Workspace) -> Workspace {
    Workspace {
        url_id: row.workspace_url_id.or_else(|| ids::url_id_of(&row.workspace_id)),
        id: row.workspace_id,
        name: row.name,
        created_by: row.created_by,
        updated_by: row.updated_by,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// `asked` is the type the listing was filtered by, for rows that do not say their own.
pub(super) fn file(asked: &str, row: model::File) -> File {
    File {
        r#type: said(row.r#type).map_or_else(|| asked.to_owned(), |found| canonical_type(&found)),
        url_id: row.url_id.or_else(|| ids::url_id_of(&row.id)),
        // A personal folder may name itself as its parent.
        parent_id: said(row.parent_id).filter(|parent| *parent != row.id),
        id: row.id,
        name: row.name,
        path: row.path,
        permission: row.permission,
        badge: said(row.badge),
        description: said(row.description),
        owner_id: said(row.owner_id),
        is_archived: row.is_archived,
        created_by: row.created_by,
        updated_by: row.updated_by,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// Other clients' captures spell the type of data models in two ways.
fn canonical_type(found: &str) -> String {
    if found == "dataModel" { "data-model".to_owned() } else { found.to_owned() }
}

pub(super) fn connection(row: model::Connection) -> Connection {
    Connection {
        id: row.connection_id,
        name: row.name,
        r#type: row.r#type.map(|kind| kind.to_lowercase()),
        account: said(row.account),
        warehouse: said(row.warehouse),
        role: said(row.role),
        is_sample: row.is_sample,
        is_audit_log: row.is_audit_log,
        use_oauth: row.use_oauth,
        write_access: row.write_access,
        is_archived: row.is_archived,
        created_by: row.created_by,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// A document row of whatever kind, as a record.
pub(super) trait DocumentRow: model::Row + Send + 'static {
    /// The record.
    fn into_document(self) -> Document;
}

/// What all kinds of document have in common, given the names under which a kind has it.
macro_rules! document {
    ($row:ident, $kind:literal, $id:ident, $url_id:expr, $owner:ident) => {
        Document {
            kind: $kind.to_owned(),
            url_id: $url_id.or_else(|| ids::url_id_of(&$row.$id)),
            id: $row.$id,
            name: $row.name,
            url: $row.url,
            path: $row.path,
            description: None,
            owner_id: said($row.$owner),
            latest_version: None,
            is_archived: $row.is_archived,
            migration_status: None,
            migrated_to: None,
            created_by: $row.created_by,
            updated_by: $row.updated_by,
            created_at: $row.created_at,
            updated_at: $row.updated_at,
        }
    };
}

impl DocumentRow for model::Workbook {
    fn into_document(self) -> Document {
        let (description, latest_version) = (said(self.description), self.latest_version);
        let common = document!(self, "workbook", workbook_id, self.workbook_url_id, owner_id);
        Document { description, latest_version, ..common }
    }
}

impl DocumentRow for model::Report {
    fn into_document(self) -> Document {
        let (description, latest_version) = (said(self.description), self.latest_version);
        let common = document!(self, "report", report_id, self.report_url_id, owner_id);
        Document { description, latest_version, ..common }
    }
}

impl DocumentRow for model::DataModel {
    fn into_document(self) -> Document {
        let latest_version = self.latest_version;
        Document {
            latest_version,
            ..document!(self, "data-model", data_model_id, self.data_model_url_id, owner_id)
        }
    }
}

impl DocumentRow for model::Dataset {
    fn into_document(self) -> Document {
        let description = said(self.description);
        let migration_status = self.migration_status;
        let migrated_to = self.migration_to_data_model.and_then(|migration| migration.data_model_id);
        let common = document!(self, "dataset", dataset_id, None::<String>, owner);
        Document { description, migration_status, migrated_to, ..common }
    }
}

/// `None` when neither the row nor the question says what the grant is on. `asked` is the object the listing was for.
pub(super) fn grant(asked: Option<&str>, row: model::Grant) -> Option<ObjectGrant> {
    let stated = row.inode_id.as_deref().map(|id| ids::normalise_inode(id).unwrap_or_else(|| id.to_owned()));
    Some(ObjectGrant {
        id: row.grant_id,
        object_id: stated.or_else(|| asked.map(str::to_owned))?,
        member_id: row.member_id.unwrap_or_default(),
        team_id: row.team_id.unwrap_or_default(),
        permission: row.permission,
        created_by: row.created_by,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

pub(super) fn page(row: model::Page) -> Page {
    Page { page_id: row.page_id, name: row.name, hidden: row.hidden }
}

pub(super) fn element(page_id: Option<&str>, row: model::Element) -> Element {
    Element {
        element_id: row.element_id,
        page_id: page_id.map(str::to_owned),
        name: row.name,
        r#type: row.r#type,
        visualization_type: row.vizualization_type,
        error: said(row.error),
    }
}

/// `asked` is the element the listing was for, if it was for one.
pub(super) fn column(asked: Option<&str>, row: model::Column) -> ElementColumn {
    let (source_id, source_column) = match warehouse_column(&row.column_id) {
        Some((source, column)) => (Some(source), Some(column)),
        None => (None, None),
    };
    ElementColumn {
        name: row.title().map(str::to_owned),
        element_id: row.element_id.or_else(|| asked.map(str::to_owned)).unwrap_or_default(),
        column_id: row.column_id,
        formula: row.formula,
        data_type: row.type_name.map(Into::into),
        source_id,
        source_column,
    }
}

/// The table and column behind a column id of the form `inode-<urlId>/<NATIVE_COLUMN>`.
fn warehouse_column(column_id: &str) -> Option<(String, String)> {
    let (inode, column) = column_id.strip_prefix("inode-")?.split_once('/')?;
    Some((ids::uuid_of(inode)?, column.to_owned()))
}

/// `None` when Sigma answered without SQL and without a reason, as for dataset-backed elements.
pub(super) fn query(row: model::Query) -> Option<ElementQuery> {
    let sql = row.sql.as_deref().map(without_sigma_comment).filter(|sql| !sql.is_empty()).map(str::to_owned);
    let error = said(row.error);
    (sql.is_some() || error.is_some()).then_some(ElementQuery { element_id: row.element_id, sql, error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_organisation_is_read_from_a_documents_address() {
        let known = organization("o".into(), Some("https://app.sigmacomputing.com/acme/workbook/4JRF"));
        assert_eq!(known.slug.as_deref(), Some("acme"));
        assert_eq!(known.url.as_deref(), Some("https://app.sigmacomputing.com/acme/"));
        let unknown = organization("o".into(), None);
        assert_eq!((unknown.slug, unknown.url), (None, None));
        assert_eq!(organization("o".into(), Some("https://app.sigmacomputing.com/acme")).slug, None);
    }

    #[test]
    fn a_column_id_tells_its_warehouse_column() {
        assert_eq!(
            warehouse_column("inode-2Fby2MBLPM5jUMfBB15On1/ORDER/ID"),
            Some(("578a544c-88d3-4f26-8deb-c4071928e063".into(), "ORDER/ID".into()))
        );
        assert_eq!(warehouse_column("yM2rd2GcRO"), None);
        assert_eq!(warehouse_column("inode-!/X"), None);
    }
}
