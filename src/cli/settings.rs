//! Flags for settings, made from the one table of settings, and the loading of all layers.

use std::io::IsTerminal;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::args::Cli;
use super::error::CliError;
use super::output::Printer;
use crate::config::{self, Kind, Loaded, LogFormat, Overrides, TABLE};

/// What flags said about settings.
#[derive(Debug, Clone, Default)]
pub struct SettingArgs {
    values: Vec<(&'static str, String)>,
}

impl SettingArgs {
    /// One setting given by other means than its flag.
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.values.push((key, value.into()));
        self
    }
}

impl Args for SettingArgs {
    fn augment_args(command: Command) -> Command {
        TABLE.iter().fold(command, |command, setting| {
            let Some(flag) = setting.flag else { return command };
            let default = setting.default.filter(|default| !default.is_empty());
            let default = default.map(|default| format!(" [default: {default}]")).unwrap_or_default();
            // A flag for a list may be given for each entry.
            let action = if setting.kind == Kind::List { ArgAction::Append } else { ArgAction::Set };
            command.arg(
                Arg::new(setting.key)
                    .long(flag)
                    .action(action)
                    .value_name(setting.kind.placeholder())
                    .help_heading("Settings")
                    .help(format!("{}{default}", setting.doc)),
            )
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut arguments = Self::default();
        arguments.update_from_arg_matches(matches)?;
        Ok(arguments)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for setting in TABLE.iter().filter(|setting| setting.flag.is_some()) {
            let values = matches
                .try_get_many::<String>(setting.key)
                .map_err(|error| clap::Error::raw(ErrorKind::InvalidValue, error))?;
            if let Some(values) = values {
                let values: Vec<&str> = values.map(String::as_str).collect();
                self.values.push((setting.key, values.join(",")));
            }
        }
        Ok(())
    }
}

/// Loads all layers, tells their notices, and starts logging as they say.
pub fn load(cli: &Cli, arguments: &SettingArgs, printer: &Printer) -> Result<Loaded, CliError> {
    let overrides = Overrides { config: cli.config.clone(), values: arguments.values.clone() };
    let directory = std::env::current_dir()?;
    let loaded = config::load(&overrides, &|name| std::env::var(name).ok(), &directory)?;
    if !cli.quiet {
        for notice in &loaded.notices {
            printer.note(format_args!("note: {notice}"));
        }
    }
    start_logging(cli, &loaded);
    Ok(loaded)
}

/// Settings of the demo: nothing but what is given here and the defaults, whatever the environment says.
pub fn load_for_demo(arguments: &SettingArgs, client_secret: &str) -> Result<Loaded, CliError> {
    let overrides = Overrides { config: None, values: arguments.values.clone() };
    let secret = |name: &str| (name == "SIGMA_CLIENT_SECRET").then(|| client_secret.to_owned());
    // A folder without a settings file: the file of the current one belongs to a real organisation.
    Ok(config::load(&overrides, &secret, std::path::Path::new(""))?)
}

pub fn start_logging(cli: &Cli, loaded: &Loaded) {
    use tracing::Level;
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::prelude::*;

    let level = match (cli.quiet, cli.verbose) {
        (true, _) => Level::ERROR,
        (_, 0) => loaded.settings.log.level,
        (_, 1) => Level::DEBUG,
        _ => Level::TRACE,
    };
    let ours = Targets::new().with_target("sigma_catalog", level).with_default(LevelFilter::WARN);
    let lines = tracing_subscriber::fmt::layer().with_writer(super::progress::stderr_beside_bars);
    let registry = tracing_subscriber::registry().with(ours);
    // A second start in one process (the demo runs two commands) keeps the first.
    let _ = match loaded.settings.log.format {
        LogFormat::Json => registry.with(lines.json()).try_init(),
        LogFormat::Text => {
            let colour =
                std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
            registry.with(lines.with_ansi(colour)).try_init()
        }
    };
}
