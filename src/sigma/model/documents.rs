//! Workbooks, data models, reports, datasets and what hangs on a document as a whole.

use super::{rows, wire};

wire! {
    /// A workbook (`/v2/workbooks`, `/v2/workbooks/{id}`).
    Workbook;
    /// UUID.
    workbook_id;
    /// The same id in base62.
    workbook_url_id: Option<String>;
    /// Its name.
    name: Option<String>;
    /// Where people open it.
    url: Option<String>;
    /// Names of its containers.
    path: Option<String>;
    /// The latest published version.
    #[serde(deserialize_with = "super::lenient::integer")]
    latest_version: Option<i64>;
    /// Member id of the owner.
    owner_id: Option<String>;
    /// Archived: its children cannot be asked for.
    is_archived: Option<bool>;
    /// Version tags; absent when the listing excluded them.
    #[serde(deserialize_with = "super::lenient::optional_list")]
    tags: Option<Vec<DocumentTag>>;
    /// Its description.
    description: Option<String>;
    /// For a tagged version: the `urlId` of the document it was tagged from.
    tagged_source_url_id: Option<String>;
    + audit
}

wire! {
    /// A data model (`/v2/dataModels`, `/v2/dataModels/{id}`). Its description is only on the file.
    DataModel;
    /// UUID.
    data_model_id;
    /// The same id in base62.
    data_model_url_id: Option<String>;
    /// Its name.
    name: Option<String>;
    /// Where people open it.
    url: Option<String>;
    /// Names of its containers.
    path: Option<String>;
    /// The latest published version.
    #[serde(deserialize_with = "super::lenient::integer")]
    latest_version: Option<i64>;
    /// Member id of the owner.
    owner_id: Option<String>;
    /// Archived.
    is_archived: Option<bool>;
    /// Version tags; absent when the listing excluded them.
    #[serde(deserialize_with = "super::lenient::optional_list")]
    tags: Option<Vec<DocumentTag>>;
    + audit
}

wire! {
    /// A report (`/v2/reports`, `/v2/reports/{id}`).
    Report;
    /// UUID.
    report_id;
    /// The same id in base62.
    report_url_id: Option<String>;
    /// Its name.
    name: Option<String>;
    /// Where people open it.
    url: Option<String>;
    /// Names of its containers.
    path: Option<String>;
    /// The latest published version.
    #[serde(deserialize_with = "super::lenient::integer")]
    latest_version: Option<i64>;
    /// Member id of the owner.
    owner_id: Option<String>;
    /// Archived.
    is_archived: Option<bool>;
    /// Version tags; absent when the listing excluded them.
    #[serde(deserialize_with = "super::lenient::optional_list")]
    tags: Option<Vec<DocumentTag>>;
    /// Its description.
    description: Option<String>;
    + audit
}

wire! {
    /// A version tag as one document carries it. Workbooks, data models and reports name the same facts
    /// differently, hence the methods.
    DocumentTag;
    /// The version tag.
    version_tag_id;
    /// Its name, on workbooks.
    name: Option<String>;
    /// Its name, on data models and reports.
    tag_name: Option<String>;
    /// The version it marks, on workbooks.
    #[serde(deserialize_with = "super::lenient::integer")]
    source_workbook_version: Option<i64>;
    /// The version it marks, on data models and reports.
    #[serde(deserialize_with = "super::lenient::integer")]
    source_version: Option<i64>;
    /// UUID of the tagged copy, which is a workbook of its own.
    tagged_workbook_id: Option<String>;
    /// UUID of the tagged copy, on reports.
    tagged_report_id: Option<String>;
    /// When it was set, on workbooks.
    workbook_tagged_at: Option<String>;
    /// When it was set, on data models and reports.
    tagged_at: Option<String>
}

impl DocumentTag {
    /// The tag's name, whichever key carried it.
    pub fn label(&self) -> Option<&str> {
        self.tag_name.as_deref().or(self.name.as_deref())
    }

    /// The version it marks.
    pub fn version(&self) -> Option<i64> {
        self.source_version.or(self.source_workbook_version)
    }

    /// The UUID of the tagged copy; data models do not say.
    pub fn tagged_document_id(&self) -> Option<&str> {
        self.tagged_workbook_id.as_deref().or(self.tagged_report_id.as_deref())
    }

    /// When it was set, ISO-8601.
    pub fn set_at(&self) -> Option<&str> {
        self.tagged_at.as_deref().or(self.workbook_tagged_at.as_deref())
    }
}

wire! {
    /// A dataset (`/v2/datasets`): deprecated, its successor is the data model.
    Dataset;
    /// UUID.
    dataset_id;
    /// Its name.
    name: Option<String>;
    /// Its description.
    description: Option<String>;
    /// Where people open it; its last segment is the `urlId`.
    url: Option<String>;
    /// Member id of the owner.
    owner: Option<String>;
    /// Names of its containers; absent in old rows.
    path: Option<String>;
    /// How many things use it.
    #[serde(deserialize_with = "super::lenient::integer")]
    reference_count: Option<i64>;
    /// The data model it became.
    migration_to_data_model: Option<DatasetMigration>;
    /// `migrated`, `not-migrated` or `not-required`.
    migration_status: Option<String>;
    /// Archived.
    is_archived: Option<bool>;
    + audit
}

/// What a dataset became.
#[derive(Debug, Clone, Default, PartialEq, Hash, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DatasetMigration {
    /// UUID of the data model.
    pub data_model_id: Option<String>,
    /// Where people open it.
    pub data_model_url: Option<String>,
    /// When, ISO-8601.
    pub migrated_at: Option<String>,
    /// Member id of whoever did it.
    pub migrated_by: Option<String>,
}

wire! {
    /// A published embed (`/v2/workbooks/{id}/embeds`).
    Embed;
    /// The embed id.
    embed_id;
    /// Its address.
    embed_url: Option<String>;
    /// Readable by the whole world.
    public: Option<bool>;
    /// `workbook`, `page` or `element`.
    source_type: Option<String>;
    /// The page or element.
    source_id: Option<String>;
    /// Its name.
    source_name: Option<String>
}

wire! {
    /// A bookmark, which people know as a saved view (`/v2/workbooks/{id}/bookmarks`).
    Bookmark;
    /// The bookmark id.
    bookmark_id;
    /// Its name.
    name: Option<String>;
    /// Shown to others.
    is_shared: Option<bool>;
    /// The key of the exploration behind it.
    explore_key: Option<String>;
    /// The one people see first.
    is_default: Option<bool>
}

/// A published version of a document (`…/version-history`).
#[derive(Debug, Clone, PartialEq, Hash, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// Its number.
    #[serde(deserialize_with = "super::lenient::whole")]
    pub version: i64,
    /// When it was published, ISO-8601.
    #[serde(default)]
    pub published_at: Option<String>,
    /// Member id of whoever published it.
    #[serde(default)]
    pub published_by: Option<String>,
    /// The version tags it carries.
    #[serde(default, deserialize_with = "super::lenient::list")]
    pub tags: Vec<VersionMark>,
}

wire! {
    /// A version tag on a published version.
    VersionMark;
    /// The version tag.
    version_tag_id;
    /// When, ISO-8601.
    tagged_at: Option<String>;
    /// Member id of whoever set it.
    tagged_by: Option<String>
}

rows! {
    Workbook: workbook_id;
    DataModel: data_model_id;
    Report: report_id;
    // One tag may mark several versions of a document over time.
    DocumentTag: version_tag_id, source_workbook_version, source_version, tagged_workbook_id, tagged_report_id;
    Dataset: dataset_id;
    Embed: embed_id;
    Bookmark: bookmark_id;
    Version: version;
}
