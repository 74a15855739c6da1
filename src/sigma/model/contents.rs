//! What is inside a document: pages, elements, columns, queries, controls.

use std::borrow::Cow;

use serde::Deserialize;

use super::{Row, RowKey, lenient, rows, wire};

wire! {
    /// A page (`…/pages`).
    Page;
    /// A 10-character id, unique in its document only.
    page_id;
    /// Its name.
    name: Option<String>;
    /// Hidden from readers.
    hidden: Option<bool>
}

wire! {
    /// An element (`…/elements`, `…/pages/{id}/elements`). The flat list does not say on which page it is.
    Element;
    /// Unique in its document only: copies of a workbook keep their element ids.
    element_id;
    /// Its name.
    name: Option<String>;
    /// `table`, `pivot-table`, `input-table`, `visualization`, a control or a UI element: an open list.
    r#type: Option<String>;
    /// Display names of its columns.
    #[serde(deserialize_with = "lenient::texts")]
    columns: Option<Vec<String>>;
    /// The chart, in Sigma's spelling of the key: `levelTable`, `bar`, …; the case varies.
    vizualization_type: Option<String>;
    /// Why it is broken.
    error: Option<String>
}

/// A column (`…/columns`, `…/elements/{id}/columns`).
#[derive(Debug, Clone, PartialEq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Column {
    /// `inode-<urlId of the table>/<NAME>` for a warehouse column, opaque otherwise; repeats across elements.
    #[serde(deserialize_with = "lenient::id")]
    pub column_id: String,
    /// The element; absent in the per-element listing, and in some rows of the per-document one.
    #[serde(default)]
    pub element_id: Option<String>,
    /// Its name, in the per-document listing.
    #[serde(default)]
    pub name: Option<String>,
    /// Its name, in the per-element listing and in some rows of the other.
    #[serde(default)]
    pub label: Option<String>,
    /// Its formula, `[Source/Column]` for a plain one.
    #[serde(default)]
    pub formula: Option<String>,
    /// The outermost name of its type; `error` means an unresolved formula.
    #[serde(default, rename = "type", deserialize_with = "type_name")]
    pub type_name: Option<Cow<'static, str>>,
}

impl Column {
    /// What people see as the column's name: the label where there is one, else the name.
    pub fn title(&self) -> Option<&str> {
        self.label.as_deref().or(self.name.as_deref())
    }
}

impl Row for Column {
    fn name(&self, key: &mut RowKey) {
        key.part(&self.element_id);
        key.part(&self.column_id);
    }
}

pub(super) fn type_name<'de, D>(input: D) -> Result<Option<Cow<'static, str>>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    Ok(lenient::TypeName::deserialize(input)?.0)
}

wire! {
    /// The query behind an element (`…/queries`, `…/elements/{id}/query`).
    Query;
    /// The element.
    element_id;
    /// Its name.
    name: Option<String>;
    /// SQL as compiled for the credentials' owner. It ends in a comment that carries their e-mail and a request
    /// id: strip that before storing or comparing.
    sql: Option<String>;
    /// Why there is none.
    error: Option<String>
}

wire! {
    /// A control (`…/controls`). The API gives it no id and no element.
    Control;
    /// Its name.
    name;
    /// `text`, `number-range`, `date-list`, …
    value_type: Option<String>
}

rows! {
    Page: page_id;
    Element: element_id;
    Query: element_id;
}

impl Row for Control {
    fn name(&self, key: &mut RowKey) {
        key.whole((&self.name, &self.value_type));
    }
}
