//! What a perfect crawler would know: the expectation that catalogs are compared with.
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    Kind, Organization, Principal,
    access::Level,
    attached::{Bookmark, Embed, Materialization, Origin, Schedule},
    column_truth,
    content::{Content, Source},
    sql,
};
use crate::simulator::ids::Uuid;

impl Organization {
    /// Everything there is, as JSON: `organization`, `objects` (lists by kind), `lineage`, `column_lineage`, `grants`,
    /// `connection_grants`, `memberships`, `connections`.
    pub fn truth(&self) -> Value {
        let mut objects = Map::new();
        objects.insert("member".into(), self.members.iter().map(|m| self.member_truth(m)).collect());
        objects.insert("team".into(), self.team_truth());
        let types = self.account_types.iter().map(|t| json!({ "id": t.id, "name": t.name }));
        objects.insert("account-type".into(), types.collect());
        objects.insert("connection".into(), self.connection_truth());
        self.add_files(&mut objects);
        for (name, kind) in DOCUMENTS {
            let rows = (0..self.documents.len())
                .filter(|d| self.inode_of(*d).kind == kind && !self.inode_of(*d).deleted);
            objects.insert(name.into(), rows.map(|d| self.document_truth(d)).collect());
        }
        let (lineage, mut column_lineage) = self.add_contents(&mut objects);
        self.add_governance(&mut objects);
        self.add_warehouse(&mut objects, &lineage);
        Self::name_tables_of_sql(&mut objects, &mut column_lineage);
        self.add_attached(&mut objects);
        json!({
            "organization": { "organizationId": self.id, "slug": self.slug },
            "objects": objects,
            "lineage": lineage,
            "column_lineage": column_lineage,
            "grants": self.grant_truth(false),
            "connection_grants": self.grant_truth(true),
            "memberships": self.membership_truth(),
        })
    }

    fn member_truth(&self, member: &super::Member) -> Value {
        json!({
            "id": member.id, "email": member.email, "firstName": member.first, "lastName": member.last,
            "memberType": member.member_type, "userKind": member.kind, "isArchived": member.archived,
            "isInactive": member.inactive, "home": member.home_id,
        })
    }

    fn team_truth(&self) -> Value {
        let row = |team: &super::Team| {
            let visibility = if team.private { "private" } else { "public" };
            json!({ "id": team.id, "name": team.name, "visibility": visibility, "isArchived": team.archived })
        };
        self.teams.iter().map(row).collect()
    }

    fn connection_truth(&self) -> Value {
        let row = |c: &super::Connection| json!({ "id": c.id, "name": c.name, "type": c.kind, "archived": c.archived });
        self.connections.iter().map(row).collect()
    }

    fn membership_truth(&self) -> Value {
        let rows = self.teams.iter().flat_map(|team| team.members.iter().map(move |row| (team, row)));
        rows.map(|(team, (member, admin))| json!({ "team": team.id, "member": self.members[*member].id, "admin": admin }))
            .collect()
    }

    fn grant_truth(&self, data: bool) -> Value {
        let row = |grant: &super::Grant| {
            let (member, team) = match grant.to {
                Principal::Member(m) => (Some(&self.members[m].id), None),
                Principal::Team(t) => (None, Some(self.teams[t].id)),
            };
            let orphan = !data && self.inode(grant.inode).is_none();
            json!({
                "id": grant.id, "inode": grant.inode, "member": member, "team": team,
                "permission": grant.permission, "orphan": orphan,
                "on": data.then(|| self.data_object(grant.inode)),
            })
        };
        self.grants.iter().filter(|grant| grant.data == data).map(row).collect()
    }

    /// Workspaces and files.
    fn add_files(&self, objects: &mut Map<String, Value>) {
        let levels = self.levels(self.credential_owners[0]);
        let (mut files, mut workspaces) = (Vec::new(), Vec::new());
        for (place, inode) in self.inodes.iter().enumerate().filter(|(_, inode)| !inode.deleted) {
            if inode.kind == Kind::Workspace {
                workspaces.push(json!({ "id": inode.id, "name": inode.name }));
            }
            files.push(json!({
                "id": inode.id, "name": inode.name, "type": inode.kind.file_type(),
                "parent": inode.parent.map_or(inode.id, |parent| self.inodes[parent].id),
                "path": self.path(place), "badge": inode.badge, "owner": inode.owner.map(|o| &self.members[o].id),
                "archived": inode.archived, "exploration": inode.exploration,
                "visible": levels[place].is_some() && !inode.exploration,
            }));
        }
        objects.insert("workspace".into(), workspaces.into());
        objects.insert("file".into(), files.into());
    }

    fn document_truth(&self, document: usize) -> Value {
        let (doc, inode) = (&self.documents[document], self.inode_of(document));
        let mut row = json!({
            "id": inode.id, "name": inode.name, "url": self.url(document), "path": self.path(doc.inode),
            "version": doc.version, "owner": inode.owner.map(|o| &self.members[o].id), "archived": inode.archived,
            "exploration": inode.exploration, "description": inode.description,
            "updated_at": inode.stamps.updated_at,
        });
        if let Some(source) = doc.tagged_source {
            row["tagged_source"] = json!(self.inode_of(source).id);
        }
        row
    }

    /// The address of a document in Sigma's own pages.
    pub(in crate::simulator) fn url(&self, document: usize) -> String {
        let inode = self.inode_of(document);
        let place = match inode.kind {
            Kind::DataModel => "data-model",
            Kind::Report => "report",
            Kind::Dataset => "b",
            _ => "workbook",
        };
        format!("https://app.sigmacomputing.com/{}/{place}/{}", self.slug, inode.id.url_id())
    }

    /// Pages, elements, columns and queries of every document that is neither archived nor an exploration; gives the
    /// lineage and that of the columns.
    fn add_contents(&self, objects: &mut Map<String, Value>) -> (Value, Value) {
        let (mut pages, mut elements, mut columns, mut queries) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut lineage, mut column_lineage) = (Vec::new(), Vec::new());
        for document in 0..self.documents.len() {
            let inode = self.inode_of(document);
            if inode.archived || inode.deleted || inode.exploration || inode.kind == Kind::Dataset {
                continue;
            }
            let (id, content) = (inode.id, self.content(document));
            pages.extend(content.pages.iter().map(|p| json!({ "document": id, "id": p.id, "name": p.name })));
            for element in &content.elements {
                let page = element.page.map(|page| &content.pages[page].id);
                elements.push(json!({
                    "document": id, "page": page, "id": element.id, "name": element.name,
                    "type": element.sort.map(|sort| sort.name()), "visualization": element.chart,
                }));
                columns.extend(element.columns.iter().map(|column| {
                    json!({
                        "document": id, "element": element.id, "id": column.id, "name": column.name,
                        "formula": column.formula, "type": column.kind,
                    })
                }));
                column_lineage.extend(column_truth::of_element(self, document, &content, element));
                if let Some(sql) = sql::of_element(self, element) {
                    queries.push(json!({ "document": id, "element": element.id, "sql": sql }));
                }
                lineage.extend(element.sources.iter().map(|source| {
                    let (kind, source_document, source_id) = self.source_truth(document, &content, source);
                    json!({
                        "document": id, "source_type": kind, "source_document": source_document,
                        "source_id": source_id, "target": element.id,
                    })
                }));
            }
        }
        for (name, rows) in [("page", pages), ("element", elements), ("column", columns), ("query", queries)]
        {
            objects.insert(name.into(), rows.into());
        }
        (lineage.into(), column_lineage.into())
    }

    /// What hangs on every document that is neither archived nor an exploration.
    fn add_attached(&self, objects: &mut Map<String, Value>) {
        let is_shown = |document: &usize| {
            let inode = self.inode_of(*document);
            !(inode.archived || inode.deleted || inode.exploration)
        };
        let mut kinds: [(&str, Vec<Value>); 7] =
            ["control", "bookmark", "embed", "schedule", "materialization", "version", "source"]
                .map(|kind| (kind, Vec::new()));
        for document in (0..self.documents.len()).filter(is_shown) {
            let (id, content) = (self.inode_of(document).id, self.content(document));
            let rows = [
                control_truth(&content),
                self.bookmark_truth(document),
                self.embed_truth(document, &content),
                self.schedule_truth(document),
                self.materialization_truth(document, &content),
                self.version_truth(document),
                self.origin_truth(document, &content),
            ];
            for ((_, all), rows) in kinds.iter_mut().zip(rows) {
                all.extend(rows.into_iter().map(|mut row: Value| {
                    row["document"] = json!(id);
                    row
                }));
            }
        }
        objects.extend(kinds.map(|(kind, rows)| (kind.to_owned(), rows.into())));
    }

    fn bookmark_truth(&self, document: usize) -> Vec<Value> {
        let row = |b: Bookmark| json!({ "id": b.id, "name": b.name, "shared": b.shared, "default": b.default, "key": b.key });
        self.bookmarks(document).into_iter().map(row).collect()
    }

    fn embed_truth(&self, document: usize, content: &Content) -> Vec<Value> {
        let row = |e: Embed| {
            let (source, name) = e.source.unzip();
            json!({ "id": e.id, "url": e.url, "public": e.public, "of": e.of, "source": source, "source_name": name.flatten() })
        };
        self.embeds(document, content).into_iter().map(row).collect()
    }

    fn schedule_truth(&self, document: usize) -> Vec<Value> {
        let inode = self.inode_of(document);
        let owner = inode.owner.map(|owner| &self.members[owner].id);
        let row = |s: Schedule| {
            json!({
                "id": s.id, "title": s.title, "cron": s.cron, "timezone": s.timezone, "suspended": s.suspended,
                "owner": owner, "attachments": s.formats.len(), "as_recipient": s.as_recipient,
                "formats": s.formats.iter().collect::<BTreeSet<_>>(),
                "disabled_at": s.suspended.then_some(&inode.stamps.updated_at), "updated_at": inode.stamps.updated_at,
            })
        };
        self.schedules(document).into_iter().map(row).collect()
    }

    fn materialization_truth(&self, document: usize, content: &Content) -> Vec<Value> {
        let row = |m: Materialization<'_>| {
            let (cron, timezone) = m.timed.unzip();
            json!({
                "sheet": m.element.node_id(&self.documents[document]), "element": m.element.id, "name": m.element.name,
                "cron": cron, "timezone": timezone, "paused": m.paused,
            })
        };
        self.materializations(document, content).into_iter().map(row).collect()
    }

    /// Data models and datasets have no list of versions.
    fn version_truth(&self, document: usize) -> Vec<Value> {
        if !matches!(self.inode_of(document).kind, Kind::Workbook | Kind::Report) {
            return Vec::new();
        }
        let owner = self.inode_of(document).owner.map(|owner| &self.members[owner].id);
        let row = |(version, at): (u64, &str)| {
            let tags = self.documents[document].tags.iter().filter(|tag| tag.version == version);
            let tags: Vec<Uuid> = tags.map(|tag| self.tags[tag.tag].id).collect();
            json!({ "version": version, "at": at, "by": owner, "tags": tags })
        };
        self.versions(document).map(row).collect()
    }

    fn origin_truth(&self, document: usize, content: &Content) -> Vec<Value> {
        let row = |origin: Origin| match origin {
            Origin::Table(table) => json!({ "type": "table", "id": self.tables[table].id, "tag": "" }),
            Origin::Dataset(dataset) => {
                json!({ "type": "dataset", "id": self.inode_of(dataset).id, "tag": "" })
            }
            Origin::Model(model, elements, tag) => json!({
                "type": "data-model", "id": self.inode_of(model).id, "elements": json!(elements).to_string(),
                "tag": tag.map_or(String::new(), |tag| self.tags[tag].id.to_string()),
            }),
            Origin::CustomSql(id, connection, definition) => json!({
                "type": "custom-sql", "id": id, "tag": "", "connection": self.connections[connection].id,
                "definition": definition,
            }),
        };
        self.origins(document, content).unwrap_or_default().into_iter().map(row).collect()
    }

    /// (type, document, id) of what an element is built on, as far as the document's own lineage explains it.
    pub(super) fn source_truth(
        &self,
        document: usize,
        content: &Content,
        source: &Source,
    ) -> (&'static str, Value, Value) {
        let own = json!(self.inode_of(document).id);
        match source {
            Source::Table(table) => ("table", Value::Null, json!(self.tables[*table].id)),
            Source::Dataset(dataset) if !self.inode_of(*dataset).deleted => {
                ("dataset", Value::Null, json!(self.inode_of(*dataset).id))
            }
            // What is gone explains nothing, but a reference to an element of a data model says itself which model it means.
            Source::Model(model, element) => ("data-model", json!(self.inode_of(*model).id), json!(element)),
            Source::Element { id, .. } if content.elements.iter().any(|e| e.id == *id) => {
                ("element", own, json!(id))
            }
            Source::CustomSql { name, .. } => ("customSQL", own, json!(name)),
            Source::Csv { id, .. } => ("csv-upload", Value::Null, json!(id)),
            unexplained => ("unresolved", Value::Null, json!(unexplained.raw(self))),
        }
    }

    /// Effective access of every active member to every file, by Sigma's rules and before the account type's cap:
    /// rows of `member`, `inode`, `permission` and `owner`.
    pub fn access(&self) -> Value {
        let mut rows = Vec::new();
        for (place, member) in self.members.iter().enumerate() {
            for (inode, level) in self.levels(place).iter().enumerate() {
                if let Some(level) = level.filter(|_| !self.inodes[inode].exploration) {
                    rows.push(json!({
                        "member": member.id, "inode": self.inodes[inode].id, "permission": level.permission(),
                        "owner": level == Level::Owner,
                    }));
                }
            }
        }
        rows.into()
    }
}

/// Controls, those of one name counted in the order of their types.
fn control_truth(content: &Content) -> Vec<Value> {
    let mut controls: Vec<(&str, &str)> = content.elements.iter().filter_map(|e| e.control).collect();
    controls.sort_unstable();
    let row = |(i, (name, kind)): (usize, &(&str, &str))| {
        let first = controls.iter().position(|(other, _)| other == name).unwrap_or(i);
        json!({ "name": name, "type": kind, "ordinal": i - first + 1 })
    };
    controls.iter().enumerate().map(row).collect()
}

/// The kinds of document and their names in the truth.
const DOCUMENTS: [(&str, Kind); 4] = [
    ("workbook", Kind::Workbook),
    ("data-model", Kind::DataModel),
    ("report", Kind::Report),
    ("dataset", Kind::Dataset),
];
