//! Where things come from: the document-level list, the element-level graph, and the sources.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Row, RowKey, lenient};

/// A union whose branches share most of their fields, read as one struct: the `type`, and whatever came with it.
macro_rules! union_row {
    (
        $(#[$about:meta])* $name:ident {
            $($(#[$field_about:meta])* $field:ident : $type:ty,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// Which branch this is, verbatim; unknown ones are kept.
            #[serde(deserialize_with = "lenient::id")]
            pub r#type: String,
            $($(#[$field_about])* #[serde(default)] pub $field: $type,)+
        }

        impl Row for $name {
            fn name(&self, key: &mut RowKey) {
                key.once(self);
            }
        }
    };
}

union_row! {
    /// One entry of a document's lineage (`…/lineage`).
    ///
    /// Types seen: `table`, `dataset`, `data-model`, `element`, `customSQL`, `csv-upload`, `semantic-view`,
    /// `sql-document`, `worksheet`.
    LineageEntry {
        /// The element, when this is one.
        element_id: Option<String>,
        /// An element's direct sources: an element id, `inode-<urlId>`, the `name` of a custom SQL, a CSV id, or
        /// `<urlId of a data model>/<suffix>`; some lead nowhere.
        #[serde(deserialize_with = "lenient::texts")]
        source_ids: Option<Vec<String>>,
        /// An element's root sources.
        #[serde(deserialize_with = "lenient::texts")]
        data_source_ids: Option<Vec<String>>,
        /// The connection.
        connection_id: Option<String>,
        /// The name; for a custom SQL, the id that `source_ids` refer to.
        name: Option<String>,
        /// UUID of the table or dataset.
        inode_id: Option<String>,
        /// UUID of the data model.
        data_model_id: Option<String>,
        /// The text of a custom SQL.
        definition: Option<String>,
        /// The uploaded CSV.
        csv_id: Option<String>,
        /// The semantic view.
        semantic_view_id: Option<String>,
        /// Its table.
        semantic_view_table: Option<String>,
        /// The SQL document.
        sql_document_id: Option<String>,
        /// The worksheet.
        worksheet_id: Option<String>,
    }
}

union_row! {
    /// What a workbook or report reads (`/v2/workbooks/{id}/sources`, `/v2/reports/{id}/sources`,
    /// `/v2/datasets/{id}/sources`). Types seen: `data-model`, `dataset`, `table`, `custom-sql`.
    WorkbookSource {
        /// UUID of the data model.
        data_model_id: Option<String>,
        /// The elements of it that are used.
        #[serde(deserialize_with = "lenient::texts")]
        element_ids: Option<Vec<String>>,
        /// The version tag it is pinned to.
        version_tag_id: Option<String>,
        /// UUID of the table or dataset.
        inode_id: Option<String>,
        /// Where people open the dataset.
        url: Option<String>,
        /// The connection of a custom SQL.
        connection_id: Option<String>,
        /// The text of a custom SQL.
        definition: Option<String>,
        /// The id of a custom SQL.
        custom_sql_id: Option<String>,
    }
}

union_row! {
    /// What a data model reads (`/v2/dataModels/{id}/sources`): as [`WorkbookSource`], but with `tableId` and
    /// `datasetId` where that one has `inodeId`.
    DataModelSource {
        /// UUID of the data model.
        data_model_id: Option<String>,
        /// The elements of it that are used.
        #[serde(deserialize_with = "lenient::texts")]
        element_ids: Option<Vec<String>>,
        /// The version tag it is pinned to.
        version_tag_id: Option<String>,
        /// UUID of the dataset.
        dataset_id: Option<String>,
        /// UUID of the table.
        table_id: Option<String>,
        /// The connection of a custom SQL.
        connection_id: Option<String>,
        /// The text of a custom SQL.
        definition: Option<String>,
        /// The id of a custom SQL.
        custom_sql_id: Option<String>,
    }
}

impl From<DataModelSource> for WorkbookSource {
    fn from(source: DataModelSource) -> Self {
        Self {
            r#type: source.r#type,
            data_model_id: source.data_model_id,
            element_ids: source.element_ids,
            version_tag_id: source.version_tag_id,
            inode_id: source.table_id.or(source.dataset_id),
            url: None,
            connection_id: source.connection_id,
            definition: source.definition,
            custom_sql_id: source.custom_sql_id,
        }
    }
}

/// The graph around one element (`…/lineage/elements/{id}`).
///
/// A data model's node may be missing from `dependencies` and appear only as the source of an edge.
#[derive(Debug, Clone, PartialEq, Hash, Deserialize)]
#[serde(try_from = "RawElementLineage")]
pub struct ElementLineage {
    /// The nodes, by node id, which is not the element id.
    pub dependencies: BTreeMap<String, LineageNode>,
    /// The edges: `target` depends on `source`.
    pub edges: Vec<LineageEdge>,
}

#[derive(Deserialize)]
struct RawElementLineage {
    #[serde(default, deserialize_with = "present")]
    dependencies: Option<Option<BTreeMap<String, Option<LineageNode>>>>,
    #[serde(default, deserialize_with = "present")]
    edges: Option<Edges>,
}

#[derive(Deserialize)]
struct Edges(#[serde(deserialize_with = "lenient::list")] Vec<LineageEdge>);

/// Tells a key that is `null` from one that is not there.
fn present<'de, D, T>(input: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(input).map(Some)
}

impl TryFrom<RawElementLineage> for ElementLineage {
    type Error = &'static str;

    fn try_from(raw: RawElementLineage) -> Result<Self, Self::Error> {
        if raw.dependencies.is_none() && raw.edges.is_none() {
            // An object with neither is something else, and must not pass for "depends on nothing".
            return Err("neither `dependencies` nor `edges`");
        }
        Ok(Self {
            dependencies: (raw.dependencies.flatten().into_iter().flatten())
                .filter_map(|(id, node)| Some((id, node?)))
                .collect(),
            edges: raw.edges.map(|edges| edges.0).unwrap_or_default(),
        })
    }
}

impl Row for ElementLineage {
    fn name(&self, _: &mut RowKey) {}
}

/// A node of an element's graph. Types seen: `sheet`, `table`, `dataset`, `join`, `union`, `data-model`,
/// `customSQL`.
#[derive(Debug, Clone, Default, PartialEq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LineageNode {
    /// The node id, which is also its key.
    pub node_id: Option<String>,
    /// The type, verbatim.
    pub r#type: Option<String>,
    /// The name; joins have none.
    pub name: Option<String>,
    /// The element, when the node is one of the document's own.
    pub element_id: Option<String>,
    /// The table of a semantic view.
    pub semantic_view_table: Option<String>,
}

/// An edge of an element's graph.
#[derive(Debug, Clone, PartialEq, Hash, Deserialize)]
pub struct LineageEdge {
    /// What is depended upon.
    #[serde(default)]
    pub source: Option<String>,
    /// What depends on it.
    #[serde(default)]
    pub target: Option<String>,
    /// `source`, `lookup` or `dependency`.
    #[serde(default)]
    pub r#type: Option<String>,
}
