//! Paths told: as steps for programs, as a sentence for people.

use serde::Serialize;

use super::answer::{Path, Via};
use super::closure::Access;
use super::level::Level;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Edge {
    /// The node it starts at.
    pub from: String,
    /// `member_of`, `granted`, `inherits`, `owns` or `admin`.
    pub edge: &'static str,
    /// The node it ends at.
    pub to: String,
    /// The word of a grant, or what is left of it where it is inherited.
    pub permission: Option<String>,
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

/// A path that gives nothing wins nothing.
pub fn is_winning(place: usize, path: &Path) -> bool {
    place == 0 && path.level > Level::Unknown
}

/// A path as a sentence.
pub fn narrative(access: &Access, path: &Path, member: u32, object: u32) -> String {
    let name = access.members()[member as usize].title();
    let (what, at) = (&access.objects()[object as usize], &access.objects()[path.at as usize]);
    let team = path.team.map_or("?", |team| access.teams()[team as usize].title());
    let to = match path.via {
        Via::Owner => return format!("{name} owns it"),
        Via::Admin => return format!("{name} is an administrator, who may see and edit everything"),
        Via::Direct => name.to_owned(),
        Via::Team => format!("team {team}, to which {name} belongs,"),
        Via::Everyone => format!("{team}, which is everybody but guests,"),
    };
    let place = match path.depth {
        0 => format!("on the {} itself", what.kind.words()),
        1 => format!("on {} {}, 1 step up", at.kind.words(), at.title()),
        steps => format!("on {} {}, {steps} steps up", at.kind.words(), at.title()),
    };
    let granted = path.granted.label(at.kind);
    let word = path.word.map_or("", |word| access.word(word));
    let as_what = match path.granted {
        Level::Unknown => format!(", as `{word}`: what that gives is not established"),
        _ if granted == path.level.label(what.kind) => String::new(),
        _ => format!(", as {granted}"),
    };
    format!("granted to {to} {place}{as_what}")
}
