//! What hangs on a document besides its contents: one request for each kind that the settings ask for.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::attached_rows;
use super::contents::{Answer, Reading};
use super::effect::Effect;
use super::error::CrawlError;
use super::graph;
use super::queue::DocumentTask;
use super::rows;
use super::worker::{Crawler, failed};
use crate::catalog::delivery::{Delivery, Outcome, ScopeReport, scope};
use crate::catalog::record::Record;
use crate::sigma::model::{self, Row};

/// As many elements in a row without SQL, and none with, mean that Sigma does not offer it.
const UNANSWERED: usize = 10;

/// What the run has learnt of the endpoint for the SQL of a data model's element, which only the newest reference has.
#[derive(Debug, Default)]
pub(super) struct ModelSql {
    answered: AtomicBool,
    missing: AtomicBool,
    unanswered: AtomicUsize,
}

impl ModelSql {
    fn is_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// Notes how it answered: with SQL, or with a status that means that there is none.
    fn note(&self, refusal: Option<u16>) {
        match refusal {
            None => self.answered.store(true, Ordering::Relaxed),
            Some(405 | 501) => self.missing.store(true, Ordering::Relaxed),
            Some(_) => {
                let before = self.unanswered.fetch_add(1, Ordering::Relaxed);
                if before + 1 >= UNANSWERED && !self.is_answered() {
                    self.missing.store(true, Ordering::Relaxed);
                }
            }
        }
    }

    fn is_missing(&self) -> bool {
        self.missing.load(Ordering::Relaxed)
    }
}

impl Crawler {
    /// Reads of a document that did not change what may have changed all the same.
    pub(super) async fn refresh(&self, task: &DocumentTask) -> Result<(), CrawlError> {
        let mut reading = Reading::of(task);
        reading.is_refresh = true;
        self.attached(&mut reading).await?;
        let bundle = self.bundle_of(reading).await?;
        self.deliver(Delivery::Document(bundle, vec![Effect::Refreshed.follow_up()])).await
    }

    /// Reads everything that hangs on a document, as far as the settings ask for it.
    pub(super) async fn attached(&self, reading: &mut Reading<'_>) -> Result<(), CrawlError> {
        self.attach(reading, scope::CONTROLS, attached_rows::controls).await?;
        self.attach(reading, scope::BOOKMARKS, each(attached_rows::bookmark)).await?;
        self.attach(reading, scope::EMBEDS, each(attached_rows::embed)).await?;
        self.attach(reading, scope::EXPORT_SCHEDULES, each(attached_rows::export_schedule)).await?;
        self.attach(reading, scope::MATERIALIZATION_SCHEDULES, each(attached_rows::materialization_schedule))
            .await?;
        self.attach(reading, scope::VERSIONS, each(attached_rows::version)).await?;
        if reading.task.kind == "data-model" {
            self.attach(reading, scope::SOURCES, |found: Vec<model::DataModelSource>| {
                attached_rows::sources(found.into_iter().map(Into::into).collect())
            })
            .await
        } else {
            self.attach(reading, scope::SOURCES, attached_rows::sources).await
        }
    }

    /// Reads one listing of the document, if its kind has it and the settings ask for it.
    async fn attach<T: Row + Send + 'static, R: Record>(
        &self,
        reading: &mut Reading<'_>,
        scope: &str,
        records: impl FnOnce(Vec<T>) -> Vec<R>,
    ) -> Result<(), CrawlError> {
        let Some(step) = self.step_of(scope, reading) else { return Ok(()) };
        if reading.is_refresh && !step.changes_unseen(&self.settings) {
            return Ok(());
        }
        let answer = self.ask(reading.call(step)).await?;
        let mut found = Vec::new();
        reading.take(step, "", answer, |row, _| found.push(row));
        for record in records(found) {
            reading.rows.push(record);
        }
        if let Some(report) = reading.scopes.last_mut() {
            excuse(report);
        }
        Ok(())
    }

    /// The SQL of a data model. Sigma has no bulk endpoint for it, and in most deployments none at all: as long as none
    /// was answered with, silence takes nothing away.
    pub(super) async fn queries_of_a_model(&self, reading: &mut Reading<'_>) -> Result<(), CrawlError> {
        let Some(step) = graph::find_fallback(scope::QUERIES, reading.task.kind) else { return Ok(()) };
        if !step.is_on(&self.settings) {
            return Ok(());
        }
        let sql = &self.model_sql;
        let mut total =
            ScopeReport { outcome: Outcome::Complete, code: None, message: None, ..not_offered() };
        if !reading.has_all_elements() {
            total.outcome = Outcome::Incomplete;
            total.message = Some("not all elements of the data model are known".to_owned());
        }
        for element in std::mem::take(&mut reading.data_elements) {
            if sql.is_missing() {
                break;
            }
            let call = reading.call(step).path("elementId", &element);
            match self.ask::<model::Query>(call).await? {
                Answer::Rows(found, report) => {
                    sql.note(None);
                    total.pages += report.pages;
                    total.rows += report.rows;
                    total.http_calls += report.http_calls;
                    for query in found.into_iter().filter_map(rows::query) {
                        reading.rows.push(query);
                    }
                }
                Answer::Error(error, report) => {
                    total.http_calls += report.http_calls;
                    match error.call().and_then(|call| call.status) {
                        Some(status @ (400 | 404 | 405 | 501)) => sql.note(Some(status)),
                        _ if total.outcome.is_complete() => {
                            let report = failed(step.scope, "", &error, &report);
                            (total.outcome, total.code, total.message) =
                                (Outcome::Incomplete, report.code, report.message);
                        }
                        _ => {}
                    }
                }
            }
        }
        if total.outcome.is_complete() && (sql.is_missing() || !sql.is_answered()) {
            total = ScopeReport { http_calls: total.http_calls, ..not_offered() };
        }
        reading.scopes.push(total);
        Ok(())
    }
}

fn not_offered() -> ScopeReport {
    let message = "Sigma answers with the SQL of no element of a data model";
    ScopeReport::without_rows(scope::QUERIES, "", Outcome::Excluded, "endpoint.not_offered", message)
}

fn each<T, R>(record: fn(T) -> R) -> impl FnOnce(Vec<T>) -> Vec<R> {
    move |found| found.into_iter().map(record).collect()
}

/// Refusals that are ordinary answers, and no reason to call a run partial. What is known stays.
fn excuse(report: &mut ScopeReport) {
    let is_unavailable = report.outcome == Outcome::Skipped;
    let archived = report.code.as_deref() == Some("object.archived");
    // One archived connection or unresolvable dataset among the sources makes Sigma refuse them all (409).
    if report.scope == scope::SOURCES && is_unavailable && archived {
        report.outcome = Outcome::Excluded;
        report.message =
            Some("a source is archived or cannot be resolved: Sigma lists none of them".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_that_never_answers_is_given_up_and_one_that_did_is_not() {
        let sql = ModelSql::default();
        for _ in 1..UNANSWERED {
            sql.note(Some(404));
        }
        assert!(!sql.is_missing());
        sql.note(Some(404));
        assert!(sql.is_missing());

        let sql = ModelSql::default();
        sql.note(None);
        for _ in 0..3 * UNANSWERED {
            sql.note(Some(404));
        }
        assert!(!sql.is_missing());
        sql.note(Some(405));
        assert!(sql.is_missing());
    }
}
