//! Effective access once more, written straight from Sigma's rules, one member and one object at a time, with nothing
//! compiled and nothing shared with `access`.

use std::collections::BTreeSet;

use sigma_catalog::catalog::facts::{Facts, FileFact};

/// What the oracle says of a member and an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// 0: only words without a meaning; 1 to 5: view, explore, organize, edit, owner. `None`: no path.
    pub level: Option<u8>,
    /// Different paths.
    pub paths: usize,
    /// The kinds of the paths that give that level, each with the object it comes from.
    pub best: BTreeSet<(&'static str, String)>,
    /// `exact`, `lower_bound` or `unknown`.
    pub confidence: &'static str,
}

const WORDS: [&str; 4] = ["view", "explore", "organize", "edit"];

fn rank(word: &str) -> u8 {
    WORDS.iter().position(|known| *known == word).map_or(0, |place| place as u8 + 1)
}

/// The table of the reference: what a word granted on a container means on something inside it.
fn means(kind: &str, word: &str) -> u8 {
    let row: [&str; 4] = match kind {
        "workspace" | "folder" => ["view", "explore", "organize", "edit"],
        "workbook" => ["view", "explore", "explore", "edit"],
        "data-model" | "dataset" | "report" => ["view", "view", "view", "edit"],
        _ => ["view"; 4],
    };
    match rank(word) {
        0 => 0,
        known => rank(row[known as usize - 1]),
    }
}

fn file<'f>(facts: &'f Facts, id: &str) -> Option<&'f FileFact> {
    facts.files.iter().find(|file| file.id == id)
}

pub fn kind(facts: &Facts, id: &str) -> Option<String> {
    if facts.workspaces.iter().any(|workspace| workspace.id == id) {
        return Some("workspace".into());
    }
    let document =
        facts.documents.iter().find(|document| document.id == id).map(|document| document.kind.clone());
    document.or_else(|| file(facts, id).map(|file| file.file_type.clone().into()))
}

fn is_archived(facts: &Facts, id: &str) -> bool {
    let document = facts.documents.iter().find(|document| document.id == id);
    document.is_some_and(|document| document.is_archived)
        || file(facts, id).is_some_and(|file| file.is_archived)
}

fn owner(facts: &Facts, id: &str) -> Option<String> {
    let document = facts.documents.iter().find(|document| document.id == id).and_then(|d| d.owner_id.clone());
    document.or_else(|| file(facts, id).and_then(|file| file.owner_id.clone()))
}

/// The object and what it inherits from, nearest first; and whether the way up is known to its end.
fn lineage(facts: &Facts, object: &str) -> (Vec<String>, bool) {
    let mut line = vec![object.to_owned()];
    loop {
        let at = line.last().expect("never empty").clone();
        if kind(facts, &at).as_deref() == Some("workspace") {
            return (line, true);
        }
        // Only a file says where something lies.
        let Some(file) = file(facts, &at) else { return (line, false) };
        let Some(parent) = file.parent_id.as_deref().map(str::to_owned) else { return (line, true) };
        let Some(parent_kind) = kind(facts, &parent) else { return (line, false) };
        let container = parent_kind == "folder" || parent_kind == "workspace";
        if line.contains(&parent) || !container || is_archived(facts, &parent) {
            return (line, true);
        }
        line.push(parent);
    }
}

fn is_admin(facts: &Facts, member: usize) -> Option<bool> {
    let member = &facts.members[member];
    let robot = member.id == "SigmaSchedulerRobot"
        || member.email.as_deref() == Some("scheduler-robot@sigmacomputing.com");
    let says_so = member.account_type.as_ref().is_some_and(|name| name.to_lowercase() == "admin");
    if robot || !says_so {
        return Some(false);
    }
    let mut custom: Vec<Option<bool>> = Vec::new();
    for known in &facts.account_types {
        if known.name.as_ref().is_some_and(|name| name.to_lowercase() == "admin") {
            custom.push(known.is_custom);
        }
    }
    if custom.is_empty() {
        return if facts.readings.is_read("account-types", "") { Some(false) } else { None };
    }
    custom.dedup();
    match custom.as_slice() {
        [Some(custom)] => Some(!custom),
        _ => None,
    }
}

/// Whether a team includes a member: yes, no, or perhaps.
fn includes(facts: &Facts, team_id: &str, member: usize) -> Option<bool> {
    let member = &facts.members[member];
    let Some(team) = facts.teams.iter().find(|team| team.id == team_id) else {
        return if facts.readings.is_read("teams", "") { Some(false) } else { None };
    };
    if team.is_archived {
        return Some(false);
    }
    if team.name.as_ref().is_some_and(|name| name.to_lowercase() == "all members") {
        return Some(member.user_kind.as_deref() != Some("guest"));
    }
    let listed = facts.memberships.iter().any(|m| m.team_id == team_id && m.member_id == member.id);
    if listed || facts.readings.is_read("team-members", team_id) { Some(listed) } else { None }
}

fn by_principal(facts: &Facts) -> bool {
    facts.readings.knows("member-grants") || facts.readings.knows("team-grants")
}

/// Whether grants that could reach the member were left unread because of who they were asked for by.
fn principals_unread(facts: &Facts, member: usize) -> bool {
    if !by_principal(facts) {
        return false;
    }
    let mut teams: BTreeSet<&String> = facts.teams.iter().map(|team| &team.id).collect();
    if !facts.readings.is_read("teams", "") {
        teams.extend(facts.grants.iter().map(|grant| &grant.team_id).filter(|id| !id.is_empty()));
    }
    let unread_team = |team: &&String| {
        includes(facts, team, member) != Some(false) && !facts.readings.is_read("team-grants", team)
    };
    !facts.readings.is_read("member-grants", &facts.members[member].id) || teams.iter().any(unread_team)
}

fn object_unread(facts: &Facts, id: &str) -> bool {
    let readings = &facts.readings;
    let kind = kind(facts, id).expect("an object");
    let asked = by_principal(facts) && readings.is_read("members", "") && readings.is_read("teams", "");
    let grants = readings.is_read("object-grants", id) || (asked && kind != "workspace");
    let place = kind == "workspace" || readings.is_read("files", &kind);
    let is_document = facts.documents.iter().any(|document| document.id == id)
        && !facts.workspaces.iter().any(|workspace| workspace.id == id);
    let listed = !is_document || readings.is_read("documents", &kind);
    !(grants && place && listed)
}

/// Everything the rules say about one member and one object.
pub fn said(facts: &Facts, member: usize, object: &str, with_admin: bool) -> Said {
    let nothing = Said { level: None, paths: 0, best: BTreeSet::new(), confidence: "exact" };
    let who = &facts.members[member];
    if who.is_archived || who.is_inactive || is_archived(facts, object) {
        return nothing;
    }
    let kind_here = kind(facts, object).expect("an object");
    let (line, known_to_the_top) = lineage(facts, object);
    // (what it gives, kind of path, where, whom it names, the word)
    let mut paths: BTreeSet<(u8, &'static str, String, String, String)> = BTreeSet::new();
    let mut perhaps: Option<u8> = None;
    for (depth, at) in line.iter().enumerate() {
        for grant in facts.grants.iter().filter(|grant| grant.object_id == *at) {
            let word = grant.permission.clone().unwrap_or_default();
            let gives = if depth == 0 { rank(&word) } else { means(&kind_here, &word) };
            if !grant.member_id.is_empty() {
                if grant.member_id == who.id {
                    paths.insert((gives, "direct", at.clone(), String::new(), word));
                }
                continue;
            }
            let team = facts.teams.iter().find(|team| team.id == grant.team_id);
            let everyone = team
                .and_then(|team| team.name.as_ref())
                .is_some_and(|name| name.to_lowercase() == "all members");
            match includes(facts, &grant.team_id, member) {
                Some(true) if everyone => {
                    paths.insert((gives, "everyone", at.clone(), String::new(), word));
                }
                Some(true) => {
                    paths.insert((gives, "team", at.clone(), grant.team_id.clone(), word));
                }
                Some(false) => {}
                None => perhaps = perhaps.max(Some(gives)),
            }
            // Who is known to belong to a team that was not listed to its end makes nobody else's answer certain.
        }
    }
    if owner(facts, object).as_deref() == Some(who.id.as_str()) {
        paths.insert((5, "owner", object.to_owned(), String::new(), String::new()));
    }
    if with_admin && is_admin(facts, member) == Some(true) {
        paths.insert((4, "admin", object.to_owned(), String::new(), String::new()));
    }
    let level = paths.iter().map(|path| path.0).max();
    let doubt = !known_to_the_top
        || line.iter().any(|at| object_unread(facts, at))
        || !facts.readings.by_administrator
        || principals_unread(facts, member)
        || (with_admin && is_admin(facts, member).is_none())
        || perhaps > level
        || paths.iter().any(|path| path.0 == 0);
    let confidence = match level {
        None | Some(0) if doubt => "unknown",
        Some(1..=3) if doubt => "lower_bound",
        _ => "exact",
    };
    let best =
        paths.iter().filter(|path| Some(path.0) == level).map(|path| (path.1, path.2.clone())).collect();
    Said { level, paths: paths.len(), best, confidence }
}
