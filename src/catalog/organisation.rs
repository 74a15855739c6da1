//! Records of the whole organisation: people, containers, documents, connections, grants.

use super::record::record;

record! {
    /// The organisation a token belongs to.
    Organization in "organization" {
        listed by ORGANIZATION;
        child of ;
        key {
            /// Sigma's `organizationId`.
            id: String,
        }
        value {
            /// The organisation's slug in the application's addresses, where a document's address shows it.
            slug: Option<String>,
            /// The application's address of the organisation, ending in a slash.
            url: Option<String>,
        }
    }
}

record! {
    /// A member of the organisation, deactivated ones included.
    Member in "member" {
        listed by MEMBERS;
        child of ;
        key {
            /// Sigma's `memberId`.
            id: String,
        }
        value {
            /// E-mail address, verbatim.
            email: Option<String>,
            /// Given name.
            first_name: Option<String>,
            /// Family name.
            last_name: Option<String>,
            /// Name of the account type, in the inconsistent case Sigma answers.
            member_type: Option<String>,
            /// `internal`, `guest` or `embed`; anything else verbatim.
            user_kind: Option<String>,
            /// Deactivated in Sigma.
            is_archived: Option<bool>,
            /// Archived by SCIM.
            is_inactive: Option<bool>,
            /// The folder "My Documents" of the member.
            home_folder_id: Option<String>,
            /// When the member was created.
            created_at: Option<String>,
            /// When the member was last changed.
            updated_at: Option<String>,
        }
    }
}

record! {
    /// A team.
    Team in "team" {
        listed by TEAMS;
        child of ;
        key {
            /// Sigma's `teamId`.
            id: String,
        }
        value {
            /// Its name.
            name: Option<String>,
            /// Its description.
            description: Option<String>,
            /// `public` or `private`.
            visibility: Option<String>,
            /// Archived teams give no access.
            is_archived: Option<bool>,
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
    /// The membership of a member in a team.
    TeamMember in "team_member" {
        listed by TEAM_MEMBERS by "team_id";
        child of "team_id" => "team"("id");
        key {
            /// The team.
            team_id: String,
            /// The member.
            member_id: String,
        }
        value {
            /// Whether the member administers the team.
            is_team_admin: Option<bool>,
            /// Member who added it.
            added_by: Option<String>,
        }
    }
}

record! {
    /// An account type: what its members may do at most.
    AccountType in "account_type" {
        listed by ACCOUNT_TYPES;
        child of ;
        key {
            /// Sigma's `accountTypeId`.
            id: String,
        }
        value {
            /// Its name; `memberType` of a member carries it with other case.
            name: Option<String>,
            /// Its description.
            description: Option<String>,
            /// Defined by the organisation rather than by Sigma.
            is_custom: Option<bool>,
        }
    }
}

record! {
    /// A workspace.
    Workspace in "workspace" {
        listed by WORKSPACES;
        child of ;
        key {
            /// Sigma's `workspaceId`.
            id: String,
        }
        value {
            /// The base62 form of the id used in addresses.
            url_id: Option<String>,
            /// Its name.
            name: Option<String>,
            /// Member who created it.
            created_by: Option<String>,
            /// Member who last changed it.
            updated_by: Option<String>,
            /// When it was created.
            created_at: Option<String>,
            /// When it was last changed.
            updated_at: Option<String>,
        }
    }
}

record! {
    /// A file as the token's owner sees it: the only place that tells a document's folder, badge and description.
    File in "file" {
        listed by FILES by "type";
        child of ;
        key {
            /// The id, shared with the workspace, folder or document it shows.
            id: String,
        }
        value {
            /// `workspace`, `folder`, `workbook`, `data-model`, `report`, `dataset`, ...
            r#type: String,
            /// The base62 form of the id used in addresses.
            url_id: Option<String>,
            /// Its name.
            name: Option<String>,
            /// The folder or workspace it lies in; `None` at the top.
            parent_id: Option<String>,
            /// Names of the containers, as Sigma answers them; without the file's own name.
            path: Option<String>,
            /// What the token's owner may do with it.
            permission: Option<String>,
            /// `Endorsed`, `Warning`, `Deprecated` or `None`.
            badge: Option<String>,
            /// Its description.
            description: Option<String>,
            /// Member who owns it.
            owner_id: Option<String>,
            /// In the trash.
            is_archived: Option<bool>,
            /// Member who created it.
            created_by: Option<String>,
            /// Member who last changed it.
            updated_by: Option<String>,
            /// When it was created.
            created_at: Option<String>,
            /// When it was last changed.
            updated_at: Option<String>,
        }
    }
}

record! {
    /// A connection to a warehouse.
    Connection in "connection" {
        listed by CONNECTIONS;
        child of ;
        key {
            /// Sigma's `connectionId`.
            id: String,
        }
        value {
            /// Its name.
            name: Option<String>,
            /// The kind of warehouse, in lower case.
            r#type: Option<String>,
            /// Warehouse account, where the kind has one.
            account: Option<String>,
            /// Compute warehouse, where the kind has one.
            warehouse: Option<String>,
            /// Warehouse role, where the kind has one.
            role: Option<String>,
            /// Sigma's sample connection.
            is_sample: Option<bool>,
            /// The connection that exposes Sigma's audit log.
            is_audit_log: Option<bool>,
            /// Members sign in to the warehouse as themselves.
            use_oauth: Option<bool>,
            /// Sigma may write to the warehouse.
            write_access: Option<bool>,
            /// Archived.
            is_archived: Option<bool>,
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
    /// A document: workbook, report, data model or dataset.
    Document in "document" kinds "kind" {
        listed by DOCUMENTS by "kind";
        child of ;
        key {
            /// The id, shared with its file.
            id: String,
        }
        value {
            /// `workbook`, `report`, `data-model` or `dataset`.
            kind: String,
            /// The base62 form of the id used in addresses.
            url_id: Option<String>,
            /// Its name.
            name: Option<String>,
            /// Its address in the application.
            url: Option<String>,
            /// Names of the containers, as Sigma answers them.
            path: Option<String>,
            /// Its description.
            description: Option<String>,
            /// Member who owns it.
            owner_id: Option<String>,
            /// The latest published version.
            latest_version: Option<i64>,
            /// In the trash: nothing inside it can be asked for.
            is_archived: Option<bool>,
            /// Datasets only: `migrated`, `not-migrated` or `not-required`.
            migration_status: Option<String>,
            /// Datasets only: the data model that replaced it.
            migrated_to: Option<String>,
            /// Member who created it.
            created_by: Option<String>,
            /// Member who last changed it.
            updated_by: Option<String>,
            /// When it was created.
            created_at: Option<String>,
            /// When it was last changed.
            updated_at: Option<String>,
        }
    }
}

record! {
    /// A grant as Sigma states it, made directly on an object.
    ///
    /// The type it states for its object is left out: it knows neither workspaces nor data models, and the grants of
    /// workspaces come without. Its key holds the object and the grantee beside the id: sample answers repeat one grant id for two grants.
    ObjectGrant in "object_grant" {
        listed by OBJECT_GRANTS by "object_id", MEMBER_GRANTS by "member_id", TEAM_GRANTS by "team_id";
        child of "object_id" => "workspace"("id"), "object_id" => "file"("id"), "object_id" => "document"("id"),
            "member_id" => "member"("id"), "team_id" => "team"("id");
        key {
            /// Sigma's `grantId`.
            id: String,
            /// The object, as a UUID where Sigma answered a slug.
            object_id: String,
            /// The member it is made to: this or `team_id`, empty otherwise.
            member_id: String,
            /// The team it is made to: this or `member_id`, empty otherwise.
            team_id: String,
        }
        value {
            /// The permission, verbatim: what it means depends on the object's type.
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
