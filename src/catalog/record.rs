//! What a record is: a row of values in a table that knows its key and who lists it.
//!
//! The store's SQL (schema check, diff, publish, views) is derived from these tables, so adding a
//! field to a record is one line here, one in a migration, and nothing else.

/// One value of a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// Absent, or not known to the source.
    Null,
    /// A whole number; booleans are 0 and 1.
    Integer(i64),
    /// Text, verbatim as Sigma gave it.
    Text(String),
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Integer(i64::from(flag))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The storage class of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// SQLite `TEXT`.
    Text,
    /// SQLite `INTEGER`.
    Integer,
}

/// The Rust types that a record field may have.
pub trait Field: Into<Value> {
    /// How it is stored.
    const CLASS: Class;
    /// Whether it may be absent.
    const NULLABLE: bool = false;
    /// From the value it was stored as; `None` of another class of value.
    fn of_value(value: Value) -> Option<Self>
    where
        Self: Sized;
}

impl Field for String {
    const CLASS: Class = Class::Text;
    fn of_value(value: Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text) } else { None }
    }
}
impl Field for i64 {
    const CLASS: Class = Class::Integer;
    fn of_value(value: Value) -> Option<Self> {
        if let Value::Integer(number) = value { Some(number) } else { None }
    }
}
impl Field for bool {
    const CLASS: Class = Class::Integer;
    fn of_value(value: Value) -> Option<Self> {
        i64::of_value(value).map(|number| number != 0)
    }
}
impl<T: Field> Field for Option<T> {
    const CLASS: Class = T::CLASS;
    const NULLABLE: bool = true;
    fn of_value(value: Value) -> Option<Self> {
        if value == Value::Null { Some(None) } else { T::of_value(value).map(Some) }
    }
}

/// One column of a table.
#[derive(Debug)]
pub struct Column {
    /// Its name in the database.
    pub name: &'static str,
    /// How it is stored.
    pub class: Class,
    /// Whether it may be absent.
    pub nullable: bool,
    /// Part of the key that identifies the object from run to run.
    pub key: bool,
}

/// A scope that lists rows of a table: a row may be removed only when one of its scopes was listed completely.
#[derive(Debug)]
pub struct ListedBy {
    /// The name of the scope, as in [`super::delivery::scope`].
    pub scope: &'static str,
    /// The column that holds the scope's parent; `None` when the scope is the whole table or the whole document.
    pub parent: Option<&'static str>,
}

/// A reference to another table: a row whose parent was removed in a run goes with it.
#[derive(Debug)]
pub struct ChildOf {
    /// The column of the child.
    pub column: &'static str,
    /// The parent's table.
    pub table: &'static str,
    /// The parent's key column.
    pub key: &'static str,
}

/// A table of the catalog.
#[derive(Debug)]
pub struct Table {
    /// Its name: the view of the published rows; the history is kept in `<name>_history`.
    pub name: &'static str,
    /// Rows live inside one document and are keyed by it.
    pub in_document: bool,
    /// The column that splits its rows into the kinds people count (`workbook`, `report`, ...); `None`: all are one kind.
    pub kind: Option<&'static str>,
    /// Its columns, in the order of a row's values; without the document of `in_document` tables.
    pub columns: &'static [Column],
    /// The scopes that list its rows.
    pub listed_by: &'static [ListedBy],
    /// What its rows belong to.
    pub child_of: &'static [ChildOf],
}

impl Table {
    /// The name of the table that keeps the history.
    pub fn history(&self) -> String {
        format!("{}_history", self.name)
    }

    /// The position of a column among a row's values.
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|candidate| candidate.name == column)
    }

    /// The kind people count a row under: its table's name, or the value of the table's kind column.
    pub fn kind_of<'row>(&self, row: &'row [Value]) -> &'row str
    where
        Self: 'row,
    {
        match self.kind.and_then(|column| self.position(column)).map(|position| &row[position]) {
            Some(Value::Text(kind)) => kind,
            _ => self.name,
        }
    }

    /// The key part of a row, in column order.
    pub fn key_of<'row>(&self, row: &'row [Value]) -> Vec<&'row Value> {
        self.columns.iter().zip(row).filter(|(column, _)| column.key).map(|(_, value)| value).collect()
    }
}

/// A plain type that is stored as a row.
pub trait Record {
    /// The table it is stored in.
    const TABLE: &'static Table;
    /// Its values, in the order of the table's columns.
    fn into_values(self) -> Vec<Value>;
    /// The record of such values; `None` where they are not its own.
    fn of_values(values: Vec<Value>) -> Option<Self>
    where
        Self: Sized;
}

/// The column's name of a field: `r#type` is `type`.
pub(crate) const fn column_name(field: &'static str) -> &'static str {
    let bytes = field.as_bytes();
    if bytes.len() > 2 && bytes[0] == b'r' && bytes[1] == b'#' { field.split_at(2).1 } else { field }
}

/// Defines a record type together with its [`Table`].
///
/// `key` fields identify the object from run to run; `value` fields are compared to see a change. `within document`
/// tables are keyed by their document as well, which the store adds.
macro_rules! record {
    (
        $(#[$doc:meta])*
        $name:ident in $table:literal $( within $place:ident )? $( kinds $kind:literal )? {
            listed by $( $scope:ident $( by $parent:literal )? ),+ ;
            child of $( $child:literal => $parent_table:literal ( $parent_key:literal ) ),* ;
            key { $( $(#[$key_doc:meta])* $key:ident : $key_type:ty ),+ $(,)? }
            value { $( $(#[$value_doc:meta])* $value:ident : $value_type:ty ),* $(,)? }
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $( $(#[$key_doc])* pub $key: $key_type, )+
            $( $(#[$value_doc])* pub $value: $value_type, )*
        }

        impl $crate::catalog::record::Record for $name {
            const TABLE: &'static $crate::catalog::record::Table = &$crate::catalog::record::Table {
                name: $table,
                in_document: $crate::catalog::record::present!($( $place )?),
                kind: $crate::catalog::record::optional!($( $kind )?),
                columns: &[
                    $( $crate::catalog::record::Column {
                        name: $crate::catalog::record::column_name(stringify!($key)),
                        class: <$key_type as $crate::catalog::record::Field>::CLASS,
                        nullable: <$key_type as $crate::catalog::record::Field>::NULLABLE,
                        key: true,
                    }, )+
                    $( $crate::catalog::record::Column {
                        name: $crate::catalog::record::column_name(stringify!($value)),
                        class: <$value_type as $crate::catalog::record::Field>::CLASS,
                        nullable: <$value_type as $crate::catalog::record::Field>::NULLABLE,
                        key: false,
                    }, )*
                ],
                listed_by: &[ $( $crate::catalog::record::ListedBy {
                    scope: $crate::catalog::delivery::scope::$scope,
                    parent: $crate::catalog::record::optional!($( $parent )?),
                }, )+ ],
                child_of: &[ $( $crate::catalog::record::ChildOf {
                    column: $child, table: $parent_table, key: $parent_key,
                }, )* ],
            };

            fn into_values(self) -> Vec<$crate::catalog::record::Value> {
                vec![ $( self.$key.into(), )+ $( self.$value.into(), )* ]
            }

            fn of_values(values: Vec<$crate::catalog::record::Value>) -> Option<Self> {
                let mut values = values.into_iter();
                Some(Self {
                    $( $key: $crate::catalog::record::Field::of_value(values.next()?)?, )+
                    $( $value: $crate::catalog::record::Field::of_value(values.next()?)?, )*
                })
            }
        }
    };
}
pub(crate) use record;

/// `Some` of what stands there, or `None`.
macro_rules! optional {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}
pub(crate) use optional;

/// Whether something stands there.
macro_rules! present {
    () => {
        false
    };
    ($token:ident) => {
        true
    };
}
pub(crate) use present;
