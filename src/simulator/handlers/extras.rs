//! What hangs on documents besides their contents: schedules, embeds, saved views; and the organisation's odds and
//! ends. All follow from the document's seed, so that nothing of it need be stored.
use serde_json::{Value, json};

use super::{audited, contains, contents, documents, people::member_place};
use crate::simulator::{
    ids::{Dice, Uuid, mix},
    org::{Kind, Tag, content::Element, generate::stream},
    serve::call::{Call, Problem, Reply},
};

/// Whether a document has some extra: the first of each kind, and `percent` of the others.
fn has(call: &Call<'_>, document: usize, extra: u64, percent: u64) -> bool {
    let kind = call.org.inode_of(document).kind;
    (0..call.org.documents.len()).find(|d| call.org.inode_of(*d).kind == kind) == Some(document)
        || mix(&[call.org.documents[document].seed, stream::EXTRAS, extra]) % 100 < percent
}

fn dice(call: &Call<'_>, document: usize, extra: u64) -> Dice {
    Dice::new(&[call.org.documents[document].seed, stream::EXTRAS, extra, document as u64])
}

const SCHEDULE: u64 = 1;
const MATERIALIZATION: u64 = 2;
const EMBED: u64 = 3;
const BOOKMARK: u64 = 4;

fn has_schedule(call: &Call<'_>, document: usize) -> bool {
    has(call, document, SCHEDULE, 40)
}

fn schedule_row(call: &Call<'_>, document: usize) -> Value {
    let inode = call.org.inode_of(document);
    let owner = inode.owner.map_or("", |owner| &call.org.members[owner].id);
    let (key, source) = match inode.kind {
        Kind::Report => ("reportId", "report"),
        _ => ("workbookId", "all"),
    };
    let suspended = document.is_multiple_of(5);
    let row = json!({
        "scheduledNotificationId": dice(call, document, SCHEDULE).uuid(),
        key: inode.id,
        "schedule": { "cronSpec": "0 9 * * 1", "timezone": "Europe/London" },
        "configV2": {
            "title": format!("Weekly: {}", inode.name), "messageBody": "See attached",
            "notificationAttachments": [{
                "formatOptions": { "type": "PDF", "layout": "landscape" }, "workbookExportSource": { "type": source },
            }],
            "includeLink": true,
        },
        "isSuspended": suspended, "ownerId": owner, "lastUpdatedByUser": owner,
        "disabledAt": suspended.then_some(&inode.stamps.updated_at), "disabledBy": suspended.then_some(owner),
    });
    audited(call.org, &inode.stamps, row)
}

pub fn schedules(call: &Call<'_>) -> Reply {
    let document = documents::live(call)?;
    let rows: Vec<usize> = has_schedule(call, document).then_some(document).into_iter().collect();
    call.list(&rows, |document| schedule_row(call, *document))
}

/// Schedules of the documents a member owns.
pub fn member_schedules(call: &Call<'_>) -> Reply {
    let member = member_place(call)?;
    let wanted = |document: &usize| {
        let inode = call.org.inode_of(*document);
        inode.owner == Some(member)
            && matches!(inode.kind, Kind::Workbook | Kind::Report)
            && !inode.archived
            && !inode.deleted
            && has_schedule(call, *document)
    };
    let rows: Vec<usize> = (0..call.org.documents.len()).filter(wanted).collect();
    call.list(&rows, |document| schedule_row(call, *document))
}

pub fn materialization_schedules(call: &Call<'_>) -> Reply {
    let (document, content) = contents::opened(call)?;
    let doc = &call.org.documents[document];
    let rows: Vec<&Element> = content
        .elements
        .iter()
        .filter(|e| e.is_data())
        .take(usize::from(has(call, document, MATERIALIZATION, 40)))
        .collect();
    call.list(&rows, |element| {
        // Some are started by hand and have no time.
        let timed = document.is_multiple_of(3);
        json!({
            "sheetId": element.node_id(doc), "elementId": element.id,
            "elementName": element.name.as_deref().unwrap_or(""),
            "schedule": timed.then(|| json!({ "cronSpec": "0 6 * * *", "timezone": "America/Los_Angeles" })),
            "configuredAt": call.org.inode_of(document).stamps.updated_at, "paused": document.is_multiple_of(7),
        })
    })
}

/// No list names a materialization's id; the id of the document itself is taken for that of its last one.
pub fn materialization(call: &Call<'_>) -> Reply {
    let document = documents::live(call)?;
    let inode = call.org.inode_of(document);
    if call.uuid(1)? != inode.id {
        return Err(Problem::not_found());
    }
    call.one(&json!({
        "materializationId": inode.id, "status": "ready", "startedAt": inode.stamps.created_at,
        "readyAt": inode.stamps.updated_at,
    }))
}

pub fn dataset_materializations(call: &Call<'_>) -> Reply {
    let document = documents::live(call)?;
    call.list(&[call.org.inode_of(document)], |inode| {
        json!({
            "status": "success", "finishedAt": inode.stamps.updated_at, "runtimeSecs": 12, "numRows": 4711,
            "numBytes": null, "error": { "code": "none", "message": null },
        })
    })
}

/// A public embed is world-readable.
pub fn embeds(call: &Call<'_>) -> Reply {
    let document = documents::live(call)?;
    let rows: Vec<usize> = has(call, document, EMBED, 25).then_some(document).into_iter().collect();
    call.list(&rows, |document| {
        let mut dice = dice(call, *document, EMBED);
        let (id, public) = (dice.uuid(), document.is_multiple_of(2));
        json!({
            "embedId": id, "embedUrl": format!("https://app.sigmacomputing.com/embed/1-{}", dice.letters(20)),
            "public": public, "sourceType": "workbook", "sourceId": null, "sourceName": null,
        })
    })
}

/// Saved views of a workbook, as (id, row).
fn bookmark_rows(call: &Call<'_>, extra: u64) -> Result<Vec<(String, Value)>, Problem> {
    let document = documents::live(call)?;
    let mut dice = dice(call, document, extra);
    let count = if has(call, document, BOOKMARK, 40) { 2 } else { 0 };
    let rows = ["EMEA only", "Last quarter"].iter().take(count).enumerate().map(|(i, name)| {
        let (id, key) = (dice.nano(), dice.nano());
        let mut row = json!({ "bookmarkId": id, "name": name, "isShared": i == 0, "exploreKey": key });
        if i == 0 {
            row["isDefault"] = json!(true);
        }
        (id, row)
    });
    Ok(rows.collect())
}

pub fn bookmarks(call: &Call<'_>) -> Reply {
    let rows = bookmark_rows(call, BOOKMARK)?;
    call.list(&rows, |(_, row)| row)
}

pub fn bookmark(call: &Call<'_>) -> Reply {
    find_bookmark(call, bookmark_rows(call, BOOKMARK)?, 1)
}

fn find_bookmark(call: &Call<'_>, rows: Vec<(String, Value)>, param: usize) -> Reply {
    let found = rows.into_iter().find(|(id, _)| id == call.params[param]).ok_or_else(Problem::not_found)?;
    call.one(&found.1)
}

/// Saved views of a tagged version.
fn tag_bookmark_rows(call: &Call<'_>) -> Result<Vec<(String, Value)>, Problem> {
    let document = documents::live(call)?;
    let used = &call.org.documents[document].tags;
    if !used.iter().any(|used| call.org.tags[used.tag].name == call.params[1]) {
        return Err(Problem::not_found());
    }
    let mut dice = dice(call, document, BOOKMARK + 1);
    let (id, key) = (dice.nano(), dice.nano());
    let row = json!({ "bookmarkId": id, "name": "As tagged", "isShared": true, "exploreKey": key });
    Ok(vec![(id, row)])
}

pub fn tag_bookmarks(call: &Call<'_>) -> Reply {
    let rows = tag_bookmark_rows(call)?;
    call.list(&rows, |(_, row)| row)
}

pub fn tag_bookmark(call: &Call<'_>) -> Reply {
    find_bookmark(call, tag_bookmark_rows(call)?, 2)
}

pub fn tags(call: &Call<'_>) -> Reply {
    let search = call.query.get("search");
    let found: Vec<&Tag> =
        call.org.tags.iter().filter(|tag| search.is_none_or(|part| contains(tag.name, part))).collect();
    call.list(&found, |tag| {
        let mut row = json!({
            "versionTagId": tag.id, "name": tag.name, "ownerId": call.org.members[tag.owner].id, "isArchived": false,
        });
        for (key, value) in [("color", tag.color), ("description", tag.description)] {
            if let Some(value) = value {
                row[key] = json!(value);
            }
        }
        audited(call.org, &tag.stamps, row)
    })
}

/// Sigma's own templates, made by its robot, and one of the organisation.
fn template_rows(call: &Call<'_>) -> Vec<(Uuid, Value)> {
    let mut dice = Dice::new(&[call.org.seed, stream::EXTRAS]);
    let stamps = &call.org.members[0].stamps;
    let row = |(name, internal): (&str, bool)| {
        let id = dice.uuid();
        let url = format!("https://app.sigmacomputing.com/{}/template/{}", call.org.slug, id.url_id());
        let row = json!({
            "templateId": id, "templateUrlId": id.url_id(), "name": name, "url": url, "path": "Templates",
            "latestVersion": 1, "isArchived": false,
        });
        let mut row = audited(call.org, stamps, row);
        if !internal {
            row["createdBy"] = json!("SigmaSchedulerRobot");
        }
        (id, row)
    };
    [("Plugs Sales Performance", false), ("Department Scorecard", true)].map(row).into()
}

pub fn templates(call: &Call<'_>) -> Reply {
    let source = call.query.get("source");
    let mut rows = template_rows(call);
    let external = |row: &Value| row["createdBy"] == "SigmaSchedulerRobot";
    rows.retain(|(_, row)| source.is_none_or(|source| (source == "external") == external(row)));
    let search = call.query.get("search");
    rows.retain(|(_, row)| search.is_none_or(|part| contains(row["name"].as_str().unwrap_or(""), part)));
    call.list(&rows, |(_, row)| row)
}

pub fn template(call: &Call<'_>) -> Reply {
    let id = call.uuid(0)?;
    let found = template_rows(call).into_iter().find(|(template, _)| *template == id);
    call.one(&found.ok_or_else(Problem::not_found)?.1)
}

/// Languages with translations: (language, variant, texts).
const TRANSLATIONS: [(&str, Option<&str>, (&str, &str)); 2] =
    [("de", None, ("Revenue", "Umsatz")), ("fr", Some("formal"), ("Revenue", "Chiffre d'affaires"))];

pub fn translations(call: &Call<'_>) -> Reply {
    call.list(&TRANSLATIONS, |(language, variant, _)| {
        let row = json!({ "lng": language, "locale": language, "lng_variant": variant });
        audited(call.org, &call.org.members[0].stamps, row)
    })
}

pub fn translation(call: &Call<'_>) -> Reply {
    let wanted = (call.params[0], Some(call.params[1]).filter(|variant| !variant.is_empty()));
    let found = TRANSLATIONS.iter().find(|(language, variant, _)| (*language, *variant) == wanted);
    let (_, _, (from, to)) = found.ok_or_else(Problem::not_found)?;
    call.one(&json!({ "translations": { *from: to } }))
}
