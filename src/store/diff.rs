//! The statements of one record table, and the comparison of an incoming row with the current one.

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, params_from_iter};

use super::error::StoreError;
use crate::catalog::record::{Table, Value};

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl FromSql for Value {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Null => Ok(Self::Null),
            ValueRef::Integer(number) => Ok(Self::Integer(number)),
            other => other.as_str().map(Into::into),
        }
    }
}

/// What storing a row did.
#[derive(Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is the first row of its key in this run: the difference from the current row is what the run did.
    First,
    /// It was stored in this run already, just so.
    Again,
    /// It replaced another row that this run had stored.
    Replaced {
        /// The row that was current before the run.
        published: Option<Vec<Value>>,
    },
}

/// A row as the database has it.
#[derive(Debug)]
pub struct Current {
    /// Its values, in the order of the table's columns.
    pub values: Vec<Value>,
    /// The run that first saw it so.
    pub valid_from: i64,
}

/// The run that stores, and the last one that was published. Whatever is newer than that is staged: written or closed since,
/// by this run or by one that it resumes.
#[derive(Debug, Clone, Copy)]
pub struct Epoch {
    /// The run.
    pub run: i64,
    /// The published one; 0: none.
    pub published: i64,
}

/// The statements of one table. Positional parameters: the document where rows live in one, then columns, then a run.
#[derive(Debug)]
pub struct TableSql {
    /// The table they are for.
    pub table: &'static Table,
    find: String,
    load: String,
    insert: String,
    overwrite: String,
    close: String,
    delete: String,
    closed: String,
    reopen: String,
}

fn list(names: &[String], each: impl Fn(&String) -> String, separator: &str) -> String {
    names.iter().map(each).collect::<Vec<_>>().join(separator)
}

impl TableSql {
    /// Derives them.
    pub fn new(table: &'static Table) -> Self {
        let quoted = |key: bool| {
            table.columns.iter().filter(move |column| column.key == key).map(|c| format!("\"{}\"", c.name))
        };
        let document: Vec<String> = table.in_document.then(|| "document".to_owned()).into_iter().collect();
        let keys: Vec<String> = document.iter().cloned().chain(quoted(true)).collect();
        let values: Vec<String> = quoted(false).collect();
        let columns: Vec<String> = table.columns.iter().map(|c| format!("\"{}\"", c.name)).collect();
        let all: Vec<String> = document.iter().cloned().chain(columns.iter().cloned()).collect();
        let history = table.history();
        let is_key = list(&keys, |key| format!("{key} = ?"), " AND ");
        let selected = format!("SELECT {}, valid_from FROM {history}", columns.join(", "));
        let assignments = list(&values, |value| format!("{value} = ?"), ", ");
        Self {
            table,
            find: format!("{selected} WHERE {is_key} AND valid_to IS NULL"),
            load: format!("{selected} WHERE document = ? AND valid_to IS NULL"),
            insert: format!(
                "INSERT INTO {history} ({}, valid_from) VALUES ({}, ?)",
                all.join(", "),
                list(&all, |_| "?".to_owned(), ", ")
            ),
            overwrite: format!("UPDATE {history} SET {assignments} WHERE {is_key} AND valid_from > ?"),
            close: format!("UPDATE {history} SET valid_to = ? WHERE {is_key} AND valid_to IS NULL"),
            delete: format!("DELETE FROM {history} WHERE {is_key} AND valid_from > ?"),
            closed: format!("{selected} WHERE {is_key} AND valid_from <= ? AND valid_to > ?"),
            reopen: format!("UPDATE {history} SET valid_to = NULL WHERE {is_key} AND valid_to > ?"),
        }
    }

    fn read(&self, row: &Row<'_>) -> rusqlite::Result<Current> {
        let width = self.table.columns.len();
        let values = (0..width).map(|index| row.get(index)).collect::<Result<_, _>>()?;
        Ok(Current { values, valid_from: row.get(width)? })
    }

    /// The current row of a key.
    pub fn find(
        &self,
        db: &Connection,
        document: Option<i64>,
        row: &[Value],
    ) -> Result<Option<Current>, StoreError> {
        let document = document.map(Value::Integer);
        let key = document.iter().chain(self.table.key_of(row));
        let mut statement = db.prepare_cached(&self.find)?;
        let mut rows = statement.query(params_from_iter(key))?;
        Ok(rows.next()?.map(|row| self.read(row)).transpose()?)
    }

    /// All current rows of a document.
    pub fn load(&self, db: &Connection, document: i64) -> Result<Vec<Current>, StoreError> {
        let mut statement = db.prepare_cached(&self.load)?;
        let rows = statement.query_map([document], |row| self.read(row))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Stores a row, given the current one of its key.
    pub fn store(
        &self,
        db: &Connection,
        epoch: Epoch,
        document: Option<i64>,
        row: &[Value],
        current: Option<&Current>,
    ) -> Result<Stored, StoreError> {
        let is_staged = |current: &Current| current.valid_from > epoch.published;
        match current {
            Some(current) if current.values == row => {
                return Ok(if is_staged(current) { Stored::Again } else { Stored::First });
            }
            Some(current) if is_staged(current) => return self.replace(db, epoch, document, row),
            Some(_) => self.close(db, epoch, document, row, 0)?,
            None => {}
        }
        let document = document.map(Value::Integer);
        let run = Value::Integer(epoch.run);
        let parameters = document.iter().chain(row).chain([&run]);
        db.prepare_cached(&self.insert)?.execute(params_from_iter(parameters))?;
        Ok(Stored::First)
    }

    /// Stores a row in place of another staged one. Where it says what was current before, that stays current:
    /// a source that tells two versions of an object in every run does not change in every run.
    fn replace(
        &self,
        db: &Connection,
        epoch: Epoch,
        document: Option<i64>,
        row: &[Value],
    ) -> Result<Stored, StoreError> {
        let published = self.published(db, epoch, document, row)?;
        if published.as_deref() == Some(row) {
            self.take_back(db, epoch, document, row)?;
        } else {
            let document = document.map(Value::Integer);
            let since = Value::Integer(epoch.published);
            let key = document.iter().chain(self.table.key_of(row)).chain([&since]);
            let values =
                self.table.columns.iter().zip(row).filter(|(column, _)| !column.key).map(|(_, value)| value);
            db.prepare_cached(&self.overwrite)?.execute(params_from_iter(values.chain(key)))?;
        }
        Ok(Stored::Replaced { published })
    }

    /// The published row of a key that a staged one replaced.
    pub fn published(
        &self,
        db: &Connection,
        epoch: Epoch,
        document: Option<i64>,
        row: &[Value],
    ) -> Result<Option<Vec<Value>>, StoreError> {
        let document = document.map(Value::Integer);
        let since = Value::Integer(epoch.published);
        let key = document.iter().chain(self.table.key_of(row)).chain([&since, &since]);
        let mut statement = db.prepare_cached(&self.closed)?;
        let mut rows = statement.query(params_from_iter(key))?;
        Ok(rows.next()?.map(|row| self.read(row)).transpose()?.map(|closed| closed.values))
    }

    /// Takes a staged row back; what it replaced is current again.
    pub fn take_back(
        &self,
        db: &Connection,
        epoch: Epoch,
        document: Option<i64>,
        row: &[Value],
    ) -> Result<(), StoreError> {
        let document = document.map(Value::Integer);
        let since = Value::Integer(epoch.published);
        let key = || document.iter().chain(self.table.key_of(row)).chain([&since]);
        db.prepare_cached(&self.delete)?.execute(params_from_iter(key()))?;
        db.prepare_cached(&self.reopen)?.execute(params_from_iter(key()))?;
        Ok(())
    }

    /// Ends the validity of a row with this run; a staged row disappears.
    pub fn close(
        &self,
        db: &Connection,
        epoch: Epoch,
        document: Option<i64>,
        row: &[Value],
        valid_from: i64,
    ) -> Result<(), StoreError> {
        let document = document.map(Value::Integer);
        let (run, since) = (Value::Integer(epoch.run), Value::Integer(epoch.published));
        let key = document.iter().chain(self.table.key_of(row));
        if valid_from > epoch.published {
            db.prepare_cached(&self.delete)?.execute(params_from_iter(key.chain([&since])))?;
        } else {
            db.prepare_cached(&self.close)?.execute(params_from_iter([&run].into_iter().chain(key)))?;
        }
        Ok(())
    }
}
