//! What is on the wire: one plain struct for each kind of row, every field public.
//!
//! Only a row's own id is mandatory. Every other field is an `Option` (or an empty list): Sigma leaves keys out,
//! sends `null` where its schema says text, and adds keys and enum values without notice. Unknown keys are ignored
//! and enum values are kept verbatim as text. Times are ISO-8601 text as sent.

mod attributes;
mod connections;
mod contents;
mod documents;
mod files;
mod lenient;
mod lineage;
mod people;
mod row;
mod schedules;

pub use attributes::{
    AttributeValue, Tenant, UserAttribute, UserAttributeTeam, UserAttributeTenant, UserAttributeUser,
    VersionTag,
};
pub use connections::{Connection, ConnectionPath, TableColumn};
pub use contents::{Column, Control, Element, Page, Query};
pub use documents::{
    Bookmark, DataModel, Dataset, DatasetMigration, DocumentTag, Embed, Report, Version, VersionMark,
    Workbook,
};
pub use files::{File, Grant, Workspace};
pub use lineage::{DataModelSource, ElementLineage, LineageEdge, LineageEntry, LineageNode, WorkbookSource};
pub use people::{AccountType, AccountTypePermission, Member, Team, TeamAttribute, TeamMember, Whoami};
pub(crate) use row::{Meeting, SeenRows};
pub use row::{Row, RowKey};
pub use schedules::{Cron, MaterializationSchedule, Schedule, StartedExport};

/// A wire struct: the row's id first, then its optional fields; `+ audit` adds who and when.
macro_rules! wire {
    (
        $(#[$about:meta])* $name:ident;
        $(#[$id_about:meta])* $id:ident
        $(; $(#[$field_about:meta])* $field:ident : $type:ty)* ; + audit
    ) => {
        wire! {
            $(#[$about])* $name;
            $(#[$id_about])* $id
            $(; $(#[$field_about])* $field: $type)*;
            /// Member id of whoever created it.
            created_by: Option<String>;
            /// Member id of whoever changed it last.
            updated_by: Option<String>;
            /// When it was created, ISO-8601.
            created_at: Option<String>;
            /// When it was changed last, ISO-8601.
            updated_at: Option<String>
        }
    };
    (
        $(#[$about:meta])* $name:ident;
        $(#[$id_about:meta])* $id:ident
        $(; $(#[$field_about:meta])* $field:ident : $type:ty)* $(;)?
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Hash, serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $(#[$id_about])*
            #[serde(deserialize_with = "super::lenient::id")]
            pub $id: String,
            $($(#[$field_about])* #[serde(default)] pub $field: $type,)*
        }
    };
}
use wire;

/// Rows identified by the listed fields.
macro_rules! rows {
    ($($name:ty: $($field:ident),+;)+) => {
        $(impl super::Row for $name {
            fn name(&self, key: &mut super::RowKey) {
                $(key.part(&self.$field);)+
            }
        })+
    };
}
use rows;

/// An error object that Sigma put where a row belongs (seen inside `entries` by other clients).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiErrorRow {
    /// The code it carries, as text, whether Sigma wrote a number or a word.
    pub code: String,
    /// What it says, cut and escaped for a log.
    pub message: String,
    /// The request id it carries.
    pub request_id: Option<String>,
}
