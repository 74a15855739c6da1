//! Records of the warehouse side: the tables that documents and datasets read, their columns, data permissions.

use super::record::record;

record! {
    /// What a dataset reads.
    DatasetSource in "dataset_source" {
        listed by DATASET_SOURCES by "dataset_id";
        child of "dataset_id" => "document"("id");
        key {
            /// The dataset.
            dataset_id: String,
            /// The table or dataset it reads, as a UUID.
            source_id: String,
        }
        value {
            /// `table` or `dataset`; anything else verbatim.
            source_type: String,
        }
    }
}

record! {
    /// A warehouse table that a document's lineage or a dataset names: where it is.
    WarehouseTable in "warehouse_table" {
        listed by WAREHOUSE_TABLES by "id";
        child of "id" => "lineage_node"("id"), "id" => "dataset_source"("source_id");
        key {
            /// The table's inode, as a UUID.
            id: String,
        }
        value {
            /// The connection it is read through.
            connection_id: Option<String>,
            /// All names of its path joined by `/`, outermost first.
            path: Option<String>,
            /// The database or catalog; none where the warehouse has two levels only. Deeper paths are joined by `/`.
            database_name: Option<String>,
            /// The schema.
            schema_name: Option<String>,
            /// The table's name.
            name: Option<String>,
        }
    }
}

record! {
    /// A column of a warehouse table as Sigma knows it, shown by an element or not.
    WarehouseColumn in "warehouse_column" {
        listed by WAREHOUSE_COLUMNS by "table_id";
        child of "table_id" => "lineage_node"("id"), "table_id" => "dataset_source"("source_id");
        key {
            /// The table's inode, as a UUID.
            table_id: String,
            /// The column's name in the warehouse.
            name: String,
        }
        value {
            /// Its data type in Sigma.
            data_type: Option<String>,
            /// `included`, `hidden` or `removed`.
            visibility: Option<String>,
            /// Its description.
            description: Option<String>,
        }
    }
}

record! {
    /// A data permission: a grant on a connection, or on a warehouse table or what lies above it. Such grants matter to
    /// whoever builds from the data; opening a document does not need them.
    ConnectionGrant in "connection_grant" {
        listed by CONNECTION_GRANTS by "asked_id";
        child of "asked_id" => "connection"("id"), "asked_id" => "lineage_node"("id"), "asked_id" => "dataset_source"("source_id"),
            "member_id" => "member"("id"), "team_id" => "team"("id");
        key {
            /// Sigma's `grantId`.
            id: String,
            /// The connection or table that was asked for its grants.
            asked_id: String,
            /// The member it is made to: this or `team_id`, empty otherwise.
            member_id: String,
            /// The team it is made to: this or `member_id`, empty otherwise.
            team_id: String,
        }
        value {
            /// What was asked about: `connection` or `table`.
            asked_kind: String,
            /// What the grant is on according to Sigma, as a UUID: another object than the one asked about where the grant
            /// comes from above.
            object_id: Option<String>,
            /// The permission, verbatim: `usage`, `annotate`, ...
            permission: Option<String>,
            /// Member who made it.
            created_by: Option<String>,
            /// When it was made.
            created_at: Option<String>,
            /// When it was last changed.
            updated_at: Option<String>,
        }
    }
}
