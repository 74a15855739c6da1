//! Listings of the whole organisation: people, containers, documents, connections, grants.

use std::collections::{BTreeMap, HashMap};

use super::carry;
use super::effect::{Effect, Taken};
use super::error::CrawlError;
use super::filter::is_personal_path;
use super::graph::{self, ORGANISATION, Step};
use super::queue::{DocumentTask, Enqueue, Found, GrantsOf, Task};
use super::rows::{self, DocumentRow};
use super::worker::{Crawler, ends_the_run, settled, turned_off};
use crate::catalog::delivery::{Delivery, Outcome, ScopeReport, Seen, scope};
use crate::catalog::governance::TaggedVersion;
use crate::catalog::organisation::{Document, File, Member, Workspace};
use crate::config::{CrawlSettings, Grants};
use crate::sigma::{Call, Endpoint, ErrorKind, SigmaClient, model};

impl Crawler {
    /// Does one task that is not a document.
    pub(super) async fn list(&self, task: Task, enqueue: &Enqueue) -> Result<(), CrawlError> {
        match task {
            Task::Workspaces => {
                let step = self.step(scope::WORKSPACES, ORGANISATION)?;
                self.page_through(step, "", vec![step.endpoint.call()], |row: model::Workspace, out| {
                    self.take_workspace(rows::workspace(row), enqueue, out);
                })
                .await
            }
            Task::Files { r#type } => {
                let step = self.step(scope::FILES, ORGANISATION)?;
                self.page_through(step, r#type, vec![files_of(step, r#type)], |row: model::File, out| {
                    if is_home(r#type, &row) {
                        self.set_off(Effect::Home(row.id.clone()), enqueue, out);
                    }
                    let file = rows::file(r#type, row);
                    let personal = self.left_out.is_home(&file.id) || is_personal_path(file.path.as_deref());
                    if personal && !self.settings.personal {
                        self.set_off(Effect::Personal { id: file.id, kind: file.r#type }, enqueue, out);
                    } else {
                        self.take_file(file, enqueue, out);
                    }
                })
                .await
            }
            Task::Documents { kind } => self.documents(kind, enqueue).await,
            Task::Members => {
                let listed = self.members.lock().ok().and_then(|mut members| members.take());
                let Some((members, report)) = listed else { return Ok(()) };
                let mut taken = Taken::default();
                for member in members {
                    enqueue.found(Found::Member(member.id.clone()));
                    taken.push(member);
                }
                self.deliver_page(scope::MEMBERS, "", taken).await?;
                self.deliver_scope(report).await
            }
            Task::Teams => {
                let step = self.step(scope::TEAMS, ORGANISATION)?;
                self.page_through(step, "", vec![step.endpoint.call()], |row: model::Team, out| {
                    self.set_off(Effect::Team(row.team_id.clone()), enqueue, out);
                    out.push(rows::team(row));
                })
                .await
            }
            Task::TeamMembers { team_id } => {
                if let Some(report) = self.permissions.carried(scope::TEAM_MEMBERS, &team_id) {
                    return self.deliver_scope(report).await;
                }
                let step = self.step(scope::TEAM_MEMBERS, "team")?;
                let call = step.endpoint.call().path(step.id, &team_id);
                self.page_through(step, &team_id, vec![call], |row: model::TeamMember, out| {
                    out.push(rows::team_member(&team_id, row));
                })
                .await
            }
            Task::AccountTypes => {
                let step = self.step(scope::ACCOUNT_TYPES, ORGANISATION)?;
                self.page_through(step, "", vec![step.endpoint.call()], |row: model::AccountType, out| {
                    self.set_off(ask("account-type", &row.account_type_id), enqueue, out);
                    out.push(rows::account_type(row));
                })
                .await
            }
            Task::Connections => self.warehouses(enqueue).await.map(|_| ()),
            Task::Grants(of) => self.grants(of).await,
            Task::Listing { step } => self.listing(step, enqueue).await,
            Task::Of { step, id } => self.of_object(step, &id, enqueue).await,
            Task::Document(_) | Task::Refresh(_) | Task::Preview(_) => {
                Err(CrawlError::Internal("a document is no listing".to_owned()))
            }
        }
    }

    /// The types of connections by id, if all connections could be listed. The first who needs them lists the connections,
    /// the others wait for that: what a run finds does not depend on what came first.
    pub(super) async fn warehouses(
        &self,
        enqueue: &Enqueue,
    ) -> Result<Option<&HashMap<String, String>>, CrawlError> {
        let list = async || {
            let mut types = HashMap::new();
            let step = self.step(scope::CONNECTIONS, ORGANISATION)?;
            // Of one user's view they are known only when everything else is.
            if self.login.is_none()
                && let Some(effects) = self.take_over_scope(step.scope, "", enqueue).await?
            {
                self.carry.note_end("connection", true);
                self.adopt(step.scope, String::new(), 0).await?;
                let types = effects.into_iter().filter_map(|effect| match effect {
                    Effect::ConnectionType { id, r#type } => Some((id, r#type)),
                    _ => None,
                });
                return Ok(Some(types.collect()));
            }
            let call = step.endpoint.call().query("includeArchived", "true");
            let mut held_back = Vec::new();
            let take = |row: model::Connection, out: &mut Taken| {
                self.set_off(ask("connection", &row.connection_id), enqueue, out);
                if let Some(word) = &row.r#type {
                    let (id, r#type) = (row.connection_id.clone(), word.clone());
                    types.insert(id.clone(), r#type.clone());
                    self.set_off(Effect::ConnectionType { id, r#type }, enqueue, out);
                }
                let connection = rows::connection(row);
                self.set_off(carry::state_of_connection(&connection), enqueue, out);
                match self.login {
                    Some(_) => held_back.push(connection),
                    None => out.push(connection),
                }
            };
            let Some(report) = self.read_scope(step, "", vec![call], take).await? else { return Ok(None) };
            let is_whole = report.outcome.is_complete();
            self.carry.note_end("connection", is_whole);
            match self.login {
                None => self.deliver_scope(report).await?,
                // Which of them are in sight is known when all documents are read.
                Some(_) => drop(self.held_back.set((held_back, report))),
            }
            Ok(is_whole.then_some(types))
        };
        let types: Result<&Option<_>, CrawlError> = self.warehouses.get_or_try_init(list).await;
        Ok(types?.as_ref())
    }

    pub(super) fn needs_admin(&self, step: &Step) -> ScopeReport {
        ScopeReport::without_rows(
            step.scope,
            "",
            Outcome::Skipped,
            "token.not_admin",
            format!("{} need the credentials of a Sigma administrator", step.feature),
        )
    }

    async fn documents(&self, kind: &'static str, enqueue: &Enqueue) -> Result<(), CrawlError> {
        let step = self.step(scope::DOCUMENTS, kind)?;
        match kind {
            "workbook" => self.documents_of::<model::Workbook>(kind, step, enqueue).await,
            "report" => self.documents_of::<model::Report>(kind, step, enqueue).await,
            "data-model" => self.documents_of::<model::DataModel>(kind, step, enqueue).await,
            _ => self.documents_of::<model::Dataset>(kind, step, enqueue).await,
        }
    }

    async fn documents_of<T: DocumentRow>(
        &self,
        kind: &'static str,
        step: &'static Step,
        enqueue: &Enqueue,
    ) -> Result<(), CrawlError> {
        let calls = document_listings(kind, step, &self.settings, self.token.is_admin());
        let mut tagged = 0;
        let each = |row: T, out: &mut Taken| {
            let versions = row.tagged_versions();
            let document = row.into_document();
            if let Some(state) = carry::state_of_document(&document) {
                self.set_off(state, enqueue, out);
            }
            if !self.may_hold(&document.id) {
                return;
            }
            // Nothing but its path is known of its place yet.
            if !self.settings.personal && is_personal_path(document.path.as_deref()) {
                self.set_off(Effect::Personal { id: document.id, kind: kind.to_owned() }, enqueue, out);
                return;
            }
            tagged += versions.len() as u64;
            self.take_document(kind, document, versions, enqueue, out);
        };
        let Some(report) = self.read_scope(step, kind, calls, each).await? else { return Ok(()) };
        self.end_documents(kind, report, tagged).await
    }

    /// Delivers how a listing of documents ended, and the tagged versions that came with it.
    pub(super) async fn end_documents(
        &self,
        kind: &str,
        report: ScopeReport,
        tagged: u64,
    ) -> Result<(), CrawlError> {
        self.carry.note_end(kind, report.outcome.is_complete());
        self.deliver_scope(report.clone()).await?;
        if kind == "dataset" {
            return Ok(());
        }
        let tags = self.step(scope::VERSION_TAGS, ORGANISATION)?;
        self.deliver_scope(if tags.is_on(&self.settings) {
            ScopeReport { scope: scope::TAGGED_VERSIONS, rows: tagged, http_calls: 0, retries: 0, ..report }
        } else {
            turned_off(tags, scope::TAGGED_VERSIONS, kind)
        })
        .await
    }

    /// Has the contents of a document read, or kept as they are where it did not change.
    pub(super) fn document_listed(&self, task: DocumentTask, enqueue: &Enqueue) {
        // What an interrupted run has read is newer than what the catalog holds.
        let task = match self.resumed.has_read(&task) {
            true => Some(task),
            false => self.carry.hold(task, |earlier, task| self.has_images(earlier, task)),
        };
        if let Some(task) = task {
            enqueue.add(Task::Document(task));
        }
    }

    /// Takes a document into the catalog, and has its contents read.
    pub(super) fn take_document(
        &self,
        kind: &'static str,
        document: Document,
        versions: Vec<TaggedVersion>,
        enqueue: &Enqueue,
        out: &mut Taken,
    ) {
        if let Some(url) = document.url.as_deref().filter(|url| self.note_document_url(Some(url))) {
            out.follow_ups.push(Effect::Address(url.to_owned()).follow_up());
        }
        self.set_off(Effect::Object(document.id.clone()), enqueue, out);
        let effect = Effect::Document {
            kind: kind.to_owned(),
            id: document.id.clone(),
            archived: document.is_archived == Some(true),
            seen: Seen {
                version: document.latest_version,
                updated_at: document.updated_at.clone(),
                place: document.path.clone(),
                tags: carry::tags(&versions),
            },
        };
        self.set_off(effect, enqueue, out);
        versions.into_iter().for_each(|version| out.push(version));
        out.push(document);
    }

    /// Takes a workspace into the catalog, and has its grants asked for.
    pub(super) fn take_workspace(&self, workspace: Workspace, enqueue: &Enqueue, out: &mut Taken) {
        self.set_off(Effect::Workspace(workspace.id.clone()), enqueue, out);
        out.push(workspace);
    }

    /// Takes a file into the catalog; documents are found by listings of their own.
    pub(super) fn take_file(&self, file: File, enqueue: &Enqueue, out: &mut Taken) {
        if file.r#type == "folder" {
            self.set_off(Effect::Object(file.id.clone()), enqueue, out);
        }
        out.push(file);
    }

    async fn grants(&self, of: GrantsOf) -> Result<(), CrawlError> {
        let (scope, kind, id, parameter) = match &of {
            GrantsOf::Workspace(id) => (scope::OBJECT_GRANTS, "workspace", id, None),
            GrantsOf::Object(id) => (scope::OBJECT_GRANTS, "object", id, Some("inodeId")),
            GrantsOf::Member(id) => (scope::MEMBER_GRANTS, "member", id, Some("userId")),
            GrantsOf::Team(id) => (scope::TEAM_GRANTS, "team", id, Some("teamId")),
        };
        if let Some(report) = self.permissions.carried(scope, id) {
            return self.deliver_scope(report).await;
        }
        let step = self.step(scope, kind)?;
        let call = match parameter {
            None => step.endpoint.call().path(step.id, id),
            // Inherited rows come by default and nothing tells them apart.
            Some(parameter) => step.endpoint.call().query(parameter, id).query("directGrantsOnly", "true"),
        };
        let object = (scope == scope::OBJECT_GRANTS).then_some(id.as_str());
        let mut nowhere = 0_u64;
        let each = |row: model::Grant, out: &mut Taken| match rows::grant(object, row) {
            Some(grant) if !self.left_out.holds(&grant.object_id) => out.push(grant),
            Some(_) => {}
            None => nowhere += 1,
        };
        let Some(mut report) = self.read_scope(step, id, vec![call], each).await? else { return Ok(()) };
        if nowhere > 0 && report.outcome.is_complete() {
            report.outcome = Outcome::Incomplete;
            report.code = Some("grant.no_object".to_owned());
            report.message = Some(format!("{nowhere} of the grants do not say on which object they are"));
        }
        self.deliver_scope(report).await
    }
}

/// An object was found of which more is asked.
pub(super) fn ask(kind: &str, id: &str) -> Effect {
    Effect::Ask { kind: kind.to_owned(), id: id.to_owned() }
}

/// A folder that contains itself is a member's own; of workspaces `/files` says the same.
pub(super) fn is_home(asked: &str, row: &model::File) -> bool {
    asked == "folder" && row.parent_id.as_deref() == Some(&row.id)
}

/// How the files of a type are listed.
pub(super) fn files_of(step: &Step, r#type: &str) -> Call {
    step.endpoint.call().query("typeFilters", r#type)
}

/// How the documents of a kind are listed: everything for an administrator, else what the token's owner sees.
pub(super) fn document_listings(kind: &str, step: &Step, settings: &CrawlSettings, admin: bool) -> Vec<Call> {
    let mut call = step.endpoint.call();
    if kind != "dataset" && !settings.tags {
        // Sigma recommends it: the listing is faster without.
        call = call.query("excludeTags", "true");
    }
    if admin {
        call = call.query("skipPermissionCheck", "true");
        if kind == "workbook" && !settings.explorations {
            call = call.query("excludeExplorations", "true");
        }
    }
    let mut calls = vec![call.clone()];
    if settings.archived && matches!(kind, "workbook" | "report") {
        calls.push(call.query("isArchived", "true"));
    }
    calls
}

/// Everything and everybody that listings found.
#[derive(Debug, Default)]
pub(super) struct Finds {
    pub objects: Vec<String>,
    pub members: Vec<String>,
    pub teams: Vec<String>,
}

impl Finds {
    pub fn add(&mut self, found: Found) {
        match found {
            Found::Object(id) => self.objects.push(id),
            Found::Member(id) => self.members.push(id),
            Found::Team(id) => self.teams.push(id),
        }
    }

    /// How many there are.
    pub fn counted(&self) -> Counted {
        let Self { objects, members, teams } = self;
        Counted { objects: objects.len(), members: members.len(), teams: teams.len() }
    }

    /// Whose grants to ask for.
    pub fn grants(self, by_principal: bool) -> Vec<GrantsOf> {
        if by_principal {
            let members = self.members.into_iter().map(GrantsOf::Member);
            members.chain(self.teams.into_iter().map(GrantsOf::Team)).collect()
        } else {
            self.objects.into_iter().map(GrantsOf::Object).collect()
        }
    }
}

/// How many there are of what grants can be asked of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    pub objects: usize,
    pub members: usize,
    pub teams: usize,
}

impl Counted {
    /// From the sizes of a catalog: objects are documents and folders.
    pub fn of_sizes(sizes: &BTreeMap<String, u64>) -> Self {
        let count =
            |what: &str| sizes.get(what).map_or(0, |count| usize::try_from(*count).unwrap_or(usize::MAX));
        let documents: usize = graph::DOCUMENT_KINDS.iter().map(|kind| count(kind)).sum();
        Self { objects: documents + count("file:folder"), members: count("member"), teams: count("team") }
    }

    /// Whether asking principals takes fewer requests than asking objects, or is what the setting says. What was asked
    /// by principal `before` stays so: principals also name grants on objects that no listing shows, and asking by object
    /// could never tell that one of those is gone.
    pub fn prefer_principals(&self, setting: Grants, is_admin: bool, before: bool) -> bool {
        match setting {
            Grants::Object => false,
            Grants::Principal => true,
            // What others were granted is an administrator's to ask.
            Grants::Auto => is_admin && (before || self.members + self.teams < self.objects),
        }
    }
}

impl Crawler {
    /// Whose grants to ask for, once all listings are over: those of objects or those of principals, whichever are fewer.
    /// That Sigma lets an administrator ask for others' grants is not established, so one question goes ahead.
    pub(super) async fn choose_grants(&self, finds: Finds) -> Result<Vec<GrantsOf>, CrawlError> {
        if self.login.is_some() {
            return Ok(Vec::new());
        }
        if let Some(by_principal) = self.take_over_choice().await? {
            return Ok(finds.grants(by_principal));
        }
        let mut by_principal = finds.counted().prefer_principals(
            self.settings.grants,
            self.token.is_admin(),
            self.grants_by_principal_before,
        );
        if self.permissions.are_carried() {
            // As they were asked before. What came since is in no answer of then, and asked itself.
            let by_principal = self.grants_by_principal_before;
            let came = |id: &&String| by_principal && self.permissions.miss(id);
            let came: Vec<GrantsOf> =
                finds.objects.iter().filter(came).cloned().map(GrantsOf::Object).collect();
            return Ok(finds.grants(by_principal).into_iter().chain(came).collect());
        }
        // Somebody else, for one's own grants may be asked by anybody.
        let other = finds.members.iter().find(|member| **member != self.token.member_id);
        if let (true, Grants::Auto, Some(member)) = (by_principal, self.settings.grants, other) {
            let call = Endpoint::Grants.call().query("userId", member).query("directGrantsOnly", "true");
            let answer = self.client.list::<model::Grant>(call).next_page().await;
            let refused =
                [ErrorKind::Forbidden, ErrorKind::Rejected, ErrorKind::NotFound, ErrorKind::NotApplicable];
            by_principal = match answer {
                Err(error) if ends_the_run(&error) => {
                    return Err(CrawlError::sigma("asking for a member's grants", error));
                }
                Err(error) => !refused.contains(&error.kind()),
                Ok(_) => true,
            };
        }
        let follow_ups = vec![Effect::GrantsByPrincipal(by_principal).follow_up()];
        self.deliver(Delivery::Learnt { scope: scope::GRANTS_BY, parent: String::new(), follow_ups }).await?;
        Ok(finds.grants(by_principal))
    }
}

/// All members, deactivated ones included, and how their listing ended.
///
/// # Errors
/// If the listing fails: there is no catalog without it.
pub(super) async fn list_members(client: &SigmaClient) -> Result<(Vec<Member>, ScopeReport), CrawlError> {
    let call = Endpoint::Members.call().query("includeArchived", "true").query("includeInactive", "true");
    let listed = client.list::<model::Member>(call).collect().await;
    let (members, report) = listed.map_err(|error| CrawlError::sigma("listing members", error))?;
    Ok((members.into_iter().map(rows::member).collect(), settled(scope::MEMBERS, "", &report)))
}

/// The kinds of document that are crawled.
pub(super) fn kinds_on(settings: &CrawlSettings) -> impl Iterator<Item = &'static str> {
    let is_on = |kind: &&str| graph::find(scope::DOCUMENTS, kind).is_some_and(|step| step.is_on(settings));
    graph::DOCUMENT_KINDS.iter().copied().filter(is_on)
}

/// Whether files of a type are wanted: those of documents with their kind, containers always.
pub(super) fn is_file_type_on(settings: &CrawlSettings, of: &str) -> bool {
    graph::find(scope::DOCUMENTS, of).is_none_or(|step| step.is_on(settings))
}

/// The types of file that are listed.
pub(super) fn file_types_on(settings: &CrawlSettings) -> impl Iterator<Item = &'static str> {
    graph::FILE_TYPES.iter().copied().filter(|of| is_file_type_on(settings, of))
}

/// The tasks a crawl starts with: what documents are built on first, for no document is read before that is listed; then
/// long chains. With filters a census has gone before. What says where things lie and
/// who may use them is left out where one user's view is crawled: that view was read before, and nobody's permissions are
/// mirrored.
pub(super) fn first_tasks(settings: &CrawlSettings, one_view: bool, enqueue: &Enqueue) {
    let no_census = settings.filters.is_empty() || one_view;
    if no_census {
        for kind in kinds_on(settings) {
            enqueue.add_listing(Task::Documents { kind });
        }
        enqueue.add_listing(Task::Members);
    }
    enqueue.add(Task::Connections);
    if one_view {
        return;
    }
    enqueue.add_listing(Task::Teams);
    if no_census {
        for r#type in file_types_on(settings) {
            enqueue.add_listing(Task::Files { r#type });
        }
        enqueue.add(Task::Workspaces);
    }
    enqueue.add(Task::AccountTypes);
    // User attributes come when it is known whether there are tenants to have values of them.
    let before_attributes = if settings.tenants { scope::TENANTS } else { scope::USER_ATTRIBUTES };
    for scope in [before_attributes, scope::VERSION_TAGS] {
        if let Some(step) = graph::find(scope, ORGANISATION).filter(|step| step.is_on(settings)) {
            enqueue.add(Task::Listing { step });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(count: usize) -> Vec<String> {
        (0..count).map(|n| n.to_string()).collect()
    }

    #[test]
    fn grants_are_asked_the_cheaper_way_unless_told_otherwise() {
        let asked_after = |before, setting, admin, objects, members, teams| {
            let finds = Finds { objects: ids(objects), members: ids(members), teams: ids(teams) };
            let by_principal = finds.counted().prefer_principals(setting, admin, before);
            finds.grants(by_principal).len()
        };
        let asked = |setting, admin, objects, members, teams| {
            asked_after(false, setting, admin, objects, members, teams)
        };
        assert_eq!(asked(Grants::Auto, true, 200, 20, 5), 25);
        assert_eq!(asked_after(true, Grants::Auto, true, 20, 200, 5), 205);
        assert_eq!(asked_after(true, Grants::Object, true, 20, 200, 5), 20);
        assert_eq!(asked(Grants::Auto, true, 20, 200, 5), 20);
        assert_eq!(asked(Grants::Auto, false, 200, 20, 5), 200);
        assert_eq!(asked(Grants::Object, true, 200, 20, 5), 200);
        assert_eq!(asked(Grants::Principal, true, 20, 200, 5), 205);
    }
}
