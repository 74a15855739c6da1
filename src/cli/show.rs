//! `show`: one object of whatever kind, with what is next to it.

use clap::Args;
use serde::Serialize;

use super::args::{CatalogArgs, Cli, Format};
use super::error::CliError;
use super::output::{Printer, one_line, thousands};
use super::runs::open_published;
use crate::crawl::Exit;
use crate::store::find::Wanted;
use crate::store::objects::Described;
use crate::store::show::Shown;

/// Version of the JSON that this command prints.
const SCHEMA_VERSION: u32 = 1;

/// How many neighbours of one kind are named to people.
const NAMED: usize = 8;

/// Fields that the text tells in words of its own, or that say nothing to people.
const TOLD: &[&str] = &[
    "id",
    "kind",
    "name",
    "type",
    "path",
    "parent_id",
    "owner_id",
    "document_id",
    "page_id",
    "element_id",
    "column_id",
    "description",
    "definition",
    "badge",
    "url",
    "url_id",
    "first_name",
    "last_name",
    "connection_id",
    "data_type",
    "member_type",
    "database_name",
    "schema_name",
    "permission",
];

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Where the catalog is.
    #[command(flatten)]
    catalog: CatalogArgs,
    /// Its id, the id in its address, its address, its path such as `Sales/Q3/Forecast`, its name, or for what lies in a
    /// document `<document>/<element>` or `<document>/<element>/<column>`; of a member the e-mail address.
    object: String,
}

#[derive(Serialize)]
struct ShowReport<'a> {
    schema_version: u32,
    #[serde(flatten)]
    shown: &'a Shown,
}

pub fn run(cli: &Cli, arguments: &ShowArgs, printer: &Printer) -> Result<Exit, CliError> {
    let catalog = open_published(cli, &arguments.catalog, printer)?;
    let shown = catalog.show(&catalog.find(&arguments.object, Wanted::ANY)?)?;
    match arguments.catalog.format {
        Format::Json => printer.json(&ShowReport { schema_version: SCHEMA_VERSION, shown: &shown })?,
        Format::Text => text(&shown, printer)?,
    }
    Ok(Exit::Ok)
}

fn text(shown: &Shown, printer: &Printer) -> Result<(), CliError> {
    let object = &shown.object;
    let badge = object.badge.as_deref().map(|badge| format!(" [{badge}]")).unwrap_or_default();
    printer.line(format_args!("{} {}{badge}", object.kind, one_line(object.title())))?;
    let fact = |name: &str, value: &str| printer.line(format_args!("  {name:<18} {}", one_line(value)));
    fact("ref", &object.key.to_string())?;
    if !object.place.is_empty() {
        fact("in", &object.place.join(" › "))?;
    }
    let owner = shown.owner.as_ref().map(|owner| match (&owner.name, &owner.email) {
        (Some(name), Some(email)) => format!("{name} <{email}>"),
        _ => owner.title().to_owned(),
    });
    for (name, value) in [
        ("type", &object.type_word),
        ("owner", &owner),
        ("description", &shown.description),
        ("address", &shown.url),
    ] {
        if let Some(value) = value.as_ref().filter(|value| !value.trim().is_empty()) {
            fact(name, value)?;
        }
    }
    for (name, value) in shown.fields.iter().filter(|(name, _)| !TOLD.contains(&name.as_str())) {
        let is_flag =
            name.starts_with("is_") || matches!(name.as_str(), "hidden" | "use_oauth" | "write_access");
        match value {
            serde_json::Value::Number(number) if is_flag && number.as_i64() == Some(0) => {}
            serde_json::Value::Number(_) if is_flag => fact(&words(name), "yes")?,
            serde_json::Value::String(text) if !text.is_empty() => fact(&words(name), text)?,
            serde_json::Value::Number(number) => fact(&words(name), &number.to_string())?,
            _ => {}
        }
    }
    if let Some(grants) = shown.grants {
        let which =
            if matches!(object.kind.as_str(), "member" | "team") { "grants to it" } else { "grants on it" };
        fact(which, &thousands(grants))?;
    }
    let inside = match object.kind.as_str() {
        "member" => "teams, and what the member owns",
        "team" => "members",
        _ => "contains",
    };
    // What lies in it need not say so.
    let mut here = object.place.clone();
    if matches!(object.kind.as_str(), "connection" | "page" | "element" | "table") {
        here.push(object.title().to_owned());
    }
    list(inside, &shown.children, &here, printer)?;
    list("built from", &shown.upstream, &[], printer)?;
    list("read by", &shown.downstream, &[], printer)
}

fn words(field: &str) -> String {
    field.strip_prefix("is_").unwrap_or(field).replace('_', " ")
}

/// Neighbours by kind: how many, and the first of them by name.
fn list(heading: &str, objects: &[Described], own: &[String], printer: &Printer) -> Result<(), CliError> {
    if objects.is_empty() {
        return Ok(());
    }
    printer.line("")?;
    printer.line(format_args!("{heading}: {}", thousands(objects.len() as i128)))?;
    for object in objects.iter().take(NAMED) {
        let type_word = object.type_word.as_deref().map(|word| format!(" ({word})")).unwrap_or_default();
        let is_here = !own.is_empty() && object.place.starts_with(own);
        let what = format!("  {:<10} {}{type_word}", object.kind, one_line(object.title()));
        let place = if is_here { String::new() } else { printer.place(what.chars().count(), &object.place) };
        printer.line(format_args!("{what}{place}"))?;
    }
    if objects.len() > NAMED {
        printer.line(format_args!(
            "  and {} more: --format json names all",
            thousands((objects.len() - NAMED) as i128)
        ))?;
    }
    Ok(())
}
