//! Changes to an organisation between two crawls.
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Flavour, Kind, Organization, PageKey, Principal,
    generate::{Made, TODAY, moment, stream},
};
use crate::simulator::ids::{Dice, Uuid};

/// One change, as a value: `{"op": "rename_document", "document": "…", "name": "…"}`. Objects are named by UUID (or
/// urlId), members by member id. A field that is left out is made up.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs)]
pub enum Mutation {
    /// Gives a workbook, data model, report or dataset another name.
    RenameDocument { document: String, name: String },
    /// Gives a folder or workspace another name, which shows in the path of everything in it.
    RenameFolder { folder: String, name: String },
    /// Removes a document and the grants on it for good.
    DeleteDocument { document: String },
    /// Adds a workbook, data model or report (`workbook`, `data-model`, `report`); answers its id.
    AddDocument { kind: String, name: Option<String>, folder: Option<String> },
    /// Adds a page with elements, at the end; answers its id.
    AddPage { document: String, name: Option<String> },
    /// Removes a page and its elements.
    RemovePage { document: String, page: String },
    /// Grants a member or a team (exactly one) `permission` on a file; answers the grant's id.
    AddGrant { inode: String, member: Option<String>, team: Option<String>, permission: String },
    /// Takes a grant away.
    RemoveGrant { grant: String },
    /// Adds a member; answers its id. `member_type` names an account type.
    AddMember {
        first: Option<String>,
        last: Option<String>,
        email: Option<String>,
        member_type: Option<String>,
    },
    /// Deactivates a member.
    ArchiveMember { member: String },
    /// Puts a member into a team.
    AddTeamMember {
        team: String,
        member: String,
        #[serde(default)]
        admin: bool,
    },
    /// Takes a member out of a team.
    RemoveTeamMember { team: String, member: String },
    /// Puts a document into another folder or workspace.
    MoveDocument { document: String, folder: String },
    /// Gives a document another owner.
    SetOwner { document: String, member: String },
    /// Publishes a new version with the same contents.
    TouchDocument { document: String },
    /// Puts a document into the trash, or takes it out again.
    ArchiveDocument { document: String, archived: bool },
    /// Archives a connection, or brings it back.
    ArchiveConnection { connection: String, archived: bool },
    /// Gives a warehouse table another name. No document shows a sign of it.
    RenameTable { table: String, name: String },
}

/// Why a change could not be made; nothing was changed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MutationError {
    /// The organisation has no such object.
    #[error("there is no {kind} \"{id}\"")]
    Unknown {
        /// What was looked for.
        kind: &'static str,
        /// The id it was looked for by.
        id: String,
    },
    /// The change makes no sense.
    #[error("{0}")]
    Senseless(&'static str),
}

type Changed = Result<Value, MutationError>;

impl Organization {
    /// Makes a change. The answer is an object, with the `id` of what was made where something was.
    ///
    /// # Errors
    ///
    /// If an object it names does not exist, or it makes no sense.
    pub fn apply(&mut self, mutation: &Mutation) -> Changed {
        let answer = match mutation {
            Mutation::RenameDocument { document, name } => {
                let place = self.find_document(document)?;
                let inode = self.documents[place].inode;
                self.rename(inode, name)
            }
            Mutation::RenameFolder { folder, name } => {
                let inode = self.find_container(folder)?;
                self.rename(inode, name)
            }
            Mutation::DeleteDocument { document } => self.delete_document(document),
            Mutation::AddDocument { kind, name, folder } => {
                self.new_document(kind, name.as_deref(), folder.as_deref())
            }
            Mutation::AddPage { document, name } => self.add_page(document, name.clone()),
            Mutation::RemovePage { document, page } => self.remove_page(document, page),
            Mutation::AddGrant { inode, member, team, permission } => {
                let to = self.principal(member.as_deref(), team.as_deref())?;
                self.add_grant(inode, to, permission)
            }
            Mutation::RemoveGrant { grant } => {
                let place = self.grants.iter().position(|g| Uuid::parse(grant) == Some(g.id));
                let place = place.ok_or_else(|| unknown("grant", grant))?;
                self.grants.remove(place);
                self.deletions += 1;
                Ok(json!({}))
            }
            Mutation::AddMember { first, last, email, member_type } => {
                let mut dice = self.change_dice();
                let place = self.add_person(
                    &mut dice,
                    first.as_deref().unwrap_or("Nora"),
                    last.as_deref().unwrap_or("Newcomer"),
                    email.clone(),
                    member_type.as_deref().unwrap_or("View"),
                );
                self.teams[super::people::ALL_MEMBERS].members.push((place, false));
                Ok(json!({ "id": self.members[place].id, "email": self.members[place].email }))
            }
            Mutation::ArchiveMember { member } => {
                let place = self.find_member(member)?;
                self.members[place].archived = true;
                self.members[place].stamps.updated_at = self.now();
                Ok(json!({}))
            }
            Mutation::AddTeamMember { team, member, admin } => {
                let (team, member) = (self.find_team(team)?, self.find_member(member)?);
                self.teams[team].members.retain(|(m, _)| *m != member);
                self.teams[team].members.push((member, *admin));
                Ok(json!({}))
            }
            Mutation::RemoveTeamMember { team, member } => {
                let (team, member) = (self.find_team(team)?, self.find_member(member)?);
                self.teams[team].members.retain(|(m, _)| *m != member);
                self.deletions += 1;
                Ok(json!({}))
            }
            Mutation::MoveDocument { document, folder } => {
                let (place, folder) = (self.find_document(document)?, self.find_container(folder)?);
                let inode = self.documents[place].inode;
                self.inodes[inode].parent = Some(folder);
                self.inodes[inode].stamps.updated_at = self.now();
                Ok(json!({}))
            }
            Mutation::SetOwner { document, member } => {
                let (place, member) = (self.find_document(document)?, self.find_member(member)?);
                let inode = self.documents[place].inode;
                self.inodes[inode].owner = Some(member);
                self.inodes[inode].stamps.updated_at = self.now();
                Ok(json!({}))
            }
            Mutation::TouchDocument { document } => {
                let place = self.find_document(document)?;
                self.publish(place)
            }
            Mutation::ArchiveDocument { document, archived } => {
                let place = self.find_document(document)?;
                let inode = self.documents[place].inode;
                self.inodes[inode].archived = *archived;
                self.inodes[inode].stamps.updated_at = self.now();
                Ok(json!({}))
            }
            Mutation::ArchiveConnection { connection, archived } => {
                let found = Uuid::parse(connection).and_then(|id| self.connection(id));
                let place = found.ok_or_else(|| unknown("connection", connection))?;
                self.connections[place].archived = *archived;
                self.connections[place].stamps.updated_at = self.now();
                Ok(json!({}))
            }
            Mutation::RenameTable { table, name } => {
                let found = Uuid::parse(table).and_then(|id| self.table(id));
                let place = found.ok_or_else(|| unknown("table", table))?;
                if let Some(last) = self.tables[place].path.last_mut() {
                    name.clone_into(last);
                }
                Ok(json!({}))
            }
        }?;
        self.changed();
        Ok(answer)
    }

    fn rename(&mut self, inode: usize, name: &str) -> Changed {
        self.inodes[inode].name = name.to_owned();
        self.inodes[inode].stamps.updated_at = self.now();
        Ok(json!({}))
    }

    fn delete_document(&mut self, document: &str) -> Changed {
        let place = self.find_document(document)?;
        let inode = self.documents[place].inode;
        self.inodes[inode].deleted = true;
        let id = self.inodes[inode].id;
        let before = self.grants.len();
        self.grants.retain(|grant| grant.inode != id);
        self.deletions += 1 + before - self.grants.len();
        Ok(json!({}))
    }

    fn new_document(&mut self, kind: &str, name: Option<&str>, folder: Option<&str>) -> Changed {
        let kind = [Kind::Workbook, Kind::DataModel, Kind::Report]
            .into_iter()
            .find(|known| known.file_type() == kind)
            .ok_or(MutationError::Senseless("only workbooks, data models and reports can be added"))?;
        let parent = match folder {
            Some(folder) => self.find_container(folder)?,
            None => self.inodes.iter().position(|i| i.kind == Kind::Workspace && !i.deleted).unwrap_or(0),
        };
        let mut dice = self.change_dice();
        let name = name.unwrap_or("Newcomer");
        let size = (1, self.page_elements.max(2), 3);
        let made = Made { kind, name, parent, owner: 0, flavour: Flavour::Mixed, size };
        let place = self.add_document(&mut dice, made);
        let inode = self.documents[place].inode;
        self.inodes[inode].stamps.updated_at = self.now();
        Ok(json!({ "id": self.inodes[inode].id }))
    }

    fn add_page(&mut self, document: &str, name: Option<String>) -> Changed {
        let place = self.find_paged(document)?;
        let key = self.documents[place].pages.iter().map(|page| page.key + 1).max().unwrap_or(0).max(1000);
        let elements = self.page_elements;
        let doc = &mut self.documents[place];
        doc.elements = doc.elements.max(elements);
        doc.pages.push(PageKey { key, name });
        self.publish(place)?;
        self.changed();
        let id = self.content(place).pages.last().map(|page| page.id.clone());
        Ok(json!({ "id": id }))
    }

    fn remove_page(&mut self, document: &str, page: &str) -> Changed {
        let place = self.find_paged(document)?;
        let at = self.content(place).pages.iter().position(|p| p.id == page);
        self.documents[place].pages.remove(at.ok_or_else(|| unknown("page", page))?);
        // The page, and what was on it.
        self.deletions += 1 + self.documents[place].elements * (1 + self.documents[place].columns);
        self.publish(place)
    }

    fn add_grant(&mut self, inode: &str, to: Principal, permission: &str) -> Changed {
        let place = self.find_inode("file", inode, |_| true)?;
        let mut dice = self.change_dice();
        let grant = self.grant(&mut dice, place, to, permission);
        Ok(json!({ "id": self.grants[grant].id }))
    }

    /// A change of contents: the version and the time of the last change move on.
    fn publish(&mut self, document: usize) -> Changed {
        self.documents[document].version += 1;
        let inode = self.documents[document].inode;
        self.inodes[inode].stamps.updated_at = self.now();
        Ok(json!({ "version": self.documents[document].version }))
    }

    /// One second after the last change.
    fn now(&self) -> String {
        moment(TODAY + 1000 * self.generation as i64)
    }

    fn change_dice(&self) -> Dice {
        Dice::new(&[self.seed, stream::CHANGE, self.generation])
    }

    fn find_inode(
        &self,
        kind: &'static str,
        id: &str,
        wanted: fn(Kind) -> bool,
    ) -> Result<usize, MutationError> {
        let found =
            Uuid::parse_any(id).and_then(|id| self.inode(id)).filter(|i| wanted(self.inodes[*i].kind));
        found.ok_or_else(|| unknown(kind, id))
    }

    fn find_container(&self, id: &str) -> Result<usize, MutationError> {
        self.find_inode("folder", id, Kind::is_container)
    }

    fn find_document(&self, id: &str) -> Result<usize, MutationError> {
        let inode = self.find_inode("document", id, |_| true)?;
        self.inodes[inode].document.ok_or_else(|| unknown("document", id))
    }

    fn find_paged(&self, id: &str) -> Result<usize, MutationError> {
        let place = self.find_document(id)?;
        let has_pages = matches!(self.inode_of(place).kind, Kind::Workbook | Kind::Report);
        has_pages.then_some(place).ok_or(MutationError::Senseless("only workbooks and reports have pages"))
    }

    fn find_member(&self, id: &str) -> Result<usize, MutationError> {
        self.member(id).ok_or_else(|| unknown("member", id))
    }

    fn find_team(&self, id: &str) -> Result<usize, MutationError> {
        Uuid::parse(id).and_then(|id| self.team(id)).ok_or_else(|| unknown("team", id))
    }

    fn principal(&self, member: Option<&str>, team: Option<&str>) -> Result<Principal, MutationError> {
        match (member, team) {
            (Some(member), None) => self.find_member(member).map(Principal::Member),
            (None, Some(team)) => self.find_team(team).map(Principal::Team),
            _ => Err(MutationError::Senseless("a grant names a member or a team, and not both")),
        }
    }
}

fn unknown(kind: &'static str, id: &str) -> MutationError {
    MutationError::Unknown { kind, id: id.to_owned() }
}
