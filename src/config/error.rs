//! What can be wrong with the settings, and how it is said: what, where, why, what to do.

use std::fmt;

use serde::{Serialize, Serializer};

use super::excerpt::Excerpt;
use super::table::Setting;

/// A place in a settings file.
#[derive(Clone, Debug)]
pub struct Position {
    /// The file as the user named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    pub(crate) excerpt: Excerpt,
}

/// The layer a value came from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A command-line flag, without its dashes.
    Flag(&'static str),
    /// An environment variable.
    Environment(&'static str),
    /// The settings file.
    File(Box<Position>),
    /// Nobody gave one: the default, or no value at all.
    Default,
}

impl Origin {
    /// Which layer wins: the larger number.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Origin::Default => 0,
            Origin::File(_) => 1,
            Origin::Environment(_) => 2,
            Origin::Flag(_) => 3,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(name) => write!(f, "flag --{name}"),
            Origin::Environment(name) => write!(f, "environment variable {name}"),
            Origin::File(at) => write!(f, "{}:{}:{}", at.file, at.line, at.column),
            Origin::Default => f.write_str("default"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What is wrong with a value, before it is known where the value stands.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) text: String,
    pub(crate) help: String,
}

impl Problem {
    pub(crate) fn new(code: &'static str, text: impl Into<String>, help: impl Into<String>) -> Self {
        Problem { code, text: text.into(), help: help.into() }
    }

    /// The same problem, with the setting and the place it was found at.
    pub(crate) fn at(self, setting: &'static Setting, origin: &Origin) -> ConfigError {
        ConfigError { setting: Some(setting.key), origin: origin.clone(), problem: self }
    }

    /// The same problem, which is not about one setting.
    pub(crate) fn general(self, origin: Origin) -> ConfigError {
        ConfigError { setting: None, origin, problem: self }
    }
}

/// One thing wrong with the settings.
#[derive(Debug)]
pub struct ConfigError {
    setting: Option<&'static str>,
    origin: Origin,
    problem: Problem,
}

impl ConfigError {
    /// The stable name of this kind of mistake, e.g. `config.unknown_key`.
    pub fn code(&self) -> &'static str {
        self.problem.code
    }

    /// The setting concerned, e.g. `crawl.concurrency`; `None` if it is about the file as a whole.
    pub fn setting(&self) -> Option<&'static str> {
        self.setting
    }

    /// Where it was found.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What is wrong, in one sentence.
    pub fn problem(&self) -> &str {
        &self.problem.text
    }

    /// What to do about it.
    pub fn help(&self) -> &str {
        &self.problem.help
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Default => {}
            origin => write!(f, "{origin}: ")?,
        }
        writeln!(f, "{} [{}]", self.problem.text, self.problem.code)?;
        if let Origin::File(position) = &self.origin {
            write!(f, "{}", position.excerpt)?;
        }
        write!(f, "help: {}", self.problem.help)
    }
}

impl std::error::Error for ConfigError {}

/// Everything found wrong with the settings in one look; never empty when returned as an error.
#[derive(Debug, Default)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    pub(crate) fn push(&mut self, error: ConfigError) {
        self.0.push(error);
    }

    /// `value` if nothing was found wrong, else the mistakes.
    pub(crate) fn unless_any<T>(self, value: T) -> Result<T, ConfigErrors> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// The mistakes, in the order they are shown.
    pub fn iter(&self) -> std::slice::Iter<'_, ConfigError> {
        self.0.iter()
    }

    /// The codes of the mistakes, in the same order.
    pub fn codes(&self) -> Vec<&'static str> {
        self.iter().map(ConfigError::code).collect()
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        ConfigErrors(vec![error])
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
