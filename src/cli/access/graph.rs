//! Paths as a graph: member, team, container, object.

use std::collections::BTreeMap;

use crate::access::{Access, Path, edges, is_winning};
use crate::cli::drawing::Drawing;

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
    draw(access, member, object, paths).dot("access")
}

/// For Mermaid. The winning path is thick.
pub fn mermaid(access: &Access, member: u32, object: u32, paths: &[Path]) -> String {
    draw(access, member, object, paths).mermaid()
}
