//! Paths as a graph: member, team, container, object.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::access::{Access, Path, edges, is_winning};

/// A drawing: nodes with their labels, edges with whether a winning path uses them, both in the order of appearance.
struct Drawing {
    nodes: Vec<(String, String)>,
    edges: Vec<(usize, usize, String, bool)>,
}

fn draw(access: &Access, member: u32, object: u32, paths: &[Path]) -> Drawing {
    let mut drawing = Drawing { nodes: Vec::new(), edges: Vec::new() };
    let mut places = BTreeMap::new();
    let mut place = |drawing: &mut Drawing, id: &str| {
        *places.entry(id.to_owned()).or_insert_with(|| {
            drawing.nodes.push((id.to_owned(), label(access, id)));
            drawing.nodes.len() - 1
        })
    };
    place(&mut drawing, &format!("member:{}", access.members()[member as usize].id));
    let what = &access.objects()[object as usize];
    place(&mut drawing, &format!("{}:{}", what.kind.name(), what.id));
    for (number, path) in paths.iter().enumerate() {
        let winning = is_winning(number, path);
        for edge in edges(access, member, object, path) {
            let (from, to) = (place(&mut drawing, &edge.from), place(&mut drawing, &edge.to));
            let words = edge.edge.replace('_', " ");
            let text = edge.permission.map_or(words.clone(), |permission| format!("{words} {permission}"));
            match drawing.edges.iter_mut().find(|(a, b, known, _)| (*a, *b) == (from, to) && *known == text) {
                Some(known) => known.3 |= winning,
                None => drawing.edges.push((from, to, text, winning)),
            }
        }
    }
    drawing
}

/// What a node is for people.
fn label(access: &Access, id: &str) -> String {
    let (kind, id) = id.split_once(':').unwrap_or(("", id));
    let title = match kind {
        "member" => access.members().iter().find(|member| member.id == id).map(|member| member.title()),
        "team" => access.teams().iter().find(|team| team.id == id).map(|team| team.title()),
        _ => access.place_of(id).map(|place| access.objects()[place as usize].title()),
    };
    format!("{kind}\n{}", title.unwrap_or(id))
}

/// For Graphviz. The winning path is bold.
pub fn dot(access: &Access, member: u32, object: u32, paths: &[Path]) -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let drawing = draw(access, member, object, paths);
    let mut text = "digraph access {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    for (place, (_, label)) in drawing.nodes.iter().enumerate() {
        let _ = writeln!(text, "  n{place} [label=\"{}\"];", quoted(label));
    }
    for (from, to, label, winning) in &drawing.edges {
        let style = if *winning { ", style=bold" } else { "" };
        let _ = writeln!(text, "  n{from} -> n{to} [label=\"{}\"{style}];", quoted(label));
    }
    text.push('}');
    text
}

/// For Mermaid. The winning path is thick.
pub fn mermaid(access: &Access, member: u32, object: u32, paths: &[Path]) -> String {
    // Mermaid reads entities in labels, so names cannot end a label or bring markup of their own.
    let quoted = |text: &str| {
        text.chars().fold(String::new(), |mut out, c| {
            match c {
                '\n' => out.push_str("<br/>"),
                '"' | '<' | '>' | '&' | '#' | '`' => {
                    let _ = write!(out, "#{};", u32::from(c));
                }
                c => out.push(c),
            }
            out
        })
    };
    let drawing = draw(access, member, object, paths);
    let mut text = "graph LR".to_owned();
    for (place, (_, label)) in drawing.nodes.iter().enumerate() {
        let _ = write!(text, "\n  n{place}[\"{}\"]", quoted(label));
    }
    for (from, to, label, winning) in &drawing.edges {
        let arrow = if *winning { "==>" } else { "-->" };
        let _ = write!(text, "\n  n{from} {arrow}|\"{}\"| n{to}", quoted(label));
    }
    text
}
