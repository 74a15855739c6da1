//! A run inside this process, by a client that does not wait.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use sigma_catalog::catalog::delivery::Severity;
use sigma_catalog::config::{Overrides, load};
use sigma_catalog::crawl::{self, Exit, Extract, Failure, Progress, Report, Snapshot, Stop};
use sigma_catalog::sigma::{ClientOptions, RetryPolicy, SigmaClient};

use crate::context::{Context, RUNTIME};

/// Nobody watches.
struct Unwatched;

impl Progress for Unwatched {
    fn moved(&self, _: Snapshot) {}

    fn notice(&self, _: Severity, _: &str) {}
}

/// Extracts everything into the context's catalog, from the simulator or what stands before it at `url`.
pub fn extract_from(
    context: &Context,
    url: &str,
    tune: impl FnOnce(&mut ClientOptions),
) -> Result<Report, Failure> {
    let overrides = Overrides {
        config: None,
        values: vec![
            ("sigma.api_url", url.to_owned()),
            ("catalog.database", "catalog.db".to_owned()),
            ("crawl.everything", "true".to_owned()),
        ],
    };
    let loaded = load(&overrides, &|_| None, context.folder.path()).expect("settings");
    let secret = SecretString::from(context.simulator.client_secret().to_owned());
    let mut options = ClientOptions::new(url.parse().expect("a URL"), context.simulator.client_id(), secret);
    options.workers = 4;
    options.retry = RetryPolicy {
        base_delay: Duration::from_millis(1),
        longest_delay: Duration::from_millis(2),
        retry_after_jitter: Duration::ZERO,
        budget_reserve: 100_000,
        ..RetryPolicy::default()
    };
    tune(&mut options);
    let stop = Stop::default();
    let client = SigmaClient::new(options, stop.token.clone()).expect("a client");
    let request =
        Extract { settings: &loaded.settings, client, accept_removals: None, resume: true, full: false };
    RUNTIME.block_on(crawl::extract(request, Arc::new(Unwatched), &stop))
}

/// The same from the simulator itself.
pub fn extract(context: &Context) -> Result<Report, Failure> {
    extract_from(context, &context.simulator.url(), |_| {})
}

/// How the process would exit.
pub fn exit_of(ran: &Result<Report, Failure>) -> u8 {
    match ran {
        Ok(report) => Exit::of_state(report.outcome.state).code(),
        Err(failure) => Exit::from(&failure.error).code(),
    }
}

/// Sets the simulator's faults.
pub fn break_it(context: &Context, rules: &[String]) {
    let rules = rules.iter().map(|rule| rule.parse().expect(rule)).collect();
    context.simulator.set_faults(rules);
}

/// How a scope ended in the last run: outcome, code, rows, calls.
pub fn scope(context: &Context, endpoint: &str, parent: &str) -> String {
    let sql = format!(
        "SELECT outcome, coalesce(error_code, ''), rows, http_calls FROM fetch_scope WHERE endpoint = '{endpoint}' \
         AND parent_id = '{parent}' AND run_id = (SELECT max(run_id) FROM run)"
    );
    context.rows(&sql).pop().unwrap_or_else(|| format!("no scope {endpoint} {parent}"))
}

/// Ids of live workbooks that have rows in all these tables, and several columns.
pub fn workbooks(context: &Context, tables: &[&str]) -> Vec<String> {
    let has = |table: &&str| format!(" AND EXISTS (SELECT 1 FROM {table} AS t WHERE t.document_id = d.id)");
    let found = context.rows(&format!(
        "SELECT id FROM document AS d WHERE kind = 'workbook' AND is_archived = 0 \
         AND (SELECT count(*) FROM element_column AS c WHERE c.document_id = d.id) > 5{} ORDER BY id",
        tables.iter().map(has).collect::<String>()
    ));
    found.into_iter().map(|id| id.trim_matches('"').to_owned()).collect()
}
