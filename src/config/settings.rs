//! The validated settings, by section, and the rules that concern more than one value.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use tracing::Level;
use url::Url;

use super::api_url;
use super::duration;
use super::error::{ConfigErrors, Origin, Problem};
use super::layers::Layers;
use super::proxy::ProxyUrl;
use super::secret::ClientSecret;
use super::table::{self, Setting};
use super::value::Value;

/// Every setting, checked. A relative path has been joined to the folder the command runs in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How to reach Sigma.
    pub sigma: SigmaSettings,
    /// What to crawl and how fast.
    pub crawl: CrawlSettings,
    /// Where the catalog is.
    pub catalog: CatalogSettings,
    /// Whose permissions enter the catalog.
    pub permissions: PermissionSettings,
    /// What is logged and how.
    pub log: LogSettings,
}

/// Section `[sigma]`. What a crawl cannot do without may be missing here, as other commands can: ask
/// [`Settings::require_credentials`].
#[derive(Clone, Debug)]
pub struct SigmaSettings {
    /// The API's base URL, ending in `/`, without a version.
    pub api_url: Option<Url>,
    /// The client id of the API credentials.
    pub client_id: Option<String>,
    /// Where their secret is; not read before it is needed.
    pub client_secret: Option<ClientSecret>,
    /// The one foreign host that `api_url` may name.
    pub allow_host: Option<String>,
    /// The proxy for all requests.
    pub proxy: Option<ProxyUrl>,
    /// A PEM file of further certificate authorities; it existed when the settings were read.
    pub ca_bundle: Option<PathBuf>,
    /// The upper bound on requests per second.
    pub requests_per_second: Option<NonZeroU32>,
    /// How long opening a connection may take.
    pub connect_timeout: Duration,
    /// How long an ordinary request may take.
    pub request_timeout: Duration,
    /// How long a request may take that is known to be slow.
    pub slow_request_timeout: Duration,
}

/// Section `[crawl]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrawlSettings {
    /// Requests in flight at once, 1 to 10.
    pub concurrency: usize,
    /// How grants are asked for.
    pub grants: Grants,
    /// How old what an interrupted run has read may be for the next run to go on with it; zero: it never does.
    pub resume_within: Duration,
    /// How old the contents of an unchanged document may get before they are read again; zero: every run reads all.
    pub full_every: Duration,
    /// How old grants, memberships and attribute values may get before they are read again; zero: every run reads them.
    pub grants_every: Duration,
    /// Crawl workbooks.
    pub workbooks: bool,
    /// Crawl data models.
    pub data_models: bool,
    /// Crawl reports.
    pub reports: bool,
    /// Crawl datasets.
    pub datasets: bool,
    /// Include archived documents.
    pub archived: bool,
    /// Include explorations.
    pub explorations: bool,
    /// Fetch the generated SQL.
    pub sql: bool,
    /// Fetch lineage.
    pub lineage: bool,
    /// Derive the lineage of columns from formulas and custom SQL; only with lineage.
    pub column_lineage: bool,
    /// Fetch version tags and the versions that carry them.
    pub tags: bool,
    /// Fetch user attributes and their values.
    pub user_attributes: bool,
    /// Fetch tenants.
    pub tenants: bool,
    /// Fetch where warehouse tables are.
    pub warehouse: bool,
    /// Fetch the columns of warehouse tables.
    pub warehouse_columns: bool,
    /// Which data permissions are asked for.
    pub data_grants: DataGrants,
    /// The settings of [`OPTIONAL`] that are on.
    pub optional: BTreeSet<&'static str>,
    /// Include personal folders and what lies in them.
    pub personal: bool,
    /// Which part of the organisation to crawl.
    pub filters: Filters,
    /// Section `[previews]`.
    pub previews: PreviewSettings,
}

/// Which part of the organisation to crawl; entries as they were given. Exclusion beats inclusion, and without any
/// inclusion everything is included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// Workspaces by name, id or URL id.
    pub include_workspaces: Vec<String>,
    /// Workspaces by name, id or URL id.
    pub exclude_workspaces: Vec<String>,
    /// Folders by path (`Workspace/Folder/...`), id or URL id.
    pub include_folders: Vec<String>,
    /// Folders by path (`Workspace/Folder/...`), id or URL id.
    pub exclude_folders: Vec<String>,
    /// Documents by id, URL id or address.
    pub include_documents: Vec<String>,
    /// Documents by id, URL id or address.
    pub exclude_documents: Vec<String>,
}

impl Filters {
    /// Whether everything is crawled.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Section `[previews]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewSettings {
    /// Of what images are exported.
    pub mode: Previews,
    /// The width Sigma is asked for, in pixels.
    pub pixel_width: u32,
    /// How long Sigma may take to draw one image.
    pub timeout: Duration,
    /// Where the images are kept: beside the database unless the setting says otherwise.
    pub folder: PathBuf,
}

/// Of what images are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Previews {
    /// Of nothing.
    Off,
    /// Of the first visible page of each workbook: Sigma draws no whole workbook.
    Workbooks,
    /// Of each visible page of each workbook.
    Pages,
}

/// Which data permissions are asked for; each choice includes the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DataGrants {
    /// None.
    Off,
    /// Those on connections.
    Connections,
    /// Those on warehouse tables that documents reach, too.
    Tables,
}

/// The settings that turn on what costs requests of its own and not everybody needs; `crawl.everything` stands for all.
pub const OPTIONAL: &[&str] = &[
    "crawl.controls",
    "crawl.bookmarks",
    "crawl.embeds",
    "crawl.schedules",
    "crawl.materializations",
    "crawl.versions",
    "crawl.sources",
    "crawl.data_model_sql",
];

/// How grants are asked for; both ways give the same grants at different numbers of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grants {
    /// Whichever way takes fewer requests.
    Auto,
    /// For each object, who may use it.
    Object,
    /// For each member and team, what they may use.
    Principal,
}

/// Section `[catalog]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogSettings {
    /// The SQLite file.
    pub database: PathBuf,
    /// It may lie on a network filesystem.
    pub allow_network_filesystem: bool,
}

/// Section `[permissions]`. `csv_mapping` without `mirroring`, and neither without `login_user`, never get here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionSettings {
    /// Mirror Sigma's permissions.
    pub mirroring: bool,
    /// Take the audience from an identity CSV.
    pub csv_mapping: bool,
    /// The one user whose view is crawled when mirroring is off.
    pub login_user: Option<String>,
    /// By what catalog users and members are matched without an identity CSV.
    pub match_on: MatchOn,
    /// What mirrored permissions are made from.
    pub source: PermissionSource,
    /// The identity CSV that is used while none was imported; it need not exist.
    pub identity_csv: PathBuf,
    /// The CSV of the catalog's users; it need not exist.
    pub catalog_users_csv: PathBuf,
}

/// By what a catalog user is found to be a Sigma member where no identity CSV says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchOn {
    /// The catalog user's e-mail address.
    Email,
    /// The catalog user's login name, where it is an e-mail address.
    Username,
}

/// What mirrored permissions are made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermissionSource {
    /// Whichever takes fewer requests.
    Auto,
    /// Sigma's own answer, asked member by member.
    Sigma,
    /// The grants that were read.
    Grants,
}

/// Section `[log]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// For people or for machines.
    pub format: LogFormat,
    /// The least important level that is logged.
    pub level: Level,
}

/// What a log line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What a command needs that talks to Sigma.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The API's base URL, ending in `/`.
    pub api_url: Url,
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: SecretString,
}

impl Settings {
    /// API URL, client id and client secret, for a command that talks to Sigma. Reads the secret from its
    /// file or from standard input.
    ///
    /// # Errors
    /// `config.missing` for each of the three that no layer gives, all at once, else what is wrong with the
    /// secret: `config.secret_unset`, `config.secret_unreadable`, `config.secret_empty`, `config.secret_malformed`.
    pub fn require_credentials(&self) -> Result<Credentials, ConfigErrors> {
        self.require_credentials_from(&mut std::io::stdin().lock())
    }

    /// [`Settings::require_credentials`] with something else in the place of standard input.
    ///
    /// # Errors
    /// The same.
    pub fn require_credentials_from(
        &self,
        input: &mut dyn std::io::BufRead,
    ) -> Result<Credentials, ConfigErrors> {
        let SigmaSettings { api_url, client_id, client_secret, .. } = &self.sigma;
        let (Some(api_url), Some(client_id), Some(client_secret)) = (api_url, client_id, client_secret)
        else {
            let mut errors = ConfigErrors::default();
            let checks = [
                ("sigma.api_url", api_url.is_none()),
                ("sigma.client_id", client_id.is_none()),
                ("sigma.client_secret", client_secret.is_none()),
            ];
            for (key, _) in checks.iter().filter(|(_, missing)| *missing) {
                missing(key, &mut errors);
            }
            return Err(errors);
        };
        let client_secret = client_secret.read(input)?;
        Ok(Credentials { api_url: api_url.clone(), client_id: client_id.clone(), client_secret })
    }
}

fn missing(key: &str, errors: &mut ConfigErrors) {
    let Some(setting) = table::find(key) else { return };
    let mut help = format!("set {}", setting.ways());
    match key {
        "sigma.api_url" => help.push_str(&format!("\n      {}", api_url::by_region())),
        "sigma.client_secret" => {
            help.push_str(", or its file with `--client-secret-file` (`-`: standard input)")
        }
        _ => {}
    }
    let problem =
        Problem::new("config.missing", format!("`{key}` is needed to talk to Sigma, and is not set"), help);
    errors.push(problem.at(setting, &Origin::Default));
}

/// Builds the settings and checks what concerns more than one of them. Mistakes go to `errors`; as long as
/// there is one, the result is not to be used. `notices` are things worth saying that are no mistakes.
pub(crate) fn build(
    layers: &Layers,
    client_secret: Option<ClientSecret>,
    directory: &Path,
    errors: &mut ConfigErrors,
    notices: &mut Vec<String>,
) -> Settings {
    let everything = layers.is_on("crawl.everything");
    Settings {
        sigma: SigmaSettings {
            api_url: api_url(layers, errors),
            client_id: layers.text("sigma.client_id").map(str::to_owned),
            client_secret,
            allow_host: layers.text("sigma.allow_host").map(str::to_owned),
            proxy: proxy(layers),
            ca_bundle: ca_bundle(layers, directory, errors),
            requests_per_second: layers.integer("sigma.requests_per_second").and_then(NonZeroU32::new),
            connect_timeout: seconds(layers, "sigma.connect_timeout_secs"),
            request_timeout: seconds(layers, "sigma.request_timeout_secs"),
            slow_request_timeout: seconds(layers, "sigma.slow_request_timeout_secs"),
        },
        crawl: CrawlSettings {
            concurrency: number(layers, "crawl.concurrency") as usize,
            grants: match word(layers, "crawl.grants") {
                "object" => Grants::Object,
                "principal" => Grants::Principal,
                _ => Grants::Auto,
            },
            resume_within: span(layers, "crawl.resume_within"),
            full_every: span(layers, "crawl.full_every"),
            grants_every: span(layers, "crawl.grants_every"),
            workbooks: layers.is_on("crawl.workbooks"),
            data_models: layers.is_on("crawl.data_models"),
            reports: layers.is_on("crawl.reports"),
            datasets: layers.is_on("crawl.datasets"),
            archived: layers.is_on("crawl.archived"),
            explorations: layers.is_on("crawl.explorations"),
            sql: layers.is_on("crawl.sql"),
            lineage: layers.is_on("crawl.lineage"),
            column_lineage: layers.is_on("crawl.column_lineage"),
            tags: layers.is_on("crawl.tags"),
            user_attributes: layers.is_on("crawl.user_attributes"),
            tenants: layers.is_on("crawl.tenants"),
            warehouse: layers.is_on("crawl.warehouse"),
            warehouse_columns: everything || layers.is_on("crawl.warehouse_columns"),
            data_grants: match word(layers, "crawl.data_grants") {
                _ if everything => DataGrants::Tables,
                "off" => DataGrants::Off,
                "tables" => DataGrants::Tables,
                _ => DataGrants::Connections,
            },
            optional: OPTIONAL.iter().copied().filter(|key| everything || layers.is_on(key)).collect(),
            personal: layers.is_on("crawl.personal"),
            filters: Filters {
                include_workspaces: layers.list("crawl.include_workspaces"),
                exclude_workspaces: layers.list("crawl.exclude_workspaces"),
                include_folders: layers.list("crawl.include_folders"),
                exclude_folders: layers.list("crawl.exclude_folders"),
                include_documents: layers.list("crawl.include_documents"),
                exclude_documents: layers.list("crawl.exclude_documents"),
            },
            previews: previews(layers, directory),
        },
        catalog: CatalogSettings {
            database: directory.join(word(layers, "catalog.database")),
            allow_network_filesystem: layers.is_on("catalog.allow_network_filesystem"),
        },
        permissions: permissions(layers, directory, errors, notices),
        log: LogSettings {
            format: if word(layers, "log.format") == "json" { LogFormat::Json } else { LogFormat::Text },
            level: word(layers, "log.level").parse().unwrap_or(Level::INFO),
        },
    }
}

fn previews(layers: &Layers, directory: &Path) -> PreviewSettings {
    let database = directory.join(word(layers, "catalog.database"));
    let beside = || {
        let name = database.file_stem().unwrap_or_default().to_string_lossy();
        database.with_file_name(format!("{name}-previews"))
    };
    PreviewSettings {
        mode: match word(layers, "previews.mode") {
            "workbooks" => Previews::Workbooks,
            "pages" => Previews::Pages,
            _ => Previews::Off,
        },
        pixel_width: number(layers, "previews.pixel_width"),
        timeout: seconds(layers, "previews.timeout_secs"),
        folder: layers.text("previews.folder").map_or_else(beside, |folder| directory.join(folder)),
    }
}

fn number(layers: &Layers, key: &str) -> u32 {
    layers.integer(key).expect("the table gives this setting a number as its default")
}

fn seconds(layers: &Layers, key: &str) -> Duration {
    Duration::from_secs(number(layers, key).into())
}

fn span(layers: &Layers, key: &str) -> Duration {
    duration::parse(word(layers, key)).expect("what is no span of time is refused where it is read")
}

fn word<'a>(layers: &'a Layers, key: &str) -> &'a str {
    layers.text(key).expect("the table gives this setting a text as its default")
}

fn setting(key: &str) -> &'static Setting {
    table::find(key).expect("the rules name only settings of the table")
}

fn api_url(layers: &Layers, errors: &mut ConfigErrors) -> Option<Url> {
    let text = layers.text("sigma.api_url")?;
    match api_url::parse(text, layers.text("sigma.allow_host")) {
        Ok(url) => Some(url),
        Err(problem) => {
            errors.push(problem.at(setting("sigma.api_url"), &layers.origin("sigma.api_url")));
            None
        }
    }
}

fn proxy(layers: &Layers) -> Option<ProxyUrl> {
    match layers.get("sigma.proxy") {
        Some((Value::Proxy(proxy), _)) => Some(proxy.clone()),
        _ => None,
    }
}

fn ca_bundle(layers: &Layers, directory: &Path, errors: &mut ConfigErrors) -> Option<PathBuf> {
    let path = directory.join(layers.text("sigma.ca_bundle")?);
    if !path.is_file() {
        let text = format!("`sigma.ca_bundle` names `{}`, which is not a file", path.display());
        let help = "name a PEM file of certificates; relative paths start at the folder the command runs in";
        let problem = Problem::new("config.file_missing", text, help);
        errors.push(problem.at(setting("sigma.ca_bundle"), &layers.origin("sigma.ca_bundle")));
    }
    Some(path)
}

/// Off with a CSV is a contradiction, and off without a login user has nobody whose view to crawl.
fn permissions(
    layers: &Layers,
    directory: &Path,
    errors: &mut ConfigErrors,
    notices: &mut Vec<String>,
) -> PermissionSettings {
    let mirroring = layers.is_on("permissions.mirroring");
    let csv_mapping = layers.is_on("permissions.csv_mapping");
    let login_user = layers.text("permissions.login_user").map(str::trim).filter(|user| !user.is_empty());
    let mut refuse = |key: &str, code: &'static str, text: &str, help: String| {
        errors.push(Problem::new(code, text, help).at(setting(key), &layers.origin(key)));
    };
    match (mirroring, csv_mapping, login_user) {
        (false, true, _) => refuse(
            "permissions.csv_mapping",
            "config.contradiction",
            "`permissions.csv_mapping` is true while `permissions.mirroring` is false: the CSV says whose \
             permissions are mirrored, so it needs mirroring",
            "set `permissions.mirroring` to true to mirror the users of the CSV, or `permissions.csv_mapping` to \
             false to extract what one login user sees"
                .to_owned(),
        ),
        (false, false, None) => refuse(
            "permissions.mirroring",
            "config.login_user_missing",
            "`permissions.mirroring` is false and `permissions.login_user` is not set: nobody's view is there to \
             be extracted",
            format!(
                "set {} to the Sigma e-mail address of the user whose view is to be extracted, or \
                 `permissions.mirroring` to true",
                setting("permissions.login_user").ways()
            ),
        ),
        (true, _, Some(_)) => {
            let origin = layers.origin("permissions.login_user");
            notices.push(format!(
                "{origin}: `permissions.login_user` is ignored because `permissions.mirroring` is true"
            ));
        }
        (false, false, Some(_)) | (true, _, None) => {}
    }
    PermissionSettings {
        mirroring,
        csv_mapping,
        login_user: login_user.map(str::to_owned),
        match_on: if word(layers, "permissions.match_on") == "username" {
            MatchOn::Username
        } else {
            MatchOn::Email
        },
        source: match word(layers, "permissions.source") {
            "sigma" => PermissionSource::Sigma,
            "grants" => PermissionSource::Grants,
            _ => PermissionSource::Auto,
        },
        identity_csv: directory.join(word(layers, "permissions.identity_csv")),
        catalog_users_csv: directory.join(word(layers, "permissions.catalog_users_csv")),
    }
}
