//! The whole crawl on one page: what is asked, about what, under which setting, and what it becomes.
//!
//! The crawl looks its endpoints up here and `check` probes them from here. Which token an endpoint takes, how it is paged
//! and what its answers mean is in the client's own table; the query parameters stand where the rows are read.

use crate::catalog::delivery::scope;
use crate::config::{CrawlSettings, DataGrants, OPTIONAL, Previews};
use crate::sigma::Endpoint;

/// One line of the crawl: the endpoint that lists a scope.
#[derive(Debug)]
pub struct Step {
    /// The scope it lists, as in [`scope`].
    pub scope: &'static str,
    /// What it is asked for: the whole organisation, or each object of that kind.
    pub of: &'static str,
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The path parameter that takes the object's id; empty for the whole organisation.
    pub id: &'static str,
    /// What it is for, for people.
    pub feature: &'static str,
    /// The table its rows go to.
    pub becomes: &'static str,
    /// The setting that turns it on; `None`: always.
    pub setting: Option<&'static str>,
    /// Without it there is no catalog: its failure is the run's.
    pub essential: bool,
    /// Asked only where the other steps leave something open: element by element where no step of the same scope can be
    /// asked for all, and for elements that no page shows.
    pub fallback: bool,
}

/// The whole organisation, as [`Step::of`].
pub const ORGANISATION: &str = "organisation";

const fn step(
    scope: &'static str,
    of: &'static str,
    endpoint: Endpoint,
    id: &'static str,
    feature: &'static str,
    becomes: &'static str,
) -> Step {
    Step { scope, of, endpoint, id, feature, becomes, setting: None, essential: false, fallback: false }
}

impl Step {
    const fn on(mut self, setting: &'static str) -> Self {
        self.setting = Some(setting);
        self
    }
    const fn essential(mut self) -> Self {
        self.essential = true;
        self
    }
    const fn fallback(mut self) -> Self {
        self.fallback = true;
        self
    }

    /// Whether it is one of the many that are off unless asked for: then that is said once a run, not for each object.
    pub fn is_optional(&self) -> bool {
        self.setting.is_some_and(|setting| OPTIONAL.contains(&setting))
    }

    /// Whether what it lists of a document may change although the document shows no sign of it: what others hang on it.
    /// Sigma gives it no new version then; that it leaves the time of its last change alone as well is to be expected. The
    /// history of versions grows with the version, and its tags come with the listing of documents where that is asked for
    /// them.
    pub fn changes_unseen(&self, settings: &CrawlSettings) -> bool {
        match self.scope {
            scope::BOOKMARKS | scope::EMBEDS | scope::EXPORT_SCHEDULES | scope::MATERIALIZATION_SCHEDULES => {
                true
            }
            scope::VERSIONS => !settings.tags,
            _ => false,
        }
    }

    /// Whether the settings ask for it.
    pub fn is_on(&self, settings: &CrawlSettings) -> bool {
        match self.setting {
            None => true,
            Some(WORKBOOKS) => settings.workbooks,
            Some(REPORTS) => settings.reports,
            Some(DATA_MODELS) => settings.data_models,
            Some(DATASETS) => settings.datasets,
            Some(SQL) => settings.sql,
            Some(LINEAGE) => settings.lineage,
            Some(PREVIEWS) => settings.previews.mode != Previews::Off,
            Some(TAGS) => settings.tags,
            Some(USER_ATTRIBUTES) => settings.user_attributes,
            Some(TENANTS) => settings.tenants,
            Some(WAREHOUSE) => settings.warehouse,
            Some(WAREHOUSE_COLUMNS) => settings.warehouse_columns,
            Some(DATA_GRANTS) if self.of == "connection" => settings.data_grants >= DataGrants::Connections,
            Some(DATA_GRANTS) => settings.data_grants >= DataGrants::Tables,
            Some(setting) => settings.optional.contains(setting),
        }
    }
}

const WORKBOOKS: &str = "crawl.workbooks";
const REPORTS: &str = "crawl.reports";
const DATA_MODELS: &str = "crawl.data_models";
const DATASETS: &str = "crawl.datasets";
const SQL: &str = "crawl.sql";
const LINEAGE: &str = "crawl.lineage";
const TAGS: &str = "crawl.tags";
const USER_ATTRIBUTES: &str = "crawl.user_attributes";
const TENANTS: &str = "crawl.tenants";
const WAREHOUSE: &str = "crawl.warehouse";
const WAREHOUSE_COLUMNS: &str = "crawl.warehouse_columns";
const DATA_GRANTS: &str = "crawl.data_grants";
const CONTROLS: &str = "crawl.controls";
const BOOKMARKS: &str = "crawl.bookmarks";
const EMBEDS: &str = "crawl.embeds";
const SCHEDULES: &str = "crawl.schedules";
const MATERIALIZATIONS: &str = "crawl.materializations";
const VERSIONS: &str = "crawl.versions";
const SOURCES: &str = "crawl.sources";
const DATA_MODEL_SQL: &str = "crawl.data_model_sql";
const PREVIEWS: &str = "previews.mode";

use self::Endpoint as E;

/// THE table of the crawl.
#[rustfmt::skip]
pub static STEPS: &[Step] = &[
    step(scope::WORKSPACES, ORGANISATION, E::Workspaces, "", "workspaces", "workspace").essential(),
    step(scope::FILES, ORGANISATION, E::Files, "", "folders, badges, descriptions", "file").essential(),
    step(scope::DOCUMENTS, "workbook", E::Workbooks, "", "workbooks", "document").on(WORKBOOKS).essential(),
    step(scope::DOCUMENTS, "data-model", E::DataModels, "", "data models", "document").on(DATA_MODELS),
    step(scope::DOCUMENTS, "report", E::Reports, "", "reports", "document").on(REPORTS),
    step(scope::DOCUMENTS, "dataset", E::Datasets, "", "datasets", "document").on(DATASETS),
    step(scope::MEMBERS, ORGANISATION, E::Members, "", "members", "member").essential(),
    step(scope::TEAMS, ORGANISATION, E::Teams, "", "teams", "team").essential(),
    step(scope::TEAM_MEMBERS, "team", E::TeamMembers, "teamId", "memberships", "team_member"),
    step(scope::ACCOUNT_TYPES, ORGANISATION, E::AccountTypes, "", "account types", "account_type"),
    step(scope::CONNECTIONS, ORGANISATION, E::Connections, "", "connections", "connection"),
    step(scope::OBJECT_GRANTS, "workspace", E::WorkspaceGrants, "workspaceId", "workspace grants", "object_grant"),
    step(scope::OBJECT_GRANTS, "object", E::Grants, "", "grants by object", "object_grant"),
    step(scope::MEMBER_GRANTS, "member", E::Grants, "", "grants by member", "object_grant"),
    step(scope::TEAM_GRANTS, "team", E::Grants, "", "grants by team", "object_grant"),

    step(scope::PAGES, "workbook", E::WorkbookPages, "workbookId", "pages", "page"),
    step(scope::PAGE_ELEMENTS, "workbook", E::WorkbookPageElements, "workbookId", "elements", "element"),
    step(scope::COLUMNS, "workbook", E::WorkbookColumns, "workbookId", "columns and formulas", "element_column"),
    step(scope::QUERIES, "workbook", E::WorkbookQueries, "workbookId", "SQL", "element_query").on(SQL),
    step(scope::LINEAGE, "workbook", E::WorkbookLineage, "workbookId", "lineage", "lineage_edge").on(LINEAGE),
    step(scope::COLUMNS, "workbook", E::WorkbookElementColumns, "workbookId", "columns of an element", "element_column").fallback(),
    step(scope::QUERIES, "workbook", E::WorkbookElementQuery, "workbookId", "SQL of an element", "element_query").on(SQL).fallback(),
    step(scope::LINEAGE, "workbook", E::WorkbookElementLineage, "workbookId", "lineage of an element", "lineage_edge").on(LINEAGE).fallback(),

    step(scope::PAGES, "report", E::ReportPages, "reportId", "pages", "page"),
    step(scope::PAGE_ELEMENTS, "report", E::ReportPageElements, "reportId", "elements", "element"),
    step(scope::COLUMNS, "report", E::ReportColumns, "reportId", "columns and formulas", "element_column"),
    step(scope::QUERIES, "report", E::ReportQueries, "reportId", "SQL", "element_query").on(SQL),
    step(scope::LINEAGE, "report", E::ReportLineage, "reportId", "lineage", "lineage_edge").on(LINEAGE),
    step(scope::COLUMNS, "report", E::ReportElementColumns, "reportId", "columns of an element", "element_column").fallback(),
    step(scope::QUERIES, "report", E::ReportElementQuery, "reportId", "SQL of an element", "element_query").on(SQL).fallback(),
    step(scope::LINEAGE, "report", E::ReportElementLineage, "reportId", "lineage of an element", "lineage_edge").on(LINEAGE).fallback(),

    step(scope::ELEMENTS, "data-model", E::DataModelElements, "dataModelId", "elements", "element"),
    step(scope::COLUMNS, "data-model", E::DataModelColumns, "dataModelId", "columns and formulas", "element_column"),
    step(scope::LINEAGE, "data-model", E::DataModelLineage, "dataModelId", "lineage", "lineage_edge").on(LINEAGE),

    step(scope::ACCOUNT_TYPE_PERMISSIONS, "account-type", E::AccountTypePermissions, "accountTypeId", "permissions", "account_type_permission"),
    step(scope::USER_ATTRIBUTES, ORGANISATION, E::UserAttributes, "", "user attributes", "user_attribute").on(USER_ATTRIBUTES),
    step(scope::USER_ATTRIBUTE_VALUES, "user-attribute", E::UserAttributeUsers, "userAttributeId", "member values", "user_attribute_value").on(USER_ATTRIBUTES),
    step(scope::USER_ATTRIBUTE_VALUES, "user-attribute", E::UserAttributeTeams, "userAttributeId", "team values", "user_attribute_value").on(USER_ATTRIBUTES),
    step(scope::USER_ATTRIBUTE_VALUES, "user-attribute", E::UserAttributeTenants, "userAttributeId", "tenant values", "user_attribute_value").on(USER_ATTRIBUTES),
    step(scope::TENANTS, ORGANISATION, E::Tenants, "", "tenants", "tenant").on(TENANTS),
    step(scope::VERSION_TAGS, ORGANISATION, E::Tags, "", "version tags", "version_tag").on(TAGS),
    step(scope::CONNECTION_GRANTS, "connection", E::ConnectionGrants, "connectionId", "data permissions", "connection_grant").on(DATA_GRANTS),
    step(scope::DATASET_SOURCES, "dataset", E::DatasetSources, "datasetId", "sources", "dataset_source").on(DATASETS),
    step(scope::WAREHOUSE_TABLES, "table", E::ConnectionPath, "inodeId", "path", "warehouse_table").on(WAREHOUSE),
    step(scope::WAREHOUSE_COLUMNS, "table", E::ConnectionTableColumns, "tableId", "columns", "warehouse_column").on(WAREHOUSE_COLUMNS),
    step(scope::CONNECTION_GRANTS, "table", E::ConnectionPathGrants, "connectionPathId", "data permissions", "connection_grant").on(DATA_GRANTS),
    step(scope::QUERIES, "data-model", E::DataModelElementQuery, "dataModelId", "SQL of an element", "element_query").on(DATA_MODEL_SQL).fallback(),

    step(scope::ELEMENTS, "workbook", E::WorkbookElements, "workbookId", "elements on no page", "element").fallback(),
    step(scope::ELEMENTS, "report", E::ReportElements, "reportId", "elements on no page", "element").fallback(),
    step(scope::CONTROLS, "workbook", E::WorkbookControls, "workbookId", "controls", "control").on(CONTROLS),
    step(scope::CONTROLS, "report", E::ReportControls, "reportId", "controls", "control").on(CONTROLS),
    step(scope::BOOKMARKS, "workbook", E::WorkbookBookmarks, "workbookId", "bookmarks", "bookmark").on(BOOKMARKS),
    step(scope::EMBEDS, "workbook", E::WorkbookEmbeds, "workbookId", "embeds", "embed").on(EMBEDS),
    step(scope::EXPORT_SCHEDULES, "workbook", E::WorkbookSchedules, "workbookId", "export schedules", "export_schedule").on(SCHEDULES),
    step(scope::EXPORT_SCHEDULES, "report", E::ReportSchedules, "reportId", "export schedules", "export_schedule").on(SCHEDULES),
    step(scope::MATERIALIZATION_SCHEDULES, "workbook", E::WorkbookMaterializationSchedules, "workbookId", "materialisations", "materialization_schedule").on(MATERIALIZATIONS),
    step(scope::MATERIALIZATION_SCHEDULES, "data-model", E::DataModelMaterializationSchedules, "dataModelId", "materialisations", "materialization_schedule").on(MATERIALIZATIONS),
    step(scope::VERSIONS, "workbook", E::WorkbookVersionHistory, "workbookId", "version history", "document_version").on(VERSIONS),
    step(scope::VERSIONS, "report", E::ReportVersionHistory, "reportId", "version history", "document_version").on(VERSIONS),
    step(scope::SOURCES, "workbook", E::WorkbookSources, "workbookId", "sources", "document_source").on(SOURCES),
    step(scope::SOURCES, "report", E::ReportSources, "reportId", "sources", "document_source").on(SOURCES),
    step(scope::SOURCES, "data-model", E::DataModelSources, "dataModelId", "sources", "document_source").on(SOURCES),
    step(scope::PREVIEWS, "workbook", E::WorkbookExport, "workbookId", "images: exports", "preview").on(PREVIEWS),
    step(scope::PREVIEWS, "export", E::ExportDownload, "queryId", "images: downloads", "preview").on(PREVIEWS),
];

/// The types of file that are listed: only `/files` tells folder, badge and description, one type per call.
pub const FILE_TYPES: &[&str] = &["workspace", "folder", "workbook", "data-model", "report", "dataset"];

/// The kinds of document, in the order their listings start: first those that documents are built on, for no document is
/// read before these are known.
pub const DOCUMENT_KINDS: &[&str] = &["data-model", "dataset", "workbook", "report"];

/// The step that lists a scope of an object of that kind.
pub fn find(scope: &str, of: &str) -> Option<&'static Step> {
    STEPS.iter().find(|step| step.scope == scope && step.of == of && !step.fallback)
}

/// The step for what the steps of [`find`] leave open.
pub fn find_fallback(scope: &str, of: &str) -> Option<&'static Step> {
    STEPS.iter().find(|step| step.scope == scope && step.of == of && step.fallback)
}

/// The scopes that are asked of each object of that kind once it is found, the first step of each.
pub fn scopes_of(kind: &str, settings: &CrawlSettings) -> Vec<&'static Step> {
    let mut steps: Vec<&Step> = Vec::new();
    for step in STEPS.iter().filter(|step| step.of == kind && !step.id.is_empty() && step.is_on(settings)) {
        if steps.iter().all(|known| known.scope != step.scope) {
            steps.push(step);
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    #[test]
    fn every_step_fills_a_table_that_knows_its_scope() {
        for step in STEPS {
            let table = catalog::table(step.becomes).unwrap_or_else(|| panic!("no table `{}`", step.becomes));
            assert!(table.listed_by.iter().any(|listed| listed.scope == step.scope), "{step:?}");
            let path = step.endpoint.spec().path;
            assert!(step.id.is_empty() || path.contains(&format!("{{{}}}", step.id)), "{step:?} {path}");
        }
    }

    #[test]
    fn every_table_is_filled_by_a_step() {
        // Tagged versions come with the listings of documents.
        let derived = ["organization", "lineage_node", "column_edge", "tagged_version", "custom_sql_table"];
        for table in catalog::TABLES.iter().filter(|table| !derived.contains(&table.name)) {
            assert!(STEPS.iter().any(|step| step.becomes == table.name), "{}", table.name);
        }
    }

    #[test]
    fn every_setting_of_a_step_exists() {
        for setting in STEPS.iter().filter_map(|step| step.setting) {
            assert!(crate::config::find(setting).is_some(), "{setting}");
        }
    }
}
