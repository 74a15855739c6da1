//! What hangs on documents besides their contents: schedules, embeds, saved views; and the organisation's odds and
//! ends.
use serde_json::{Value, json};

use super::{audited, contains, contents, documents, people::member_place};
use crate::simulator::{
    ids::{Dice, Uuid},
    org::{
        Kind, Tag,
        attached::{Bookmark, Schedule},
        generate::stream,
    },
    serve::call::{Call, Problem, Reply},
};

fn schedule_row(call: &Call<'_>, document: usize, schedule: &Schedule) -> Value {
    let inode = call.org.inode_of(document);
    let owner = inode.owner.map_or("", |owner| &call.org.members[owner].id);
    let (key, source) = match inode.kind {
        Kind::Report => ("reportId", "report"),
        _ => ("workbookId", "all"),
    };
    let attachment = |format: &&str| {
        let mut options = json!({ "type": format });
        if *format == "PDF" {
            options["layout"] = json!("landscape");
        }
        json!({ "formatOptions": options, "workbookExportSource": { "type": source } })
    };
    let attachments: Vec<Value> = schedule.formats.iter().map(attachment).collect();
    let mut config = json!({
        "title": schedule.title, "messageBody": "See attached", "notificationAttachments": attachments,
        "includeLink": true,
    });
    if let Some(as_recipient) = schedule.as_recipient {
        config["runAsRecipient"] = json!(as_recipient);
    }
    let suspended = schedule.suspended;
    let row = json!({
        "scheduledNotificationId": schedule.id,
        key: inode.id,
        "schedule": { "cronSpec": schedule.cron, "timezone": schedule.timezone },
        "configV2": config,
        "isSuspended": suspended, "ownerId": owner, "lastUpdatedByUser": owner,
        "disabledAt": suspended.then_some(&inode.stamps.updated_at), "disabledBy": suspended.then_some(owner),
    });
    audited(call.org, &inode.stamps, row)
}

pub fn schedules(call: &Call<'_>) -> Reply {
    let document = documents::live(call)?;
    call.list(&call.org.schedules(document), |schedule| schedule_row(call, document, schedule))
}

/// Schedules of the documents a member owns.
pub fn member_schedules(call: &Call<'_>) -> Reply {
    let member = member_place(call)?;
    let wanted = |document: &usize| {
        let inode = call.org.inode_of(*document);
        inode.owner == Some(member) && !inode.archived && !inode.deleted
    };
    let documents = (0..call.org.documents.len()).filter(wanted);
    let rows: Vec<(usize, Schedule)> = documents
        .flat_map(|document| call.org.schedules(document).into_iter().map(move |row| (document, row)))
        .collect();
    call.list(&rows, |(document, schedule)| schedule_row(call, *document, schedule))
}

pub fn materialization_schedules(call: &Call<'_>) -> Reply {
    let (document, content) = contents::opened(call)?;
    let doc = &call.org.documents[document];
    call.list(&call.org.materializations(document, &content), |row| {
        let element = row.element;
        let schedule = row.timed.map(|(cron, timezone)| json!({ "cronSpec": cron, "timezone": timezone }));
        json!({
            "sheetId": element.node_id(doc), "elementId": element.id,
            "elementName": element.name.as_deref().unwrap_or(""), "schedule": schedule,
            "configuredAt": call.org.inode_of(document).stamps.updated_at, "paused": row.paused,
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

pub fn embeds(call: &Call<'_>) -> Reply {
    let (document, content) = contents::opened(call)?;
    call.list(&call.org.embeds(document, &content), |embed| {
        let (id, name) = embed.source.clone().unzip();
        json!({
            "embedId": embed.id, "embedUrl": embed.url, "public": embed.public, "sourceType": embed.of,
            "sourceId": id, "sourceName": name.flatten(),
        })
    })
}

fn bookmark_row(bookmark: &Bookmark) -> Value {
    let mut row = json!({
        "bookmarkId": bookmark.id, "name": bookmark.name, "isShared": bookmark.shared, "exploreKey": bookmark.key,
    });
    if bookmark.default {
        row["isDefault"] = json!(true);
    }
    row
}

pub fn bookmarks(call: &Call<'_>) -> Reply {
    let document = documents::live(call)?;
    call.list(&call.org.bookmarks(document), bookmark_row)
}

pub fn bookmark(call: &Call<'_>) -> Reply {
    let document = documents::live(call)?;
    find_bookmark(call, &call.org.bookmarks(document), 1)
}

fn find_bookmark(call: &Call<'_>, rows: &[Bookmark], param: usize) -> Reply {
    let found = rows.iter().find(|row| row.id == call.params[param]).ok_or_else(Problem::not_found)?;
    call.one(&bookmark_row(found))
}

/// Saved views of a tagged version.
fn tagged_bookmarks(call: &Call<'_>) -> Result<Vec<Bookmark>, Problem> {
    let document = documents::live(call)?;
    let used = &call.org.documents[document].tags;
    if !used.iter().any(|used| call.org.tags[used.tag].name == call.params[1]) {
        return Err(Problem::not_found());
    }
    Ok(vec![call.org.tagged_bookmark(document)])
}

pub fn tag_bookmarks(call: &Call<'_>) -> Reply {
    call.list(&tagged_bookmarks(call)?, bookmark_row)
}

pub fn tag_bookmark(call: &Call<'_>) -> Reply {
    find_bookmark(call, &tagged_bookmarks(call)?, 2)
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
