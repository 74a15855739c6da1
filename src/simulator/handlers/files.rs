//! Workspaces and files, as far as someone can reach them.
use serde_json::{Value, json};

use super::{audited, contains, people::member_place};
use crate::simulator::{
    ids::{Uuid, mix},
    org::{Kind, access::Level},
    serve::call::{Call, Problem, Reply},
};

/// File types that exist, and whether they are listed without being asked for.
const TYPES: [(&str, bool); 12] = [
    ("folder", true),
    ("workbook", true),
    ("data-model", true),
    ("dataset", true),
    ("report", true),
    ("workspace", false),
    ("symlink", false),
    ("sql", false),
    ("worksheet", false),
    ("dashboard", false),
    ("template", false),
    ("table", false),
];

fn workspace_row(call: &Call<'_>, place: usize) -> Value {
    let inode = &call.org.inodes[place];
    // The personal space shows under another name here.
    let name = if inode.kind == Kind::Workspace { inode.name.as_str() } else { "User Folder" };
    let row = json!({ "workspaceId": inode.id, "workspaceUrlId": inode.id.url_id(), "name": name });
    audited(call.org, &inode.stamps, row)
}

pub fn workspaces(call: &Call<'_>) -> Reply {
    let (name, exact) = (call.query.get("name"), call.query.get("exactName"));
    let levels = call.org.levels(call.caller);
    let wanted = |place: &usize| {
        let inode = &call.org.inodes[*place];
        inode.kind == Kind::Workspace
            && levels[*place].is_some()
            && match exact {
                Some(exact) => inode.name.to_lowercase() == exact.to_lowercase(),
                None => name.is_none_or(|part| contains(&inode.name, part)),
            }
    };
    let places: Vec<usize> = (0..call.org.inodes.len()).filter(wanted).collect();
    call.list(&places, |place| workspace_row(call, *place))
}

/// The workspace of the path, which may also be the caller's personal space.
pub fn workspace_place(call: &Call<'_>) -> Result<usize, Problem> {
    let place = call.org.inode(call.uuid(0)?).ok_or_else(Problem::not_found)?;
    let inode = &call.org.inodes[place];
    if inode.kind != Kind::Workspace && inode.parent != Some(place) {
        return Err(Problem::not_found());
    }
    if call.level(place).is_some() { Ok(place) } else { Err(Problem::forbidden()) }
}

pub fn workspace(call: &Call<'_>) -> Reply {
    call.one(&workspace_row(call, workspace_place(call)?))
}

fn file_row(call: &Call<'_>, place: usize, level: Level) -> Value {
    let inode = &call.org.inodes[place];
    let parent = inode.parent.map_or(inode.id, |parent| call.org.inodes[parent].id);
    let mut row = json!({
        "id": inode.id, "urlId": inode.id.url_id(), "name": inode.name, "type": inode.kind.file_type(),
        "parentId": parent, "parentUrlId": parent.url_id(), "permission": level.permission(),
        "path": call.org.path(place), "badge": inode.badge, "isArchived": inode.archived,
    });
    if let Some(description) = &inode.description {
        row["description"] = json!(description);
    }
    if let Some(owner) = inode.owner {
        row["ownerId"] = json!(call.org.members[owner].id);
    }
    audited(call.org, &inode.stamps, row)
}

/// The files that `member` can reach and the query asks for.
fn reachable(call: &Call<'_>, member: usize) -> Result<Vec<(usize, Level)>, Problem> {
    let types: Vec<&str> = ["typeFilters", "typeFilters[]"]
        .iter()
        .flat_map(|name| call.query.all(name))
        .flat_map(|value| value.split(','))
        .collect();
    if let Some(unknown) = types.iter().find(|wanted| !TYPES.iter().any(|(name, _)| name == *wanted)) {
        return Err(Problem::invalid(format!("Unexpected value at typeFilters: {unknown}")));
    }
    let type_wanted = |kind: &str| match types.as_slice() {
        [] => TYPES.iter().any(|(name, default)| *name == kind && *default),
        // Workspaces are given only to those who ask for nothing else.
        [one] => *one == kind,
        several => kind != "workspace" && several.contains(&kind),
    };
    let parent = match call.query.get("parentId") {
        None => None,
        Some(text) => {
            let place = Uuid::parse_any(text).and_then(|id| call.org.inode(id));
            Some(place.ok_or_else(|| Problem::invalid(format!("Unknown folder at parentId: {text}")))?)
        }
    };
    let direct = call.query.flag("directChildFilter")?;
    let in_place = |place: usize| match (parent, direct) {
        (None, false) => true,
        (Some(parent), true) => call.org.inodes[place].parent == Some(parent) && place != parent,
        (Some(parent), false) => call.org.ancestors(place).contains(&parent),
        // Without a folder, the children of the root: what is directly in a workspace or is one.
        (None, true) => call.org.ancestors(place).len() <= 1,
    };
    let (name, permission) = (call.query.get("name"), call.query.get("permissionFilter"));
    if let Some(unknown) = permission.filter(|text| Level::of_permission(text).is_none()) {
        return Err(Problem::invalid(format!("Unexpected value at permissionFilter: {unknown}")));
    }
    let levels = call.org.levels(member);
    let found = levels.iter().enumerate().filter_map(|(place, level)| {
        let (inode, level) = (&call.org.inodes[place], (*level)?);
        let wanted = !inode.exploration
            && type_wanted(inode.kind.file_type())
            && name.is_none_or(|part| contains(&inode.name, part))
            && permission.is_none_or(|permission| level.permission() == permission)
            && in_place(place);
        wanted.then_some((place, level))
    });
    Ok(found.collect())
}

pub fn files(call: &Call<'_>) -> Reply {
    let found = reachable(call, call.caller)?;
    call.list(&found, |(place, level)| file_row(call, *place, *level))
}

/// Sigma's own answer to what a member may do.
pub fn of_member(call: &Call<'_>) -> Reply {
    let found = reachable(call, member_place(call)?)?;
    call.list(&found, |(place, level)| file_row(call, *place, *level))
}

pub fn file(call: &Call<'_>) -> Reply {
    let id = call.uuid(0)?;
    if let Some(table) = call.org.table(id) {
        return call.one(&table_row(call, table));
    }
    let place = call.org.inode(id).ok_or_else(Problem::not_found)?;
    if call.org.inodes[place].archived {
        return Err(Problem::archived());
    }
    let level = call.level(place).ok_or_else(Problem::forbidden)?;
    call.one(&file_row(call, place, level))
}

/// A warehouse table as a file.
fn table_row(call: &Call<'_>, place: usize) -> Value {
    let table = &call.org.tables[place];
    let scope = &table.path[..table.path.len() - 1];
    let parent = call.org.scopes.iter().find(|s| s.connection == table.connection && s.path == scope);
    let parent = parent.map_or(call.org.connections[table.connection].id, |scope| scope.id);
    let path: Vec<&str> = ["Connection Root"].into_iter().chain(scope.iter().map(String::as_str)).collect();
    let row = json!({
        "id": table.id, "urlId": table.id.url_id(), "name": table.name(), "type": "table", "parentId": parent,
        "parentUrlId": parent.url_id(), "permission": "view", "path": path.join("/"), "badge": null,
        "isArchived": false, "ownerId": null,
    });
    audited(call.org, &call.org.connections[table.connection].stamps, row)
}

/// How many files a member has looked at lately, or likes.
const FEW: usize = 5;

/// Some of the documents a member can reach, always the same.
fn some_documents(call: &Call<'_>, member: usize, salt: u64) -> Vec<(usize, Level)> {
    let levels = call.org.levels(member);
    let mut found: Vec<(usize, Level)> = levels
        .iter()
        .enumerate()
        .filter_map(|(place, level)| level.map(|level| (place, level)))
        .filter(|(place, _)| call.org.inodes[*place].document.is_some())
        .collect();
    found.sort_by_key(|(place, _)| mix(&[salt, member as u64, *place as u64]));
    found.truncate(FEW);
    found
}

pub fn recents(call: &Call<'_>) -> Reply {
    let explorations = call.query.flag("includeExplorations")?;
    let mut found = some_documents(call, member_place(call)?, 1);
    found.retain(|(place, _)| explorations || !call.org.inodes[*place].exploration);
    call.list(&found, |(place, level)| {
        let mut row = file_row(call, *place, *level);
        row["lastInteractionAt"] = json!(call.org.inodes[*place].stamps.updated_at);
        row
    })
}

pub fn favorites(call: &Call<'_>) -> Reply {
    let mut found = some_documents(call, member_place(call)?, 2);
    found.retain(|(place, _)| !call.org.inodes[*place].exploration);
    call.list(&found, |(place, level)| file_row(call, *place, *level))
}
