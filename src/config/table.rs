//! The one table of settings. Lookup, unknown-key suggestions, `config show` and the check of
//! `sample-config.toml` are all derived from it, never written beside it.

/// What values a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A secret, or a reference to where one is kept. Never shown.
    Secret,
    /// A path; a relative one is taken from the folder the command runs in, whichever layer it came from.
    Path,
    /// The base URL of Sigma's API: https, or http on this machine, and a host that may be trusted.
    ApiUrl,
    /// The URL of a proxy, possibly with a password, which is never shown.
    ProxyUrl,
    /// One host name or address: no scheme, port or path.
    Host,
    /// `true` or `false`.
    Switch,
    /// A whole number within a closed range.
    Integer {
        /// The smallest value accepted.
        min: u32,
        /// The largest value accepted.
        max: u32,
    },
    /// A span of time: a whole number with `s`, `m`, `h` or `d`, or `0`.
    Duration,
    /// One word of a list.
    Choice(&'static [&'static str]),
    /// Several texts: an array in the file, else separated by commas, `\\,` being a comma within one.
    List,
}

impl Kind {
    /// What stands for a value of it in help texts.
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::Text | Self::Secret => "TEXT",
            Self::Path => "FILE",
            Self::ApiUrl | Self::ProxyUrl => "URL",
            Self::Host => "HOST",
            Self::Switch => "true|false",
            Self::Integer { .. } => "N",
            Self::Duration => "SPAN",
            Self::Choice(_) => "WORD",
            Self::List => "TEXT,...",
        }
    }
}

/// One setting: everything there is to know about it before anybody gave it a value.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Section and name in the file, joined by a dot: `crawl.concurrency`.
    pub key: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// Its value when no layer gives one, written as an environment variable would; `None`: no value.
    pub default: Option<&'static str>,
    /// The unit of a number, for people.
    pub unit: Option<&'static str>,
    /// Environment variables that set it, the one that wins first.
    pub env: &'static [&'static str],
    /// The command-line flag without its dashes; `None` where a flag would be unsafe.
    pub flag: Option<&'static str>,
    /// What it does, in one line.
    pub doc: &'static str,
}

impl Setting {
    /// The section of the file it belongs to.
    pub fn section(&self) -> &'static str {
        self.key.split_once('.').map_or("", |(section, _)| section)
    }

    /// Its name within the section.
    pub fn name(&self) -> &'static str {
        self.key.split_once('.').map_or(self.key, |(_, name)| name)
    }

    /// Whether its value must never be shown.
    pub fn is_secret(&self) -> bool {
        self.kind == Kind::Secret
    }

    /// The ways to set it, as advice: environment, file and flag.
    pub(crate) fn ways(&self) -> String {
        let flag = self.flag.map_or(String::new(), |flag| format!("`--{flag}`, "));
        let env =
            self.env.last().map_or(String::new(), |name| format!("the environment variable {name} or "));
        format!("{flag}{env}`{}` under [{}] in the settings file", self.name(), self.section())
    }
}

const fn row(
    key: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    unit: Option<&'static str>,
    env: &'static [&'static str],
    flag: Option<&'static str>,
    doc: &'static str,
) -> Setting {
    Setting { key, kind, default, unit, env, flag, doc }
}

const SECONDS: Option<&str> = Some("seconds");

/// Every setting of this release, by section, in the order of `sample-config.toml`.
#[rustfmt::skip] // One aligned row per setting reads better than what the formatter makes of it.
pub const TABLE: &[Setting] = &[
    row("sigma.api_url", Kind::ApiUrl, None, None,
        &["SIGMACAT_SIGMA_API_URL", "SIGMA_API_URL"], Some("api-url"),
        "Base URL of Sigma's API for the cloud and region of the organisation."),
    row("sigma.client_id", Kind::Text, None, None,
        &["SIGMACAT_SIGMA_CLIENT_ID", "SIGMA_CLIENT_ID"], Some("client-id"),
        "Client id of the API credentials; the crawl sees what their owner may see."),
    row("sigma.client_secret", Kind::Secret, None, None,
        &["SIGMACAT_SIGMA_CLIENT_SECRET", "SIGMA_CLIENT_SECRET"], None,
        "Client secret, or where it is kept: \"${env:NAME}\", \"file:PATH\" or \"stdin\"."),
    row("sigma.client_secret_file", Kind::Path, None, None,
        &["SIGMACAT_SIGMA_CLIENT_SECRET_FILE"], Some("client-secret-file"),
        "File that holds the client secret and nothing else; \"-\" reads it from standard input."),
    row("sigma.allow_host", Kind::Host, None, None,
        &["SIGMACAT_SIGMA_ALLOW_HOST"], Some("allow-host"),
        "One host outside sigmacomputing.com that api_url may name, e.g. a gateway of your own."),
    row("sigma.proxy", Kind::ProxyUrl, None, None,
        &["SIGMACAT_SIGMA_PROXY"], Some("proxy"),
        "Proxy for every request to Sigma: an http, https, socks5 or socks5h URL."),
    row("sigma.ca_bundle", Kind::Path, None, None,
        &["SIGMACAT_SIGMA_CA_BUNDLE"], Some("ca-bundle"),
        "PEM file of certificate authorities to trust besides those of the system."),
    row("sigma.requests_per_second", Kind::Integer { min: 1, max: 1000 }, None, Some("requests per second"),
        &["SIGMACAT_SIGMA_REQUESTS_PER_SECOND"], Some("requests-per-second"),
        "Upper bound on the pace of requests; without it only the concurrency bounds them."),
    row("sigma.connect_timeout_secs", Kind::Integer { min: 1, max: 300 }, Some("10"), SECONDS,
        &["SIGMACAT_SIGMA_CONNECT_TIMEOUT_SECS"], Some("connect-timeout-secs"),
        "How long opening a connection may take."),
    row("sigma.request_timeout_secs", Kind::Integer { min: 1, max: 3600 }, Some("30"), SECONDS,
        &["SIGMACAT_SIGMA_REQUEST_TIMEOUT_SECS"], Some("request-timeout-secs"),
        "How long one ordinary request may take, from sending to the last byte."),
    row("sigma.slow_request_timeout_secs", Kind::Integer { min: 1, max: 3600 }, Some("300"), SECONDS,
        &["SIGMACAT_SIGMA_SLOW_REQUEST_TIMEOUT_SECS"], Some("slow-request-timeout-secs"),
        "The same for the requests known to be slow: elements and queries of a document."),
    row("crawl.concurrency", Kind::Integer { min: 1, max: 10 }, Some("3"), Some("requests in flight"),
        &["SIGMACAT_CRAWL_CONCURRENCY"], Some("concurrency"),
        "How many requests may be in flight at once; 3 to 5 suit a shared organisation."),
    row("crawl.grants", Kind::Choice(&["auto", "object", "principal"]), Some("auto"), None,
        &["SIGMACAT_CRAWL_GRANTS"], Some("grants"),
        "Ask for grants object by object, or member and team by member and team; auto takes the cheaper."),
    row("crawl.resume_within", Kind::Duration, Some("12h"), None,
        &["SIGMACAT_CRAWL_RESUME_WITHIN"], Some("resume-within"),
        "How old what an interrupted run has read may be for the next run to go on with it; 0: never."),
    row("crawl.full_every", Kind::Duration, Some("7d"), None,
        &["SIGMACAT_CRAWL_FULL_EVERY"], Some("full-every"),
        "How old an unchanged document's contents may get before they are read again; 0: each run reads all."),
    row("crawl.grants_every", Kind::Duration, Some("0"), None,
        &["SIGMACAT_CRAWL_GRANTS_EVERY"], Some("grants-every"),
        "How old grants, memberships and attribute values may get before they are read again; 0: each run."),
    row("crawl.workbooks", Kind::Switch, Some("true"), None,
        &["SIGMACAT_CRAWL_WORKBOOKS"], Some("workbooks"), "Crawl workbooks."),
    row("crawl.data_models", Kind::Switch, Some("true"), None,
        &["SIGMACAT_CRAWL_DATA_MODELS"], Some("data-models"), "Crawl data models."),
    row("crawl.reports", Kind::Switch, Some("true"), None,
        &["SIGMACAT_CRAWL_REPORTS"], Some("reports"), "Crawl reports."),
    row("crawl.datasets", Kind::Switch, Some("true"), None,
        &["SIGMACAT_CRAWL_DATASETS"], Some("datasets"), "Crawl datasets, which Sigma has deprecated for data models."),
    row("crawl.archived", Kind::Switch, Some("false"), None,
        &["SIGMACAT_CRAWL_ARCHIVED"], Some("archived"), "Include archived documents."),
    row("crawl.explorations", Kind::Switch, Some("false"), None,
        &["SIGMACAT_CRAWL_EXPLORATIONS"], Some("explorations"), "Include explorations, the private throwaway copies of workbooks."),
    row("crawl.sql", Kind::Switch, Some("true"), None,
        &["SIGMACAT_CRAWL_SQL"], Some("sql"), "Fetch the SQL that Sigma generates for each element."),
    row("crawl.lineage", Kind::Switch, Some("true"), None,
        &["SIGMACAT_CRAWL_LINEAGE"], Some("lineage"), "Fetch where each document's data comes from."),
    row("crawl.column_lineage", Kind::Switch, Some("true"), None,
        &["SIGMACAT_CRAWL_COLUMN_LINEAGE"], Some("column-lineage"),
        "Derive from formulas and custom SQL what each column is computed from; only with lineage."),
    row("crawl.tags", Kind::Switch, Some("true"), None,
        &["SIGMACAT_CRAWL_TAGS"], Some("tags"), "Fetch version tags and which version of which document carries them."),
    row("crawl.user_attributes", Kind::Switch, Some("true"), None,
        &["SIGMACAT_CRAWL_USER_ATTRIBUTES"], Some("user-attributes"), "Fetch user attributes and their values for members, teams and tenants."),
    row("crawl.tenants", Kind::Switch, Some("true"), None,
        &["SIGMACAT_CRAWL_TENANTS"], Some("tenants"), "Fetch the tenant organisations; only an administrator's credentials may."),
    row("crawl.warehouse", Kind::Switch, Some("true"), None,
        &["SIGMACAT_CRAWL_WAREHOUSE"], Some("warehouse"), "Fetch where the warehouse tables are that lineage and datasets name."),
    row("crawl.warehouse_columns", Kind::Switch, Some("false"), None,
        &["SIGMACAT_CRAWL_WAREHOUSE_COLUMNS"], Some("warehouse-columns"), "Fetch all columns of those tables, those that no element shows included."),
    row("crawl.data_grants", Kind::Choice(&["off", "connections", "tables"]), Some("connections"), None,
        &["SIGMACAT_CRAWL_DATA_GRANTS"], Some("data-grants"),
        "Fetch data permissions: none, those on connections, or also those on the tables reached."),
    row("crawl.controls", Kind::Switch, Some("false"), None,
        &["SIGMACAT_CRAWL_CONTROLS"], Some("controls"), "Fetch the controls of workbooks and reports: one request each."),
    row("crawl.bookmarks", Kind::Switch, Some("false"), None,
        &["SIGMACAT_CRAWL_BOOKMARKS"], Some("bookmarks"), "Fetch the bookmarks (saved views) of workbooks: one request each."),
    row("crawl.embeds", Kind::Switch, Some("false"), None,
        &["SIGMACAT_CRAWL_EMBEDS"], Some("embeds"), "Fetch the embeds of workbooks, with those the whole world can read: one request each."),
    row("crawl.schedules", Kind::Switch, Some("false"), None,
        &["SIGMACAT_CRAWL_SCHEDULES"], Some("schedules"), "Fetch the scheduled exports of workbooks and reports: one request each."),
    row("crawl.materializations", Kind::Switch, Some("false"), None,
        &["SIGMACAT_CRAWL_MATERIALIZATIONS"], Some("materializations"), "Fetch the scheduled materialisations of workbooks and data models: one request each."),
    row("crawl.versions", Kind::Switch, Some("false"), None,
        &["SIGMACAT_CRAWL_VERSIONS"], Some("versions"), "Fetch the version history of workbooks and reports: one request each."),
    row("crawl.sources", Kind::Switch, Some("false"), None,
        &["SIGMACAT_CRAWL_SOURCES"], Some("sources"), "Fetch what Sigma lists as the sources of documents, besides lineage: one request each."),
    row("crawl.data_model_sql", Kind::Switch, Some("false"), None,
        &["SIGMACAT_CRAWL_DATA_MODEL_SQL"], Some("data-model-sql"), "Fetch the SQL of data models: one request for each element, where Sigma offers it."),
    row("crawl.everything", Kind::Switch, Some("false"), None,
        &["SIGMACAT_CRAWL_EVERYTHING"], Some("everything"), "Fetch all that is optional: controls to data_model_sql, warehouse columns, data grants of tables."),
    row("crawl.personal", Kind::Switch, Some("false"), None,
        &["SIGMACAT_CRAWL_PERSONAL"], Some("personal"), "Include personal folders (My Documents) and what lies in them."),
    row("crawl.include_workspaces", Kind::List, Some(""), None,
        &["SIGMACAT_CRAWL_INCLUDE_WORKSPACES"], Some("include-workspaces"),
        "Crawl these workspaces (name, id or URL id); with any include, nothing else is crawled."),
    row("crawl.exclude_workspaces", Kind::List, Some(""), None,
        &["SIGMACAT_CRAWL_EXCLUDE_WORKSPACES"], Some("exclude-workspaces"),
        "Leave out these workspaces (name, id or URL id) and everything in them."),
    row("crawl.include_folders", Kind::List, Some(""), None,
        &["SIGMACAT_CRAWL_INCLUDE_FOLDERS"], Some("include-folders"),
        "Crawl these folders (Workspace/Folder/..., id or URL id) and everything below them."),
    row("crawl.exclude_folders", Kind::List, Some(""), None,
        &["SIGMACAT_CRAWL_EXCLUDE_FOLDERS"], Some("exclude-folders"),
        "Leave out these folders (Workspace/Folder/..., id or URL id) and everything below them."),
    row("crawl.include_documents", Kind::List, Some(""), None,
        &["SIGMACAT_CRAWL_INCLUDE_DOCUMENTS"], Some("include-documents"),
        "Crawl these documents (id, URL id or address in Sigma)."),
    row("crawl.exclude_documents", Kind::List, Some(""), None,
        &["SIGMACAT_CRAWL_EXCLUDE_DOCUMENTS"], Some("exclude-documents"),
        "Leave out these documents (id, URL id or address in Sigma)."),
    row("previews.mode", Kind::Choice(&["off", "workbooks", "pages"]), Some("off"), None,
        &["SIGMACAT_PREVIEWS_MODE"], Some("previews"),
        "Export images of workbooks: none, the first page, or every page. It runs warehouse queries."),
    row("previews.pixel_width", Kind::Integer { min: 100, max: 4000 }, Some("1200"), Some("pixels"),
        &["SIGMACAT_PREVIEWS_PIXEL_WIDTH"], Some("preview-pixel-width"),
        "How wide an image Sigma is asked for."),
    row("previews.timeout_secs", Kind::Integer { min: 1, max: 3600 }, Some("180"), SECONDS,
        &["SIGMACAT_PREVIEWS_TIMEOUT_SECS"], Some("preview-timeout-secs"),
        "How long Sigma may take to draw one image."),
    row("previews.folder", Kind::Path, None, None,
        &["SIGMACAT_PREVIEWS_FOLDER"], Some("preview-folder"),
        "Where the images are kept."),
    row("catalog.database", Kind::Path, Some("sigma-catalog.db"), None,
        &["SIGMACAT_CATALOG_DATABASE"], Some("db"),
        "The SQLite file that holds the catalog; created by the first crawl."),
    row("catalog.allow_network_filesystem", Kind::Switch, Some("false"), None,
        &["SIGMACAT_CATALOG_ALLOW_NETWORK_FILESYSTEM"], Some("allow-network-filesystem"),
        "Accept a catalog on NFS, SMB or FUSE, where SQLite cannot rely on locks."),
    row("permissions.mirroring", Kind::Switch, Some("true"), None,
        &["SIGMACAT_PERMISSIONS_MIRRORING"], Some("mirroring"),
        "Mirror Sigma's permissions; without it the catalog holds what one login user sees."),
    row("permissions.csv_mapping", Kind::Switch, Some("false"), None,
        &["SIGMACAT_PERMISSIONS_CSV_MAPPING"], Some("csv-mapping"),
        "Mirror exactly the users of the identity CSV, not those that catalog and Sigma share."),
    row("permissions.login_user", Kind::Text, Some(""), None,
        &["SIGMACAT_PERMISSIONS_LOGIN_USER"], Some("login-user"),
        "The one user whose view is crawled when mirroring is off; ignored while it is on."),
    row("permissions.identity_csv", Kind::Path, Some("mappings/identity.csv"), None,
        &["SIGMACAT_PERMISSIONS_IDENTITY_CSV"], Some("identity-csv"),
        "The identity CSV that is used while none was imported: which catalog user is which Sigma member."),
    row("permissions.catalog_users_csv", Kind::Path, Some("mappings/catalog-users.csv"), None,
        &["SIGMACAT_PERMISSIONS_CATALOG_USERS_CSV"], Some("catalog-users-csv"),
        "The CSV of the catalog's users: network_id, email, display_name, active."),
    row("permissions.match_on", Kind::Choice(&["email", "username"]), Some("email"), None,
        &["SIGMACAT_PERMISSIONS_MATCH_ON"], Some("match-on"),
        "What finds a catalog user in Sigma without an identity CSV: e-mail address, or login name."),
    row("permissions.source", Kind::Choice(&["auto", "sigma", "grants"]), Some("auto"), None,
        &["SIGMACAT_PERMISSIONS_SOURCE"], Some("permission-source"),
        "Mirror what Sigma answers, member by member, or what grants say; auto takes fewer requests."),
    row("log.format", Kind::Choice(&["text", "json"]), Some("text"), None,
        &["SIGMACAT_LOG_FORMAT"], Some("log-format"),
        "Log lines for people (text) or for machines (json)."),
    row("log.level", Kind::Choice(&["error", "warn", "info", "debug", "trace"]), Some("info"), None,
        &["SIGMACAT_LOG_LEVEL"], Some("log-level"),
        "The least important message that is still logged."),
];

/// The setting of that key, if there is one.
pub fn find(key: &str) -> Option<&'static Setting> {
    TABLE.iter().find(|setting| setting.key == key)
}

/// The sections of the file, in the table's order.
pub(crate) fn sections() -> Vec<&'static str> {
    let mut sections: Vec<_> = TABLE.iter().map(Setting::section).collect();
    sections.dedup();
    sections
}
