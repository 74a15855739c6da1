//! The warehouse side: connections, their paths, the columns of their tables.

use std::borrow::Cow;

use serde_json::Value;

use super::{Row, RowKey, contents::type_name, lenient, rows, wire};

wire! {
    /// A connection (`/v2/connections`, `/v2/connections/{id}`). The API says nothing about host or port.
    Connection;
    /// UUID.
    connection_id;
    /// The organisation.
    organization_id: Option<String>;
    /// Its name.
    name: Option<String>;
    /// `snowflake`, `bigQuery`, `databricks`, …; the case varies.
    r#type: Option<String>;
    /// Sigma's own sample data.
    is_sample: Option<bool>;
    /// The organisation's audit log.
    is_audit_log: Option<bool>;
    /// Members sign in to the warehouse themselves.
    use_oauth: Option<bool>;
    /// When it was used last, ISO-8601.
    last_active_at: Option<String>;
    /// Archived.
    is_archived: Option<bool>;
    /// The warehouse account (Snowflake).
    account: Option<String>;
    /// The compute warehouse.
    warehouse: Option<String>;
    /// The service user.
    user: Option<String>;
    /// The role; empty rather than absent when there is none.
    role: Option<String>;
    /// Sigma may write to it.
    write_access: Option<bool>;
    /// Column names are shown in a friendly form.
    friendly_name: Option<bool>;
    /// The warehouse for exports.
    exports_warehouse: Option<String>;
    /// The warehouse for materialisations.
    materialization_warehouse: Option<String>;
    /// `allRoles` or `disabled`.
    role_switching: Option<String>;
    /// OAuth independent of the organisation's.
    #[serde(rename = "isIndependentOAuth")]
    is_independent_oauth: Option<bool>;
    /// The identity provider of its OAuth.
    oauth_idp_type: Option<String>;
    /// The HTTP path (Databricks).
    http_path: Option<String>;
    /// Seconds until a query is given up, by purpose; as sent.
    timeout: Option<Value>;
    /// Pool sizes, as sent.
    pool_sizes: Option<Value>;
    /// The user attributes that choose role and warehouse, as sent.
    user_attributes: Option<Value>;
    /// Where Sigma writes, as sent.
    writebacks: Option<Value>;
    /// Where Sigma writes, as sent under the newer key.
    writeback_schemas: Option<Value>;
    /// Where the audit log of input tables is written, as sent.
    input_table_audit_log_schema: Option<Value>;
    + audit
}

wire! {
    /// A database, schema or table of a connection (`/v2/connections/paths`, `/v2/connections/paths/{id}`).
    ConnectionPath;
    /// The connection.
    connection_id;
    /// The inode in base62; the single path does not repeat it.
    url_id: Option<String>;
    /// Names from the outside in: one to three of database, schema, table; two where there are no databases.
    #[serde(deserialize_with = "lenient::texts")]
    path: Option<Vec<String>>
}

wire! {
    /// A column of a warehouse table (`/v2/connections/tables/{id}/columns`).
    TableColumn;
    /// Its name in the warehouse.
    name;
    /// The outermost name of its type.
    #[serde(rename = "type", deserialize_with = "type_name")]
    type_name: Option<Cow<'static, str>>;
    /// `included`, `hidden` or `removed`.
    visibility: Option<String>;
    /// Its description.
    description: Option<String>
}

rows! {
    Connection: connection_id;
    TableColumn: name;
}

impl Row for ConnectionPath {
    fn name(&self, key: &mut RowKey) {
        match &self.url_id {
            Some(url_id) => key.part(url_id),
            None => key.whole((&self.connection_id, &self.path)),
        }
    }
}
