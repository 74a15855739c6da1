//! Workbooks, data models, reports and datasets themselves: lists, single rows, tags, versions.
use serde_json::{Value, json};

use super::audited;
use crate::simulator::{
    ids::Uuid,
    org::{Kind, TagUse},
    serve::call::{Call, Problem, Reply},
};

/// The kind of document a path is about.
pub fn kind_of(call: &Call<'_>) -> Kind {
    match call.route.path.split('/').nth(2) {
        Some("dataModels") => Kind::DataModel,
        Some("reports") => Kind::Report,
        Some("datasets") => Kind::Dataset,
        _ => Kind::Workbook,
    }
}

/// The document of the path, if the caller may open it.
pub fn document(call: &Call<'_>) -> Result<usize, Problem> {
    let kind = kind_of(call);
    let id = Uuid::parse(call.params[0])
        // Only data models have been seen to accept the other form.
        .or_else(|| (kind == Kind::DataModel).then(|| Uuid::parse_url_id(call.params[0])).flatten());
    let inode = id.and_then(|id| call.org.inode(id)).filter(|inode| call.org.inodes[*inode].kind == kind);
    let inode = inode.ok_or_else(Problem::not_found)?;
    if !may_list(call, inode) && !call.caller_is_admin() {
        return Err(Problem::forbidden());
    }
    call.org.inodes[inode].document.ok_or_else(Problem::not_found)
}

/// The document of the path, if it has contents to show: archived ones have none.
pub fn live(call: &Call<'_>) -> Result<usize, Problem> {
    let document = document(call)?;
    if call.org.inode_of(document).archived { Err(Problem::archived()) } else { Ok(document) }
}

/// Whether a document is the caller's or shared with the caller. Being archived takes all levels away, so for archived
/// documents what counts is where they are.
fn may_list(call: &Call<'_>, place: usize) -> bool {
    let inode = &call.org.inodes[place];
    let shared = call.level(place).is_some();
    let was_shared =
        || inode.owner == Some(call.caller) || inode.parent.is_some_and(|p| call.level(p).is_some());
    shared || (inode.archived && was_shared())
}

pub fn list(call: &Call<'_>) -> Reply {
    let kind = kind_of(call);
    let everything = call.query.flag("skipPermissionCheck")?;
    if everything && !call.caller_is_admin() {
        return Err(Problem::new(403, "skipPermissionCheck is only available to admins"));
    }
    let without_explorations = call.query.flag("excludeExplorations")?;
    // Data models and datasets have no filter for archived ones and list them.
    let archived_wanted = match kind {
        Kind::Workbook | Kind::Report => Some(call.query.flag("isArchived")?),
        _ => None,
    };
    let excluded_tags = call.query.flag("excludeTags")?;
    let wanted = |document: &usize| {
        let doc = &call.org.documents[*document];
        let inode = &call.org.inodes[doc.inode];
        inode.kind == kind
            && !inode.deleted
            && archived_wanted.is_none_or(|archived| archived == inode.archived)
            && if everything {
                !(inode.exploration && without_explorations)
            } else {
                !inode.exploration && may_list(call, doc.inode)
            }
    };
    let places: Vec<usize> = (0..call.org.documents.len()).filter(wanted).collect();
    call.list(&places, |place| row(call, *place, !excluded_tags))
}

pub fn one(call: &Call<'_>) -> Reply {
    let document = document(call)?;
    if kind_of(call) == Kind::Dataset && call.org.inode_of(document).archived {
        return Err(Problem::archived());
    }
    let mut row = row(call, document, !call.query.flag("excludeTags")?);
    let source = call.org.documents[document].tagged_source;
    if let Some(source) = source.filter(|_| call.query.get("includeTaggedSourceUrlId") == Some("true")) {
        row["taggedSourceUrlId"] = json!(call.org.inode_of(source).id.url_id());
    }
    call.one(&row)
}

/// The row of a document, in the shape of its kind.
pub fn row(call: &Call<'_>, document: usize, with_tags: bool) -> Value {
    let (doc, inode) = (&call.org.documents[document], call.org.inode_of(document));
    let (id, url) = (inode.id, call.org.url(document));
    let owner = inode.owner.map_or("", |owner| &call.org.members[owner].id);
    let mut row = match inode.kind {
        Kind::DataModel => json!({ "dataModelId": id, "dataModelUrlId": id.url_id() }),
        Kind::Report => json!({ "reportId": id, "reportUrlId": id.url_id() }),
        Kind::Dataset => json!({ "datasetId": id, "owner": owner }),
        _ => json!({ "workbookId": id, "workbookUrlId": id.url_id() }),
    };
    row["name"] = json!(inode.name);
    row["url"] = json!(url);
    row["path"] = json!(call.org.path(doc.inode));
    // The flag may be left out; that it is false is said only sometimes.
    if inode.archived || document.is_multiple_of(2) {
        row["isArchived"] = json!(inode.archived);
    }
    if inode.kind == Kind::Dataset {
        describe_dataset(call, document, &mut row);
        return audited(call.org, &inode.stamps, row);
    }
    row["ownerId"] = json!(owner);
    row["latestVersion"] = json!(doc.version);
    if let Some(description) = inode.description.as_ref().filter(|_| inode.kind != Kind::DataModel) {
        row["description"] = json!(description);
    }
    if with_tags && !doc.tags.is_empty() {
        row["tags"] = doc.tags.iter().map(|tag| tag_row(call, inode.kind, tag)).collect();
    }
    audited(call.org, &inode.stamps, row)
}

fn describe_dataset(call: &Call<'_>, document: usize, row: &mut Value) {
    let inode = call.org.inode_of(document);
    let facts = call.org.documents[document].dataset.as_ref();
    let migrated = facts.and_then(|facts| facts.migrated_to);
    row["description"] = json!(inode.description.as_deref().unwrap_or(""));
    row["referenceCount"] = json!(document % 4);
    row["migrationStatus"] = json!(match (migrated, facts.is_some_and(|facts| facts.needs_migration)) {
        (Some(_), _) => "migrated",
        (None, true) => "not-migrated",
        (None, false) => "not-required",
    });
    row["migrationToDataModel"] = migrated.map_or(Value::Null, |model| {
        json!({
            "dataModelId": call.org.inode_of(model).id, "dataModelUrl": call.org.url(model),
            "migratedAt": inode.stamps.updated_at, "migratedBy": call.org.members[0].id,
        })
    });
}

/// The use of a tag, in the shape of the document's kind.
fn tag_row(call: &Call<'_>, kind: Kind, used: &TagUse) -> Value {
    let tag = &call.org.tags[used.tag];
    match kind {
        Kind::Workbook => json!({
            "versionTagId": tag.id, "name": tag.name, "sourceWorkbookVersion": used.version,
            "taggedWorkbookId": used.tagged, "workbookTaggedAt": used.at,
        }),
        kind => {
            let mut row = json!({
                "versionTagId": tag.id, "tagName": tag.name, "sourceVersion": used.version, "taggedAt": used.at,
            });
            if kind == Kind::Report {
                row["taggedReportId"] = json!(used.tagged);
            }
            row
        }
    }
}

pub fn tags(call: &Call<'_>) -> Reply {
    let document = live(call)?;
    let kind = call.org.inode_of(document).kind;
    call.list(&call.org.documents[document].tags, |tag| tag_row(call, kind, tag))
}

/// The newest version first.
pub fn versions(call: &Call<'_>) -> Reply {
    let document = live(call)?;
    let (doc, inode) = (&call.org.documents[document], call.org.inode_of(document));
    let owner = inode.owner.map_or("", |owner| &call.org.members[owner].id);
    let versions: Vec<(u64, &str)> = call.org.versions(document).collect();
    call.list(&versions, |(version, at)| {
        let mut row = json!({ "version": version, "publishedAt": at, "publishedBy": owner });
        let tags: Vec<&TagUse> = doc.tags.iter().filter(|tag| tag.version == *version).collect();
        if !tags.is_empty() {
            let tag_of = |used: &&TagUse| json!({ "versionTagId": call.org.tags[used.tag].id, "taggedAt": used.at, "taggedBy": owner });
            row["tags"] = tags.iter().map(tag_of).collect();
        }
        row
    })
}

/// Workbooks a version tag is used on.
pub fn tagged_workbooks(call: &Call<'_>) -> Reply {
    let id = call.uuid(0)?;
    let tag = call.org.tags.iter().position(|tag| tag.id == id).ok_or_else(Problem::not_found)?;
    let wanted = |document: &usize| {
        let doc = &call.org.documents[*document];
        let inode = &call.org.inodes[doc.inode];
        let is_used = doc.tags.iter().any(|used| used.tag == tag);
        is_used
            && inode.kind == Kind::Workbook
            && !inode.archived
            && !inode.deleted
            && may_list(call, doc.inode)
    };
    let places: Vec<usize> = (0..call.org.documents.len()).filter(wanted).collect();
    call.list(&places, |place| row(call, *place, true))
}
