//! Members, teams, account types, user attributes, tenants.
use serde_json::{Value, json};

use super::{audited, contains};
use crate::simulator::{
    ids::Uuid,
    org::{Attribute, Kind, Team},
    serve::call::{Call, Problem, Reply},
};

pub fn whoami(call: &Call<'_>) -> Reply {
    call.one(&json!({ "userId": call.org.members[call.caller].id, "organizationId": call.org.id }))
}

/// A member row; the two flags are there only if asked for.
fn member_row(call: &Call<'_>, place: usize, with_archived: bool, with_inactive: bool) -> Value {
    let member = &call.org.members[place];
    let mut row = json!({
        "organizationId": call.org.id, "memberId": member.id, "memberType": member.member_type,
        "firstName": member.first, "lastName": member.last, "email": member.email, "profileImgUrl": null,
        "homeFolderId": member.home_id, "userKind": member.kind,
    });
    if with_archived {
        row["isArchived"] = json!(member.archived);
    }
    if with_inactive {
        row["isInactive"] = json!(member.inactive);
    }
    audited(call.org, &member.stamps, row)
}

pub fn members(call: &Call<'_>) -> Reply {
    let (archived, inactive) = (call.query.flag("includeArchived")?, call.query.flag("includeInactive")?);
    let (email, search) = (call.query.get("email"), call.query.get("search"));
    if email.is_some() && search.is_some() {
        return Err(Problem::invalid("email and search exclude one another"));
    }
    let wanted = |place: &usize| {
        let member = &call.org.members[*place];
        let text = || format!("{} {} {}", member.first, member.last, member.email);
        (archived || !member.archived)
            && (inactive || !member.inactive)
            && email.is_none_or(|email| member.email.eq_ignore_ascii_case(email))
            && search.is_none_or(|search| contains(&text(), search))
    };
    let places: Vec<usize> = (0..call.org.members.len()).filter(wanted).collect();
    call.list(&places, |place| member_row(call, *place, archived, inactive))
}

pub fn member(call: &Call<'_>) -> Reply {
    call.one(&member_row(call, member_place(call)?, true, true))
}

/// The member named by the path.
pub fn member_place(call: &Call<'_>) -> Result<usize, Problem> {
    call.org.member(call.params[0]).ok_or_else(Problem::not_found)
}

fn team_row(call: &Call<'_>, team: &Team) -> Value {
    let row = json!({
        "teamId": team.id, "name": team.name, "description": team.description,
        "visibility": if team.private { "private" } else { "public" }, "isArchived": team.archived,
    });
    audited(call.org, &team.stamps, row)
}

/// Private teams are hidden from those who are neither admins nor in them.
fn may_see(call: &Call<'_>, team: &Team) -> bool {
    !team.private || call.caller_is_admin() || team.members.iter().any(|(member, _)| *member == call.caller)
}

pub fn teams(call: &Call<'_>) -> Reply {
    let like =
        |parameter: &str, text: &str| call.query.get(parameter).is_none_or(|part| contains(text, part));
    let visibility = call.query.get("visibility");
    let wanted = |team: &&Team| {
        may_see(call, team)
            && like("name", &team.name)
            && like("description", team.description.as_deref().unwrap_or(""))
            && visibility.is_none_or(|v| v == if team.private { "private" } else { "public" })
    };
    let teams: Vec<&Team> = call.org.teams.iter().filter(wanted).collect();
    call.list(&teams, |team| team_row(call, team))
}

fn team_of<'a>(call: &Call<'a>) -> Result<&'a Team, Problem> {
    let team = &call.org.teams[call.org.team(call.uuid(0)?).ok_or_else(Problem::not_found)?];
    if may_see(call, team) { Ok(team) } else { Err(Problem::forbidden()) }
}

pub fn team(call: &Call<'_>) -> Reply {
    let team = team_of(call)?;
    let mut row = team_row(call, team);
    row["members"] = team.members.iter().map(|(member, _)| json!(call.org.members[*member].id)).collect();
    call.one(&row)
}

pub fn team_members(call: &Call<'_>) -> Reply {
    let team = team_of(call)?;
    let added_by = &call.org.members[team.stamps.created_by].id;
    call.list(&team.members, |(member, admin)| {
        json!({ "userId": call.org.members[*member].id, "isTeamAdmin": admin, "addedBy": added_by })
    })
}

pub fn member_teams(call: &Call<'_>) -> Reply {
    let member = member_place(call)?;
    let teams: Vec<&Team> =
        call.org.teams.iter().filter(|team| team.members.iter().any(|(m, _)| *m == member)).collect();
    call.list(&teams, |team| team_row(call, team))
}

pub fn account_types(call: &Call<'_>) -> Reply {
    call.list(&call.org.account_types, |t| {
        json!({
            "accountTypeId": t.id, "accountTypeName": t.name, "description": t.description, "isCustom": t.custom,
        })
    })
}

pub fn account_permissions(call: &Call<'_>) -> Reply {
    let id = call.uuid(0)?;
    let found = call.org.account_types.iter().find(|t| t.id == id).ok_or_else(Problem::not_found)?;
    call.list(found.permissions, |permission| {
        json!({ "permission": permission, "description": format!("Can {}", permission.replace('-', " ")) })
    })
}

fn value(text: &str) -> Value {
    json!({ "type": "string", "val": text })
}

fn attribute_row(call: &Call<'_>, attribute: &Attribute) -> Value {
    let row = json!({
        "userAttributeId": attribute.id, "name": attribute.name, "description": attribute.description,
        "defaultValue": attribute.default.map(value),
    });
    audited(call.org, &attribute.stamps, row)
}

pub fn attributes(call: &Call<'_>) -> Reply {
    let name = call.query.get("name");
    let found: Vec<&Attribute> =
        call.org.attributes.iter().filter(|a| name.is_none_or(|name| contains(a.name, name))).collect();
    call.list(&found, |attribute| attribute_row(call, attribute))
}

fn attribute_of<'a>(call: &Call<'a>) -> Result<&'a Attribute, Problem> {
    let id = call.uuid(0)?;
    call.org.attributes.iter().find(|attribute| attribute.id == id).ok_or_else(Problem::not_found)
}

pub fn attribute(call: &Call<'_>) -> Reply {
    call.one(&attribute_row(call, attribute_of(call)?))
}

pub fn attribute_users(call: &Call<'_>) -> Reply {
    let attribute = attribute_of(call)?;
    call.list(&attribute.users, |(member, text)| {
        let row = json!({ "userId": call.org.members[*member].id, "value": value(text) });
        audited(call.org, &attribute.stamps, row)
    })
}

pub fn attribute_teams(call: &Call<'_>) -> Reply {
    let attribute = attribute_of(call)?;
    let rows: Vec<(usize, &(usize, &str))> = attribute.teams.iter().enumerate().collect();
    call.list(&rows, |(priority, (team, text))| {
        let row =
            json!({ "teamId": call.org.teams[*team].id, "value": value(text), "priority": priority + 1 });
        audited(call.org, &attribute.stamps, row)
    })
}

pub fn attribute_tenants(call: &Call<'_>) -> Reply {
    let attribute = attribute_of(call)?;
    // Only attributes without a default are set per tenant.
    let tenants = if attribute.default.is_none() { call.org.tenants.as_slice() } else { &[] };
    call.list(tenants, |tenant| {
        let row = json!({ "tenantOrganizationId": tenant.id, "value": value(tenant.slug) });
        audited(call.org, &attribute.stamps, row)
    })
}

pub fn team_attributes(call: &Call<'_>) -> Reply {
    let id = team_of(call)?.id;
    let rows: Vec<(&Attribute, &str)> = call
        .org
        .attributes
        .iter()
        .flat_map(|attribute| attribute.teams.iter().map(move |(team, text)| (attribute, *team, *text)))
        .filter(|(_, team, _)| call.org.teams[*team].id == id)
        .map(|(attribute, _, text)| (attribute, text))
        .collect();
    call.list(&rows, |(attribute, text)| {
        json!({ "userAttributeId": attribute.id, "userAttributeName": attribute.name, "value": value(text) })
    })
}

fn tenant_row(call: &Call<'_>, place: usize) -> Value {
    let tenant = &call.org.tenants[place];
    let mut row = json!({
        "tenantOrganizationId": tenant.id, "parentOrganizationId": call.org.id,
        "tenantOrganizationName": tenant.name, "tenantOrganizationSlug": tenant.slug,
    });
    if let Some(region) = tenant.region {
        row["sharedAt"] = json!("2025-02-01T00:00:00.000Z");
        row["tenantCloudProvider"] = json!("aws");
        row["tenantRegion"] = json!(region);
        row["tenantApiUrl"] = json!("https://api.eu.aws.sigmacomputing.com");
    }
    audited(call.org, &tenant.stamps, row)
}

pub fn tenants(call: &Call<'_>) -> Reply {
    let mut places: Vec<Option<usize>> = (0..call.org.tenants.len())
        .filter(|t| call.query.get("search").is_none_or(|part| contains(call.org.tenants[*t].name, part)))
        .map(Some)
        .collect();
    if !call.org.tenants.is_empty() {
        // The contract allows null for an entry.
        places.push(None);
    }
    call.list(&places, |place| place.map_or(Value::Null, |place| tenant_row(call, place)))
}

fn tenant_place(call: &Call<'_>) -> Result<usize, Problem> {
    let id = call.uuid(0)?;
    call.org.tenants.iter().position(|tenant| tenant.id == id).ok_or_else(Problem::not_found)
}

pub fn tenant(call: &Call<'_>) -> Reply {
    call.one(&tenant_row(call, tenant_place(call)?))
}

/// The tenant's copy of a workbook.
pub fn tenant_workbook(call: &Call<'_>) -> Reply {
    let tenant = &call.org.tenants[tenant_place(call)?];
    let parent = call.query.get("parentWorkbookId").and_then(Uuid::parse).and_then(|id| call.org.inode(id));
    let parent = parent
        .filter(|inode| call.org.inodes[*inode].kind == Kind::Workbook)
        .ok_or_else(Problem::not_found)?;
    let copy = Uuid(call.org.inodes[parent].id.0 ^ (tenant.id.0 & 0xffff_ffff_ffff));
    let url = format!("https://app.sigmacomputing.com/{}/workbook/{}", tenant.slug, copy.url_id());
    call.one(&json!({ "workbookId": copy, "workbookUrl": url }))
}

pub fn tenant_deployments(call: &Call<'_>) -> Reply {
    let place = tenant_place(call)?;
    call.list(&call.org.tenants[place..=place], |tenant| json!({ "tenantOrganizationId": tenant.id }))
}
