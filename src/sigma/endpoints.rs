//! THE table: every endpoint the client may call. How it is paged, how patient to be with it, what its answers
//! mean and what its rows are is decided here and nowhere else.

use super::body::{self, BodyFault, BodySummary};
use super::call::Call;
use super::model::*;

/// How an endpoint hands out its rows. Sigma decides this per endpoint, not per family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// `page` and `limit` in, `nextPage` out.
    PageLimit,
    /// As [`Paging::PageLimit`]; until June 2026 these answered with a bare array when `limit` was left out, and
    /// deployments that still do are understood.
    PageLimitOrArray,
    /// `pageToken` and `pageSize` in, `nextPageToken` out, which is absent on the last page.
    PageToken,
    /// A bare array, complete; `limit` is an error.
    Bare,
    /// One object.
    One,
}

/// Whose credentials the endpoint answers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLevel {
    /// Any; what comes back is what their owner may see.
    Any,
    /// Sigma's API reference asks for a member with the Admin account type.
    Admin,
}

/// What is known about one endpoint.
#[derive(Debug)]
pub struct EndpointSpec {
    /// Stable name for logs, statistics and errors.
    pub name: &'static str,
    /// Path template; `{…}` are the parameters of [`Call::path`].
    pub path: &'static str,
    /// How rows are handed out.
    pub paging: Paging,
    /// Rows to ask for per page; 0 where nothing may be asked.
    pub page_size: u32,
    /// Reads that take the server long get the long timeout.
    pub slow: bool,
    /// Whether an answer of 500 deserves a second try. On lineage it is the ordinary way to say "none".
    pub retry_500: bool,
    /// Statuses that here mean "there is no such data", which is an answer.
    pub no_data: &'static [u16],
    /// Whose credentials it takes.
    pub level: TokenLevel,
    /// Sigma's schema allows `null` for an entry: something is there that it does not tell about.
    pub nullable: bool,
    /// JSON keys that tell rows apart within one listing. The first is mandatory, and the only one.
    pub row_id: &'static [&'static str],
    /// It starts work on the server: a POST with a body, sent again only where it surely did not arrive.
    pub is_post: bool,
    /// It answers with a file, or with 204 while there is none yet.
    pub is_file: bool,
    /// Sigma's published limit of its own, in requests per minute; 0: none.
    pub per_minute: u32,
}

impl EndpointSpec {
    /// Whether a refusal of this status says something about the object asked for, rather than about the endpoint
    /// or the credentials. Like "no such data" and "archived", it is an answer and never opens the circuit.
    pub(crate) fn is_about_the_object(&self, status: u16) -> bool {
        self.path.contains('{') && (status == 404 || (status == 403 && self.level == TokenLevel::Any))
    }

    const fn ordinary(
        name: &'static str,
        path: &'static str,
        paging: Paging,
        row_id: &'static [&'static str],
    ) -> Self {
        let page_size = match paging {
            Paging::PageLimit | Paging::PageLimitOrArray | Paging::PageToken => LARGEST_PAGE,
            Paging::Bare | Paging::One => 0,
        };
        Self {
            name,
            path,
            paging,
            page_size,
            slow: false,
            retry_500: true,
            no_data: &[],
            level: TokenLevel::Any,
            nullable: false,
            row_id,
            is_post: false,
            is_file: false,
            per_minute: 0,
        }
    }

    const fn pages_of(mut self, rows: u32) -> Self {
        self.page_size = rows;
        self
    }

    const fn slow(mut self) -> Self {
        self.slow = true;
        self
    }

    const fn admin(mut self) -> Self {
        self.level = TokenLevel::Admin;
        self
    }

    /// Sigma's schema allows `null` for an entry.
    const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    const fn no_data(mut self, statuses: &'static [u16]) -> Self {
        self.no_data = statuses;
        self
    }

    /// 400: no graph, or a control or UI element. 404: an empty model. 500: the ordinary "no lineage".
    const fn lineage(mut self) -> Self {
        self.retry_500 = false;
        self.no_data(&[400, 404, 500])
    }

    /// An export is started: it runs warehouse queries, so it is not idempotent.
    const fn export(mut self) -> Self {
        self.is_post = true;
        self.retry_500 = false;
        self.per_minute = EXPORTS_PER_MINUTE;
        self
    }

    /// The file of an export. 500: the export failed. 400, 404, 409: Sigma's documentation calls an export that still runs
    /// an error too, without saying which.
    const fn file(mut self) -> Self {
        self.is_file = true;
        self.retry_500 = false;
        self.per_minute = EXPORTS_PER_MINUTE;
        self.slow().no_data(&[400, 404, 409])
    }

    /// All queries of a document: compiled one by one on the server, so small pages and patience.
    const fn queries(self) -> Self {
        self.slow().pages_of(50)
    }
}

/// Sigma's maximum; some token-paged endpoints take [`SMALLER_PAGE`] at most.
const LARGEST_PAGE: u32 = 1000;
const SMALLER_PAGE: u32 = 500;

/// Sigma's limit on exports, and the one on their downloads.
const EXPORTS_PER_MINUTE: u32 = 400;

/// The call for a token, which is not an [`Endpoint`]: only the client makes it.
pub(crate) static TOKEN: EndpointSpec = EndpointSpec::ordinary("token", "/v2/auth/token", Paging::One, &[]);

macro_rules! endpoints {
    ($(
        $variant:ident = $name:literal $path:literal $paging:ident $row:ident [$($id:literal),+] $(.$tune:ident($($arg:expr)?))*;
    )+) => {
        /// An endpoint of Sigma's REST API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Endpoint {
            $(#[doc = concat!("`", $path, "`")] $variant,)+
        }

        static SPECS: &[EndpointSpec] = &[
            $(EndpointSpec::ordinary($name, $path, Paging::$paging, &[$($id),+])$(.$tune($($arg)?))*,)+
        ];

        impl Endpoint {
            /// Every endpoint, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Parses an answer as the client would, into this endpoint's rows, and says what was in it.
            pub fn parse_body(self, body: &[u8]) -> Result<BodySummary, BodyFault> {
                match self {
                    $(Self::$variant => body::summarise::<$row>(self.spec(), body),)+
                }
            }
        }
    };
}

endpoints! {
    // People
    Whoami = "whoami" "/v2/whoami" One Whoami ["userId"];
    Members = "members" "/v2/members" PageLimitOrArray Member ["memberId"];
    Member = "member" "/v2/members/{memberId}" One Member ["memberId"];
    MemberTeams = "member_teams" "/v2/members/{memberId}/teams" PageLimit Team ["teamId"] .admin();
    MemberFiles = "member_files" "/v2/members/{memberId}/files" PageLimit File ["id"] .admin();
    MemberFavorites = "member_favorites" "/v2/members/{memberId}/files/favorites" PageLimit File ["id"];
    Favorites = "favorites" "/v2/favorites/member/{memberId}" PageLimit File ["id"];
    MemberSchedules = "member_schedules" "/v2/members/{memberId}/schedules" PageLimit Schedule ["scheduledNotificationId"] .admin();
    Teams = "teams" "/v2/teams" PageLimitOrArray Team ["teamId"];
    Team = "team" "/v2/teams/{teamId}" One Team ["teamId"];
    TeamMembers = "team_members" "/v2/teams/{teamId}/members" PageLimit TeamMember ["userId"];
    TeamAttributes = "team_attributes" "/v2/teams/{teamId}/user-attributes" PageLimit TeamAttribute ["userAttributeId"];
    AccountTypes = "account_types" "/v2/accountTypes" PageToken AccountType ["accountTypeId"] .admin();
    AccountTypePermissions = "account_type_permissions" "/v2/accountTypes/{accountTypeId}/permissions" Bare AccountTypePermission ["permission"] .admin();

    // Containers, files, grants
    Workspaces = "workspaces" "/v2/workspaces" PageLimitOrArray Workspace ["workspaceId"];
    Workspace = "workspace" "/v2/workspaces/{workspaceId}" One Workspace ["workspaceId"];
    WorkspaceGrants = "workspace_grants" "/v2/workspaces/{workspaceId}/grants" PageLimit Grant ["grantId", "inodeId", "memberId", "teamId"];
    Files = "files" "/v2/files" PageLimit File ["id"];
    File = "file" "/v2/files/{inodeId}" One File ["id"];
    Grants = "grants" "/v2/grants" PageLimit Grant ["grantId", "inodeId", "memberId", "teamId"];
    Grant = "grant" "/v2/grants/{grantId}" One Grant ["grantId", "inodeId", "memberId", "teamId"];

    // Workbooks
    Workbooks = "workbooks" "/v2/workbooks" PageLimit Workbook ["workbookId"];
    Workbook = "workbook" "/v2/workbooks/{workbookId}" One Workbook ["workbookId"];
    WorkbookPages = "workbook_pages" "/v2/workbooks/{workbookId}/pages" PageLimit Page ["pageId"];
    WorkbookPageElements = "workbook_page_elements" "/v2/workbooks/{workbookId}/pages/{pageId}/elements" PageLimit Element ["elementId"] .slow();
    WorkbookElements = "workbook_elements" "/v2/workbooks/{workbookId}/elements" PageLimit Element ["elementId"] .slow();
    WorkbookColumns = "workbook_columns" "/v2/workbooks/{workbookId}/columns" PageLimit Column ["columnId", "elementId"] .slow();
    WorkbookElementColumns = "workbook_element_columns" "/v2/workbooks/{workbookId}/elements/{elementId}/columns" PageLimit Column ["columnId"] .slow();
    WorkbookQueries = "workbook_queries" "/v2/workbooks/{workbookId}/queries" PageLimit Query ["elementId"] .queries();
    WorkbookElementQuery = "workbook_element_query" "/v2/workbooks/{workbookId}/elements/{elementId}/query" One Query ["elementId"] .slow() .no_data(&[404]);
    WorkbookLineage = "workbook_lineage" "/v2/workbooks/{workbookId}/lineage" PageLimit LineageEntry ["type"] .lineage();
    WorkbookElementLineage = "workbook_element_lineage" "/v2/workbooks/{workbookId}/lineage/elements/{elementId}" One ElementLineage ["dependencies"] .lineage();
    WorkbookSources = "workbook_sources" "/v2/workbooks/{workbookId}/sources" Bare WorkbookSource ["type"];
    WorkbookTags = "workbook_tags" "/v2/workbooks/{workbookId}/tags" PageLimit DocumentTag ["versionTagId"];
    WorkbookEmbeds = "workbook_embeds" "/v2/workbooks/{workbookId}/embeds" PageLimit Embed ["embedId"];
    WorkbookSchedules = "workbook_schedules" "/v2/workbooks/{workbookId}/schedules" PageLimitOrArray Schedule ["scheduledNotificationId"];
    WorkbookMaterializationSchedules = "workbook_materialization_schedules" "/v2/workbooks/{workbookId}/materialization-schedules" PageLimitOrArray MaterializationSchedule ["sheetId", "elementId"];
    WorkbookControls = "workbook_controls" "/v2/workbooks/{workbookId}/controls" PageLimit Control ["name"];
    WorkbookBookmarks = "workbook_bookmarks" "/v2/workbooks/{workbookId}/bookmarks" PageLimit Bookmark ["bookmarkId"];
    WorkbookVersionHistory = "workbook_version_history" "/v2/workbooks/{workbookId}/version-history" PageLimit Version ["version"];

    WorkbookExport = "workbook_export" "/v2/workbooks/{workbookId}/export" One StartedExport ["queryId"] .export();
    ExportDownload = "export_download" "/v2/query/{queryId}/download" One StartedExport ["queryId"] .file();

    // Data models and their predecessors
    DataModels = "data_models" "/v2/dataModels" PageLimit DataModel ["dataModelId"];
    DataModel = "data_model" "/v2/dataModels/{dataModelId}" One DataModel ["dataModelId"];
    DataModelElements = "data_model_elements" "/v2/dataModels/{dataModelId}/elements" PageLimit Element ["elementId"] .slow();
    DataModelColumns = "data_model_columns" "/v2/dataModels/{dataModelId}/columns" PageLimit Column ["columnId", "elementId"] .slow();
    DataModelElementQuery = "data_model_element_query" "/v2/dataModels/{dataModelId}/elements/{elementId}/query" One Query ["elementId"] .slow() .no_data(&[404]);
    DataModelLineage = "data_model_lineage" "/v2/dataModels/{dataModelId}/lineage" PageLimit LineageEntry ["type"] .lineage();
    DataModelSources = "data_model_sources" "/v2/dataModels/{dataModelId}/sources" PageToken DataModelSource ["type"] .pages_of(SMALLER_PAGE);
    DataModelTags = "data_model_tags" "/v2/dataModels/{dataModelId}/tags" PageLimit DocumentTag ["versionTagId"];
    DataModelMaterializationSchedules = "data_model_materialization_schedules" "/v2/dataModels/{dataModelId}/materializationSchedules" PageToken MaterializationSchedule ["sheetId", "elementId"] .pages_of(SMALLER_PAGE);
    Datasets = "datasets" "/v2/datasets" PageLimit Dataset ["datasetId"];
    Dataset = "dataset" "/v2/datasets/{datasetId}" One Dataset ["datasetId"];
    DatasetSources = "dataset_sources" "/v2/datasets/{datasetId}/sources" Bare WorkbookSource ["type"];
    DatasetGrants = "dataset_grants" "/v2/datasets/{datasetId}/grants" PageLimit Grant ["grantId", "inodeId", "memberId", "teamId"];

    // Reports: the same objects as workbooks, other paging
    Reports = "reports" "/v2/reports" PageLimit Report ["reportId"];
    Report = "report" "/v2/reports/{reportId}" One Report ["reportId"];
    ReportPages = "report_pages" "/v2/reports/{reportId}/pages" PageToken Page ["pageId"];
    ReportPageElements = "report_page_elements" "/v2/reports/{reportId}/pages/{pageId}/elements" PageToken Element ["elementId"] .slow();
    ReportElements = "report_elements" "/v2/reports/{reportId}/elements" PageToken Element ["elementId"] .slow();
    ReportColumns = "report_columns" "/v2/reports/{reportId}/columns" PageToken Column ["columnId", "elementId"] .slow();
    ReportElementColumns = "report_element_columns" "/v2/reports/{reportId}/elements/{elementId}/columns" PageToken Column ["columnId"] .slow() .no_data(&[400]);
    ReportQueries = "report_queries" "/v2/reports/{reportId}/queries" PageToken Query ["elementId"] .queries();
    ReportElementQuery = "report_element_query" "/v2/reports/{reportId}/elements/{elementId}/query" One Query ["elementId"] .slow() .no_data(&[404]);
    ReportLineage = "report_lineage" "/v2/reports/{reportId}/lineage" PageToken LineageEntry ["type"] .lineage();
    ReportElementLineage = "report_element_lineage" "/v2/reports/{reportId}/lineage/elements/{elementId}" One ElementLineage ["dependencies"] .lineage();
    ReportSources = "report_sources" "/v2/reports/{reportId}/sources" Bare WorkbookSource ["type"];
    ReportControls = "report_controls" "/v2/reports/{reportId}/controls" PageToken Control ["name"];
    ReportTags = "report_tags" "/v2/reports/{reportId}/tags" PageToken DocumentTag ["versionTagId"];
    ReportSchedules = "report_schedules" "/v2/reports/{reportId}/schedules" PageLimit Schedule ["scheduledNotificationId"];
    ReportVersionHistory = "report_version_history" "/v2/reports/{reportId}/version-history" PageToken Version ["version"];

    // Connections
    Connections = "connections" "/v2/connections" PageLimit Connection ["connectionId"];
    Connection = "connection" "/v2/connections/{connectionId}" One Connection ["connectionId"];
    ConnectionGrants = "connection_grants" "/v2/connections/{connectionId}/grants" PageLimit Grant ["grantId", "inodeId", "memberId", "teamId"];
    ConnectionPaths = "connection_paths" "/v2/connections/paths" PageLimit ConnectionPath ["connectionId", "urlId"];
    ConnectionPath = "connection_path" "/v2/connections/paths/{inodeId}" One ConnectionPath ["connectionId"] .no_data(&[400]);
    ConnectionPathGrants = "connection_path_grants" "/v2/connections/paths/{connectionPathId}/grants" PageLimit Grant ["grantId", "inodeId", "memberId", "teamId"];
    ConnectionTableColumns = "connection_table_columns" "/v2/connections/tables/{tableId}/columns" PageToken TableColumn ["name"];

    // Version tags, user attributes, tenants
    Tags = "tags" "/v2/tags" PageLimit VersionTag ["versionTagId"];
    TagWorkbooks = "tag_workbooks" "/v2/tags/{tagId}/workbooks" PageLimit Workbook ["workbookId"];
    UserAttributes = "user_attributes" "/v2/user-attributes" PageLimit UserAttribute ["userAttributeId"];
    UserAttributeUsers = "user_attribute_users" "/v2/user-attributes/{userAttributeId}/users" PageLimit UserAttributeUser ["userId"];
    UserAttributeTeams = "user_attribute_teams" "/v2/user-attributes/{userAttributeId}/teams" PageLimit UserAttributeTeam ["teamId"];
    UserAttributeTenants = "user_attribute_tenants" "/v2/user-attributes/{userAttributeId}/tenants" PageLimit UserAttributeTenant ["tenantOrganizationId"];
    Tenants = "tenants" "/v2/tenants" PageToken Tenant ["tenantOrganizationId"] .admin() .nullable();
}

impl Endpoint {
    /// What is known about it.
    pub fn spec(self) -> &'static EndpointSpec {
        &SPECS[self as usize]
    }

    /// Its stable name.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// A call of it, to be completed with its parameters.
    pub fn call(self) -> Call {
        Call::new(self)
    }
}
