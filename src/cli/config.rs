//! `config`: the settings in force, and what a settings file may say.

use super::args::{Cli, ConfigArgs, ConfigCommand, Format};
use super::error::CliError;
use super::output::Printer;
use super::settings;
use crate::crawl::Exit;

pub fn run(cli: &Cli, arguments: &ConfigArgs, printer: &Printer) -> Result<Exit, CliError> {
    let (flags, format) = match &arguments.command {
        ConfigCommand::Show { settings, format } => (settings, format),
        ConfigCommand::Schema => {
            printer.json(&crate::config::json_schema())?;
            return Ok(Exit::Ok);
        }
    };
    let loaded = settings::load(cli, flags, printer)?;
    let shown = loaded.show();
    match format {
        Format::Json => printer.json(&shown)?,
        Format::Text => {
            let rows: Vec<Vec<String>> = shown
                .iter()
                .map(|setting| {
                    let value = setting.value.clone().unwrap_or_else(|| "-".to_owned());
                    vec![setting.key.to_owned(), value, setting.origin.to_string()]
                })
                .collect();
            printer.table(&["setting", "value", "from"], &rows, &[])?;
        }
    }
    Ok(Exit::Ok)
}
