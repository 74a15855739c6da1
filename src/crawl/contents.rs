//! The contents of one document, read with the bulk endpoints and stored in one piece.

use std::collections::HashSet;

use futures::stream::{FuturesOrdered, StreamExt};

use super::carry::is_read_to_its_end;
use super::column_lineage;
use super::effect::Effect;
use super::error::CrawlError;
use super::graph::{self, Step};
use super::lineage::{self, Lineage};
use super::queue::{DocumentTask, Enqueue};
use super::rows;
use super::worker::{Crawler, ends_the_run, failed, gone_with_the_document, settled, turned_off};
use crate::catalog::delivery::{Bundle, Delivery, Outcome, Rows, ScopeReport, scope};
use crate::catalog::document::{LineageNode, Page};
use crate::catalog::record::Record;
use crate::config::CrawlSettings;
use crate::lineage::document::CUSTOM_SQL_TYPE;
use crate::sigma::model::{self, Row};
use crate::sigma::{Call, ListingReport, Paging, SigmaError};
use crate::store::now;

/// Statuses by which a bulk endpoint says that it cannot answer, while questions about single elements may be answered.
/// 402 is a computation that took the server too long.
const CANNOT: [u16; 7] = [400, 402, 404, 405, 410, 413, 501];

/// Types of element that have no columns, SQL or lineage. The list of types is open, so what is not known is asked.
const WITHOUT_DATA: [&str; 9] =
    ["control", "text", "image", "button", "divider", "container", "embed", "link", "spacer"];

/// A document being read.
pub(super) struct Reading<'task> {
    pub task: &'task DocumentTask,
    pub rows: Rows,
    pub scopes: Vec<ScopeReport>,
    /// Only what may have changed of a document that did not is read.
    pub is_refresh: bool,
    /// The elements that may have columns, SQL and lineage.
    pub data_elements: Vec<String>,
    /// All elements that were listed.
    pub listed: HashSet<String>,
    /// Columns or SQL name an element that was not listed.
    pub has_unlisted: bool,
    /// The columns of all elements were read with one listing.
    pub has_bulk_columns: bool,
    /// The pages in their order, if all are known.
    pub pages: Option<Vec<Page>>,
}

/// What asking for one scope gave.
pub(super) enum Answer<T> {
    Rows(Vec<T>, ListingReport),
    Error(SigmaError, ListingReport),
}

impl Crawler {
    /// Reads a document and delivers it.
    pub(super) async fn document(&self, task: &DocumentTask, enqueue: &Enqueue) -> Result<(), CrawlError> {
        // What it is built on is known before it is read, so that the next run sees what changes from now on.
        self.carry.sources_listed().await;
        let warehouses = self.warehouses(enqueue).await?;
        let read_at = now();
        if task.kind == "dataset" {
            return self.dataset(task, read_at, enqueue).await;
        }
        let mut reading = Reading::of(task);
        let mut effects = vec![Effect::Read { archived: task.archived, seen: task.seen.clone() }];
        if task.archived {
            reading.leave_out(&self.settings);
        } else {
            self.elements(&mut reading).await?;
            self.columns(&mut reading).await?;
            self.elements_on_no_page(&mut reading).await?;
            self.queries(&mut reading).await?;
            self.elements_on_no_page(&mut reading).await?;
            self.lineage(&mut reading).await?;
            let (rows, scopes) = (&mut reading.rows, &mut reading.scopes);
            for event in column_lineage::derive(&self.settings, warehouses, &task.id, rows, scopes) {
                effects.push(Effect::told(&event));
                self.deliver(Delivery::Event(event)).await?;
            }
            self.attached(&mut reading).await?;
            gone_with_the_document(&mut reading.scopes);
        }
        let visible = reading.pages.take();
        // Sigma draws the pages of workbooks only.
        let visible = visible.filter(|_| task.kind == "workbook" && self.gallery.is_some()).map(visible_of);
        effects.extend(visible.clone().map(Effect::Pages));
        effects.extend(self.tables_of(&reading.rows));
        let is_read = !task.archived
            && !reading.rows.is_sketch(LineageNode::TABLE)
            && is_read_to_its_end(&reading.scopes);
        let read = is_read.then(|| self.carry.read(task, &reading.rows, read_at));
        if task.was_carried {
            reading.scopes.push(settled(scope::CONTENTS, "", &ListingReport::default()));
        }
        let follow_ups = effects.iter().map(Effect::follow_up).collect();
        let bundle = self.bundle_of(reading).await?;
        self.deliver(Delivery::Document(bundle, follow_ups)).await?;
        if let Some(read) = read {
            self.deliver(Delivery::Read(read)).await?;
        }
        effects.into_iter().for_each(|effect| self.perform(effect, enqueue));
        match visible {
            Some(visible) => self.previews(task, &visible, enqueue).await,
            None => Ok(()),
        }
    }

    /// What was read of a document, once it is said what fell short.
    pub(super) async fn bundle_of(&self, reading: Reading<'_>) -> Result<Bundle, CrawlError> {
        let Reading { task, rows, scopes, .. } = reading;
        // What is derived falls short only where what it is derived from does, which is told already.
        let asked = scopes.iter().filter(|report| report.scope != scope::COLUMN_LINEAGE);
        for report in asked.filter(|report| !report.outcome.is_good()) {
            self.warn(task, report).await?;
        }
        Ok(Bundle { document_id: task.id.clone(), rows, scopes })
    }

    /// The step that lists a scope of this document, unless the settings leave it out.
    pub(super) fn step_of(&self, scope: &str, reading: &mut Reading<'_>) -> Option<&'static Step> {
        let step = graph::find(scope, reading.task.kind)?;
        if step.is_on(&self.settings) {
            return Some(step);
        }
        if !step.is_optional() {
            reading.scopes.push(turned_off(step, step.scope, ""));
        }
        None
    }

    pub(super) async fn ask<T: Row + Send + 'static>(&self, call: Call) -> Result<Answer<T>, CrawlError> {
        if call.endpoint().spec().paging == Paging::One {
            return match self.client.one::<T>(&call).await {
                Ok(row) => {
                    let report =
                        ListingReport { pages: 1, rows: 1, http_calls: 1, ..ListingReport::default() };
                    Ok(Answer::Rows(vec![row], report))
                }
                Err(error) if ends_the_run(&error) => Err(CrawlError::sigma("reading a document", error)),
                Err(error) => {
                    Ok(Answer::Error(error, ListingReport { http_calls: 1, ..ListingReport::default() }))
                }
            };
        }
        let mut listing = self.client.list::<T>(call);
        let mut rows = Vec::new();
        loop {
            match listing.next_page().await {
                Ok(Some(page)) => rows.extend(page),
                Ok(None) => return Ok(Answer::Rows(rows, listing.report())),
                Err(error) if ends_the_run(&error) => {
                    return Err(CrawlError::sigma("reading a document", error));
                }
                Err(error) => return Ok(Answer::Error(error, listing.report())),
            }
        }
    }

    /// Asks several questions, as many at once as there are workers, and takes the answers in their order. The gate sees to
    /// it that all workers together have no more requests in flight than there are workers: this lets the turns of those
    /// that have run out of documents be used for one that is large.
    pub(super) async fn ask_all<T: Row + Send + 'static>(
        &self,
        calls: Vec<Call>,
        mut each: impl FnMut(Answer<T>),
    ) -> Result<(), CrawlError> {
        let (mut calls, mut asking) = (calls.into_iter(), FuturesOrdered::new());
        loop {
            let free = self.settings.concurrency.saturating_sub(asking.len());
            asking.extend(calls.by_ref().take(free).map(|call| self.ask::<T>(call)));
            match asking.next().await {
                Some(answer) => each(answer?),
                None => return Ok(()),
            }
        }
    }

    async fn elements(&self, reading: &mut Reading<'_>) -> Result<(), CrawlError> {
        let Some(pages) = self.step_of(scope::PAGES, reading) else {
            let Some(step) = self.step_of(scope::ELEMENTS, reading) else { return Ok(()) };
            let answer = self.ask(reading.call(step)).await?;
            reading.take(step, "", answer, |row: model::Element, reading| reading.element(None, row));
            return Ok(());
        };
        let answer = self.ask(reading.call(pages)).await?;
        let mut known = Vec::new();
        reading.take(pages, "", answer, |row: model::Page, reading| {
            let page = rows::page(row);
            known.push(page.clone());
            reading.rows.push(page);
        });
        let all_known = reading.scopes.last().is_some_and(|report| report.outcome.is_complete());
        self.elements_of(&known, reading).await?;
        reading.pages = all_known.then_some(known);
        Ok(())
    }

    /// The elements of some pages.
    pub(super) async fn elements_of(
        &self,
        pages: &[Page],
        reading: &mut Reading<'_>,
    ) -> Result<(), CrawlError> {
        let Some(step) = graph::find(scope::PAGE_ELEMENTS, reading.task.kind) else { return Ok(()) };
        let call = |page: &Page| reading.call(step).path("pageId", &page.page_id);
        let calls = pages.iter().map(call).collect();
        let mut pages = pages.iter();
        self.ask_all(calls, |answer| {
            let Some(Page { page_id, .. }) = pages.next() else { return };
            reading.take(step, page_id, answer, |row: model::Element, reading| {
                reading.element(Some(page_id), row);
            });
        })
        .await
    }

    async fn columns(&self, reading: &mut Reading<'_>) -> Result<(), CrawlError> {
        let Some(step) = self.step_of(scope::COLUMNS, reading) else { return Ok(()) };
        let answer = self.ask(reading.call(step)).await?;
        // Some rows were seen without the element they belong to; their ids repeat across elements.
        let adrift = matches!(&answer, Answer::Rows(rows, _)
            if rows.iter().any(|row: &model::Column| row.element_id.as_deref().is_none_or(str::is_empty)));
        let by_element = if adrift { reading.fallback_step(step) } else { reading.fallback(step, &answer) };
        if let Some(step) = by_element {
            return self
                .element_by_element(step, reading, |element, row: model::Column, out| {
                    out.push(rows::column(Some(element), row));
                })
                .await;
        }
        reading.has_bulk_columns = matches!(&answer, Answer::Rows(_, report) if report.incomplete.is_none());
        reading.take(step, "", answer, |row: model::Column, reading| {
            let column = rows::column(None, row);
            reading.names(&column.element_id);
            reading.rows.push(column);
        });
        Ok(())
    }

    async fn queries(&self, reading: &mut Reading<'_>) -> Result<(), CrawlError> {
        if graph::find(scope::QUERIES, reading.task.kind).is_none() {
            return self.queries_of_a_model(reading).await;
        }
        let Some(step) = self.step_of(scope::QUERIES, reading) else { return Ok(()) };
        let answer = self.ask(reading.call(step)).await?;
        if let Some(step) = reading.fallback(step, &answer) {
            return self
                .element_by_element(step, reading, |_, row: model::Query, out| {
                    if let Some(query) = rows::query(row) {
                        out.push(query);
                    }
                })
                .await;
        }
        reading.take(step, "", answer, |row: model::Query, reading| {
            reading.names(&row.element_id);
            if let Some(query) = rows::query(row) {
                reading.rows.push(query);
            }
        });
        Ok(())
    }

    async fn lineage(&self, reading: &mut Reading<'_>) -> Result<(), CrawlError> {
        let Some(step) = self.step_of(scope::LINEAGE, reading) else { return Ok(()) };
        let answer = self.ask(reading.call(step)).await?;
        if let Some(step) = reading.fallback(step, &answer) {
            let (document, mut found) = (reading.task.id.clone(), Lineage::default());
            self.element_by_element(step, reading, |element, graph: model::ElementLineage, _| {
                lineage::add_element(&mut found, &document, element, &graph);
            })
            .await?;
            lineage::add_models_of_edges(&mut found);
            reading.sketch(&found);
            reading.lineage(found);
            return Ok(());
        }
        let mut entries = Vec::new();
        reading.take(step, "", answer, |row: model::LineageEntry, _| entries.push(row));
        if let Some(report) = reading.scopes.pop() {
            let report = self.unless_gone(reading, report).await?;
            reading.scopes.push(report);
        }
        let (document, mut found) =
            (reading.task.id.clone(), lineage::of_document(&reading.task.id, &entries));
        // Whether it has sources is left open for some elements; their own graph says more.
        let untold = lineage::untold(&entries);
        let untold: Vec<_> =
            reading.data_elements.iter().filter(|id| untold.contains(id.as_str())).cloned().collect();
        if let Some(step) = reading.fallback_step(step)
            && let Some(mut total) = reading.scopes.pop()
        {
            self.one_by_one(
                step,
                reading,
                &untold,
                &mut total,
                |element, graph: model::ElementLineage, _| {
                    lineage::add_element(&mut found, &document, element, &graph);
                },
            )
            .await?;
            reading.scopes.push(total);
        }
        reading.lineage(found);
        Ok(())
    }

    async fn warn(&self, task: &DocumentTask, report: &ScopeReport) -> Result<(), CrawlError> {
        let place = match (report.parent.as_str(), report.scope) {
            ("", _) => String::new(),
            (sql, scope::LINEAGE) => format!(" of custom SQL {sql}"),
            (page, _) => format!(" of page {page}"),
        };
        let context = format!("{}{place} of {} {}", report.scope, task.kind, task.id);
        self.deliver(Delivery::Event(report.warning(context))).await
    }
}

/// The pages that are not hidden.
fn visible_of(pages: Vec<Page>) -> Vec<String> {
    pages.into_iter().filter(|page| page.hidden != Some(true)).map(|page| page.page_id).collect()
}

impl<'task> Reading<'task> {
    /// Nothing yet.
    pub fn of(task: &'task DocumentTask) -> Self {
        Self {
            task,
            rows: Rows::default(),
            scopes: Vec::new(),
            is_refresh: false,
            data_elements: Vec::new(),
            listed: HashSet::new(),
            has_unlisted: false,
            has_bulk_columns: false,
            pages: None,
        }
    }
}

impl Reading<'_> {
    /// A call of a step for this document.
    pub fn call(&self, step: &Step) -> Call {
        step.endpoint.call().path(step.id, &self.task.id)
    }

    /// Keeps what is known of an archived document: its child endpoints fail.
    fn leave_out(&mut self, settings: &CrawlSettings) {
        for step in graph::STEPS.iter().filter(|step| step.of == self.task.kind && !step.fallback) {
            let is_off = step.is_optional() && !step.is_on(settings);
            if is_off || matches!(step.scope, scope::DOCUMENTS | scope::PAGE_ELEMENTS | scope::PREVIEWS) {
                continue;
            }
            self.leave_out_scope(step.scope);
        }
        self.leave_out_scope(scope::COLUMN_LINEAGE);
    }

    fn leave_out_scope(&mut self, scope: &'static str) {
        let (code, message) = ("document.archived", "the document is archived");
        self.scopes.push(ScopeReport::without_rows(scope, "", Outcome::Excluded, code, message));
    }

    /// Takes the answer of a scope: its rows one by one, and its outcome.
    pub fn take<T>(
        &mut self,
        step: &Step,
        parent: &str,
        answer: Answer<T>,
        mut each: impl FnMut(T, &mut Self),
    ) {
        let report = match answer {
            Answer::Rows(found, report) => {
                for row in found {
                    each(row, self);
                }
                settled(step.scope, parent, &report)
            }
            Answer::Error(error, report) => failed(step.scope, parent, &error, &report),
        };
        self.scopes.push(report);
    }

    pub fn element(&mut self, page: Option<&str>, row: model::Element) {
        let has_data = row.vizualization_type.is_some()
            || row.r#type.as_deref().is_none_or(|found| !WITHOUT_DATA.contains(&found));
        // Pages may be read a second time.
        if self.listed.insert(row.element_id.clone()) && has_data {
            self.data_elements.push(row.element_id.clone());
        }
        self.rows.push(rows::element(page, row));
    }

    /// Something was read of that element.
    fn names(&mut self, element: &str) {
        self.has_unlisted |= !element.is_empty() && !self.listed.contains(element);
    }

    /// Notes that what elements read was told by their own graphs: these name it, and leave out its connection and the text
    /// of custom SQL. What is not named is gone; of the rest the catalog keeps what it has, which may be old.
    fn sketch(&mut self, found: &Lineage) {
        if !found.nodes.is_empty() {
            self.rows.sketch::<LineageNode>();
        }
        for node in found.nodes.iter().filter(|node| node.r#type == CUSTOM_SQL_TYPE) {
            let message = "only the lineage of single elements was told, which leaves out the text of custom SQL: what is \
                           known of it stays; the next run asks again";
            self.scopes.push(ScopeReport::without_rows(
                scope::LINEAGE,
                &node.id,
                Outcome::Incomplete,
                "lineage.by_element",
                message,
            ));
        }
    }

    fn lineage(&mut self, found: Lineage) {
        for node in found.nodes {
            self.rows.push(node);
        }
        for edge in found.edges {
            self.rows.push(edge);
        }
    }

    /// The step to ask element by element, when the bulk answer says that it cannot.
    fn fallback<T>(&self, step: &Step, answer: &Answer<T>) -> Option<&'static Step> {
        let Answer::Error(error, _) = answer else { return None };
        let status = error.call().and_then(|call| call.status);
        let cannot = status.is_some_and(|status| CANNOT.contains(&status));
        if cannot { self.fallback_step(step) } else { None }
    }

    /// The step to ask element by element. Only when all elements are known: none of them having data then means that
    /// there is none.
    fn fallback_step(&self, step: &Step) -> Option<&'static Step> {
        if self.has_all_elements() { graph::find_fallback(step.scope, step.of) } else { None }
    }

    /// Whether every listing of elements was read to its end; of pages where there are pages.
    pub fn has_all_elements(&self) -> bool {
        let flat = graph::find(scope::ELEMENTS, self.task.kind).is_some();
        let mut elements = self.scopes.iter().filter(|report| match report.scope {
            scope::PAGES | scope::PAGE_ELEMENTS => true,
            scope::ELEMENTS => flat,
            _ => false,
        });
        elements.all(|report| report.outcome.is_complete())
    }
}
