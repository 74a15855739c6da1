//! A small organisation that a test can change between runs, and the deliveries a crawl of it makes.

use std::collections::BTreeMap;

use sigma_catalog::catalog::delivery::{Bundle, Delivery, Outcome, Rows, ScopeReport, scope};
use sigma_catalog::catalog::document::{
    ColumnEdge, CustomSqlTable, Element, ElementColumn, ElementQuery, LineageEdge, LineageNode, Page,
};
use sigma_catalog::catalog::organisation::{
    AccountType, Connection, Document, File, Member, ObjectGrant, Organization, Team, TeamMember, Workspace,
};
use sigma_catalog::catalog::record::Record;

use crate::attached;
use crate::governance::Governance;

pub(crate) const KINDS: [&str; 4] = ["workbook", "report", "data-model", "dataset"];
pub(crate) const FILE_TYPES: [&str; 6] =
    ["workspace", "folder", "workbook", "report", "data-model", "dataset"];

/// What Sigma would answer. Scopes are complete unless `outcomes` says otherwise.
#[derive(Debug, Clone, Default)]
pub(crate) struct Org {
    pub(crate) organizations: Vec<Organization>,
    pub(crate) members: Vec<Member>,
    pub(crate) teams: Vec<Team>,
    pub(crate) team_members: Vec<TeamMember>,
    pub(crate) account_types: Vec<AccountType>,
    pub(crate) workspaces: Vec<Workspace>,
    pub(crate) files: Vec<File>,
    pub(crate) connections: Vec<Connection>,
    pub(crate) documents: Vec<Document>,
    pub(crate) grants: Vec<ObjectGrant>,
    pub(crate) governance: Governance,
    /// What lies inside documents, by their id.
    pub(crate) inside: BTreeMap<String, Inside>,
    /// How scopes end that are not complete: by name and parent, the parent of page scopes being `<document>/<page>`.
    pub(crate) outcomes: BTreeMap<(&'static str, String), Outcome>,
}

/// What lies inside a document.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inside {
    pub(crate) pages: Vec<Page>,
    pub(crate) elements: Vec<Element>,
    pub(crate) columns: Vec<ElementColumn>,
    pub(crate) queries: Vec<ElementQuery>,
    pub(crate) nodes: Vec<LineageNode>,
    pub(crate) edges: Vec<LineageEdge>,
    pub(crate) column_edges: Vec<ColumnEdge>,
    pub(crate) sql_tables: Vec<CustomSqlTable>,
}

pub(crate) fn report(scope: &'static str, parent: &str, outcome: Outcome) -> ScopeReport {
    ScopeReport {
        scope,
        parent: parent.to_owned(),
        outcome,
        pages: 1,
        rows: 0,
        http_calls: 1,
        retries: 0,
        code: None,
        message: None,
    }
}

pub(crate) fn listed(scope: &'static str, parent: &str, outcome: Outcome) -> Delivery {
    Delivery::Scope(report(scope, parent, outcome))
}

pub(crate) fn rows<R: Record>(records: impl IntoIterator<Item = R>) -> Delivery {
    let mut rows = Rows::default();
    records.into_iter().for_each(|record| rows.push(record));
    Delivery::Rows(rows)
}

impl Org {
    /// One of everything, and three of what the guards count.
    pub(crate) fn small() -> Self {
        let workspaces = vec![workspace("ws")];
        let files = vec![
            file("ws", "workspace", None),
            file("f1", "folder", Some("ws")),
            file("wb1", "workbook", Some("f1")),
            file("wb2", "workbook", Some("f1")),
            file("dm1", "data-model", Some("f1")),
            file("ds1", "dataset", Some("ws")),
        ];
        let mut org = Self {
            organizations: vec![Organization { id: "org".into(), slug: Some("acme".into()), url: None }],
            members: vec![member("m1"), member("m2"), member("m3")],
            teams: vec![team("t1"), team("t2")],
            team_members: vec![team_member("t1", "m1"), team_member("t1", "m2"), team_member("t2", "m2")],
            account_types: vec![account_type("viewer")],
            workspaces,
            files,
            connections: vec![connection("c1")],
            documents: vec![
                document("wb1", "workbook"),
                document("wb2", "workbook"),
                document("dm1", "data-model"),
                document("ds1", "dataset"),
            ],
            grants: vec![
                grant("g1", "ws", "", "t1"),
                grant("g2", "wb1", "m1", ""),
                grant("g3", "wb2", "", "t2"),
                grant("g4", "f1", "m2", ""),
            ],
            governance: Governance::small(),
            ..Self::default()
        };
        for workbook in ["wb1", "wb2"] {
            let inside = Inside::default()
                .page("p1", &["e1", "e2"])
                .page("p2", &["e3"])
                .reads(workbook, "e1", "table", "tbl");
            org.inside.insert(workbook.to_owned(), inside);
        }
        org.inside.insert("dm1".to_owned(), Inside::default().elements(None, &["e1"]));
        org
    }

    /// Lets a scope end otherwise than complete.
    pub(crate) fn ends(mut self, scope: &'static str, parent: &str, outcome: Outcome) -> Self {
        self.outcomes.insert((scope, parent.to_owned()), outcome);
        self
    }

    pub(crate) fn inside(&mut self, document: &str) -> &mut Inside {
        self.inside.entry(document.to_owned()).or_default()
    }

    /// Takes a document with its file away, not what is granted on it.
    pub(crate) fn without_document(mut self, id: &str) -> Self {
        self.documents.retain(|document| document.id != id);
        self.files.retain(|file| file.id != id);
        self.inside.remove(id);
        self
    }

    fn outcome(&self, scope: &'static str, parent: &str) -> Outcome {
        self.outcomes.get(&(scope, parent.to_owned())).copied().unwrap_or(Outcome::Complete)
    }

    /// The end of a scope, as `outcomes` has it.
    pub(crate) fn ended(&self, scope: &'static str, parent: &str) -> Delivery {
        listed(scope, parent, self.outcome(scope, parent))
    }

    /// What a crawl delivers. Objects are asked for their grants; principals are not.
    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        let mut all = vec![
            rows(self.organizations.clone()),
            rows(self.members.clone()),
            rows(self.teams.clone()),
            rows(self.team_members.clone()),
            rows(self.account_types.clone()),
            rows(self.workspaces.clone()),
            rows(self.files.clone()),
            rows(self.connections.clone()),
            rows(self.documents.clone()),
            rows(self.grants.clone()),
        ];
        let whole = [
            scope::ORGANIZATION,
            scope::MEMBERS,
            scope::TEAMS,
            scope::ACCOUNT_TYPES,
            scope::WORKSPACES,
            scope::CONNECTIONS,
        ];
        let mut scopes: Vec<(&'static str, String)> =
            whole.into_iter().map(|name| (name, String::new())).collect();
        scopes.extend(KINDS.map(|kind| (scope::DOCUMENTS, kind.to_owned())));
        scopes.extend(FILE_TYPES.map(|kind| (scope::FILES, kind.to_owned())));
        scopes.extend(self.teams.iter().map(|team| (scope::TEAM_MEMBERS, team.id.clone())));
        let folders = self.files.iter().filter(|file| file.r#type == "folder").map(|file| &file.id);
        let objects = self.workspaces.iter().map(|workspace| &workspace.id).chain(folders);
        let objects = objects.chain(self.documents.iter().map(|document| &document.id));
        scopes.extend(objects.map(|id| (scope::OBJECT_GRANTS, id.clone())));
        for (name, parent) in scopes {
            all.push(listed(name, &parent, self.outcome(name, &parent)));
        }
        for document in self.documents.iter().filter(|document| document.kind != "dataset") {
            all.push(Delivery::Bundle(self.bundle(document)));
        }
        all.extend(self.governance.deliveries(self));
        all
    }

    fn bundle(&self, document: &Document) -> Bundle {
        let inside = self.inside.get(&document.id).cloned().unwrap_or_default();
        let mut names = vec![scope::COLUMNS, scope::LINEAGE, scope::COLUMN_LINEAGE];
        if document.kind == "data-model" {
            names.push(scope::ELEMENTS);
        } else {
            names.extend([scope::PAGES, scope::QUERIES]);
            names.extend(attached::SCOPES);
        }
        let mut scopes: Vec<ScopeReport> =
            names.into_iter().map(|name| report(name, "", self.outcome(name, &document.id))).collect();
        for page in &inside.pages {
            let outcome = self.outcome(scope::PAGE_ELEMENTS, &format!("{}/{}", document.id, page.page_id));
            scopes.push(report(scope::PAGE_ELEMENTS, &page.page_id, outcome));
        }
        Bundle { document_id: document.id.clone(), rows: inside.rows(), scopes }
    }
}

impl Inside {
    /// A page with elements, each with a column and SQL.
    pub(crate) fn page(mut self, page: &str, elements: &[&str]) -> Self {
        self.pages.push(Page { page_id: page.into(), name: Some(page.to_uppercase()), hidden: Some(false) });
        self.elements(Some(page), elements)
    }

    pub(crate) fn elements(mut self, page: Option<&str>, elements: &[&str]) -> Self {
        for id in elements {
            self.elements.push(element(id, page));
            self.columns.push(column(id, "c1"));
            self.queries.push(ElementQuery {
                element_id: (*id).to_owned(),
                sql: Some(format!("select * from {id}")),
                error: None,
            });
        }
        self
    }

    /// A source of an element: a table, or an element of the same document.
    pub(crate) fn reads(mut self, document: &str, target: &str, source_type: &str, source: &str) -> Self {
        if source_type != "element" {
            self.nodes.push(LineageNode {
                r#type: source_type.into(),
                id: source.into(),
                name: Some(source.to_uppercase()),
                connection_id: Some("c1".into()),
                definition: None,
            });
        }
        self.edges.push(LineageEdge {
            source_type: source_type.into(),
            source_document_id: if source_type == "element" { document.into() } else { String::new() },
            source_id: source.into(),
            target_id: target.into(),
            kind: "source".into(),
            evidence: "lineage".into(),
        });
        self.column_edges.push(ColumnEdge {
            target_element_id: target.into(),
            target_column_id: "c1".into(),
            source_type: source_type.into(),
            source_document_id: String::new(),
            source_id: source.into(),
            source_column: "C".into(),
            source_name: Some(source.to_uppercase()),
            source_column_id: None,
            evidence: "formula".into(),
            inferred: false,
        });
        self
    }

    /// Custom SQL on that connection that names these tables; the element `target` reads it.
    pub(crate) fn sql(mut self, document: &str, target: &str, id: &str, on: &str, paths: &[&str]) -> Self {
        self.nodes.push(LineageNode {
            r#type: "customSQL".into(),
            id: id.into(),
            name: Some(id.into()),
            connection_id: Some(on.into()),
            definition: Some(format!("select * from {}", paths.join(", "))),
        });
        self.edges.push(LineageEdge {
            source_type: "customSQL".into(),
            source_document_id: document.into(),
            source_id: id.into(),
            target_id: target.into(),
            kind: "source".into(),
            evidence: "lineage".into(),
        });
        self.sql_tables.extend(paths.iter().map(|path| CustomSqlTable {
            custom_sql_id: id.into(),
            path: (*path).into(),
            connection_id: Some(on.into()),
        }));
        self
    }

    pub(crate) fn rows(self) -> Rows {
        let mut rows = Rows::default();
        if !self.pages.is_empty() {
            attached::push_all(&mut rows);
        }
        self.pages.into_iter().for_each(|record| rows.push(record));
        self.elements.into_iter().for_each(|record| rows.push(record));
        self.columns.into_iter().for_each(|record| rows.push(record));
        self.queries.into_iter().for_each(|record| rows.push(record));
        self.nodes.into_iter().for_each(|record| rows.push(record));
        self.edges.into_iter().for_each(|record| rows.push(record));
        self.column_edges.into_iter().for_each(|record| rows.push(record));
        self.sql_tables.into_iter().for_each(|record| rows.push(record));
        rows
    }
}

pub(crate) fn member(id: &str) -> Member {
    Member {
        id: id.into(),
        email: Some(format!("{id}@example.com")),
        first_name: Some("First".into()),
        last_name: Some(id.to_uppercase()),
        member_type: Some("viewer".into()),
        user_kind: Some("internal".into()),
        is_archived: Some(false),
        is_inactive: Some(false),
        home_folder_id: None,
        created_at: None,
        updated_at: None,
    }
}

pub(crate) fn team(id: &str) -> Team {
    Team {
        id: id.into(),
        name: Some(id.to_uppercase()),
        description: None,
        visibility: Some("private".into()),
        is_archived: Some(false),
        created_by: None,
        created_at: None,
        updated_at: None,
    }
}

pub(crate) fn team_member(team: &str, member: &str) -> TeamMember {
    TeamMember { team_id: team.into(), member_id: member.into(), is_team_admin: Some(false), added_by: None }
}

pub(crate) fn account_type(id: &str) -> AccountType {
    AccountType { id: id.into(), name: Some(id.into()), description: None, is_custom: Some(false) }
}

pub(crate) fn workspace(id: &str) -> Workspace {
    Workspace {
        id: id.into(),
        url_id: Some(format!("u-{id}")),
        name: Some(id.to_uppercase()),
        created_by: Some("m1".into()),
        updated_by: None,
        created_at: None,
        updated_at: None,
    }
}

pub(crate) fn file(id: &str, kind: &str, parent: Option<&str>) -> File {
    File {
        id: id.into(),
        r#type: kind.into(),
        url_id: Some(format!("u-{id}")),
        name: Some(id.to_uppercase()),
        parent_id: parent.map(str::to_owned),
        path: None,
        permission: None,
        badge: None,
        description: None,
        owner_id: Some("m1".into()),
        is_archived: Some(false),
        created_by: None,
        updated_by: None,
        created_at: None,
        updated_at: None,
    }
}

pub(crate) fn connection(id: &str) -> Connection {
    Connection {
        id: id.into(),
        name: Some(id.to_uppercase()),
        r#type: Some("snowflake".into()),
        account: None,
        warehouse: None,
        role: None,
        is_sample: Some(false),
        is_audit_log: Some(false),
        use_oauth: Some(false),
        write_access: Some(false),
        is_archived: Some(false),
        created_by: None,
        created_at: None,
        updated_at: None,
    }
}

pub(crate) fn document(id: &str, kind: &str) -> Document {
    Document {
        id: id.into(),
        kind: kind.into(),
        url_id: Some(format!("u-{id}")),
        name: Some(id.to_uppercase()),
        url: Some(format!("https://app.example.com/acme/{kind}/u-{id}")),
        path: None,
        description: None,
        owner_id: Some("m1".into()),
        latest_version: Some(1),
        is_archived: Some(false),
        migration_status: None,
        migrated_to: None,
        created_by: None,
        updated_by: None,
        created_at: None,
        updated_at: None,
    }
}

/// A grant to a member or else to a team; the other is empty.
pub(crate) fn grant(id: &str, object: &str, member: &str, team: &str) -> ObjectGrant {
    ObjectGrant {
        id: id.into(),
        object_id: object.into(),
        member_id: member.into(),
        team_id: team.into(),
        permission: Some("view".into()),
        created_by: None,
        created_at: None,
        updated_at: None,
    }
}

pub(crate) fn element(id: &str, page: Option<&str>) -> Element {
    Element {
        element_id: id.into(),
        page_id: page.map(str::to_owned),
        name: Some(id.to_uppercase()),
        r#type: Some("table".into()),
        visualization_type: None,
        error: None,
    }
}

pub(crate) fn column(element: &str, id: &str) -> ElementColumn {
    ElementColumn {
        element_id: element.into(),
        column_id: id.into(),
        name: Some(id.to_uppercase()),
        formula: Some(format!("[{element}/{id}]")),
        data_type: Some("text".into()),
        source_id: None,
        source_column: None,
    }
}
