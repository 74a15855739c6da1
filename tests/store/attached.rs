//! One of everything that hangs on a workbook besides its contents.

use sigma_catalog::catalog::attached::{
    Bookmark, Control, DocumentSource, DocumentVersion, Embed, ExportSchedule, MaterializationSchedule,
};
use sigma_catalog::catalog::delivery::{Rows, scope};

/// The scopes that list it.
pub(crate) const SCOPES: [&str; 7] = [
    scope::CONTROLS,
    scope::BOOKMARKS,
    scope::EMBEDS,
    scope::EXPORT_SCHEDULES,
    scope::MATERIALIZATION_SCHEDULES,
    scope::VERSIONS,
    scope::SOURCES,
];

pub(crate) fn push_all(rows: &mut Rows) {
    rows.push(Control { name: "Region".into(), ordinal: 1, value_type: Some("text".into()) });
    rows.push(Bookmark {
        bookmark_id: "b1".into(),
        name: Some("EMEA".into()),
        is_shared: Some(true),
        is_default: None,
        explore_key: None,
    });
    rows.push(Embed {
        embed_id: "em1".into(),
        embed_url: None,
        is_public: Some(true),
        source_type: Some("workbook".into()),
        source_id: None,
        source_name: None,
    });
    rows.push(ExportSchedule {
        schedule_id: "s1".into(),
        title: Some("Weekly".into()),
        cron_spec: Some("0 9 * * 1".into()),
        timezone: Some("Europe/London".into()),
        is_suspended: Some(false),
        owner_id: Some("m1".into()),
        attachments: Some(1),
        formats: Some("PDF".into()),
        run_as_recipient: None,
        config: None,
        disabled_at: None,
        disabled_by: None,
        last_updated_by: None,
        created_by: None,
        created_at: None,
        updated_at: None,
    });
    rows.push(MaterializationSchedule {
        sheet_id: "sh1".into(),
        element_id: "e1".into(),
        element_name: Some("E1".into()),
        cron_spec: None,
        timezone: None,
        configured_at: None,
        paused: Some(false),
    });
    rows.push(DocumentVersion {
        version: 1,
        published_at: None,
        published_by: Some("m1".into()),
        tags: None,
    });
    rows.push(DocumentSource {
        r#type: "table".into(),
        source_id: "tbl".into(),
        version_tag_id: String::new(),
        element_ids: None,
        connection_id: None,
        definition: None,
        url: None,
    });
}
