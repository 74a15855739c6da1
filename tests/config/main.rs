//! The promises of the settings, against the public interface of `sigma_catalog::config`.

mod api_url;
mod layers;
mod messages;
mod sample;
mod schema;
mod secrets;

use std::path::PathBuf;

use sigma_catalog::config::{ConfigErrors, Loaded, Overrides, ShownSetting, load};

/// A folder to run in, an environment and a command line, all empty at first.
pub(crate) struct World {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
    overrides: Overrides,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        World { folder, environment: Vec::new(), overrides: Overrides::default() }
    }

    /// A file in the folder, readable for everybody.
    pub(crate) fn file(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.path(name), text).expect("a file in the temporary folder");
        self
    }

    /// The settings file that is read without being named.
    pub(crate) fn settings(self, text: &str) -> Self {
        self.file("sigma-catalog.toml", text)
    }

    /// Changes who may read a file.
    #[cfg(unix)]
    pub(crate) fn mode(self, name: &str, mode: u32) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(self.path(name), permissions).expect("a file of ours");
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn flag(mut self, key: &'static str, value: &str) -> Self {
        self.overrides.values.push((key, value.to_owned()));
        self
    }

    pub(crate) fn config(mut self, path: &str) -> Self {
        self.overrides.config = Some(PathBuf::from(path));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn load(&self) -> Result<Loaded, ConfigErrors> {
        let environment = |name: &str| {
            self.environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        load(&self.overrides, &environment, self.folder.path())
    }

    #[track_caller]
    pub(crate) fn loaded(&self) -> Loaded {
        self.load().unwrap_or_else(|errors| panic!("these settings are good:\n{errors}"))
    }

    #[track_caller]
    pub(crate) fn errors(&self) -> ConfigErrors {
        match self.load() {
            Ok(loaded) => panic!("these settings must be refused: {loaded:?}"),
            Err(errors) => errors,
        }
    }

    /// The errors as the user sees them, with the folder's name taken out.
    #[track_caller]
    pub(crate) fn refusal(&self) -> String {
        let folder = self.folder.path().display().to_string();
        self.errors().to_string().replace(&folder, "[folder]")
    }
}

/// The line of `config show` for one setting.
#[track_caller]
pub(crate) fn shown(loaded: &Loaded, key: &str) -> ShownSetting {
    loaded.show().into_iter().find(|setting| setting.key == key).expect("a setting of the table")
}
