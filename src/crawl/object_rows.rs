//! Wire rows of single objects of the organisation to records, one function each.

use super::rows::said;
use crate::catalog::governance::{
    AccountTypePermission, TaggedVersion, Tenant, UserAttribute, UserAttributeValue, VersionTag,
};
use crate::catalog::warehouse::{ConnectionGrant, DatasetSource, WarehouseColumn, WarehouseTable};
use crate::sigma::{ids, model};

pub(super) fn account_type_permission(
    account_type_id: &str,
    row: model::AccountTypePermission,
) -> AccountTypePermission {
    AccountTypePermission {
        account_type_id: account_type_id.to_owned(),
        permission: row.permission,
        description: said(row.description),
    }
}

pub(super) fn user_attribute(row: model::UserAttribute) -> UserAttribute {
    let default = row.default_value.unwrap_or_default();
    UserAttribute {
        id: row.user_attribute_id,
        name: row.name,
        description: said(row.description),
        default_value: default.text(),
        value_type: default.r#type,
        created_by: row.created_by,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

fn attribute_value(
    id: &str,
    value: Option<model::AttributeValue>,
    updated_at: Option<String>,
) -> UserAttributeValue {
    UserAttributeValue {
        user_attribute_id: id.to_owned(),
        member_id: String::new(),
        team_id: String::new(),
        tenant_id: String::new(),
        value: value.and_then(|value| value.text()),
        priority: None,
        updated_at,
    }
}

pub(super) fn member_value(id: &str, row: model::UserAttributeUser) -> UserAttributeValue {
    UserAttributeValue { member_id: row.user_id, ..attribute_value(id, row.value, row.updated_at) }
}

pub(super) fn team_value(id: &str, row: model::UserAttributeTeam) -> UserAttributeValue {
    let priority = row.priority;
    UserAttributeValue { team_id: row.team_id, priority, ..attribute_value(id, row.value, row.updated_at) }
}

pub(super) fn tenant_value(id: &str, row: model::UserAttributeTenant) -> UserAttributeValue {
    let tenant_id = row.tenant_organization_id;
    UserAttributeValue { tenant_id, ..attribute_value(id, row.value, row.updated_at) }
}

pub(super) fn tenant(row: model::Tenant) -> Tenant {
    Tenant {
        id: row.tenant_organization_id,
        parent_organization_id: said(row.parent_organization_id),
        name: row.tenant_organization_name,
        slug: said(row.tenant_organization_slug),
        cloud_provider: said(row.tenant_cloud_provider),
        region: said(row.tenant_region),
        api_url: said(row.tenant_api_url),
        shared_at: said(row.shared_at),
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

pub(super) fn version_tag(row: model::VersionTag) -> VersionTag {
    VersionTag {
        id: row.version_tag_id,
        name: row.name,
        description: said(row.description),
        color: said(row.color),
        owner_id: said(row.owner_id),
        is_archived: row.is_archived,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

pub(super) fn tagged_version(kind: &str, document_id: &str, tag: &model::DocumentTag) -> TaggedVersion {
    let text = |text: Option<&str>| said(text.map(str::to_owned));
    TaggedVersion {
        document_id: document_id.to_owned(),
        version_tag_id: tag.version_tag_id.clone(),
        version: tag.version().unwrap_or_default(),
        document_kind: kind.to_owned(),
        tag_name: text(tag.label()),
        tagged_document_id: text(tag.tagged_document_id()),
        tagged_at: text(tag.set_at()),
    }
}

/// `None` when the row does not name the source.
pub(super) fn dataset_source(dataset_id: &str, row: model::WorkbookSource) -> Option<DatasetSource> {
    let source = said(row.inode_id).or_else(|| said(row.data_model_id))?;
    Some(DatasetSource {
        dataset_id: dataset_id.to_owned(),
        source_id: ids::normalise_inode(&source).unwrap_or(source),
        source_type: row.r#type,
    })
}

/// Paths have two names where the warehouse has no databases above its schemas, three elsewhere.
pub(super) fn warehouse_table(id: &str, row: model::ConnectionPath) -> WarehouseTable {
    let mut names = row.path.unwrap_or_default();
    let path = said(Some(names.join("/")));
    let name = names.pop();
    let schema_name = names.pop();
    WarehouseTable {
        id: id.to_owned(),
        connection_id: Some(row.connection_id),
        path,
        database_name: said(Some(names.join("/"))),
        schema_name,
        name,
    }
}

pub(super) fn warehouse_column(table_id: &str, row: model::TableColumn) -> WarehouseColumn {
    WarehouseColumn {
        table_id: table_id.to_owned(),
        name: row.name,
        data_type: row.type_name.map(Into::into),
        visibility: row.visibility,
        description: said(row.description),
    }
}

/// `kind` and `asked` are what the listing was for: a row on something else comes from above it.
pub(super) fn connection_grant(kind: &str, asked: &str, row: model::Grant) -> ConnectionGrant {
    let object = said(row.inode_id).map(|id| ids::normalise_inode(&id).unwrap_or(id));
    ConnectionGrant {
        id: row.grant_id,
        asked_id: asked.to_owned(),
        member_id: row.member_id.unwrap_or_default(),
        team_id: row.team_id.unwrap_or_default(),
        asked_kind: kind.to_owned(),
        object_id: object,
        permission: row.permission,
        created_by: row.created_by,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(path: serde_json::Value) -> [Option<String>; 4] {
        let row = serde_json::from_value(serde_json::json!({ "connectionId": "c", "path": path })).unwrap();
        let table = warehouse_table("t", row);
        assert_eq!((table.id.as_str(), table.connection_id.as_deref()), ("t", Some("c")));
        [table.path, table.database_name, table.schema_name, table.name]
    }

    #[test]
    fn a_path_of_any_length_is_read_from_its_end() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            placed(serde_json::json!(["DB", "SCHEMA", "TABLE"])),
            [some("DB/SCHEMA/TABLE"), some("DB"), some("SCHEMA"), some("TABLE")]
        );
        assert_eq!(placed(serde_json::json!(["S", "T"])), [some("S/T"), None, some("S"), some("T")]);
        assert_eq!(placed(serde_json::json!(["T"])), [some("T"), None, None, some("T")]);
        assert_eq!(
            placed(serde_json::json!(["A", "B", "S", "T"])),
            [some("A/B/S/T"), some("A/B"), some("S"), some("T")]
        );
        assert_eq!(placed(serde_json::json!([])), [None, None, None, None]);
        assert_eq!(placed(serde_json::Value::Null), [None, None, None, None]);
    }

    #[test]
    fn a_grant_keeps_what_it_is_on_apart_from_what_was_asked() {
        let grant = |inode: serde_json::Value| {
            let row =
                serde_json::json!({ "grantId": "g", "inodeId": inode, "teamId": "t", "permission": "usage" });
            connection_grant("table", "asked", serde_json::from_value(row).unwrap())
        };
        let from_above = grant("2Fby2MBLPM5jUMfBB15On1".into());
        assert_eq!(from_above.object_id.as_deref(), Some("578a544c-88d3-4f26-8deb-c4071928e063"));
        assert_eq!((from_above.asked_id.as_str(), from_above.asked_kind.as_str()), ("asked", "table"));
        assert_eq!((from_above.member_id.as_str(), from_above.team_id.as_str()), ("", "t"));
        assert_eq!(grant(serde_json::Value::Null).object_id, None);
    }
}
