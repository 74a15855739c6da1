//! `models`: data elements as row-and-column models.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::args::{CatalogArgs, Cli, Format};
use super::error::CliError;
use super::output::{Printer, counted, thousands};
use super::runs::open_published;
use crate::crawl::Exit;
use crate::store::Catalog;
use crate::store::find::Wanted;
use crate::store::models::{Model, WholeModel};

/// Version of the JSON that these commands print.
const SCHEMA_VERSION: u32 = 1;

/// Arguments of `models`.
#[derive(Debug, Args)]
pub struct ModelsArgs {
    /// What to show.
    #[command(subcommand)]
    command: ModelsCommand,
}

/// What of the models to show.
#[derive(Debug, Subcommand)]
enum ModelsCommand {
    /// All models, or those of a document.
    List {
        /// Where the catalog is.
        #[command(flatten)]
        catalog: CatalogArgs,
        /// Only those of this document, by id, address, path or name.
        #[arg(long)]
        document: Option<String>,
    },
    /// One model with its columns and SQL.
    Show {
        /// Where the catalog is.
        #[command(flatten)]
        catalog: CatalogArgs,
        /// `<document>/<element>`, each by id or name.
        model: String,
    },
    /// The SQL of a model and nothing else.
    Sql {
        /// The catalog's file [setting: catalog.database].
        #[arg(long, value_name = "FILE")]
        db: Option<std::path::PathBuf>,
        /// `<document>/<element>`, each by id or name.
        model: String,
    },
}

#[derive(Serialize)]
struct ModelsReport<'a> {
    schema_version: u32,
    models: &'a [Model],
}

#[derive(Serialize)]
struct ModelReport<'a> {
    schema_version: u32,
    #[serde(flatten)]
    model: &'a WholeModel,
}

pub fn run(cli: &Cli, arguments: &ModelsArgs, printer: &Printer) -> Result<Exit, CliError> {
    match &arguments.command {
        ModelsCommand::List { catalog: source, document } => {
            let catalog = open_published(cli, source, printer)?;
            let document =
                document.as_deref().map(|text| catalog.find(text, Wanted::DOCUMENT)).transpose()?;
            let models = catalog.models(document.as_ref().map(|key| key.id.as_str()))?;
            match source.format {
                Format::Json => {
                    printer.json(&ModelsReport { schema_version: SCHEMA_VERSION, models: &models })?;
                }
                Format::Text => list(&models, printer)?,
            }
        }
        ModelsCommand::Show { catalog: source, model } => {
            let model = find(&open_published(cli, source, printer)?, model)?;
            match source.format {
                Format::Json => {
                    printer.json(&ModelReport { schema_version: SCHEMA_VERSION, model: &model })?;
                }
                Format::Text => show(&model, printer)?,
            }
        }
        ModelsCommand::Sql { db, model } => {
            let source = CatalogArgs { db: db.clone(), format: Format::Text };
            let whole = find(&open_published(cli, &source, printer)?, model)?;
            let Some(sql) = &whole.sql else {
                let why =
                    whole.model.sql_error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
                return Err(CliError::Usage {
                    problem: format!("the SQL of `{model}` was not readable to the token's owner{why}"),
                    remedy: "`sigma-catalog models show` tells what is known of it".to_owned(),
                });
            };
            printer.verbatim(sql)?;
        }
    }
    Ok(Exit::Ok)
}

fn find(catalog: &Catalog, text: &str) -> Result<WholeModel, CliError> {
    let key = catalog.find(text, Wanted::MODEL)?;
    catalog.model(&key)?.ok_or_else(|| CliError::Usage {
        problem: format!("`{text}` is an element without rows and columns"),
        remedy: "`sigma-catalog models list --document DOCUMENT` shows the models of a document".to_owned(),
    })
}

fn title(model: &Model) -> String {
    model.name.clone().unwrap_or_else(|| model.element_id.clone())
}

fn list(models: &[Model], printer: &Printer) -> Result<(), CliError> {
    let rows: Vec<Vec<String>> = models
        .iter()
        .map(|model| {
            vec![
                title(model),
                model.document_name.clone().unwrap_or_else(|| model.document_id.clone()),
                model.page_name.clone().unwrap_or_default(),
                model.type_word.clone().unwrap_or_default(),
                thousands(model.column_count),
                if model.sql_readable { "yes" } else { "no" }.to_owned(),
            ]
        })
        .collect();
    printer.table(&["model", "document", "page", "type", "columns", "SQL"], &rows, &[4])?;
    printer.note(counted(models.len(), "model"));
    Ok(())
}

fn show(whole: &WholeModel, printer: &Printer) -> Result<(), CliError> {
    let model = &whole.model;
    printer.line(format_args!("{} {}", model.type_word.as_deref().unwrap_or("element"), title(model)))?;
    let document = model.document_name.as_deref().unwrap_or(&model.document_id);
    let connection = whole.connection_name.as_ref().or(model.connection_id.as_ref());
    let sql = match (&model.sql_error, model.sql_readable) {
        (_, true) => None,
        (Some(error), false) => Some(format!("not readable: {error}")),
        (None, false) => Some("not readable to the token's owner, or none".to_owned()),
    };
    for (name, value) in [
        ("ref", Some(model.key.to_string())),
        ("document", Some(format!("{} {document}", model.document_kind))),
        ("page", model.page_name.clone()),
        ("connection", connection.cloned()),
        ("columns", Some(thousands(model.column_count))),
        ("SQL", sql),
    ] {
        if let Some(value) = value {
            printer.line(format_args!("  {name:<11} {value}"))?;
        }
    }
    if !whole.columns.is_empty() {
        printer.line("")?;
        let cells = |text: &Option<String>| text.clone().unwrap_or_default();
        let rows: Vec<Vec<String>> = whole
            .columns
            .iter()
            .map(|column| vec![cells(&column.name), cells(&column.data_type), cells(&column.formula)])
            .collect();
        printer.table(&["column", "type", "formula"], &rows, &[])?;
    }
    if let Some(sql) = &whole.sql {
        printer.line("")?;
        printer.line(sql)?;
    }
    Ok(())
}
