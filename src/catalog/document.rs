//! Records inside one document: pages, elements, columns, SQL and lineage. All are keyed by the document as well,
//! because copies of a document keep the ids of its elements.

use super::record::record;

record! {
    /// A page of a workbook or report.
    Page in "page" within document {
        listed by PAGES;
        child of ;
        key {
            /// Sigma's `pageId`.
            page_id: String,
        }
        value {
            /// Its name.
            name: Option<String>,
            /// Hidden from viewers.
            hidden: Option<bool>,
        }
    }
}

record! {
    /// An element: a table, chart, pivot table, input table, control, text, image, ...
    Element in "element" within document {
        listed by PAGE_ELEMENTS by "page_id", ELEMENTS;
        child of "page_id" => "page"("page_id");
        key {
            /// Sigma's `elementId`, unique within the document only.
            element_id: String,
        }
        value {
            /// The page it stands on; elements of data models have none.
            page_id: Option<String>,
            /// Its name.
            name: Option<String>,
            /// Its type, verbatim.
            r#type: Option<String>,
            /// The kind of visualisation, verbatim.
            visualization_type: Option<String>,
            /// What Sigma says is wrong with it.
            error: Option<String>,
        }
    }
}

record! {
    /// A column of an element with its formula.
    ElementColumn in "element_column" within document {
        listed by COLUMNS;
        child of "element_id" => "element"("element_id");
        key {
            /// The element; empty where Sigma did not say.
            element_id: String,
            /// Sigma's `columnId`; it repeats across elements.
            column_id: String,
        }
        value {
            /// Its display name.
            name: Option<String>,
            /// Its formula in Sigma's language.
            formula: Option<String>,
            /// Its data type; `error` when the formula does not resolve.
            data_type: Option<String>,
            /// The warehouse table or dataset it is read from, where `columnId` names one.
            source_id: Option<String>,
            /// The column there.
            source_column: Option<String>,
        }
    }
}

record! {
    /// The SQL of an element as compiled for the token's owner, without Sigma's trailing comment.
    ElementQuery in "element_query" within document {
        listed by QUERIES;
        child of "element_id" => "element"("element_id");
        key {
            /// The element.
            element_id: String,
        }
        value {
            /// The SQL.
            sql: Option<String>,
            /// Why there is none.
            error: Option<String>,
        }
    }
}

record! {
    /// Something outside the document's own elements that the document's lineage names: a warehouse table, a dataset,
    /// a data model, custom SQL, an uploaded file, a semantic view.
    LineageNode in "lineage_node" within document {
        listed by LINEAGE;
        child of ;
        key {
            /// `table`, `dataset`, `data-model`, `customSQL`, `csv-upload`, `semantic-view`, ...
            r#type: String,
            /// Its id: a UUID for tables, datasets and data models.
            id: String,
        }
        value {
            /// Its name.
            name: Option<String>,
            /// The connection it is read through.
            connection_id: Option<String>,
            /// The text of custom SQL.
            definition: Option<String>,
        }
    }
}

record! {
    /// A direct source of an element.
    LineageEdge in "lineage_edge" within document {
        listed by LINEAGE;
        child of "target_id" => "element"("element_id");
        key {
            /// `element`, `table`, `dataset`, `data-model`, `customSQL`, `csv-upload`, ... or `unresolved`.
            source_type: String,
            /// The document of the source: this one for its own elements and custom SQL, the data model for `data-model`;
            /// empty otherwise.
            source_document_id: String,
            /// The source: element id, UUID, the name of custom SQL, a data model's element, or the raw reference.
            source_id: String,
            /// The element that reads it.
            target_id: String,
        }
        value {
            /// `source`, `lookup` or `dependency`, where Sigma says.
            kind: String,
            /// The endpoint that said so: `lineage` or `lineage/elements`.
            evidence: String,
        }
    }
}

record! {
    /// What one column is computed from, as its formula or custom SQL says. Columns whose `columnId` names a warehouse column
    /// (`element_column.source_id`) have no row: the view `column_lineage` adds them.
    ColumnEdge in "column_edge" within document {
        listed by COLUMN_LINEAGE;
        child of "target_element_id" => "element"("element_id");
        key {
            /// The element of the column; for `sql` evidence the name of the custom SQL.
            target_element_id: String,
            /// The column; for `sql` evidence a name among the query's output, as the query spells it.
            target_column_id: String,
            /// `element`, `table`, `dataset`, `data-model`, `customSQL`, `csv-upload`, ..., `control`, or `unresolved`.
            source_type: String,
            /// The data model for `data-model`; empty otherwise: elements, controls and custom SQL are this document's.
            source_document_id: String,
            /// The source, as in `lineage_edge`; a table that SQL names is its dotted path; empty for unresolved references.
            source_id: String,
            /// The column there by name: native in a warehouse where that is known. Of an unresolved reference the whole of it,
            /// verbatim; of a control nothing; `*` for all columns of a table in SQL.
            source_column: String,
        }
        value {
            /// The name that the formula used for the source; none for columns of the same element.
            source_name: Option<String>,
            /// The column's id where the source is an element of this document, its spelling in the query for custom SQL.
            source_column_id: Option<String>,
            /// `formula` or `sql`.
            evidence: String,
            /// Taken from a formula that could not be parsed, from SQL, or under a name the warehouse may not use.
            inferred: bool,
        }
    }
}

record! {
    /// A table that custom SQL names anywhere in its text: inferred.
    CustomSqlTable in "custom_sql_table" within document {
        listed by COLUMN_LINEAGE;
        child of ;
        key {
            /// The name of the custom SQL, as in `lineage_node`.
            custom_sql_id: String,
            /// The table's dotted path, as the query spells it.
            path: String,
        }
        value {
            /// The connection that the query runs on.
            connection_id: Option<String>,
        }
    }
}

record! {
    /// An image of a page: a file named by its hash, in the folder of the previews.
    Preview in "preview" within document {
        listed by PREVIEWS by "page_id";
        child of "page_id" => "page"("page_id");
        key {
            /// The page it shows.
            page_id: String,
        }
        value {
            /// The version of the document it shows; absent where Sigma did not say.
            version: Option<i64>,
            /// The width that was asked for, in pixels.
            width: i64,
            /// SHA-256 of the file, in lower-case hexadecimal: the file's name before `.png`.
            sha256: String,
            /// Its size.
            bytes: i64,
            /// When it was exported.
            exported_at: String,
        }
    }
}
