//! `impact`: which documents and which owners are affected if a table or column changes.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use super::args::{CatalogArgs, Cli, Format};
use super::error::CliError;
use super::output::{Printer, counted, one_line, thousands};
use super::runs::open_published;
use crate::crawl::Exit;
use crate::store::find::Wanted;
use crate::store::impact::{AffectedDocument, Impact};

/// Version of the JSON that this command prints.
const SCHEMA_VERSION: u32 = 1;

/// Arguments of `impact`.
#[derive(Debug, Args)]
pub struct ImpactArgs {
    /// Where the catalog is.
    #[command(flatten)]
    catalog: CatalogArgs,
    /// A table or one of its columns, by id or name; or a document, `<document>/<element>` or a column of one.
    #[arg(value_name = "TABLE[.COLUMN]")]
    object: String,
}

#[derive(Serialize)]
struct ImpactReport<'a> {
    schema_version: u32,
    #[serde(flatten)]
    impact: &'a Impact,
}

pub fn run(cli: &Cli, arguments: &ImpactArgs, printer: &Printer) -> Result<Exit, CliError> {
    let catalog = open_published(cli, &arguments.catalog, printer)?;
    let key = catalog.find(&arguments.object, Wanted::DATA)?;
    let impact = catalog.impact(&key)?;
    match arguments.catalog.format {
        Format::Json => printer.json(&ImpactReport { schema_version: SCHEMA_VERSION, impact: &impact })?,
        Format::Text => text(&impact, printer)?,
    }
    Ok(Exit::Ok)
}

fn text(impact: &Impact, printer: &Printer) -> Result<(), CliError> {
    let object = &impact.object;
    let place =
        if object.place.is_empty() { String::new() } else { format!(" in {}", object.place.join(" › ")) };
    printer.line(format_args!("{} {}{place}", object.kind, one_line(object.title())))?;
    let elements: usize = impact.documents.iter().map(|document| document.elements.len()).sum();
    let owners = owners(&impact.documents);
    printer.line(format_args!(
        "{}, {} and {} are affected",
        counted(impact.documents.len(), "document"),
        counted(elements, "element"),
        counted(owners.len(), "owner"),
    ))?;
    if impact.unknown_documents > 0 {
        printer.line(format_args!(
            "The lineage of {} is not known: more may be affected.",
            counted(usize::try_from(impact.unknown_documents).unwrap_or_default(), "other document")
        ))?;
    }
    if impact.documents.is_empty() {
        return Ok(());
    }
    for document in &impact.documents {
        printer.line("")?;
        print(document, printer)?;
    }
    printer.line("")?;
    let rows: Vec<Vec<String>> =
        owners.into_iter().map(|(owner, documents)| vec![owner, thousands(documents as i128)]).collect();
    printer.table(&["owner", "documents"], &rows, &[1])
}

/// Three lines: what and where; what of it; how far, whose, since when.
fn print(document: &AffectedDocument, printer: &Printer) -> Result<(), CliError> {
    let name = document.name.as_deref().unwrap_or(&document.key.id);
    let path = document.path.iter().filter(|path| !path.is_empty()).map(|path| format!("{path}/"));
    printer.line(format_args!("{:<11} {}{}", document.kind, path.collect::<String>(), one_line(name)))?;
    let mut names: Vec<String> = Vec::new();
    for element in &document.elements {
        let title = element.name.as_deref().unwrap_or(&element.key.id);
        if element.columns.is_empty() {
            names.push(title.to_owned());
        } else {
            names.extend(element.columns.iter().map(|column| format!("{title}/{column}")));
        }
    }
    if !names.is_empty() {
        let names: Vec<_> = names.iter().map(|name| one_line(name)).collect();
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        printer.line(format_args!("{:<11} {}", "", printer.as_many(12, &names)))?;
    }
    let mut facts = vec![counted(document.depth, "step")];
    facts.extend(document.owner.as_ref().map(|owner| format!("owner {}", owner.title())));
    facts.extend(
        document.updated_at.as_deref().map(|at| format!("last changed {}", at.get(..10).unwrap_or(at))),
    );
    printer.line(format_args!("{:<11} {}", "", facts.join(", ")))
}

/// Owners with how many of the documents are theirs.
fn owners(documents: &[AffectedDocument]) -> BTreeMap<String, usize> {
    let mut owners = BTreeMap::new();
    for owner in documents.iter().filter_map(|document| document.owner.as_ref()) {
        *owners.entry(owner.title().to_owned()).or_insert(0) += 1;
    }
    owners
}
