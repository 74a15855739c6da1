//! The validated settings, by section, and the rules that concern more than one value.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use tracing::Level;
use url::Url;

use super::api_url;
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
}

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
}

/// Section `[permissions]`; in this release always mirroring without an identity CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionSettings {
    /// Mirror Sigma's permissions.
    pub mirroring: bool,
    /// Take the audience from an identity CSV.
    pub csv_mapping: bool,
    /// The one user whose view is crawled when mirroring is off.
    pub login_user: Option<String>,
    /// The identity CSV that is used while none was imported; it need not exist.
    pub identity_csv: PathBuf,
    /// The CSV of the catalog's users; it need not exist.
    pub catalog_users_csv: PathBuf,
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
            workbooks: layers.is_on("crawl.workbooks"),
            data_models: layers.is_on("crawl.data_models"),
            reports: layers.is_on("crawl.reports"),
            datasets: layers.is_on("crawl.datasets"),
            archived: layers.is_on("crawl.archived"),
            explorations: layers.is_on("crawl.explorations"),
            sql: layers.is_on("crawl.sql"),
            lineage: layers.is_on("crawl.lineage"),
            column_lineage: layers.is_on("crawl.column_lineage"),
        },
        catalog: CatalogSettings { database: directory.join(word(layers, "catalog.database")) },
        permissions: permissions(layers, directory, errors, notices),
        log: LogSettings {
            format: if word(layers, "log.format") == "json" { LogFormat::Json } else { LogFormat::Text },
            level: word(layers, "log.level").parse().unwrap_or(Level::INFO),
        },
    }
}

fn number(layers: &Layers, key: &str) -> u32 {
    layers.integer(key).expect("the table gives this setting a number as its default")
}

fn seconds(layers: &Layers, key: &str) -> Duration {
    Duration::from_secs(number(layers, key).into())
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

/// Off with a CSV is a contradiction for good; the other two modes are not in this release yet.
fn permissions(
    layers: &Layers,
    directory: &Path,
    errors: &mut ConfigErrors,
    notices: &mut Vec<String>,
) -> PermissionSettings {
    let mirroring = layers.is_on("permissions.mirroring");
    let csv_mapping = layers.is_on("permissions.csv_mapping");
    let login_user = layers.text("permissions.login_user").map(str::trim).filter(|user| !user.is_empty());
    let refusal = match (mirroring, csv_mapping) {
        (true, false) => None,
        (false, true) => Some((
            "permissions.csv_mapping",
            "config.contradiction",
            "`permissions.csv_mapping` is true while `permissions.mirroring` is false: the CSV says whose \
             permissions are mirrored, so it needs mirroring",
        )),
        (false, false) => Some((
            "permissions.mirroring",
            "config.unsupported",
            "`permissions.mirroring` = false (crawl the view of one login user) is not available in this version",
        )),
        (true, true) => Some((
            "permissions.csv_mapping",
            "config.unsupported",
            "`permissions.csv_mapping` = true (mirror the users of an identity CSV) is not available in this version",
        )),
    };
    if let Some((key, code, text)) = refusal {
        let help = "this version supports `permissions.mirroring` = true with `permissions.csv_mapping` = false, \
                    the defaults: set them so, or leave both out";
        errors.push(Problem::new(code, text, help).at(setting(key), &layers.origin(key)));
    } else if login_user.is_some() {
        let origin = layers.origin("permissions.login_user");
        notices.push(format!(
            "{origin}: `permissions.login_user` is ignored because `permissions.mirroring` is true"
        ));
    }
    PermissionSettings {
        mirroring,
        csv_mapping,
        login_user: login_user.map(str::to_owned),
        identity_csv: directory.join(word(layers, "permissions.identity_csv")),
        catalog_users_csv: directory.join(word(layers, "permissions.catalog_users_csv")),
    }
}
