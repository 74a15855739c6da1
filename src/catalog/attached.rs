//! Records of what hangs on one document besides its contents: controls, bookmarks, embeds, schedules, versions, sources.

use super::record::record;

record! {
    /// A control of a workbook or report. Sigma gives it no id and no element, and two may have the same name.
    Control in "control" within document {
        listed by CONTROLS;
        child of ;
        key {
            /// Its name.
            name: String,
            /// 1, and counting on where controls share a name.
            ordinal: i64,
        }
        value {
            /// `text`, `number-range`, `date-list`, ... verbatim.
            value_type: Option<String>,
        }
    }
}

record! {
    /// A bookmark of a workbook, which people know as a saved view. Sigma lists those that the token's owner made or was
    /// given.
    Bookmark in "bookmark" within document {
        listed by BOOKMARKS;
        child of ;
        key {
            /// Sigma's `bookmarkId`.
            bookmark_id: String,
        }
        value {
            /// Its name.
            name: Option<String>,
            /// Shown to others.
            is_shared: Option<bool>,
            /// The one people see first.
            is_default: Option<bool>,
            /// The key of the exploration behind it.
            explore_key: Option<String>,
        }
    }
}

record! {
    /// A published embed of a workbook, or of a page or element of it.
    Embed in "embed" within document {
        listed by EMBEDS;
        child of ;
        key {
            /// Sigma's `embedId`.
            embed_id: String,
        }
        value {
            /// Its address.
            embed_url: Option<String>,
            /// Readable by the whole world, with no account.
            is_public: Option<bool>,
            /// `workbook`, `page` or `element`, verbatim.
            source_type: Option<String>,
            /// The page or element; `None` for the whole workbook.
            source_id: Option<String>,
            /// Its name.
            source_name: Option<String>,
        }
    }
}

record! {
    /// A scheduled export of a workbook or report. Sigma does not say to whom it goes.
    ExportSchedule in "export_schedule" within document {
        listed by EXPORT_SCHEDULES;
        child of ;
        key {
            /// Sigma's `scheduledNotificationId`.
            schedule_id: String,
        }
        value {
            /// The title of the message it sends.
            title: Option<String>,
            /// When it runs, as a cron expression.
            cron_spec: Option<String>,
            /// The IANA time zone of that.
            timezone: Option<String>,
            /// Suspended: it does not run.
            is_suspended: Option<bool>,
            /// Member id of the owner.
            owner_id: Option<String>,
            /// How many attachments it sends; `None` where Sigma does not say what it sends.
            attachments: Option<i64>,
            /// The formats of the attachments, each once, sorted, joined by commas.
            formats: Option<String>,
            /// It sends the data as each recipient may see it; where false, as its owner may.
            run_as_recipient: Option<bool>,
            /// Everything it does, Sigma's `configV2`, as JSON.
            config: Option<String>,
            /// When it was disabled, ISO-8601.
            disabled_at: Option<String>,
            /// Who disabled it.
            disabled_by: Option<String>,
            /// Member id of whoever changed it last.
            last_updated_by: Option<String>,
            /// Member id of whoever created it.
            created_by: Option<String>,
            /// When it was created, ISO-8601.
            created_at: Option<String>,
            /// When it was last changed, ISO-8601.
            updated_at: Option<String>,
        }
    }
}

record! {
    /// A scheduled materialisation of an element of a workbook or data model.
    MaterializationSchedule in "materialization_schedule" within document {
        listed by MATERIALIZATION_SCHEDULES;
        child of "element_id" => "element"("element_id");
        key {
            /// Sigma's `sheetId`, which is not the element's id.
            sheet_id: String,
            /// The element; empty where Sigma did not say.
            element_id: String,
        }
        value {
            /// Its name.
            element_name: Option<String>,
            /// When it runs, as a cron expression; `None`: only on request.
            cron_spec: Option<String>,
            /// The IANA time zone of that.
            timezone: Option<String>,
            /// When it was set up, ISO-8601.
            configured_at: Option<String>,
            /// Paused: it does not run.
            paused: Option<bool>,
        }
    }
}

record! {
    /// A published version of a workbook or report.
    DocumentVersion in "document_version" within document {
        listed by VERSIONS;
        child of ;
        key {
            /// Its number.
            version: i64,
        }
        value {
            /// When it was published, ISO-8601.
            published_at: Option<String>,
            /// Member id of whoever published it.
            published_by: Option<String>,
            /// The version tags it carries, as a JSON array of `versionTagId`, `taggedAt`, `taggedBy`; `None`: none.
            tags: Option<String>,
        }
    }
}

record! {
    /// What a document is built on as a whole, as Sigma lists it: unlike lineage it names the version tag and the
    /// elements of a data model.
    DocumentSource in "document_source" within document {
        listed by SOURCES;
        child of ;
        key {
            /// `table`, `dataset`, `data-model`, `custom-sql`, ... verbatim.
            r#type: String,
            /// UUID of the table, dataset or data model, the id of the custom SQL; `#1`, `#2`, ... where Sigma named none.
            source_id: String,
            /// The version tag of the data model that is used; empty: its latest version.
            version_tag_id: String,
        }
        value {
            /// The elements of the data model that are used, sorted, as a JSON array.
            element_ids: Option<String>,
            /// The connection of custom SQL.
            connection_id: Option<String>,
            /// The text of custom SQL.
            definition: Option<String>,
            /// Where people open the dataset.
            url: Option<String>,
        }
    }
}
