//! Version tags, user attributes and tenants.

use serde::Deserialize;
use serde_json::Value;

use super::{rows, wire};

wire! {
    /// A version tag of the organisation (`/v2/tags`), not a free-form label.
    VersionTag;
    /// The version tag id.
    version_tag_id;
    /// Its name.
    name: Option<String>;
    /// Member id of the owner.
    owner_id: Option<String>;
    /// Archived.
    is_archived: Option<bool>;
    /// Its description.
    description: Option<String>;
    /// Its colour, by Sigma's name for it.
    color: Option<String>;
    + audit
}

wire! {
    /// A user attribute (`/v2/user-attributes`): what row-level security is written with.
    UserAttribute;
    /// The attribute id.
    user_attribute_id;
    /// Its name.
    name: Option<String>;
    /// Its description.
    description: Option<String>;
    /// What it is for whoever was given nothing else.
    default_value: Option<AttributeValue>;
    + audit
}

/// The value of a user attribute: `{type, val}`; a bare value is taken for `val`.
#[derive(Debug, Clone, Default, PartialEq, Hash, Deserialize)]
#[serde(from = "Value")]
pub struct AttributeValue {
    /// Its type; so far only `string`.
    pub r#type: Option<String>,
    /// The value, whatever JSON it is.
    pub val: Option<Value>,
}

impl From<Value> for AttributeValue {
    fn from(value: Value) -> Self {
        match value {
            Value::Object(mut fields) => Self {
                r#type: fields.remove("type").and_then(|name| name.as_str().map(str::to_owned)),
                val: fields.remove("val").filter(|val| !val.is_null()),
            },
            bare => Self { r#type: None, val: Some(bare) },
        }
    }
}

impl AttributeValue {
    /// The value as text: a string as it is, anything else as JSON.
    pub fn text(&self) -> Option<String> {
        match self.val.as_ref()? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }
}

wire! {
    /// What a user attribute is for one member (`/v2/user-attributes/{id}/users`).
    UserAttributeUser;
    /// The member id.
    user_id;
    /// The value.
    value: Option<AttributeValue>;
    + audit
}

wire! {
    /// What a user attribute is for one team (`/v2/user-attributes/{id}/teams`).
    UserAttributeTeam;
    /// The team id.
    team_id;
    /// The value.
    value: Option<AttributeValue>;
    /// Which team wins for a member of several.
    #[serde(deserialize_with = "super::lenient::integer")]
    priority: Option<i64>;
    + audit
}

wire! {
    /// What a user attribute is for one tenant (`/v2/user-attributes/{id}/tenants`).
    UserAttributeTenant;
    /// The tenant.
    tenant_organization_id;
    /// The value.
    value: Option<AttributeValue>;
    + audit
}

wire! {
    /// A tenant organisation (`/v2/tenants`); its content needs a token of its own.
    Tenant;
    /// Its organisation id.
    tenant_organization_id;
    /// The organisation it belongs to.
    parent_organization_id: Option<String>;
    /// Its name.
    tenant_organization_name: Option<String>;
    /// Its slug in addresses.
    tenant_organization_slug: Option<String>;
    /// Since when, ISO-8601.
    shared_at: Option<String>;
    /// Its cloud.
    tenant_cloud_provider: Option<String>;
    /// Its region.
    tenant_region: Option<String>;
    /// Its API, which may be in another region than the parent's.
    tenant_api_url: Option<String>;
    + audit
}

rows! {
    VersionTag: version_tag_id;
    UserAttribute: user_attribute_id;
    UserAttributeUser: user_id;
    UserAttributeTeam: team_id;
    UserAttributeTenant: tenant_organization_id;
    Tenant: tenant_organization_id;
}
