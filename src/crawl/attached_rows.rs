//! Wire rows to records, for what hangs on a document besides its contents.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::rows::said;
use crate::catalog::attached::{
    Bookmark, Control, DocumentSource, DocumentVersion, Embed, ExportSchedule, MaterializationSchedule,
};
use crate::sigma::model;

/// Controls have no id: those that share a name are numbered, in an order that is not the server's.
pub(super) fn controls(mut found: Vec<model::Control>) -> Vec<Control> {
    found.sort_by(|a, b| (&a.name, &a.value_type).cmp(&(&b.name, &b.value_type)));
    let mut controls: Vec<Control> = Vec::with_capacity(found.len());
    for row in found {
        let before = controls.last().filter(|before| before.name == row.name);
        let ordinal = before.map_or(1, |before| before.ordinal + 1);
        controls.push(Control { name: row.name, ordinal, value_type: row.value_type });
    }
    controls
}

pub(super) fn bookmark(row: model::Bookmark) -> Bookmark {
    Bookmark {
        bookmark_id: row.bookmark_id,
        name: said(row.name),
        is_shared: row.is_shared,
        is_default: row.is_default,
        explore_key: said(row.explore_key),
    }
}

pub(super) fn embed(row: model::Embed) -> Embed {
    Embed {
        embed_id: row.embed_id,
        embed_url: said(row.embed_url),
        is_public: row.public,
        source_type: said(row.source_type),
        source_id: said(row.source_id),
        source_name: said(row.source_name),
    }
}

pub(super) fn export_schedule(row: model::Schedule) -> ExportSchedule {
    let attached = row.attachment_formats();
    let formats: Option<BTreeSet<&str>> =
        attached.as_ref().map(|all| all.iter().copied().flatten().collect());
    let formats = formats.map(|formats| formats.into_iter().collect::<Vec<_>>().join(","));
    let cron = row.schedule.as_ref();
    ExportSchedule {
        title: said(row.title().map(str::to_owned)),
        cron_spec: said(cron.and_then(|cron| cron.cron_spec.clone())),
        timezone: said(cron.and_then(|cron| cron.timezone.clone())),
        attachments: attached.as_ref().map(|all| all.len() as i64),
        formats: said(formats),
        run_as_recipient: row.run_as_recipient(),
        config: row.config.as_ref().filter(|config| !config.is_null()).map(ToString::to_string),
        schedule_id: row.scheduled_notification_id,
        is_suspended: row.is_suspended,
        owner_id: said(row.owner_id),
        disabled_at: said(row.disabled_at),
        disabled_by: said(row.disabled_by),
        last_updated_by: said(row.last_updated_by_user),
        created_by: row.created_by,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

pub(super) fn materialization_schedule(row: model::MaterializationSchedule) -> MaterializationSchedule {
    let cron = row.schedule.unwrap_or_default();
    MaterializationSchedule {
        sheet_id: row.sheet_id,
        element_id: row.element_id.unwrap_or_default(),
        element_name: said(row.element_name),
        cron_spec: said(cron.cron_spec),
        timezone: said(cron.timezone),
        configured_at: row.configured_at,
        paused: row.paused,
    }
}

pub(super) fn version(row: model::Version) -> DocumentVersion {
    let tag = |tag: &model::VersionMark| json!({ "versionTagId": tag.version_tag_id, "taggedAt": tag.tagged_at, "taggedBy": tag.tagged_by });
    let mut tags: Vec<Value> = row.tags.iter().map(tag).collect();
    tags.sort_by_key(ToString::to_string);
    DocumentVersion {
        version: row.version,
        published_at: row.published_at,
        published_by: said(row.published_by),
        tags: (!tags.is_empty()).then(|| Value::from(tags).to_string()),
    }
}

/// Sources that name nothing are numbered within their type.
pub(super) fn sources(found: Vec<model::WorkbookSource>) -> Vec<DocumentSource> {
    let mut nameless: HashMap<String, usize> = HashMap::new();
    let mut source = |row: model::WorkbookSource| {
        let id = said(row.data_model_id).or(said(row.inode_id)).or(said(row.custom_sql_id));
        let source_id = id.unwrap_or_else(|| {
            let count = nameless.entry(row.r#type.clone()).or_default();
            *count += 1;
            format!("#{count}")
        });
        DocumentSource {
            r#type: row.r#type,
            source_id,
            version_tag_id: row.version_tag_id.unwrap_or_default(),
            element_ids: row.element_ids.map(|mut elements| {
                elements.sort();
                Value::from(elements).to_string()
            }),
            connection_id: said(row.connection_id),
            definition: said(row.definition),
            url: said(row.url),
        }
    };
    found.into_iter().map(&mut source).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_of_one_name_are_all_kept_whatever_their_order() {
        let control =
            |name: &str, kind: &str| model::Control { name: name.into(), value_type: Some(kind.into()) };
        let mut found =
            vec![control("B", "text"), control("A", "text"), control("A", "date"), control("A", "text")];
        let keys = |found: Vec<model::Control>| -> Vec<_> {
            controls(found)
                .into_iter()
                .map(|c| (c.name, c.ordinal, c.value_type.unwrap_or_default()))
                .collect()
        };
        let kept = keys(found.clone());
        let expected = [("A", 1, "date"), ("A", 2, "text"), ("A", 3, "text"), ("B", 1, "text")];
        assert_eq!(kept, expected.map(|(name, ordinal, kind)| (name.to_owned(), ordinal, kind.to_owned())));
        found.reverse();
        assert_eq!(keys(found), kept);
    }

    #[test]
    fn sources_that_name_nothing_are_still_told_apart() {
        let rows: Vec<model::WorkbookSource> = serde_json::from_value(json!([
            { "type": "agent" },
            { "type": "agent", "definition": "x" },
            { "type": "data-model", "dataModelId": "m", "versionTagId": "t", "elementIds": ["b", "a"] },
            { "type": "data-model", "dataModelId": "m" },
        ]))
        .unwrap();
        let kept: Vec<_> =
            sources(rows).into_iter().map(|s| (s.source_id, s.version_tag_id, s.element_ids)).collect();
        let key = |id: &str, tag: &str, elements: Option<&str>| {
            (id.to_owned(), tag.to_owned(), elements.map(str::to_owned))
        };
        let elements = Some("[\"a\",\"b\"]");
        assert_eq!(
            kept,
            [key("#1", "", None), key("#2", "", None), key("m", "t", elements), key("m", "", None)]
        );
    }

    #[test]
    fn a_schedule_that_says_little_is_kept_with_what_it_says() {
        let bare: model::Schedule =
            serde_json::from_value(json!({ "scheduledNotificationId": "s" })).unwrap();
        let kept = export_schedule(bare);
        assert_eq!(
            (kept.schedule_id.as_str(), kept.attachments, kept.formats, kept.config),
            ("s", None, None, None)
        );
        let full: model::Schedule = serde_json::from_value(json!({
            "scheduledNotificationId": "s",
            "configV2": { "notificationAttachments": [
                { "formatOptions": { "type": "PDF" } }, { "formatOptions": { "type": "CSV" } }, {},
                { "formatOptions": { "type": "PDF" } }] },
        }))
        .unwrap();
        let kept = export_schedule(full);
        assert_eq!((kept.attachments, kept.formats.as_deref()), (Some(4), Some("CSV,PDF")));
    }
}
