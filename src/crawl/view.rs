//! What one user sees: the files that Sigma lists for that user, the containers above them, the connections that they read
//! from, and nothing else.
//!
//! With mirroring off this decides what the catalog holds. It is read before anything else, because every document that
//! a listing shows is held against it.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::effect::Taken;
use super::error::CrawlError;
use super::filter::{self, Listed};
use super::graph::{self, ORGANISATION};
use super::organisation::{is_file_type_on, is_home};
use super::rows;
use super::worker::{Crawler, ends_the_run};
use crate::catalog::attached::DocumentSource;
use crate::catalog::delivery::{Delivery, Outcome, Rows, ScopeReport, scope};
use crate::catalog::document::LineageNode;
use crate::catalog::organisation::{Document, File, Workspace};
use crate::catalog::record::{Record, Table, Value};
use crate::catalog::warehouse::WarehouseTable;
use crate::sigma::{Endpoint, ErrorKind, SigmaError, ids, model};

/// What is said of the organisation and of others, which is not one user's to see.
const WITHHELD: &[&str] = &[
    scope::TEAMS,
    scope::OBJECT_GRANTS,
    scope::ACCOUNT_TYPES,
    scope::USER_ATTRIBUTES,
    scope::TENANTS,
    scope::VERSION_TAGS,
];

/// The tables that name a connection which something reads from.
const READ_FROM: &[&Table] = &[LineageNode::TABLE, WarehouseTable::TABLE, DocumentSource::TABLE];

impl Crawler {
    /// Reads what the member sees and remembers it.
    ///
    /// # Errors
    /// If one of the listings fails: without it nobody knows what the member does not see.
    pub async fn read_view(&self, member: &str) -> Result<(), CrawlError> {
        let step = self.step(scope::FILES, ORGANISATION)?;
        let mut files: Vec<File> = Vec::new();
        let mut ends = Vec::new();
        // Each container that may be out of the member's sight, with what its own content says of where it lies.
        let mut above: HashMap<String, Option<String>> = HashMap::new();
        // Of what is turned off the catalog keeps what it has, as far as this member sees it.
        let is_on = |of: &str| is_file_type_on(&self.settings, of);
        for r#type in graph::FILE_TYPES {
            let call = if member == self.token.member_id {
                Endpoint::Files.call()
            } else {
                Endpoint::MemberFiles.call().path("memberId", member)
            };
            let call = call.query("typeFilters", *r#type);
            let take = |row: model::File, _: &mut Taken| {
                if is_home(r#type, &row) {
                    self.left_out.note_home(&row.id);
                }
                files.push(rows::file(r#type, row));
            };
            match self.read_scope(step, r#type, vec![call], take).await {
                Ok(end) => ends.extend(end.filter(|_| is_on(r#type))),
                Err(CrawlError::Sigma { source, .. }) if !is_on(r#type) && knows_no_such(&source) => {}
                Err(error) => return Err(error),
            }
        }
        let left_in = self.left_in(files)?;
        let mut seen: HashSet<String> = HashSet::new();
        let mut found = Rows::default();
        for file in left_in {
            seen.insert(file.id.clone());
            if let Some(parent) = &file.parent_id {
                above.insert(parent.clone(), file.path.clone());
            }
            if file.r#type == "workspace" {
                found.push(workspace_of(&file));
            }
            if is_on(&file.r#type) {
                found.push(file);
            }
        }
        self.deliver(Delivery::Rows(found)).await?;
        for end in ends {
            self.deliver_scope(end).await?;
        }
        self.read_containers(&mut seen, above).await?;
        let mut report = ScopeReport::without_rows(scope::WORKSPACES, "", Outcome::Complete, "", "");
        (report.code, report.message) = (None, None);
        self.deliver_scope(report).await?;
        let on = |scope: &&str| {
            graph::STEPS.iter().find(|step| step.scope == *scope && step.is_on(&self.settings))
        };
        for step in WITHHELD.iter().filter_map(on) {
            let message = format!("{} are not asked for while `permissions.mirroring` is off", step.feature);
            let report = ScopeReport::without_rows(step.scope, "", Outcome::Excluded, "setting.off", message);
            self.deliver_scope(report).await?;
        }
        let _ = self.seen.set(seen);
        Ok(())
    }

    /// The files that the filters, and the setting for personal folders, leave in.
    fn left_in(&self, files: Vec<File>) -> Result<Vec<File>, CrawlError> {
        let workspaces: Vec<Workspace> =
            files.iter().filter(|file| file.r#type == "workspace").map(workspace_of).collect();
        let is_document = |file: &&File| graph::DOCUMENT_KINDS.contains(&file.r#type.as_str());
        let documents: Vec<Document> = files.iter().filter(is_document).map(document_of).collect();
        let listed = Listed { workspaces: &workspaces, files: &files, documents: &documents };
        let homes = self.left_out.homes();
        let personal = (!self.settings.personal).then_some(&homes);
        let verdicts =
            filter::judge(&self.settings.filters, listed, personal).map_err(CrawlError::Filters)?;
        let stays = |file: &File| match verdicts.on(&file.id) {
            Some(setting) => {
                self.left_out.note(&file.id, &file.r#type, setting);
                false
            }
            None => true,
        };
        Ok(files.into_iter().filter(stays).collect())
    }

    /// Adds the containers of what is seen that are not seen themselves, by their names only.
    async fn read_containers(
        &self,
        seen: &mut HashSet<String>,
        mut above: HashMap<String, Option<String>>,
    ) -> Result<(), CrawlError> {
        let mut rows = Rows::default();
        loop {
            let mut missing: Vec<(String, Option<String>)> =
                above.drain().filter(|(id, _)| !seen.contains(id)).collect();
            missing.sort();
            if missing.is_empty() {
                break;
            }
            for (id, path) in missing {
                seen.insert(id.clone());
                let Some(file) = self.container(&id, path.as_deref()).await? else { continue };
                if let Some(parent) = &file.parent_id {
                    above.insert(parent.clone(), file.path.clone());
                }
                if file.r#type == "workspace" {
                    rows.push(workspace_of(&file));
                }
                rows.push(file);
            }
        }
        self.deliver(Delivery::Rows(rows)).await
    }

    /// A container by its name and place: as Sigma answers it, or else as the path of what lies in it names it.
    async fn container(&self, id: &str, path: Option<&str>) -> Result<Option<File>, CrawlError> {
        match self.client.one::<model::File>(&Endpoint::File.call().path("inodeId", id)).await {
            Ok(row) => Ok(Some(only_named(rows::file("folder", row)))),
            Err(error) if ends_the_run(&error) => {
                Err(CrawlError::sigma("asking Sigma for the folder of a file", error))
            }
            // Whose token it is need not see the container either.
            Err(_) => Ok(path.and_then(|path| of_path(id, path))),
        }
    }

    /// The connections that these rows read from, where one user's view is crawled.
    pub fn connections_of(&self, rows: &Rows) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for table in READ_FROM.iter().filter(|_| self.login.is_some()) {
            let Some(place) = table.position("connection_id") else { continue };
            for row in rows.of(table) {
                if let Value::Text(id) = &row[place] {
                    found.insert(id.clone());
                }
            }
        }
        found
    }

    /// Remembers that something reads from a connection.
    pub fn note_connection(&self, id: String) {
        if let Ok(mut known) = self.connections.lock() {
            known.insert(id);
        }
    }

    /// Delivers the connections that what the user sees reads from; the others are not the user's to know.
    ///
    /// # Errors
    /// If nobody stores them any more.
    pub async fn deliver_connections(&self) -> Result<(), CrawlError> {
        let Some((connections, report)) = self.held_back.get() else { return Ok(()) };
        let known = self.connections.lock().map(|known| known.clone()).unwrap_or_default();
        let mut rows = Rows::default();
        // What the catalog has stays in it as long as something of it that was not read now reads from there.
        let may_stay = |id: &String| known.contains(id) || self.connections_before.contains(id);
        for connection in connections.iter().filter(|connection| may_stay(&connection.id)) {
            rows.push(connection.clone());
        }
        self.deliver(Delivery::Rows(rows)).await?;
        self.deliver_scope(report.clone()).await
    }

    /// Everything that the catalog may hold of one user's view; `None`: it holds more than that.
    pub fn held(&self) -> Option<HashSet<String>> {
        let mut held = self.seen.get()?.clone();
        held.extend(self.connections.lock().iter().flat_map(|known| known.iter().cloned()));
        Some(held)
    }

    /// Whether the catalog may hold a document: always, unless it holds one user's view only.
    pub fn may_hold(&self, id: &str) -> bool {
        self.seen.get().is_none_or(|seen| seen.contains(id))
    }
}

/// Whether Sigma answered that it knows no files of that type, as it may of a kind that it has ended.
fn knows_no_such(error: &SigmaError) -> bool {
    matches!(error.kind(), ErrorKind::Rejected | ErrorKind::NotFound | ErrorKind::Retired)
}

/// A container of which nothing may be told but where it stands in the way to what is seen.
fn only_named(file: File) -> File {
    File {
        permission: None,
        badge: None,
        description: None,
        owner_id: None,
        created_by: None,
        updated_by: None,
        created_at: None,
        updated_at: None,
        ..file
    }
}

/// The container that a path ends in.
fn of_path(id: &str, path: &str) -> Option<File> {
    let (rest, name) = path.rsplit_once('/').unwrap_or(("", path));
    if name.is_empty() {
        return None;
    }
    Some(File {
        id: id.to_owned(),
        r#type: if rest.is_empty() { "workspace" } else { "folder" }.to_owned(),
        url_id: ids::url_id_of(id),
        name: Some(name.to_owned()),
        parent_id: None,
        path: Some(rest.to_owned()),
        permission: None,
        badge: None,
        description: None,
        owner_id: None,
        is_archived: None,
        created_by: None,
        updated_by: None,
        created_at: None,
        updated_at: None,
    })
}

/// A document as far as its file tells.
fn document_of(file: &File) -> Document {
    Document {
        id: file.id.clone(),
        kind: file.r#type.clone(),
        url_id: file.url_id.clone(),
        name: file.name.clone(),
        url: None,
        path: file.path.clone(),
        description: None,
        owner_id: None,
        latest_version: None,
        is_archived: file.is_archived,
        migration_status: None,
        migrated_to: None,
        created_by: None,
        updated_by: None,
        created_at: None,
        updated_at: None,
    }
}

fn workspace_of(file: &File) -> Workspace {
    Workspace {
        id: file.id.clone(),
        url_id: file.url_id.clone(),
        name: file.name.clone(),
        created_by: file.created_by.clone(),
        updated_by: file.updated_by.clone(),
        created_at: file.created_at.clone(),
        updated_at: file.updated_at.clone(),
    }
}
