//! Grants: by object, by principal, one by one.
use serde_json::{Value, json};

use super::{audited, documents, files};
use crate::simulator::{
    ids::Uuid,
    org::{Grant, Principal},
    serve::call::{Call, Problem, Reply},
};

/// A grant row. The object is named by its urlId, and not by the UUID it was asked for with.
fn row(call: &Call<'_>, grant: &Grant, typed: bool) -> Value {
    let (member, team) = match grant.to {
        Principal::Member(member) => (Some(&call.org.members[member].id), None),
        Principal::Team(team) => (None, Some(call.org.teams[team].id)),
    };
    let mut row = json!({
        "grantId": grant.id, "inodeId": grant.inode.url_id(), "organizationId": call.org.id, "memberId": member,
        "teamId": team, "permission": grant.permission,
    });
    if typed {
        row["inodeType"] = json!(grant.inode_type);
    }
    audited(call.org, &grant.stamps, row)
}

fn list(call: &Call<'_>, places: &[usize], typed: bool) -> Reply {
    call.list(places, |place| row(call, &call.org.grants[*place], typed))
}

pub fn grants(call: &Call<'_>) -> Reply {
    let direct = call.query.flag("directGrantsOnly")?;
    let asked = (call.query.get("inodeId"), call.query.get("teamId"), call.query.get("userId"));
    let places = match asked {
        (Some(inode), None, None) => on_object(call, inode, direct)?,
        (None, Some(team), None) => {
            let team = Uuid::parse(team).and_then(|id| call.org.team(id)).ok_or_else(Problem::not_found)?;
            let mine = call.org.teams[team].members.iter().any(|(member, _)| *member == call.caller);
            to_principal(call, Principal::Team(team), mine)?
        }
        (None, None, Some(user)) => {
            let member = call.org.member(user).ok_or_else(Problem::not_found)?;
            to_principal(call, Principal::Member(member), member == call.caller)?
        }
        _ => return Err(Problem::invalid("Expecting exactly one of inodeId, teamId, userId")),
    };
    list(call, &places, true)
}

/// Grants on one object, and unless `direct` those on the containers above it.
fn on_object(call: &Call<'_>, text: &str, direct: bool) -> Result<Vec<usize>, Problem> {
    let id = Uuid::parse_any(text)
        .ok_or_else(|| Problem::invalid(format!("Expecting an id at inodeId: {text}")))?;
    let Some(inode) = call.org.inode(id) else {
        let known = call.org.table(id).is_some() || call.org.scope(id).is_some();
        return if known { Ok(call.org.grants_on(id).to_vec()) } else { Err(Problem::not_found()) };
    };
    if call.level(inode).is_none() && !call.caller_is_admin() {
        return Err(Problem::forbidden());
    }
    let mut places = call.org.grants_on(id).to_vec();
    if !direct {
        for container in call.org.ancestors(inode) {
            places.extend(call.org.grants_on(call.org.inodes[container].id));
        }
    }
    Ok(places)
}

/// Grants made to one principal itself, on files.
fn to_principal(call: &Call<'_>, principal: Principal, own: bool) -> Result<Vec<usize>, Problem> {
    if !own && !call.caller_is_admin() {
        return Err(Problem::forbidden());
    }
    let of_principal = |(_, grant): &(usize, &Grant)| grant.to == principal && !grant.data;
    Ok(call.org.grants.iter().enumerate().filter(of_principal).map(|(place, _)| place).collect())
}

pub fn grant(call: &Call<'_>) -> Reply {
    let id = call.uuid(0)?;
    let grant = call.org.grants.iter().find(|grant| grant.id == id).ok_or_else(Problem::not_found)?;
    let reachable = call.org.inode(grant.inode).is_some_and(|inode| call.level(inode).is_some());
    if reachable || call.caller_is_admin() {
        call.one(&row(call, grant, true))
    } else {
        Err(Problem::forbidden())
    }
}

pub fn of_workspace(call: &Call<'_>) -> Reply {
    let place = files::workspace_place(call)?;
    list(call, call.org.grants_on(call.org.inodes[place].id), false)
}

pub fn of_dataset(call: &Call<'_>) -> Reply {
    let document = documents::live(call)?;
    list(call, call.org.grants_on(call.org.inode_of(document).id), false)
}

pub fn of_connection(call: &Call<'_>) -> Reply {
    let id = call.uuid(0)?;
    call.org.connection(id).ok_or_else(Problem::not_found)?;
    list(call, call.org.grants_on(id), false)
}

pub fn of_path(call: &Call<'_>) -> Reply {
    let id = Uuid::parse_any(call.params[0]).ok_or_else(Problem::not_found)?;
    if call.org.table(id).is_none() && call.org.scope(id).is_none() {
        return Err(Problem::not_found());
    }
    list(call, call.org.grants_on(id), false)
}
