//! Workspaces, files and grants.

use super::{rows, wire};

wire! {
    /// A workspace (`/v2/workspaces`).
    Workspace;
    /// UUID.
    workspace_id;
    /// The same id in base62; recent, and missing in older answers.
    workspace_url_id: Option<String>;
    /// Its name; personal spaces show up as `User Folder`.
    name: Option<String>;
    + audit
}

wire! {
    /// A file: anything with a place in the folder tree (`/v2/files`, `/v2/members/{id}/files`).
    File;
    /// UUID.
    id;
    /// The same id in base62.
    url_id: Option<String>;
    /// Its name.
    name: Option<String>;
    /// `workspace`, `folder`, `workbook`, `data-model`, `report`, `dataset`, `table`, … kept verbatim.
    r#type: Option<String>;
    /// UUID of the folder or workspace it is in; a personal folder may name itself.
    parent_id: Option<String>;
    /// The parent's id in base62.
    parent_url_id: Option<String>;
    /// The caller's effective permission, or that of the member whose files were asked for.
    permission: Option<String>;
    /// Names of the containers joined by `/`, normally without the file's own name.
    path: Option<String>;
    /// The endorsement: `Endorsed`, `Warning`, `Deprecated`, or none.
    badge: Option<String>;
    /// Archived.
    is_archived: Option<bool>;
    /// Its description.
    description: Option<String>;
    /// Member id of the owner.
    owner_id: Option<String>;
    /// In a tenant: the `urlId` of the document it was deployed from.
    parent_source_url_id: Option<String>;
    + audit
}

wire! {
    /// A grant on a file, a workspace or a connection. Exactly one of member and team holds it.
    Grant;
    /// The grant id.
    grant_id;
    /// The object, normally as a `urlId`: normalise before joining.
    inode_id: Option<String>;
    /// The organisation.
    organization_id: Option<String>;
    /// The member who holds it.
    member_id: Option<String>;
    /// The team that holds it.
    team_id: Option<String>;
    /// `view`, `explore`, `organize`, `edit`, `usage`, `annotate`, …; `edit` means Manage on a container.
    permission: Option<String>;
    /// The kind of object; absent on workspaces and connections, and without a value for some kinds.
    inode_type: Option<String>;
    + audit
}

rows! {
    Workspace: workspace_id;
    File: id;
    // Sample answers repeat one grant id for grants on different objects.
    Grant: grant_id, inode_id, member_id, team_id;
}
