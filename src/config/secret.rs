//! Where the client secret is kept, and reading it from there.
//!
//! A secret is read only by a command that needs it: showing the settings never opens the secret's file and
//! never waits for standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::error::{ConfigError, Origin, Problem};
use super::table::Setting;

/// The longest secret accepted, in bytes: far more than any has, and little enough to read from a wrong file.
const LONGEST: u64 = 4096;

/// Where the client secret is kept.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// It was given itself.
    Value(SecretString),
    /// In an environment variable that is not set.
    UnsetVariable(String),
    /// In a file.
    File(PathBuf),
    /// The first line of standard input.
    StandardInput,
}

/// The client secret, not yet read, and the setting that said where it is.
#[derive(Clone, Debug)]
pub struct ClientSecret {
    /// Where it is kept.
    pub source: SecretSource,
    pub(crate) setting: &'static Setting,
    pub(crate) origin: Origin,
}

impl ClientSecret {
    /// Reads it, from `input` if it is to come from standard input.
    ///
    /// # Errors
    /// `config.secret_unset`, `config.secret_unreadable`, or what is wrong with the secret itself:
    /// `config.secret_empty`, `config.secret_malformed`.
    pub(crate) fn read(&self, input: &mut dyn BufRead) -> Result<SecretString, ConfigError> {
        let read = match &self.source {
            SecretSource::Value(secret) => tidy(secret.expose_secret()),
            SecretSource::UnsetVariable(name) => Err(Problem::new(
                "config.secret_unset",
                format!(
                    "the client secret is to come from the environment variable {name}, which is not set"
                ),
                format!("set {name}, or keep the secret in a file and name it in `sigma.client_secret_file`"),
            )),
            SecretSource::File(path) => read_file(path).and_then(|text| tidy(&text)),
            SecretSource::StandardInput => read_line(input).and_then(|text| tidy(&text)),
        };
        read.map_err(|problem| problem.at(self.setting, &self.origin))
    }
}

/// Reads the `sigma.client_secret` of a settings file, of which `private` says that only its owner may read it.
pub(crate) fn reference(
    text: &SecretString,
    private: bool,
    environment: &dyn Fn(&str) -> Option<String>,
    directory: &Path,
) -> Result<SecretSource, Problem> {
    let text = text.expose_secret();
    if matches!(text, "stdin" | "-") {
        return Ok(SecretSource::StandardInput);
    }
    if let Some(name) = text.strip_prefix("${env:").and_then(|rest| rest.strip_suffix('}'))
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    {
        return Ok(match environment(name) {
            Some(secret) => SecretSource::Value(tidy(&secret)?),
            None => SecretSource::UnsetVariable(name.to_owned()),
        });
    }
    if let Some(path) = text.strip_prefix("file:")
        && !path.is_empty()
    {
        return Ok(SecretSource::File(directory.join(path)));
    }
    // A mistyped reference must not be sent to Sigma as if it were the secret.
    if ["$", "file:", "env:", "exec:", "vault:"].iter().any(|prefix| text.starts_with(prefix)) {
        return Err(Problem::new(
            "config.secret_reference",
            "`sigma.client_secret` is a reference of a form that is not known",
            "write \"${env:NAME}\", \"file:PATH\" or \"stdin\"",
        ));
    }
    if !private {
        return Err(Problem::new(
            "config.secret_in_file",
            "`sigma.client_secret` is written out in a file that others may read",
            "write \"${env:NAME}\" or \"file:PATH\" instead, or make the file yours alone (chmod 600)",
        ));
    }
    literal(text)
}

/// A secret that was given itself, checked at once.
pub(crate) fn literal(text: &str) -> Result<SecretSource, Problem> {
    tidy(text).map(SecretSource::Value)
}

/// The secret without the line end that editors and `echo` add.
fn tidy(text: &str) -> Result<SecretString, Problem> {
    let text = text.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']);
    if text.trim().is_empty() {
        return Err(Problem::new(
            "config.secret_empty",
            "the client secret is empty",
            "store there the client secret that Sigma showed when the API credentials were created",
        ));
    }
    if text.len() as u64 > LONGEST {
        return Err(Problem::new(
            "config.secret_malformed",
            format!("the client secret is longer than {LONGEST} bytes"),
            "check that this is the secret's file; it must hold the secret alone",
        ));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(Problem::new(
            "config.secret_malformed",
            "the client secret contains a space, a line break or a control character",
            "store the secret alone, on one line",
        ));
    }
    Ok(SecretString::from(text))
}

fn read_file(path: &Path) -> Result<Zeroizing<String>, Problem> {
    let refuse = |error: io::Error| {
        Problem::new(
            "config.secret_unreadable",
            format!("the client secret's file `{}` cannot be read: {error}", path.display()),
            "check the path and that the user who runs this command may read the file",
        )
    };
    let mut bytes = Zeroizing::new(Vec::new());
    // Two bytes more than the longest, so that a longer secret is noticed and not cut: its line end may count.
    BufReader::new(File::open(path).map_err(refuse)?)
        .take(LONGEST + 2)
        .read_to_end(&mut bytes)
        .map_err(refuse)?;
    utf8(&bytes).map_err(refuse)
}

/// The first line only, so that it also works where nobody closes the pipe.
fn read_line(input: &mut dyn BufRead) -> Result<Zeroizing<String>, Problem> {
    let refuse = |error: io::Error| {
        Problem::new(
            "config.secret_unreadable",
            format!("the client secret cannot be read from standard input: {error}"),
            "pipe it in, e.g. from the command of a secret manager",
        )
    };
    let mut bytes = Zeroizing::new(Vec::new());
    input.take(LONGEST + 2).read_until(b'\n', &mut bytes).map_err(refuse)?;
    utf8(&bytes).map_err(refuse)
}

fn utf8(bytes: &[u8]) -> Result<Zeroizing<String>, io::Error> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text")),
    }
}
