//! Settings: layers (flag > environment > file > default), validation, secrets.
//!
//! [`load`] asks each layer in turn and checks all it finds, so that one run shows every mistake:
//!
//! 1. the defaults of [`TABLE`], the one list of settings;
//! 2. the settings file: `--config`, else `SIGMACAT_CONFIG`, else `sigma-catalog.toml` in the current folder if
//!    there is one;
//! 3. environment variables, named in the table; an empty one counts as not set;
//! 4. flags.
//!
//! A value is checked wherever it stands, also where a stronger layer hides it: a file that is wrong today would
//! fail on the day the flag is left out. The file is walked with the positions the TOML parser gives rather than
//! read into structs, because every message must say line and column, and all of them must come at once.
//!
//! Secrets never become plain text here: values are [`secrecy::SecretString`] from the start, the lines that
//! errors quote are cut before a secret, and a secret's file is opened by the command that needs it only.

mod api_url;
mod duration;
mod error;
mod excerpt;
mod file;
mod layers;
mod list;
mod proxy;
mod schema;
mod secret;
mod settings;
mod suggest;
mod table;
mod value;

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use serde::Serialize;

pub(crate) use suggest::distance;

pub use api_url::{REGIONS, Region};
pub use error::{ConfigError, ConfigErrors, Origin, Position};
pub use proxy::ProxyUrl;
pub use schema::json_schema;
pub use secret::{ClientSecret, SecretSource};
pub use settings::{
    CatalogSettings, CrawlSettings, Credentials, DataGrants, Filters, Grants, LogFormat, LogSettings,
    MatchOn, OPTIONAL, PermissionSettings, PermissionSource, PreviewSettings, Previews, Settings,
    SigmaSettings,
};
pub(crate) use suggest::nearest;
pub use table::{Kind, Setting, TABLE, find};

use error::Problem;
use file::SettingsFile;
use layers::Layers;
use value::Value;

/// The settings file that is read if nothing names another.
pub const DEFAULT_FILE: &str = "sigma-catalog.toml";

/// The environment variable that names the settings file.
pub const FILE_VARIABLE: &str = "SIGMACAT_CONFIG";

/// What the command line said.
#[derive(Clone, Default)]
pub struct Overrides {
    /// The settings file, from `--config`.
    pub config: Option<PathBuf>,
    /// Settings by key, e.g. `("crawl.concurrency", "4")`; of two for one key the later wins.
    pub values: Vec<(&'static str, String)>,
}

/// The settings, and where each came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Worth telling the user, but no mistake: a setting that has no effect, for example.
    pub notices: Vec<String>,
    /// The settings file that was read, as it was named.
    pub file: Option<PathBuf>,
    layers: Layers,
}

/// One setting as `config show` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct ShownSetting {
    /// Its key.
    pub key: &'static str,
    /// Its value, without secrets; `None` if it has none.
    pub value: Option<String>,
    /// Where the value came from.
    pub origin: Origin,
    /// What the setting does.
    pub doc: &'static str,
}

impl Loaded {
    /// Every setting of the table, in its order, with the value in force and its origin. Secrets are masked.
    pub fn show(&self) -> Vec<ShownSetting> {
        TABLE
            .iter()
            .map(|setting| ShownSetting {
                key: setting.key,
                value: self.layers.get(setting.key).map(|(value, _)| value.shown()),
                origin: self.layers.origin(setting.key),
                doc: setting.doc,
            })
            .collect()
    }
}

/// Reads and checks all layers. `environment` answers for one variable, `directory` is the folder the command
/// runs in: the default settings file is looked for there, and relative paths start there.
///
/// # Errors
/// Every mistake found, with stable codes: `config.file_missing`, `config.file_unreadable`, `config.syntax`,
/// `config.unknown_key`, `config.wrong_type`, `config.out_of_range`, `config.unknown_choice`, `config.empty`,
/// `config.malformed`, `config.malformed_url`, `config.app_url`, `config.insecure_url`, `config.foreign_host`,
/// `config.contradiction`, `config.login_user_missing` and `config.secret_*`. What a command needs and nobody gave is
/// no mistake here; see [`Settings::require_credentials`].
pub fn load(
    overrides: &Overrides,
    environment: &dyn Fn(&str) -> Option<String>,
    directory: &Path,
) -> Result<Loaded, ConfigErrors> {
    let mut errors = ConfigErrors::default();
    let mut layers = Layers::of_defaults();

    let file = open_file(overrides, environment, directory, &mut errors);
    if let Some((_, file)) = &file {
        for (setting, value, origin) in file.values(&mut errors) {
            layers.put(setting, value, origin);
        }
    }
    layers.put_environment(environment, &mut errors);
    put_flags(overrides, &mut layers, &mut errors);

    layers.keep_stronger("sigma.client_secret", "sigma.client_secret_file", &mut errors);
    let private = file.as_ref().is_some_and(|(_, file)| file.is_private());
    let client_secret = client_secret(&layers, private, environment, directory, &mut errors);
    let mut notices = Vec::new();
    let settings = settings::build(&layers, client_secret, directory, &mut errors, &mut notices);
    errors.unless_any(Loaded { settings, notices, file: file.map(|(path, _)| path), layers })
}

fn open_file(
    overrides: &Overrides,
    environment: &dyn Fn(&str) -> Option<String>,
    directory: &Path,
    errors: &mut ConfigErrors,
) -> Option<(PathBuf, SettingsFile)> {
    let by_flag = overrides.config.clone().map(|path| (path, Origin::Flag("config")));
    let by_variable = || {
        let path = environment(FILE_VARIABLE).filter(|path| !path.is_empty())?;
        Some((PathBuf::from(path), Origin::Environment(FILE_VARIABLE)))
    };
    let (path, origin) =
        by_flag.or_else(by_variable).unwrap_or_else(|| (PathBuf::from(DEFAULT_FILE), Origin::Default));
    let name = path.display().to_string();
    match SettingsFile::read(&directory.join(&path), &name) {
        Ok(Some(file)) => return Some((path, file)),
        // The default file is one that may be there; one that was named must be.
        Ok(None) if matches!(origin, Origin::Default) => {}
        Ok(None) => {
            let text = format!("the settings file `{name}` does not exist");
            let help = "check the path, or copy sample-config.toml there; relative paths start at the current folder";
            errors.push(Problem::new("config.file_missing", text, help).general(origin));
        }
        Err(error) => errors.push(error),
    }
    None
}

fn put_flags(overrides: &Overrides, layers: &mut Layers, errors: &mut ConfigErrors) {
    for (key, text) in &overrides.values {
        match find(key).map(|setting| (setting, setting.flag)) {
            Some((setting, Some(flag))) => layers.put_text(setting, text, Origin::Flag(flag), errors),
            Some((_, None)) => {
                let text =
                    format!("`{key}` cannot be given as a flag, where every user of the machine can read it");
                let help = "use the environment variable SIGMA_CLIENT_SECRET, or `--client-secret-file`";
                errors.push(Problem::new("config.secret_in_flag", text, help).general(Origin::Default));
            }
            None => {
                let text = format!("there is no setting `{key}`");
                let help = "`sigma-catalog config show` lists every setting";
                errors.push(Problem::new("config.unknown_key", text, help).general(Origin::Default));
            }
        }
    }
}

/// Where the client secret is, by whichever of its two settings is in force.
fn client_secret(
    layers: &Layers,
    private: bool,
    environment: &dyn Fn(&str) -> Option<String>,
    directory: &Path,
    errors: &mut ConfigErrors,
) -> Option<ClientSecret> {
    let (setting, (value, origin)) = ["sigma.client_secret", "sigma.client_secret_file"]
        .into_iter()
        .find_map(|key| Some((find(key)?, layers.get(key)?)))?;
    let source = match (value, origin) {
        (Value::Secret(text), Origin::File(_)) => secret::reference(text, private, environment, directory),
        (Value::Secret(text), _) => secret::literal(text.expose_secret()),
        (Value::Text(path), _) if path == "-" => Ok(SecretSource::StandardInput),
        (Value::Text(path), _) => Ok(SecretSource::File(directory.join(path))),
        _ => return None,
    };
    match source {
        Ok(source) => Some(ClientSecret { source, setting, origin: origin.clone() }),
        Err(problem) => {
            errors.push(problem.at(setting, origin));
            None
        }
    }
}
