//! What administrators define and the warehouse side of the small organisation.

use sigma_catalog::catalog::delivery::{Delivery, scope};
use sigma_catalog::catalog::governance::{
    AccountTypePermission, TaggedVersion, Tenant, UserAttribute, UserAttributeValue, VersionTag,
};
use sigma_catalog::catalog::warehouse::{ConnectionGrant, DatasetSource, WarehouseColumn, WarehouseTable};

use crate::org::{Org, rows};

/// Its records; the scopes follow from them and from the organisation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Governance {
    pub(crate) permissions: Vec<AccountTypePermission>,
    pub(crate) attributes: Vec<UserAttribute>,
    pub(crate) values: Vec<UserAttributeValue>,
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) tags: Vec<VersionTag>,
    pub(crate) tagged: Vec<TaggedVersion>,
    pub(crate) sources: Vec<DatasetSource>,
    pub(crate) tables: Vec<WarehouseTable>,
    pub(crate) columns: Vec<WarehouseColumn>,
    pub(crate) grants: Vec<ConnectionGrant>,
}

impl Governance {
    /// Something of everything; the table `tbl` is read by workbooks, `old` by the dataset.
    pub(crate) fn small() -> Self {
        Self {
            permissions: vec![AccountTypePermission {
                account_type_id: "viewer".into(),
                permission: "view-worksheet".into(),
                description: None,
            }],
            attributes: vec![UserAttribute {
                id: "region".into(),
                name: Some("Region".into()),
                description: None,
                default_value: None,
                value_type: Some("string".into()),
                created_by: None,
                created_at: None,
                updated_at: None,
            }],
            values: vec![value("m1", "", ""), value("", "t1", ""), value("", "", "tenant")],
            tenants: vec![Tenant {
                id: "tenant".into(),
                parent_organization_id: Some("org".into()),
                name: Some("Tenant".into()),
                slug: None,
                cloud_provider: None,
                region: None,
                api_url: None,
                shared_at: None,
                created_at: None,
                updated_at: None,
            }],
            tags: vec![VersionTag {
                id: "prod".into(),
                name: Some("Production".into()),
                description: None,
                color: Some("grass".into()),
                owner_id: None,
                is_archived: Some(false),
                created_at: None,
                updated_at: None,
            }],
            tagged: vec![TaggedVersion {
                document_id: "wb1".into(),
                version_tag_id: "prod".into(),
                version: 3,
                document_kind: "workbook".into(),
                tag_name: Some("Production".into()),
                tagged_document_id: None,
                tagged_at: None,
            }],
            sources: vec![DatasetSource {
                dataset_id: "ds1".into(),
                source_id: "old".into(),
                source_type: "table".into(),
            }],
            tables: vec![table("tbl"), table("old")],
            columns: vec![warehouse_column("tbl"), warehouse_column("old")],
            grants: vec![data_grant("c1", "connection"), data_grant("tbl", "table")],
        }
    }

    pub(crate) fn deliveries(&self, org: &Org) -> Vec<Delivery> {
        let mut all = vec![
            rows(self.permissions.clone()),
            rows(self.attributes.clone()),
            rows(self.values.clone()),
            rows(self.tenants.clone()),
            rows(self.tags.clone()),
            rows(self.tagged.clone()),
            rows(self.sources.clone()),
            rows(self.tables.clone()),
            rows(self.columns.clone()),
            rows(self.grants.clone()),
        ];
        let whole = [scope::USER_ATTRIBUTES, scope::TENANTS, scope::VERSION_TAGS];
        let mut scopes: Vec<(&'static str, &str)> = whole.into_iter().map(|name| (name, "")).collect();
        scopes.extend(org.account_types.iter().map(|row| (scope::ACCOUNT_TYPE_PERMISSIONS, row.id.as_str())));
        scopes.extend(self.attributes.iter().map(|row| (scope::USER_ATTRIBUTE_VALUES, row.id.as_str())));
        scopes.extend(["workbook", "report", "data-model"].map(|kind| (scope::TAGGED_VERSIONS, kind)));
        let datasets = org.documents.iter().filter(|document| document.kind == "dataset");
        scopes.extend(datasets.map(|document| (scope::DATASET_SOURCES, document.id.as_str())));
        scopes.extend(org.connections.iter().map(|row| (scope::CONNECTION_GRANTS, row.id.as_str())));
        for table in &self.tables {
            let of_table = [scope::WAREHOUSE_TABLES, scope::WAREHOUSE_COLUMNS, scope::CONNECTION_GRANTS];
            scopes.extend(of_table.map(|name| (name, table.id.as_str())));
        }
        all.extend(scopes.into_iter().map(|(name, parent)| org.ended(name, parent)));
        all
    }
}

fn value(member: &str, team: &str, tenant: &str) -> UserAttributeValue {
    UserAttributeValue {
        user_attribute_id: "region".into(),
        member_id: member.into(),
        team_id: team.into(),
        tenant_id: tenant.into(),
        value: Some("EMEA".into()),
        priority: (!team.is_empty()).then_some(1),
        updated_at: None,
    }
}

fn table(id: &str) -> WarehouseTable {
    WarehouseTable {
        id: id.into(),
        connection_id: Some("c1".into()),
        path: Some(format!("DB/S/{}", id.to_uppercase())),
        database_name: Some("DB".into()),
        schema_name: Some("S".into()),
        name: Some(id.to_uppercase()),
    }
}

fn warehouse_column(table: &str) -> WarehouseColumn {
    WarehouseColumn {
        table_id: table.into(),
        name: "AMOUNT".into(),
        data_type: Some("number".into()),
        visibility: Some("included".into()),
        description: Some("in euros".into()),
    }
}

fn data_grant(asked: &str, kind: &str) -> ConnectionGrant {
    ConnectionGrant {
        id: format!("g-{asked}"),
        asked_id: asked.into(),
        member_id: String::new(),
        team_id: "t1".into(),
        asked_kind: kind.into(),
        object_id: Some(asked.into()),
        permission: Some("usage".into()),
        created_by: None,
        created_at: None,
        updated_at: None,
    }
}
