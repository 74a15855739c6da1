//! Asking element by element what no bulk endpoint tells.

use super::check::AnyRow;
use super::contents::{Answer, Reading};
use super::error::CrawlError;
use super::graph::{self, Step};
use super::worker::{Crawler, failed, settled};
use crate::catalog::delivery::{Outcome, Rows, ScopeReport, scope};
use crate::sigma::ListingReport;
use crate::sigma::model::Row;

impl Crawler {
    /// Asks a scope one data element at a time. The scope is complete if every element answered.
    pub(super) async fn element_by_element<T: Row + Send + 'static>(
        &self,
        step: &'static Step,
        reading: &mut Reading<'_>,
        each: impl FnMut(&str, T, &mut Rows),
    ) -> Result<(), CrawlError> {
        self.flat_list(reading).await?;
        let mut total = settled(step.scope, "", &ListingReport::default());
        if let Some(report) = reading.scopes.iter().find(|report| report.scope == scope::ELEMENTS)
            && !report.outcome.is_complete()
        {
            total.outcome = Outcome::Incomplete;
            total.code.clone_from(&report.code);
            total.message.clone_from(&report.message);
        }
        let elements = reading.data_elements.clone();
        self.one_by_one(step, reading, &elements, &mut total, each).await?;
        let total = self.unless_gone(reading, total).await?;
        reading.scopes.push(total);
        Ok(())
    }

    /// A scope as it was reported, or as that of a document that is gone: what Sigma does not know any more answers as what
    /// has nothing to tell. So where there are elements with data, and nothing of them was told, the document is looked for.
    pub(super) async fn unless_gone(
        &self,
        reading: &Reading<'_>,
        report: ScopeReport,
    ) -> Result<ScopeReport, CrawlError> {
        let is_nothing = match report.outcome {
            Outcome::Complete => report.pages == 0,
            outcome => outcome == Outcome::NotApplicable,
        };
        if !is_nothing || reading.data_elements.is_empty() {
            return Ok(report);
        }
        let find = |scope| graph::find(scope, reading.task.kind);
        let Some(step) = find(scope::PAGES).or_else(|| find(scope::ELEMENTS)) else { return Ok(report) };
        let Answer::Error(error, asked) = self.ask::<AnyRow>(reading.call(step)).await? else {
            return Ok(report);
        };
        let gone = failed(report.scope, "", &error, &asked);
        Ok(if gone.outcome == Outcome::Gone { gone } else { report })
    }

    /// Asks some elements, each by itself, and adds what that gave to the report of their scope.
    pub(super) async fn one_by_one<T: Row + Send + 'static>(
        &self,
        step: &'static Step,
        reading: &mut Reading<'_>,
        elements: &[String],
        total: &mut ScopeReport,
        mut each: impl FnMut(&str, T, &mut Rows),
    ) -> Result<(), CrawlError> {
        let calls = elements.iter().map(|element| reading.call(step).path("elementId", element)).collect();
        let mut elements = elements.iter();
        self.ask_all::<T>(calls, |answer| {
            let Some(element) = elements.next() else { return };
            let report = match answer {
                Answer::Rows(found, report) => {
                    for row in found {
                        each(element, row, &mut reading.rows);
                    }
                    settled(step.scope, "", &report)
                }
                Answer::Error(error, report) => {
                    let mut report = failed(step.scope, "", &error, &report);
                    // Of a single element these mean that it has none: 400 is the answer for text and controls.
                    let status = error.call().and_then(|call| call.status);
                    if matches!(status, Some(400 | 404)) || report.outcome == Outcome::Carried {
                        report.outcome = Outcome::NotApplicable;
                    }
                    report
                }
            };
            total.pages += report.pages;
            total.rows += report.rows;
            total.http_calls += report.http_calls;
            total.retries += report.retries;
            if !report.outcome.is_complete() && total.outcome.is_complete() {
                total.outcome = Outcome::Incomplete;
                total.code = report.code;
                total.message = report.message;
            }
        })
        .await
    }
}
