//! `lineage`: what an object is built from, and what is built from it.

use std::collections::{BTreeSet, HashMap};

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::args::{CatalogArgs, Cli, Format};
use super::drawing::Drawing;
use super::error::CliError;
use super::output::{Printer, counted, one_line};
use super::runs::open_published;
use crate::crawl::Exit;
use crate::store::find::Wanted;
use crate::store::lineage::{Direction, Graph, Node};

/// Version of the JSON that this command prints.
const SCHEMA_VERSION: u32 = 1;

/// Arguments of `lineage`.
#[derive(Debug, Args)]
pub struct LineageArgs {
    /// Which way.
    #[command(subcommand)]
    command: LineageCommand,
}

/// Which way to follow lineage.
#[derive(Debug, Subcommand)]
enum LineageCommand {
    /// What an object is built from, up to the warehouse.
    Upstream(Question),
    /// What is built from an object, down to the last reader.
    Downstream(Question),
}

/// What to follow.
#[derive(Debug, Args)]
struct Question {
    /// The catalog's file [setting: catalog.database].
    #[arg(long, value_name = "FILE")]
    db: Option<std::path::PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value = "tree")]
    format: GraphFormat,
    /// Follow columns instead of elements and tables.
    #[arg(long)]
    columns: bool,
    /// How many steps at most; all without it.
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u32).range(1..))]
    depth: Option<u32>,
    /// A document, `<document>/<element>`, `<document>/<element>/<column>`, a table, or `<table>.<column>`; by id, address,
    /// path or name.
    object: String,
}

/// How to print a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GraphFormat {
    /// For people.
    Tree,
    /// For programs.
    Json,
    /// A graph for Graphviz.
    Dot,
    /// A graph for Mermaid.
    Mermaid,
}

#[derive(Serialize)]
struct LineageReport<'a> {
    schema_version: u32,
    #[serde(flatten)]
    graph: &'a Graph,
}

pub fn run(cli: &Cli, arguments: &LineageArgs, printer: &Printer) -> Result<Exit, CliError> {
    let (question, direction) = match &arguments.command {
        LineageCommand::Upstream(question) => (question, Direction::Upstream),
        LineageCommand::Downstream(question) => (question, Direction::Downstream),
    };
    let catalog =
        open_published(cli, &CatalogArgs { db: question.db.clone(), format: Format::Text }, printer)?;
    let key = catalog.find(&question.object, Wanted::DATA)?;
    let depth = question.depth.map_or(usize::MAX, |depth| depth as usize);
    let graph = if question.columns {
        catalog.column_lineage(&key, direction, depth)?
    } else {
        catalog.lineage(&key, direction, depth)?
    };
    match question.format {
        GraphFormat::Json => {
            printer.json(&LineageReport { schema_version: SCHEMA_VERSION, graph: &graph })?
        }
        GraphFormat::Dot => printer.line(drawing(&graph).dot("lineage"))?,
        GraphFormat::Mermaid => printer.line(drawing(&graph).mermaid())?,
        GraphFormat::Tree => {
            tree(&graph, printer)?;
            if graph.is_cut {
                printer.note("there is more: --depth cut it");
            }
        }
    }
    Ok(Exit::Ok)
}

/// Arrows go the way the data goes.
fn drawing(graph: &Graph) -> Drawing {
    let label = |node: &Node| {
        let place = node.object.place.last().map(|place| format!("\n{place}")).unwrap_or_default();
        format!("{}\n{}{place}", node.object.kind, node.object.title())
    };
    let edge = |link: &crate::store::lineage::Link| {
        let words = if link.inferred { format!("{}, inferred", link.kind) } else { link.kind.clone() };
        (link.source, link.target, words, false)
    };
    Drawing {
        nodes: graph.nodes.iter().map(|node| (node.object.key.to_string(), label(node))).collect(),
        edges: graph.links.iter().map(edge).collect(),
    }
}

/// How a step is told in a tree.
type Branch = (usize, String);

fn tree(graph: &Graph, printer: &Printer) -> Result<(), CliError> {
    let mut branches: HashMap<usize, Vec<Branch>> = HashMap::new();
    for link in &graph.links {
        let (from, to) = match graph.direction {
            Direction::Upstream => (link.target, link.source),
            Direction::Downstream => (link.source, link.target),
        };
        let mut words: Vec<&str> = (!matches!(link.kind.as_str(), "source" | "column"))
            .then_some(link.kind.as_str())
            .into_iter()
            .collect();
        words.extend(link.inferred.then_some("inferred"));
        branches.entry(from).or_default().push((to, words.join(", ")));
    }
    let mut told = BTreeSet::new();
    // Texts, images and controls of a document have no lineage to show.
    let linked: BTreeSet<usize> = graph.links.iter().flat_map(|link| [link.source, link.target]).collect();
    let roots: Vec<usize> =
        graph.roots.iter().copied().filter(|root| graph.roots.len() == 1 || linked.contains(root)).collect();
    for root in &roots {
        // A root that another one leads to is told there.
        let is_branch = graph.links.iter().any(|link| {
            let to = if graph.direction == Direction::Upstream { link.source } else { link.target };
            to == *root && link.source != link.target
        });
        if !is_branch {
            print_branches(graph, &branches, *root, &mut told, printer)?;
        }
    }
    // What lies on a cycle has no beginning: any will do.
    for root in &roots {
        if !told.contains(root) {
            print_branches(graph, &branches, *root, &mut told, printer)?;
        }
    }
    match graph.roots.len() - roots.len() {
        0 if graph.roots.is_empty() => printer.line("nothing in it has lineage that is known")?,
        0 => {}
        others => {
            printer.line(format_args!("{} without lineage in this direction", counted(others, "part")))?
        }
    }
    Ok(())
}

/// A line of the tree that is still to be printed: what, under which prefix, with which words, whether its last sibling.
struct Pending {
    node: usize,
    prefix: String,
    words: String,
    is_last: bool,
    is_root: bool,
}

/// Prints what hangs on a root; what was printed before is named and not followed again.
fn print_branches(
    graph: &Graph,
    branches: &HashMap<usize, Vec<Branch>>,
    root: usize,
    told: &mut BTreeSet<usize>,
    printer: &Printer,
) -> Result<(), CliError> {
    let first =
        Pending { node: root, prefix: String::new(), words: String::new(), is_last: true, is_root: true };
    let mut open = vec![first];
    while let Some(Pending { node, prefix, words, is_last, is_root }) = open.pop() {
        let is_new = told.insert(node);
        let hanging: &[Branch] = branches.get(&node).map_or(&[], Vec::as_slice);
        let above = if is_new || hanging.is_empty() { "" } else { " (above)" };
        let arm = if is_root {
            ""
        } else if is_last {
            "└─ "
        } else {
            "├─ "
        };
        let words = if words.is_empty() { String::new() } else { format!(" ({words})") };
        let object = &graph.nodes[node].object;
        let what = one_line(&format!("{prefix}{arm}{} {}", object.kind, object.title())).into_owned();
        // The nearest of what it lies in.
        let place = &object.place[object.place.len().saturating_sub(2)..];
        let taken = [&what, &words, above].map(|text| text.chars().count()).iter().sum();
        let place = printer.place(taken, place);
        printer.line(format_args!("{what}{}{words}{above}", one_line(&place)))?;
        if !is_new {
            continue;
        }
        let below = if is_root {
            String::new()
        } else {
            format!("{prefix}{}", if is_last { "   " } else { "│  " })
        };
        for (place, (to, words)) in hanging.iter().enumerate().rev() {
            open.push(Pending {
                node: *to,
                prefix: below.clone(),
                words: words.clone(),
                is_last: place + 1 == hanging.len(),
                is_root: false,
            });
        }
    }
    Ok(())
}
