//! Records of what administrators define: what account types allow, user attributes, tenants, version tags.

use super::record::record;

record! {
    /// One thing that an account type allows.
    AccountTypePermission in "account_type_permission" {
        listed by ACCOUNT_TYPE_PERMISSIONS by "account_type_id";
        child of "account_type_id" => "account_type"("id");
        key {
            /// The account type.
            account_type_id: String,
            /// Sigma's word for it, such as `view-worksheet`.
            permission: String,
        }
        value {
            /// What Sigma says it means.
            description: Option<String>,
        }
    }
}

record! {
    /// A user attribute: what row-level security and warehouse roles are chosen by.
    UserAttribute in "user_attribute" {
        listed by USER_ATTRIBUTES;
        child of ;
        key {
            /// Sigma's `userAttributeId`.
            id: String,
        }
        value {
            /// Its name.
            name: Option<String>,
            /// Its description.
            description: Option<String>,
            /// What it is for whoever was given nothing else; text, or JSON where Sigma sends no text.
            default_value: Option<String>,
            /// The type of its values; so far Sigma knows `string` only.
            value_type: Option<String>,
            /// Member who created it.
            created_by: Option<String>,
            /// When it was created.
            created_at: Option<String>,
            /// When it was last changed.
            updated_at: Option<String>,
        }
    }
}

record! {
    /// What a user attribute is for one member, one team or one tenant.
    UserAttributeValue in "user_attribute_value" {
        listed by USER_ATTRIBUTE_VALUES by "user_attribute_id";
        child of "user_attribute_id" => "user_attribute"("id"), "member_id" => "member"("id"), "team_id" => "team"("id"),
            "tenant_id" => "tenant"("id");
        key {
            /// The attribute.
            user_attribute_id: String,
            /// The member it is set for: this, `team_id` or `tenant_id`; empty otherwise.
            member_id: String,
            /// The team it is set for; empty otherwise.
            team_id: String,
            /// The tenant it is set for; empty otherwise.
            tenant_id: String,
        }
        value {
            /// The value; text, or JSON where Sigma sends no text.
            value: Option<String>,
            /// Which team wins for a member of several, as Sigma numbers them; teams only.
            priority: Option<i64>,
            /// When it was last changed.
            updated_at: Option<String>,
        }
    }
}

record! {
    /// A tenant organisation. What it holds can be read with credentials of its own only.
    Tenant in "tenant" {
        listed by TENANTS;
        child of ;
        key {
            /// Sigma's `tenantOrganizationId`.
            id: String,
        }
        value {
            /// The organisation it belongs to.
            parent_organization_id: Option<String>,
            /// Its name.
            name: Option<String>,
            /// Its slug in addresses.
            slug: Option<String>,
            /// Its cloud.
            cloud_provider: Option<String>,
            /// Its region.
            region: Option<String>,
            /// Its API, which may be elsewhere than the parent's.
            api_url: Option<String>,
            /// Since when it is shared with.
            shared_at: Option<String>,
            /// When it was created.
            created_at: Option<String>,
            /// When it was last changed.
            updated_at: Option<String>,
        }
    }
}

record! {
    /// A version tag of the organisation: a name for published versions of documents, not a free-form label.
    VersionTag in "version_tag" {
        listed by VERSION_TAGS;
        child of ;
        key {
            /// Sigma's `versionTagId`.
            id: String,
        }
        value {
            /// Its name.
            name: Option<String>,
            /// Its description.
            description: Option<String>,
            /// Its colour, by Sigma's name for it.
            color: Option<String>,
            /// Member who owns it.
            owner_id: Option<String>,
            /// Archived.
            is_archived: Option<bool>,
            /// When it was created.
            created_at: Option<String>,
            /// When it was last changed.
            updated_at: Option<String>,
        }
    }
}

record! {
    /// A version of a document that carries a version tag, as the listing of documents shows it.
    TaggedVersion in "tagged_version" {
        listed by TAGGED_VERSIONS by "document_kind";
        child of "document_id" => "document"("id");
        key {
            /// The document.
            document_id: String,
            /// The version tag.
            version_tag_id: String,
            /// The tagged version; 0 where Sigma did not say.
            version: i64,
        }
        value {
            /// `workbook`, `report` or `data-model`.
            document_kind: String,
            /// The tag's name, as the document shows it.
            tag_name: Option<String>,
            /// The tagged copy, a document of its own; data models have none.
            tagged_document_id: Option<String>,
            /// When the tag was set.
            tagged_at: Option<String>,
        }
    }
}
