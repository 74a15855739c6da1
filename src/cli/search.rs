//! `search`: objects by the words in their names, descriptions, columns, formulas and SQL.

use clap::Args;
use serde::Serialize;

use super::args::{CatalogArgs, Cli, Format};
use super::error::CliError;
use super::output::Printer;
use super::runs::open_published;
use crate::crawl::Exit;
use crate::store::search::Hit;

/// Version of the JSON that this command prints.
const SCHEMA_VERSION: u32 = 1;

/// Arguments of `search`.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// Where the catalog is.
    #[command(flatten)]
    catalog: CatalogArgs,
    /// Only these kinds: workspace, folder, workbook, report, data-model, dataset, page, element, table, customSQL,
    /// connection, member, team; or columns alone.
    #[arg(long = "type", value_name = "KIND", value_delimiter = ',')]
    kinds: Vec<String>,
    /// How many at most.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// The words; each may be the beginning of one. Nothing in them is a command to the search.
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
}

#[derive(Serialize)]
struct SearchReport<'a> {
    schema_version: u32,
    text: &'a str,
    hits: &'a [Hit],
}

pub fn run(cli: &Cli, arguments: &SearchArgs, printer: &Printer) -> Result<Exit, CliError> {
    let text = arguments.text.join(" ");
    if !text.contains(char::is_alphanumeric) {
        return Err(CliError::Usage {
            problem: format!("`{text}` has no letter or digit to search for"),
            remedy: "give a word, or the beginning of one".to_owned(),
        });
    }
    if arguments.kinds.len() > 1 && arguments.kinds.iter().any(|kind| kind == "column") {
        return Err(CliError::Usage {
            problem: "columns are searched alone".to_owned(),
            remedy: "give `--type column`, or leave it out: elements tell which of their columns match"
                .to_owned(),
        });
    }
    let catalog = open_published(cli, &arguments.catalog, printer)?;
    let hits = catalog.search(&text, &arguments.kinds, arguments.limit as usize)?;
    if hits.is_empty() {
        check_kinds(&catalog.searchable_kinds()?, &arguments.kinds)?;
    }
    if arguments.catalog.format == Format::Json {
        printer.json(&SearchReport { schema_version: SCHEMA_VERSION, text: &text, hits: &hits })?;
        return Ok(Exit::Ok);
    }
    if hits.is_empty() {
        printer.line(format_args!("nothing has `{text}`"))?;
        return Ok(Exit::Ok);
    }
    for hit in &hits {
        print(hit, printer)?;
    }
    if hits.len() == arguments.limit as usize {
        printer.note(format_args!("the {} best; --limit shows more, --type fewer kinds", hits.len()));
    }
    Ok(Exit::Ok)
}

/// The kinds there may be in any catalog. Others come from lineage, whose types are an open list.
const KINDS: [&str; 14] = [
    "workspace",
    "folder",
    "workbook",
    "report",
    "data-model",
    "dataset",
    "page",
    "element",
    "table",
    "customSQL",
    "connection",
    "member",
    "team",
    "column",
];

/// Nothing was found: tells whether that is because nothing can be of that kind.
fn check_kinds(held: &[String], asked: &[String]) -> Result<(), CliError> {
    let is_kind = |kind: &String| KINDS.contains(&kind.as_str()) || held.contains(kind);
    match asked.iter().find(|kind| !is_kind(kind)) {
        None => Ok(()),
        Some(kind) => Err(CliError::Usage {
            problem: format!("there is no kind of object called `{kind}`"),
            remedy: format!("give one or more of {}, with commas between", KINDS.join(", ")),
        }),
    }
}

/// Two lines: what and where; then what matched besides the name.
fn print(hit: &Hit, printer: &Printer) -> Result<(), CliError> {
    let object = &hit.object;
    let badge = object.badge.as_deref().map(|badge| format!(" [{badge}]")).unwrap_or_default();
    let what = format!("{:<11} {}{badge}", object.kind, super::output::one_line(object.title()));
    let place = printer.place(what.chars().count(), &object.place);
    printer.line(format_args!("{what}{place}"))?;
    for (field, words) in FIELDS {
        let texts: Vec<&str> =
            hit.matched.iter().filter(|matched| matched.field == *field).map(|m| m.text.as_str()).collect();
        if !texts.is_empty() {
            printer.line(format_args!("{:<11} {words}: {}", "", shortened(&texts)))?;
        }
    }
    printer.line(format_args!("{:<11} {}", "", object.key))
}

/// The texts side by side, as many as fit a line.
fn shortened(texts: &[&str]) -> String {
    let mut line = String::new();
    for (place, text) in texts.iter().enumerate() {
        let separator = if place == 0 { "" } else { ", " };
        if place > 0 && line.chars().count() + text.chars().count() > WIDTH {
            return line + ", …";
        }
        line = line + separator + text;
    }
    line
}

/// Characters of a line for texts that matched.
const WIDTH: usize = 72;

/// The fields that are told with their words; the name tells itself.
const FIELDS: &[(&str, &str)] =
    &[("description", "description"), ("column", "columns"), ("formula", "formulas"), ("sql", "SQL")];
