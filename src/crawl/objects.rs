//! What is asked of single objects of the organisation: an account type, a user attribute, a connection, a dataset, a
//! warehouse table. They are found in listings and in documents, and each is asked about once.

use std::sync::atomic::Ordering;

use super::carry::{carried, is_read_to_its_end};
use super::effect::{Effect, Taken};
use super::error::CrawlError;
use super::graph::{self, ORGANISATION, Step};
use super::object_rows as rows;
use super::organisation::ask;
use super::queue::{DocumentTask, Enqueue, Task};
use super::worker::{Crawler, combined, ends_the_run, failed, is_told_of_no_more, settled, turned_off};
use crate::catalog::delivery::{Carried, Delivery, Outcome, Rows, ScopeReport, scope};
use crate::catalog::document::LineageNode;
use crate::catalog::record::{Record, Table, Value};
use crate::catalog::warehouse::{WarehouseColumn, WarehouseTable};
use crate::sigma::model::{self, Row};
use crate::sigma::{Endpoint, ListingReport};
use crate::store::Earlier;

/// Carried documents to hand over together: each delivery may be a commit of its own.
const BATCH: usize = 1000;

impl Crawler {
    /// Adds a task for each scope that the settings ask for of an object of that kind.
    pub(super) fn ask_of(&self, kind: &str, id: &str, enqueue: &Enqueue) {
        for step in graph::scopes_of(kind, &self.settings) {
            enqueue.add(Task::Of { step, id: id.to_owned() });
        }
    }

    /// The warehouse tables among the sources of a document.
    pub(super) fn tables_of(&self, rows: &Rows) -> Vec<Effect> {
        let mut tables = Vec::new();
        let table = LineageNode::TABLE;
        let (Some(kind), Some(id)) = (table.position("type"), table.position("id")) else { return tables };
        for row in rows.of(table) {
            if let (Value::Text(kind), Value::Text(id)) = (&row[kind], &row[id])
                && kind == "table"
            {
                tables.push(Effect::Table(id.clone()));
            }
        }
        tables
    }

    /// Has a warehouse table asked for what the settings want of it, unless that was done.
    pub(super) fn table_found(&self, id: &str, enqueue: &Enqueue) {
        self.ask_table(id, |_| true, enqueue);
    }

    /// Has the data permissions on a warehouse table asked for that only unchanged documents name: the rest is known.
    pub(super) fn table_kept(&self, id: &str, enqueue: &Enqueue) {
        self.ask_table(id, |step| step.scope == scope::CONNECTION_GRANTS, enqueue);
    }

    fn ask_table(&self, id: &str, wanted: impl Fn(&Step) -> bool, enqueue: &Enqueue) {
        for step in graph::scopes_of("table", &self.settings).into_iter().filter(|step| wanted(step)) {
            if self.is_new_scope(step, id) {
                enqueue.add(Task::Of { step, id: id.to_owned() });
            }
        }
    }

    /// Reads what a dataset is built on.
    pub(super) async fn dataset(
        &self,
        task: &DocumentTask,
        read_at: String,
        enqueue: &Enqueue,
    ) -> Result<(), CrawlError> {
        let step = self.step(scope::DATASET_SOURCES, "dataset")?;
        let call = step.endpoint.call().path(step.id, &task.id);
        let mut sources = Rows::default();
        let each = |row: model::WorkbookSource, out: &mut Taken| {
            let Some(source) = rows::dataset_source(&task.id, row) else { return };
            if source.source_type == "table" {
                self.set_off(Effect::Table(source.source_id.clone()), enqueue, out);
            }
            sources.push(source.clone());
            out.push(source);
        };
        let Some(report) = self.read_scope(step, &task.id, vec![call], each).await? else { return Ok(()) };
        let is_read = is_read_to_its_end(std::slice::from_ref(&report));
        self.deliver_scope(report).await?;
        if task.was_carried {
            let report = settled(scope::CONTENTS, &task.id, &ListingReport::default());
            self.deliver_scope(report).await?;
        }
        if is_read {
            self.deliver(Delivery::Read(self.carry.read(task, &sources, read_at))).await?;
        }
        Ok(())
    }

    /// Decides over the documents that did not change, once all listings are over: what is built on something that did is
    /// asked, of the others only what may change unseen.
    pub(super) async fn settle(&self, enqueue: &Enqueue) -> Result<(), CrawlError> {
        let Some(earlier) = self.carry.earlier() else { return Ok(()) };
        self.warehouses(enqueue).await?;
        for task in self.carry.settle() {
            enqueue.add(Task::Document(task));
        }
        let mut batch = Vec::new();
        let fell_short = earlier.deficient(&[scope::WAREHOUSE_TABLES, scope::WAREHOUSE_COLUMNS])?;
        for (task, tables) in self.carry.carried() {
            for table in tables {
                if fell_short.contains(&table) {
                    self.table_found(&table, enqueue);
                } else {
                    self.table_kept(&table, enqueue);
                }
            }
            let mut scopes = vec![carried(scope::CONTENTS, "")];
            for step in graph::STEPS.iter().filter(|step| step.of == task.kind && !step.fallback) {
                if !step.is_on(&self.settings) && !step.is_optional() && step.scope != scope::PREVIEWS {
                    scopes.push(turned_off(step, step.scope, ""));
                }
            }
            let document_id = task.id.clone();
            batch.push(Carried { document_id, scopes, has_contents: task.kind != "dataset" });
            if batch.len() >= BATCH {
                self.deliver(Delivery::Carried(std::mem::take(&mut batch))).await?;
            }
            let refreshed = graph::scopes_of(task.kind, &self.settings);
            if refreshed.iter().any(|step| step.changes_unseen(&self.settings)) {
                enqueue.add(Task::Refresh(task));
            }
        }
        self.deliver(Delivery::Carried(batch)).await
    }

    /// That a warehouse table is not what it was, if it is not: the documents that read it are to be asked again.
    fn woken(&self, table: &'static Table, column: &str, id: &str, rows: &Rows) -> Option<Effect> {
        let now = rows.of(table).iter().cloned().collect();
        // What cannot be looked up is taken for changed.
        let same = |earlier: &Earlier| earlier.rows_of(table, column, id).is_ok_and(|before| before == now);
        (!same(self.carry.earlier()?)).then(|| Effect::Woke(id.to_owned()))
    }

    /// A listing of the organisation that asks nothing but its step.
    pub(super) async fn listing(&self, step: &'static Step, enqueue: &Enqueue) -> Result<(), CrawlError> {
        if step.scope == scope::TENANTS {
            self.tenants(step, enqueue).await?;
            return self.after_listing(step, enqueue);
        }
        let calls = vec![step.endpoint.call()];
        match step.scope {
            scope::USER_ATTRIBUTES => {
                self.page_through(step, "", calls, |row: model::UserAttribute, out| {
                    self.set_off(ask("user-attribute", &row.user_attribute_id), enqueue, out);
                    out.push(rows::user_attribute(row));
                })
                .await
            }
            scope::VERSION_TAGS => {
                self.page_through(step, "", calls, |row: model::VersionTag, out| {
                    out.push(rows::version_tag(row));
                })
                .await
            }
            other => Err(CrawlError::Internal(format!("nothing reads the listing {other}"))),
        }
    }

    /// User attributes wait for tenants: whether there are any to have values of them.
    pub(super) fn after_listing(&self, step: &Step, enqueue: &Enqueue) -> Result<(), CrawlError> {
        let attributes = self.step(scope::USER_ATTRIBUTES, ORGANISATION)?;
        if step.scope == scope::TENANTS && attributes.is_on(&self.settings) {
            enqueue.add(Task::Listing { step: attributes });
        }
        Ok(())
    }

    async fn tenants(&self, step: &'static Step, enqueue: &Enqueue) -> Result<(), CrawlError> {
        if !self.token.is_admin() {
            return self.deliver_scope(self.needs_admin(step)).await;
        }
        let each = |row: model::Tenant, out: &mut Taken| out.push(rows::tenant(row));
        let Some(report) = self.read_scope(step, "", vec![step.endpoint.call()], each).await? else {
            return Ok(());
        };
        if report.outcome.is_complete() && report.rows == 0 {
            let mut none = Taken::default();
            self.set_off(Effect::NoTenants, enqueue, &mut none);
            self.deliver_page(step.scope, "", none).await?;
        }
        self.deliver_scope(report).await
    }

    /// What a step asks of one object.
    pub(super) async fn of_object(
        &self,
        step: &'static Step,
        id: &str,
        enqueue: &Enqueue,
    ) -> Result<(), CrawlError> {
        let calls = vec![step.endpoint.call().path(step.id, id)];
        match step.scope {
            scope::ACCOUNT_TYPE_PERMISSIONS => {
                self.page_through(step, id, calls, |row: model::AccountTypePermission, out| {
                    out.push(rows::account_type_permission(id, row));
                })
                .await
            }
            scope::USER_ATTRIBUTE_VALUES => self.attribute_values(id).await,
            scope::CONNECTION_GRANTS => {
                if let Some(report) = self.permissions.carried(step.scope, id) {
                    return self.deliver_scope(report).await;
                }
                self.page_through(step, id, calls, |row: model::Grant, out| {
                    out.push(rows::connection_grant(step.of, id, row));
                })
                .await
            }
            scope::WAREHOUSE_TABLES => {
                let each = |row: model::ConnectionPath, out: &mut Taken| {
                    out.push(rows::warehouse_table(id, row));
                    if let Some(woken) = self.woken(WarehouseTable::TABLE, "id", id, &out.rows) {
                        self.set_off(woken, enqueue, out);
                    }
                };
                self.one_of(step, id, each).await
            }
            scope::WAREHOUSE_COLUMNS => {
                let mut columns = Rows::default();
                let each = |row: model::TableColumn, out: &mut Taken| {
                    let column = rows::warehouse_column(id, row);
                    columns.push(column.clone());
                    out.push(column);
                };
                let Some(report) = self.read_scope(step, id, calls, each).await? else { return Ok(()) };
                let woken = self.woken(WarehouseColumn::TABLE, "table_id", id, &columns);
                if let Some(woken) = woken.filter(|_| report.outcome.is_complete()) {
                    let mut out = Taken::default();
                    self.set_off(woken, enqueue, &mut out);
                    self.deliver_page(step.scope, id, out).await?;
                }
                self.deliver_scope(report).await
            }
            other => Err(CrawlError::Internal(format!("nothing reads {other} of a {}", step.of))),
        }
    }

    /// Members, teams and tenants are asked for apart; together they are the values of an attribute. Where there are no
    /// tenants, they have none.
    async fn attribute_values(&self, id: &str) -> Result<(), CrawlError> {
        if let Some(report) = self.permissions.carried(scope::USER_ATTRIBUTE_VALUES, id) {
            return self.deliver_scope(report).await;
        }
        let without_tenants = self.without_tenants.load(Ordering::Relaxed);
        let mut total: Option<ScopeReport> = None;
        for step in graph::STEPS.iter().filter(|step| step.scope == scope::USER_ATTRIBUTE_VALUES) {
            if without_tenants && step.endpoint == Endpoint::UserAttributeTenants {
                continue;
            }
            let calls = vec![step.endpoint.call().path(step.id, id)];
            let report = match step.endpoint {
                Endpoint::UserAttributeUsers => {
                    self.read_scope(step, id, calls, |row: model::UserAttributeUser, out| {
                        out.push(rows::member_value(id, row));
                    })
                    .await?
                }
                Endpoint::UserAttributeTeams => {
                    self.read_scope(step, id, calls, |row: model::UserAttributeTeam, out| {
                        out.push(rows::team_value(id, row));
                    })
                    .await?
                }
                _ => {
                    self.read_scope(step, id, calls, |row: model::UserAttributeTenant, out| {
                        out.push(rows::tenant_value(id, row));
                    })
                    .await?
                }
            };
            total = match (total, report) {
                (Some(total), Some(report)) => Some(combined(total, report)),
                (total, report) => total.or(report),
            };
        }
        match total {
            Some(report) => self.deliver_scope(report).await,
            None => Ok(()),
        }
    }

    /// Reads a scope that is a single object.
    async fn one_of<T: Row>(
        &self,
        step: &Step,
        id: &str,
        each: impl FnOnce(T, &mut Taken),
    ) -> Result<(), CrawlError> {
        let asked = ListingReport { http_calls: 1, ..ListingReport::default() };
        let report = match self.client.one::<T>(&step.endpoint.call().path(step.id, id)).await {
            Ok(row) => {
                let mut taken = Taken::default();
                each(row, &mut taken);
                self.deliver_page(step.scope, id, taken).await?;
                settled(step.scope, id, &ListingReport { pages: 1, rows: 1, ..asked })
            }
            Err(error) if ends_the_run(&error) => {
                return Err(CrawlError::sigma(
                    format!("reading the {} of a {}", step.feature, step.of),
                    error,
                ));
            }
            Err(error) => {
                let mut report = failed(step.scope, id, &error, &asked);
                if is_told_of_no_more(step, error.kind()) {
                    report.outcome = Outcome::Excluded;
                }
                report
            }
        };
        self.deliver_scope(report).await
    }
}
