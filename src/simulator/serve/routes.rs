//! The routing table: every endpoint the simulator answers, at a glance.
use std::collections::HashMap;

use super::call::{Call, Reply};
use crate::simulator::handlers::{
    contents, documents, exports, extras, files, grants, graph, people, warehouse,
};

/// How a listing is cut into pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// One object, no paging.
    One,
    /// A bare array; a `limit` is refused.
    Bare,
    /// `page`/`limit` and `nextPage`, at most 1,000 rows; some with `total`, some with `hasMore`.
    Page { total: bool, more: bool },
    /// As `Page`, but a bare array without `limit` until June 2026.
    OldArray,
    /// As `Page`, but all `entries` without `limit` until June 2026.
    OldEntries,
    /// `pageToken`/`pageSize` and `nextPageToken`.
    Token { max: usize },
}

impl Paging {
    /// Whether the envelope has `total` and `hasMore`.
    pub fn extras(self) -> (bool, bool) {
        match self {
            Paging::Page { total, more } => (total, more),
            _ => (false, false),
        }
    }
}

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Anyone,
    /// Members with the account type Admin.
    Admin,
    /// Admins, and the member named by the path.
    Self_,
}

/// A row of the table.
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub paging: Paging,
    pub who: Who,
    pub handler: fn(&Call<'_>) -> Reply,
}

impl Route {
    /// Columns and queries have cursors that are not numbers.
    pub fn has_opaque_cursor(&self) -> bool {
        self.path.ends_with("/columns") || self.path.ends_with("/queries")
    }
}

const O: Paging = Paging::One;
const B: Paging = Paging::Bare;
const A: Paging = Paging::OldArray;
const E: Paging = Paging::OldEntries;
const P: Paging = Paging::Page { total: true, more: false };
const PM: Paging = Paging::Page { total: true, more: true };
const M: Paging = Paging::Page { total: false, more: true };
const T: Paging = Paging::Token { max: 1000 };
const T5: Paging = Paging::Token { max: 500 };

const ANY: Who = Who::Anyone;
const ADMIN: Who = Who::Admin;
const SELF: Who = Who::Self_;

const fn get(path: &'static str, paging: Paging, who: Who, handler: fn(&Call<'_>) -> Reply) -> Route {
    Route { method: "GET", path, paging, who, handler }
}

const fn post(path: &'static str, handler: fn(&Call<'_>) -> Reply) -> Route {
    Route { method: "POST", path, paging: O, who: ANY, handler }
}

/// All endpoints but the token call.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    get("/v2/whoami", O, ANY, people::whoami),
    get("/v2/members", A, ANY, people::members),
    get("/v2.1/members", PM, ANY, people::members),
    get("/v2/members/{memberId}", O, ANY, people::member),
    get("/v2/members/{memberId}/teams", PM, SELF, people::member_teams),
    get("/v2/members/{memberId}/schedules", PM, SELF, extras::member_schedules),
    get("/v2/members/{memberId}/files", PM, SELF, files::of_member),
    get("/v2/members/{memberId}/files/recents", PM, SELF, files::recents),
    get("/v2/members/{memberId}/files/favorites", PM, SELF, files::favorites),
    get("/v2/favorites/member/{memberId}", PM, SELF, files::favorites),
    get("/v2/teams", A, ANY, people::teams),
    get("/v2.1/teams", PM, ANY, people::teams),
    get("/v2/teams/{teamId}", O, ANY, people::team),
    get("/v2/teams/{teamId}/members", PM, ANY, people::team_members),
    get("/v2/teams/{teamId}/user-attributes", P, ANY, people::team_attributes),
    get("/v2/accountTypes", T, ADMIN, people::account_types),
    get("/v2/accountTypes/{accountTypeId}/permissions", B, ADMIN, people::account_permissions),
    get("/v2/user-attributes", P, ANY, people::attributes),
    get("/v2/user-attributes/{userAttributeId}", O, ANY, people::attribute),
    get("/v2/user-attributes/{userAttributeId}/teams", P, ANY, people::attribute_teams),
    get("/v2/user-attributes/{userAttributeId}/users", P, ANY, people::attribute_users),
    get("/v2/user-attributes/{userAttributeId}/tenants", P, ANY, people::attribute_tenants),
    get("/v2/tenants", T, ADMIN, people::tenants),
    get("/v2/tenants/{tenantOrganizationId}", O, ADMIN, people::tenant),
    get("/v2/tenants/{tenantOrganizationId}/workbooks", O, ADMIN, people::tenant_workbook),
    get("/v2/tenants/{tenantOrganizationId}/capabilities/deployments", T, ADMIN, people::tenant_deployments),

    get("/v2/workspaces", A, ANY, files::workspaces),
    get("/v2.1/workspaces", PM, ANY, files::workspaces),
    get("/v2/workspaces/{workspaceId}", O, ANY, files::workspace),
    get("/v2/workspaces/{workspaceId}/grants", PM, ANY, grants::of_workspace),
    get("/v2/files", PM, ANY, files::files),
    get("/v2/files/{inodeId}", O, ANY, files::file),
    get("/v2/grants", PM, ANY, grants::grants),
    get("/v2/grants/{grantId}", O, ANY, grants::grant),
    get("/v2/tags", PM, ANY, extras::tags),
    get("/v2/tags/{tagId}/workbooks", PM, ANY, documents::tagged_workbooks),

    get("/v2/workbooks", PM, ANY, documents::list),
    get("/v2/workbooks/{workbookId}", O, ANY, documents::one),
    get("/v2/workbooks/{workbookId}/pages", P, ANY, contents::pages),
    get("/v2/workbooks/{workbookId}/pages/{pageId}/elements", P, ANY, contents::page_elements),
    get("/v2/workbooks/{workbookId}/elements", P, ANY, contents::elements),
    get("/v2/workbooks/{workbookId}/elements/{elementId}/columns", P, ANY, contents::element_columns),
    get("/v2/workbooks/{workbookId}/elements/{elementId}/query", O, ANY, contents::element_query),
    get("/v2/workbooks/{workbookId}/columns", P, ANY, contents::columns),
    get("/v2/workbooks/{workbookId}/queries", P, ANY, contents::queries),
    get("/v2/workbooks/{workbookId}/controls", P, ANY, contents::controls),
    get("/v2/workbooks/{workbookId}/lineage", P, ANY, graph::lineage),
    get("/v2/workbooks/{workbookId}/lineage/elements/{elementId}", O, ANY, graph::element_lineage),
    get("/v2/workbooks/{workbookId}/sources", B, ANY, graph::sources),
    get("/v2/workbooks/{workbookId}/schema", O, ANY, contents::schema),
    get("/v2/workbooks/{workbookId}/tags", P, ANY, documents::tags),
    get("/v2/workbooks/{workbookId}/version-history", P, ANY, documents::versions),
    get("/v2/workbooks/{workbookId}/bookmarks", P, ANY, extras::bookmarks),
    get("/v2/workbooks/{workbookId}/bookmarks/{bookmarkId}", O, ANY, extras::bookmark),
    get("/v2/workbooks/{workbookId}/tags/{tagName}/bookmarks", P, ANY, extras::tag_bookmarks),
    get("/v2/workbooks/{workbookId}/tags/{tagName}/bookmarks/{bookmarkId}", O, ANY, extras::tag_bookmark),
    get("/v2/workbooks/{workbookId}/embeds", PM, ANY, extras::embeds),
    get("/v2/workbooks/{workbookId}/schedules", A, ANY, extras::schedules),
    get("/v2.1/workbooks/{workbookId}/schedules", PM, ANY, extras::schedules),
    get("/v2/workbooks/{workbookId}/materialization-schedules", E, ANY, extras::materialization_schedules),
    get("/v2.1/workbooks/{workbookId}/materialization-schedules", PM, ANY, extras::materialization_schedules),
    get("/v2/workbooks/{workbookId}/materializations/{materializationId}", O, ANY, extras::materialization),
    post("/v2/workbooks/{workbookId}/export", exports::start),
    get("/v2/query/{queryId}/download", O, ANY, exports::download),

    get("/v2/dataModels", PM, ANY, documents::list),
    get("/v2/dataModels/{dataModelId}", O, ANY, documents::one),
    get("/v2/dataModels/{dataModelId}/elements", P, ANY, contents::elements),
    get("/v2/dataModels/{dataModelId}/elements/{elementId}/query", O, ANY, contents::element_query),
    get("/v2/dataModels/{dataModelId}/columns", P, ANY, contents::columns),
    get("/v2/dataModels/{dataModelId}/lineage", P, ANY, graph::lineage),
    get("/v2/dataModels/{dataModelId}/sources", T5, ANY, graph::sources),
    get("/v2/dataModels/{dataModelId}/tags", P, ANY, documents::tags),
    get("/v2/dataModels/{dataModelId}/materializationSchedules", T5, ANY, extras::materialization_schedules),
    get("/v2/dataModels/{dataModelId}/materializations/{materializationId}", O, ANY, extras::materialization),

    get("/v2/datasets", PM, ANY, documents::list),
    get("/v2/datasets/{datasetId}", O, ANY, documents::one),
    get("/v2/datasets/{datasetId}/sources", B, ANY, graph::dataset_sources),
    get("/v2/datasets/{datasetId}/grants", PM, ANY, grants::of_dataset),
    get("/v2/datasets/{datasetId}/materialization", PM, ANY, extras::dataset_materializations),

    get("/v2/reports", PM, ANY, documents::list),
    get("/v2/reports/{reportId}", O, ANY, documents::one),
    get("/v2/reports/{reportId}/pages", T, ANY, contents::pages),
    get("/v2/reports/{reportId}/pages/{pageId}/elements", T, ANY, contents::page_elements),
    get("/v2/reports/{reportId}/elements", T, ANY, contents::elements),
    get("/v2/reports/{reportId}/elements/{elementId}/columns", T, ANY, contents::element_columns),
    get("/v2/reports/{reportId}/elements/{elementId}/query", O, ANY, contents::element_query),
    get("/v2/reports/{reportId}/columns", T, ANY, contents::columns),
    get("/v2/reports/{reportId}/queries", T, ANY, contents::queries),
    get("/v2/reports/{reportId}/controls", T, ANY, contents::controls),
    get("/v2/reports/{reportId}/lineage", T, ANY, graph::lineage),
    get("/v2/reports/{reportId}/lineage/elements/{elementId}", O, ANY, graph::element_lineage),
    get("/v2/reports/{reportId}/sources", B, ANY, graph::sources),
    get("/v2/reports/{reportId}/tags", T, ANY, documents::tags),
    get("/v2/reports/{reportId}/version-history", T, ANY, documents::versions),
    get("/v2/reports/{reportId}/schedules", PM, ANY, extras::schedules),
    post("/v2/reports/{reportId}/export", exports::start),

    get("/v2/connections", PM, ANY, warehouse::connections),
    get("/v2/connections/{connectionId}", O, ANY, warehouse::connection),
    get("/v2/connections/{connectionId}/test", O, ANY, warehouse::test),
    get("/v2/connections/{connectionId}/grants", PM, ANY, grants::of_connection),
    get("/v2/connections/paths", PM, ANY, warehouse::paths),
    get("/v2/connections/paths/{inodeId}", O, ANY, warehouse::path),
    get("/v2/connections/paths/{connectionPathId}/grants", M, ANY, grants::of_path),
    get("/v2/connections/tables/{tableId}/columns", T, ANY, warehouse::table_columns),
    post("/v2/connection/{connectionId}/lookup", warehouse::lookup),

    get("/v2/templates", PM, ANY, extras::templates),
    get("/v2/templates/{templateId}", O, ANY, extras::template),
    get("/v2/translations/organization", PM, ANY, extras::translations),
    get("/v2/translations/organization/{lng}", O, ANY, extras::translation),
    get("/v2/translations/organization/{lng}/{lng_variant}", O, ANY, extras::translation),
];

/// Finds the row of a path.
pub struct Router(HashMap<(&'static str, usize), Vec<usize>>);

impl Router {
    pub fn new() -> Self {
        let mut shelves: HashMap<(&'static str, usize), Vec<usize>> = HashMap::new();
        for (place, route) in ROUTES.iter().enumerate() {
            shelves.entry((route.method, route.path.split('/').count())).or_default().push(place);
        }
        // Words before parameters, so that `/connections/paths` is not taken for a connection.
        for shelf in shelves.values_mut() {
            shelf.sort_by_key(|place| {
                ROUTES[*place].path.split('/').map(|s| s.starts_with('{')).collect::<Vec<_>>()
            });
        }
        Self(shelves)
    }

    /// The place of the row and its path parameters, as the path spells them.
    pub fn find<'a>(&self, method: &str, path: &'a str) -> Option<(usize, [&'a str; 3])> {
        let method = if method == "POST" { "POST" } else { "GET" };
        let shelf = self.0.get(&(method, path.split('/').count()))?;
        shelf.iter().find_map(|place| params(ROUTES[*place].path, path).map(|found| (*place, found)))
    }
}

fn params<'a>(template: &str, path: &'a str) -> Option<[&'a str; 3]> {
    let mut found = [""; 3];
    let mut count = 0;
    for (wanted, given) in template.split('/').zip(path.split('/')) {
        if wanted.starts_with('{') {
            if given.is_empty() {
                return None;
            }
            *found.get_mut(count)? = given;
            count += 1;
        } else if wanted != given {
            return None;
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_win_over_parameters() {
        let router = Router::new();
        let path_of = |path| router.find("GET", path).map(|(place, params)| (ROUTES[place].path, params));
        assert_eq!(path_of("/v2/connections/paths"), Some(("/v2/connections/paths", [""; 3])));
        assert_eq!(
            path_of("/v2/connections/paths/x/grants"),
            Some(("/v2/connections/paths/{connectionPathId}/grants", ["x", "", ""]))
        );
        assert_eq!(path_of("/v2/connections/x"), Some(("/v2/connections/{connectionId}", ["x", "", ""])));
        assert_eq!(path_of("/v2/account-types"), None);
    }
}
