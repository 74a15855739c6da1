//! Paths as a graph: member, team, container, object.

use std::collections::BTreeMap;

use serde::Serialize;

use super::explain::is_winning;
use crate::access::{Access, Level, Path, Via};
use crate::cli::drawing::Drawing;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Edge {
    from: String,
    /// `member_of`, `granted`, `inherits`, `owns` or `admin`.
    edge: &'static str,
    to: String,
    /// The word of a grant, or what is left of it where it is inherited.
    permission: Option<String>,
}

/// The steps of a path, from the member to the object. Nodes are named `member:<id>`, `team:<id>` and `<kind>:<id>`.
pub fn edges(access: &Access, member: u32, object: u32, path: &Path) -> Vec<Edge> {
    let who = format!("member:{}", access.members()[member as usize].id);
    let node = |place: u32| {
        let object = &access.objects()[place as usize];
        format!("{}:{}", object.kind.name(), object.id)
    };
    let word = |path: &Path| path.word.map(|word| access.word(word).to_owned());
    let mut edges = Vec::new();
    let mut grantee = who.clone();
    match path.via {
        Via::Owner => return vec![Edge { from: who, edge: "owns", to: node(object), permission: None }],
        Via::Admin => return vec![Edge { from: who, edge: "admin", to: node(object), permission: None }],
        Via::Direct => {}
        Via::Team | Via::Everyone => {
            let team = path.team.map_or("", |team| access.teams()[team as usize].id.as_str());
            grantee = format!("team:{team}");
            edges.push(Edge { from: who, edge: "member_of", to: grantee.clone(), permission: None });
        }
    }
    edges.push(Edge { from: grantee, edge: "granted", to: node(path.at), permission: word(path) });
    let mut down: Vec<u32> = access.chain(object).take(path.depth as usize + 1).collect();
    down.reverse();
    for step in down.windows(2) {
        let level = if step[1] == object { path.level } else { path.granted };
        let permission = (level > Level::Unknown).then(|| level.name().to_owned());
        edges.push(Edge { from: node(step[0]), edge: "inherits", to: node(step[1]), permission });
    }
    edges
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
    draw(access, member, object, paths).dot("access")
}

/// For Mermaid. The winning path is thick.
pub fn mermaid(access: &Access, member: u32, object: u32, paths: &[Path]) -> String {
    draw(access, member, object, paths).mermaid()
}
