//! The settings file: reading it, and finding every key of it in the table of settings.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, ConfigErrors, Origin, Position, Problem};
use super::excerpt::locate;
use super::suggest::nearest;
use super::table::{self, Setting};
use super::value::{self, Value, quoted};

/// The largest settings file read, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// More mistakes than this in one file mean that it is not a settings file.
const MOST_SYNTAX_ERRORS: usize = 10;

/// A settings file, read but not understood yet.
pub(crate) struct SettingsFile {
    name: String,
    text: String,
    private: bool,
}

impl SettingsFile {
    /// Reads the file at `path`, which messages call `name`. `None` if there is no such file.
    pub(crate) fn read(path: &Path, name: &str) -> Result<Option<Self>, ConfigError> {
        let unreadable = |why: String| {
            let help = "it must be a text file in TOML; sample-config.toml shows every setting";
            Problem::new("config.file_unreadable", format!("the settings file `{name}` {why}"), help)
                .general(Origin::Default)
        };
        let opened = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.and_then(|file| Ok((file.metadata()?, file))),
        };
        let (metadata, file) = opened.map_err(|error| unreadable(format!("cannot be read: {error}")))?;
        let mut bytes = Vec::new();
        let read = file.take(LARGEST + 1).read_to_end(&mut bytes);
        read.map_err(|error| unreadable(format!("cannot be read: {error}")))?;
        if bytes.len() as u64 > LARGEST {
            return Err(unreadable(format!("is larger than {LARGEST} bytes")));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
            unreadable(format!("is not UTF-8 text: see line {line}"))
        })?;
        Ok(Some(SettingsFile { name: name.to_owned(), text, private: only_its_owner_reads(&metadata) }))
    }

    /// Whether nobody but its owner may read it, so that a secret may stand in it.
    pub(crate) fn is_private(&self) -> bool {
        self.private
    }

    /// Every value the file gives, checked by itself; what is wrong goes to `errors`, in the order of the file.
    pub(crate) fn values(&self, errors: &mut ConfigErrors) -> Vec<(&'static Setting, Value, Origin)> {
        let (root, syntax) = DeTable::parse_recoverable(&self.text);
        if !syntax.is_empty() {
            // What the parser made of the rest is guesswork, and complaints about it would only distract.
            for error in syntax.iter().take(MOST_SYNTAX_ERRORS) {
                let help = match error.message() {
                    "duplicate key" => "keep one of them: a section or setting stands in the file once",
                    _ => "sections are written [name], settings name = value, and text stands in \"quotes\"",
                };
                let problem =
                    Problem::new("config.syntax", format!("not valid TOML: {}", error.message()), help);
                errors.push(problem.general(self.origin(error.span().unwrap_or(0..0))));
            }
            return Vec::new();
        }
        let mut found = Vec::new();
        let mut mistakes = Vec::new();
        for (key, value) in root.get_ref() {
            let section = key.get_ref().as_ref();
            match value.get_ref() {
                _ if !table::sections().contains(&section) => {
                    mistakes
                        .push((key.span().start, self.unknown_section(section, value.get_ref(), key.span())));
                }
                DeValue::Table(settings) => self.section(section, settings, &mut found, &mut mistakes),
                other => {
                    let text = format!("`{section}` must be a section, found {}", other.type_str());
                    let problem =
                        Problem::new("config.wrong_type", text, format!("write [{section}] on its own line"));
                    mistakes.push((key.span().start, problem.general(self.origin(key.span()))));
                }
            }
        }
        mistakes.sort_by_key(|(start, _)| *start);
        mistakes.into_iter().for_each(|(_, error)| errors.push(error));
        found
    }

    fn section(
        &self,
        section: &str,
        settings: &DeTable<'_>,
        found: &mut Vec<(&'static Setting, Value, Origin)>,
        mistakes: &mut Vec<(usize, ConfigError)>,
    ) {
        for (key, value) in settings {
            let Some(setting) = table::find(&format!("{section}.{}", key.get_ref())) else {
                mistakes.push((key.span().start, self.unknown_key(section, key)));
                continue;
            };
            let origin = self.origin(value.span());
            match value::from_toml(setting, value.get_ref()) {
                Ok(value) => found.push((setting, value, origin)),
                Err(problem) => mistakes.push((value.span().start, problem.at(setting, &origin))),
            }
        }
    }

    fn unknown_key(&self, section: &str, key: &Spanned<toml::de::DeString<'_>>) -> ConfigError {
        let name = key.get_ref().as_ref();
        let own: Vec<_> = table::TABLE.iter().filter(|s| s.section() == section).map(Setting::name).collect();
        let help = if let Some(meant) = nearest(name, own.iter().copied()) {
            format!("did you mean `{meant}`?")
        } else if let Some(home) = home_of(name) {
            format!("`{}` belongs under [{}]", home.name(), home.section())
        } else {
            format!("[{section}] knows: {}", own.join(", "))
        };
        let text = format!("there is no setting {} in [{section}]", quoted(name));
        Problem::new("config.unknown_key", text, help).general(self.origin(key.span()))
    }

    fn unknown_section(&self, name: &str, value: &DeValue<'_>, span: Range<usize>) -> ConfigError {
        let sections = table::sections();
        if !matches!(value, DeValue::Table(_) | DeValue::Array(_)) {
            let help = match home_of(name) {
                Some(home) => format!("write `{}` under [{}]", home.name(), home.section()),
                None => format!("every setting stands in one of [{}]", sections.join("], [")),
            };
            let text = format!("the setting {} stands in no section", quoted(name));
            return Problem::new("config.unknown_key", text, help).general(self.origin(span));
        }
        let help = match nearest(name, sections.iter().copied()) {
            Some(meant) => format!("did you mean [{meant}]?"),
            None => format!("the sections are [{}]", sections.join("], [")),
        };
        let text = format!("there is no section {}", quoted(name));
        Problem::new("config.unknown_key", text, help).general(self.origin(span))
    }

    fn origin(&self, span: Range<usize>) -> Origin {
        let spot = locate(&self.text, span);
        Origin::File(Box::new(Position {
            file: self.name.clone(),
            line: spot.line,
            column: spot.column,
            excerpt: spot.excerpt,
        }))
    }
}

/// The setting that is called so, or nearly so, in whatever section.
fn home_of(name: &str) -> Option<&'static Setting> {
    let meant = nearest(name, table::TABLE.iter().map(Setting::name))?;
    table::TABLE.iter().find(|setting| setting.name() == meant)
}

#[cfg(unix)]
fn only_its_owner_reads(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 == 0
}

/// Elsewhere there is no such simple answer, and the safe one is no.
#[cfg(not(unix))]
fn only_its_owner_reads(_: &std::fs::Metadata) -> bool {
    false
}
