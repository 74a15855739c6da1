//! Models: data elements with their columns and SQL, from the view `model`.

use rusqlite::{OptionalExtension, Row};
use serde::Serialize;

use super::error::StoreError;
use super::objects::Key;
use super::reader::Catalog;

/// A model, without its SQL and columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Model {
    /// What identifies its element.
    #[serde(rename = "ref")]
    pub key: Key,
    /// Its document's id.
    pub document_id: String,
    /// Its document's name.
    pub document_name: Option<String>,
    /// `workbook`, `report` or `data-model`.
    pub document_kind: String,
    /// Its page's id.
    pub page_id: Option<String>,
    /// Its page's name.
    pub page_name: Option<String>,
    /// Its element's id.
    pub element_id: String,
    /// Its name.
    pub name: Option<String>,
    /// Sigma's type of the element.
    #[serde(rename = "type")]
    pub type_word: Option<String>,
    /// The one connection that it reads directly.
    pub connection_id: Option<String>,
    /// Whether the token's owner could read its SQL.
    pub sql_readable: bool,
    /// Why not, where Sigma says.
    pub sql_error: Option<String>,
    /// How many columns it has.
    pub column_count: i64,
}

/// A column of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelColumn {
    /// Its id in the element.
    pub column_id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its data type; `error` where the formula does not resolve.
    pub data_type: Option<String>,
    /// Its formula.
    pub formula: Option<String>,
}

/// A model with all there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WholeModel {
    /// The model.
    #[serde(flatten)]
    pub model: Model,
    /// Its SQL.
    pub sql: Option<String>,
    /// The name of its connection.
    pub connection_name: Option<String>,
    /// Its columns, by name.
    pub columns: Vec<ModelColumn>,
}

const FIELDS: &str = "document_id, document_name, document_kind, page_id, page_name, element_id, name, type, connection_id, \
    sql_readable, sql_error, column_count";

fn model(row: &Row<'_>) -> rusqlite::Result<Model> {
    let (document_id, element_id): (String, String) = (row.get(0)?, row.get(5)?);
    Ok(Model {
        key: Key::inside("element", &document_id, &element_id),
        document_id,
        document_name: row.get(1)?,
        document_kind: row.get(2)?,
        page_id: row.get(3)?,
        page_name: row.get(4)?,
        element_id,
        name: row.get(6)?,
        type_word: row.get(7)?,
        connection_id: row.get(8)?,
        sql_readable: row.get(9)?,
        sql_error: row.get(10)?,
        column_count: row.get(11)?,
    })
}

impl Catalog {
    /// All models, or those of a document, by document, page and name.
    pub fn models(&self, document: Option<&str>) -> Result<Vec<Model>, StoreError> {
        self.require_current_schema()?;
        let condition = if document.is_some() { "document_id = ?1" } else { "?1 IS NULL" };
        let sql = format!(
            "SELECT {FIELDS} FROM model WHERE {condition} \
             ORDER BY document_name, document_id, page_name, page_id, name, element_id"
        );
        let mut statement = self.connection().prepare(&sql)?;
        let models = statement.query_map([document], model)?.collect::<Result<_, _>>()?;
        Ok(models)
    }

    /// The model of an element; `None` where it is none.
    pub fn model(&self, key: &Key) -> Result<Option<WholeModel>, StoreError> {
        self.require_current_schema()?;
        let db = self.connection();
        let sql = format!(
            "SELECT {FIELDS}, sql, (SELECT c.name FROM connection c WHERE c.id = connection_id) FROM model \
             WHERE document_id = ? AND element_id = ?"
        );
        let found = db
            .prepare_cached(&sql)?
            .query_row([&key.document, &key.id], |row| Ok((model(row)?, row.get(12)?, row.get(13)?)))
            .optional()?;
        let Some((model, sql, connection_name)) = found else { return Ok(None) };
        let mut statement = db.prepare_cached(
            "SELECT column_id, name, data_type, formula FROM element_column \
             WHERE document_id = ? AND element_id = ? ORDER BY name, column_id",
        )?;
        let columns = statement.query_map([&key.document, &key.id], |row| {
            Ok(ModelColumn {
                column_id: row.get(0)?,
                name: row.get(1)?,
                data_type: row.get(2)?,
                formula: row.get(3)?,
            })
        })?;
        Ok(Some(WholeModel { model, sql, connection_name, columns: columns.collect::<Result<_, _>>()? }))
    }
}
