//! The elements of a document that no page shows.
//!
//! The flat list of elements does not say on which page one stands. So that an element is on no page is known only where the
//! pages of the document are, all of them, and not before the list was: pages and elements may come while their document is
//! read. Its version tells.

use super::contents::{Answer, Reading};
use super::error::CrawlError;
use super::graph;
use super::queue::DocumentTask;
use super::rows::{self, DocumentRow};
use super::worker::{Crawler, failed, settled};
use crate::catalog::delivery::{ScopeReport, scope};
use crate::catalog::document::Page;
use crate::sigma::{Call, Endpoint, ListingReport, model};

impl Crawler {
    /// Sees to the elements that no page shows, once columns or SQL were read: asked for only where those name one. Where
    /// the columns of all elements were read and name none, there is none.
    pub(super) async fn elements_on_no_page(&self, reading: &mut Reading<'_>) -> Result<(), CrawlError> {
        if reading.has_unlisted {
            return self.flat_list(reading).await;
        }
        let is_read = |report: &ScopeReport| report.scope == scope::QUERIES || report.scope == scope::COLUMNS;
        let all_read = reading.scopes.iter().filter(|report| is_read(report)).count() == 2;
        if all_read && reading.has_bulk_columns && reading.wants_flat_list() {
            reading.scopes.push(settled(scope::ELEMENTS, "", &ListingReport::default()));
        }
        Ok(())
    }

    /// Asks the flat list of elements, once, for those that no page shows.
    pub(super) async fn flat_list(&self, reading: &mut Reading<'_>) -> Result<(), CrawlError> {
        let Some(step) = graph::find_fallback(scope::ELEMENTS, reading.task.kind) else { return Ok(()) };
        if !reading.wants_flat_list() {
            return Ok(());
        }
        let answer = self.ask(reading.call(step)).await?;
        let mut unlisted = Vec::new();
        reading.take(step, "", answer, |row: model::Element, reading| {
            if !reading.listed.contains(&row.element_id) {
                unlisted.push(row);
            }
        });
        if unlisted.is_empty() {
            return Ok(());
        }
        if !self.is_as_listed(reading.task).await?
            && let Some(short) = self.pages_again(reading).await?
        {
            // Nobody knows whether they are on a page.
            reading.scopes.retain(|report| report.scope != scope::ELEMENTS);
            reading.scopes.push(ScopeReport { scope: scope::ELEMENTS, ..short });
            return Ok(());
        }
        for row in unlisted {
            if !reading.listed.contains(&row.element_id) {
                reading.element(None, row);
            }
        }
        Ok(())
    }

    /// Whether a document has the version still that its listing showed.
    async fn is_as_listed(&self, task: &DocumentTask) -> Result<bool, CrawlError> {
        let now = match task.kind {
            "report" => {
                self.version_of::<model::Report>(Endpoint::Report.call().path("reportId", &task.id)).await?
            }
            _ => {
                self.version_of::<model::Workbook>(Endpoint::Workbook.call().path("workbookId", &task.id))
                    .await?
            }
        };
        Ok(now.is_some_and(|now| now == (task.seen.version, task.seen.updated_at.clone())))
    }

    /// The version of a document and when it was changed; `None` where nobody says.
    async fn version_of<T: DocumentRow>(
        &self,
        call: Call,
    ) -> Result<Option<(Option<i64>, Option<String>)>, CrawlError> {
        let Answer::Rows(rows, _) = self.ask::<T>(call).await? else { return Ok(None) };
        let document = rows.into_iter().next().map(DocumentRow::into_document);
        let version = document.map(|document| (document.latest_version, document.updated_at));
        Ok(version.filter(|version| *version != (None, None)))
    }

    /// Reads the pages of a document once more, each with its elements; what fell short of that, if anything did.
    async fn pages_again(&self, reading: &mut Reading<'_>) -> Result<Option<ScopeReport>, CrawlError> {
        let Some(step) = graph::find(scope::PAGES, reading.task.kind) else { return Ok(None) };
        let (found, report) = match self.ask::<model::Page>(reading.call(step)).await? {
            Answer::Rows(found, report) => (found, settled(step.scope, "", &report)),
            Answer::Error(error, report) => (Vec::new(), failed(step.scope, "", &error, &report)),
        };
        if !report.outcome.is_complete() {
            return Ok(Some(report));
        }
        let pages: Vec<Page> = found.into_iter().map(rows::page).collect();
        pages.iter().for_each(|page| reading.rows.push(page.clone()));
        let is_read_again = |report: &ScopeReport| {
            report.scope == scope::PAGE_ELEMENTS && pages.iter().any(|page| page.page_id == report.parent)
        };
        reading.scopes.retain(|report| !is_read_again(report));
        self.elements_of(&pages, reading).await?;
        reading.pages = Some(pages);
        Ok(reading
            .scopes
            .iter()
            .find(|report| report.scope == scope::PAGE_ELEMENTS && !report.outcome.is_complete())
            .cloned()
            .map(|report| ScopeReport { parent: String::new(), ..report }))
    }
}

impl Reading<'_> {
    /// Whether the flat list of elements was not asked yet and may be: all pages have to be known.
    fn wants_flat_list(&self) -> bool {
        self.has_all_elements() && !self.scopes.iter().any(|report| report.scope == scope::ELEMENTS)
    }
}
