//! What is asked of single objects of the organisation: an account type, a user attribute, a connection, a dataset, a
//! warehouse table. They are found in listings and in documents, and each is asked about once.

use std::sync::atomic::Ordering;

use super::effect::{Effect, Taken};
use super::error::CrawlError;
use super::graph::{self, ORGANISATION, Step};
use super::object_rows as rows;
use super::organisation::ask;
use super::queue::{Enqueue, Task};
use super::worker::{Crawler, combined, ends_the_run, failed, is_told_of_no_more, settled};
use crate::catalog::delivery::{Outcome, Rows, ScopeReport, scope};
use crate::catalog::document::LineageNode;
use crate::catalog::record::{Record, Value};
use crate::sigma::model::{self, Row};
use crate::sigma::{Endpoint, ListingReport};

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

    /// Asks about a warehouse table that was not heard of before.
    pub(super) fn table_found(&self, id: &str, enqueue: &Enqueue) {
        if self.is_new_table(id) {
            self.ask_of("table", id, enqueue);
        }
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
                self.page_through(step, id, calls, |row: model::Grant, out| {
                    out.push(rows::connection_grant(step.of, id, row));
                })
                .await
            }
            scope::DATASET_SOURCES => {
                self.page_through(step, id, calls, |row: model::WorkbookSource, out| {
                    let Some(source) = rows::dataset_source(id, row) else { return };
                    if source.source_type == "table" {
                        self.set_off(Effect::Table(source.source_id.clone()), enqueue, out);
                    }
                    out.push(source);
                })
                .await
            }
            scope::WAREHOUSE_TABLES => {
                let each = |row: model::ConnectionPath, out: &mut Taken| {
                    out.push(rows::warehouse_table(id, row));
                };
                self.one_of(step, id, each).await
            }
            scope::WAREHOUSE_COLUMNS => {
                self.page_through(step, id, calls, |row: model::TableColumn, out| {
                    out.push(rows::warehouse_column(id, row));
                })
                .await
            }
            other => Err(CrawlError::Internal(format!("nothing reads {other} of a {}", step.of))),
        }
    }

    /// Members, teams and tenants are asked for apart; together they are the values of an attribute. Where there are no
    /// tenants, they have none.
    async fn attribute_values(&self, id: &str) -> Result<(), CrawlError> {
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
