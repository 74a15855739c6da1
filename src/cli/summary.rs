//! The summary at the end of a run, for people and for programs.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::error::CliError;
use super::output::{Printer, thousands};
use crate::catalog::delivery::{Outcome, scope};
use crate::crawl::{DocumentCounts, Exit, LeftOutCount, Report};
use crate::store::{Counts, Refusal, RunState, ScopeCount, ScopeRow};

/// Version of the JSON form; it grows when a field changes its meaning or goes.
const SCHEMA_VERSION: u32 = 1;

/// The kinds of object in the order people think of them, and what many of them are called.
const KINDS: &[(&str, &str)] = &[
    ("organization", "organisation"),
    ("workspace", "workspaces"),
    ("file", "files and folders"),
    ("workbook", "workbooks"),
    ("report", "reports"),
    ("data-model", "data models"),
    ("dataset", "datasets"),
    ("page", "pages"),
    ("element", "elements"),
    ("element_column", "columns"),
    ("element_query", "SQL queries"),
    ("lineage_node", "sources"),
    ("lineage_edge", "lineage edges"),
    ("column_edge", "column lineage edges"),
    ("custom_sql_table", "tables named by SQL"),
    ("document_source", "document sources"),
    ("control", "controls"),
    ("bookmark", "bookmarks"),
    ("embed", "embeds"),
    ("export_schedule", "export schedules"),
    ("materialization_schedule", "materialisations"),
    ("document_version", "document versions"),
    ("preview", "previews"),
    ("connection", "connections"),
    ("member", "members"),
    ("team", "teams"),
    ("team_member", "memberships"),
    ("account_type", "account types"),
    ("object_grant", "grants"),
    ("account_type_permission", "permissions of account types"),
    ("user_attribute", "user attributes"),
    ("user_attribute_value", "user attribute values"),
    ("tenant", "tenants"),
    ("version_tag", "version tags"),
    ("tagged_version", "tagged versions"),
    ("dataset_source", "dataset sources"),
    ("warehouse_table", "warehouse tables"),
    ("warehouse_column", "warehouse columns"),
    ("connection_grant", "data permissions"),
];

/// What a run did.
#[derive(Debug, Serialize)]
pub struct Summary {
    schema_version: u32,
    run_id: i64,
    state: RunState,
    exit_code: u8,
    /// The run whose reading it went on with.
    resumes: Option<i64>,
    database: String,
    duration_ms: u128,
    /// Of the duration, what publishing took.
    publish_ms: u128,
    token_is_admin: Option<bool>,
    /// Whom the run mirrored, or whose view it extracted, in one sentence.
    audience: String,
    objects: BTreeMap<String, Counts>,
    requests: Requests,
    /// How many documents were asked for their contents, and why; how many were not.
    documents: DocumentCounts,
    /// When grants, memberships and attribute values were read, if an earlier run did that.
    permissions_since: Option<String>,
    scopes: Vec<ScopeCount>,
    /// Scopes that are less than they should be, the first of them.
    deficient: Vec<ScopeRow>,
    /// What filters and `crawl.personal` left out.
    left_out: Vec<LeftOutCount>,
    refused_removals: Vec<Refusal>,
    emptied: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Requests {
    total: u64,
    retries: u64,
    refused: u64,
    waited_ms: u128,
    /// Requests in a second that Sigma was found to let pass; null where it showed no limit.
    learnt_per_second: Option<f64>,
    token_calls: u64,
    max_in_flight: u64,
}

impl Summary {
    /// Puts it together.
    pub fn new(report: &Report, database: &Path, exit: Exit) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            run_id: report.outcome.run_id,
            state: report.outcome.state,
            exit_code: exit.code(),
            resumes: report.resumes,
            database: database.display().to_string(),
            duration_ms: report.duration.as_millis(),
            publish_ms: report.publishing.as_millis(),
            token_is_admin: report.token.admin,
            audience: report.sentence.clone(),
            objects: report.outcome.counts.clone(),
            requests: Requests {
                total: report.stats.http_calls(),
                retries: report.stats.retries,
                refused: report.stats.refused(),
                waited_ms: report.stats.waited.as_millis(),
                learnt_per_second: report.stats.learnt_per_second,
                token_calls: report.stats.token_calls,
                max_in_flight: report.stats.largest_in_flight as u64,
            },
            documents: report.documents.clone(),
            permissions_since: report.permissions_since.clone(),
            scopes: report.outcome.scopes.clone(),
            deficient: report.outcome.deficient.clone(),
            left_out: report.left_out.clone(),
            refused_removals: report.outcome.refusals.clone(),
            emptied: report.outcome.emptied.clone(),
        }
    }

    /// For people.
    pub fn print(&self, printer: &Printer) -> Result<(), CliError> {
        if !self.objects.is_empty() {
            printer.line("")?;
            print_counts(printer, self.objects.iter().map(|(kind, counts)| (kind.as_str(), counts)))?;
            printer.line("")?;
        }
        let requests = &self.requests;
        let seconds = self.duration_ms as f64 / 1000.0;
        printer.line(format_args!(
            "{} requests in {seconds:.1} s, at most {} at once; {} retries; waited {:.1} s before asking again",
            thousands(requests.total),
            requests.max_in_flight,
            thousands(requests.retries),
            requests.waited_ms as f64 / 1000.0
        ))?;
        if let Some(earlier) = self.resumes {
            printer.line(format_args!("went on with what run {earlier} had read"))?;
        }
        for line in self.asked().iter().flat_map(|line| printer.paragraph(line)) {
            printer.line(line)?;
        }
        if let Some(rate) = requests.learnt_per_second {
            printer.line(format_args!(
                "Sigma lets about {rate:.1} requests a second pass; {} came too fast and were asked again",
                thousands(requests.refused)
            ))?;
        }
        if let Some(since) = &self.permissions_since {
            let why = match self.resumes {
                Some(_) => "from when an interrupted run read them",
                None => "which `crawl.grants_every` lets stand",
            };
            printer.line(format_args!("permissions: those of {since}, {why}"))?;
        }
        for line in self.skipped().iter().flat_map(|line| printer.paragraph(line)) {
            printer.line(line)?;
        }
        for scope in &self.deficient {
            printer.line(format_args!(
                "  {}: {}",
                format!("{} {}", scope.scope, scope.parent_id).trim(),
                scope.message.as_deref().unwrap_or(&scope.outcome)
            ))?;
        }
        for kind in &self.emptied {
            printer.line(format_args!("warning: the catalog had {} and now has none", label(kind)))?;
        }
        for refusal in &self.refused_removals {
            printer.line(format_args!(
                "refused: {} of {} {} would be removed",
                thousands(refusal.removed),
                thousands(refusal.before),
                label(&refusal.kind)
            ))?;
        }
        match self.state {
            RunState::Rejected if !self.left_out.is_empty() => printer.line(format_args!(
                "run {0} was rejected and the previous catalog stays. The settings named above leave out what it holds, \
                 or the token lost sight of it. If that is meant: sigma-catalog extract --accept-removals {0}",
                self.run_id
            )),
            RunState::Rejected => printer.line(format_args!(
                "run {0} was rejected and the previous catalog stays. A token that lost sight of objects looks just like \
                 this. If they are really gone: sigma-catalog extract --accept-removals {0}",
                self.run_id
            )),
            state => printer.line(format_args!("run {} {}: {}", self.run_id, words(state), self.database)),
        }
    }

    /// How many documents were asked for their contents, and why; of a first run that is no news.
    fn asked(&self) -> Option<String> {
        let DocumentCounts { carried, asked } = &self.documents;
        if *carried == 0 && asked.keys().all(|why| *why == "unread") {
            return None;
        }
        let total: u64 = asked.values().sum();
        let each = asked.iter().map(|(why, count)| format!("{} {}", thousands(*count), why_words(why)));
        let each: Vec<String> = each.collect();
        let why = if each.is_empty() { String::new() } else { format!(" ({})", each.join(", ")) };
        let (carried, total) = (thousands(*carried), thousands(total));
        Some(format!("documents: {carried} unchanged and not asked, {total} asked{why}"))
    }

    /// What was left out, why, one line each.
    fn skipped(&self) -> Vec<String> {
        let is_bad = |outcome: &str| !Outcome::of_name(outcome).is_some_and(Outcome::is_good);
        let mut lines = Vec::new();
        for scope in self.scopes.iter().filter(|scope| is_bad(&scope.outcome)) {
            lines.push(format!(
                "{}: {} {}, earlier rows kept",
                scope.scope,
                thousands(scope.count),
                scope.outcome
            ));
        }
        let mut by_setting: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for LeftOutCount { setting, kind, count } in &self.left_out {
            let counted = format!("{} {}", thousands(*count), if *count == 1 { kind } else { plural(kind) });
            by_setting.entry(setting).or_default().push(counted);
        }
        for (setting, counted) in by_setting {
            lines.push(format!("left out by `{setting}`: {}", counted.join(", ")));
        }
        // Documents that filters leave out have a scope each; they have just been told.
        let filtered: u64 = self
            .left_out
            .iter()
            .filter(|left| crate::crawl::graph::DOCUMENT_KINDS.contains(&left.kind.as_str()))
            .map(|left| left.count)
            .sum();
        let count = |row: &ScopeCount| {
            let told = if row.scope == scope::DOCUMENTS { filtered as i64 } else { 0 };
            row.count - told
        };
        let left_out: Vec<_> = self
            .scopes
            .iter()
            .filter(|row| row.outcome == Outcome::Excluded.name() && count(row) > 0)
            .map(|row| format!("{} ({})", row.scope, count(row)))
            .collect();
        if !left_out.is_empty() {
            lines.push(format!(
                "left out, being archived, turned off or no longer offered: {}",
                left_out.join(", ")
            ));
        }
        lines
    }
}

/// The table of objects by kind; kinds of which there is nothing and was nothing are left out.
pub fn print_counts<'kinds>(
    printer: &Printer,
    kinds: impl Iterator<Item = (&'kinds str, &'kinds Counts)>,
) -> Result<(), CliError> {
    let place = |kind: &str| KINDS.iter().position(|(known, _)| *known == kind).unwrap_or(KINDS.len());
    let mut kinds: Vec<_> = kinds.filter(|(_, counts)| counts.total != 0 || counts.removed != 0).collect();
    kinds.sort_by_key(|(kind, _)| place(kind));
    let rows: Vec<Vec<String>> = kinds
        .into_iter()
        .map(|(kind, counts)| {
            let Counts { total, new, changed, removed, unchanged } = *counts;
            let numbers = [total, new, changed, removed, unchanged].map(thousands);
            std::iter::once(label(kind).to_owned()).chain(numbers).collect()
        })
        .collect();
    printer.table(&["objects", "total", "new", "changed", "removed", "unchanged"], &rows, &[1, 2, 3, 4, 5])
}

/// Why documents were asked, in words.
fn why_words(why: &str) -> &str {
    match why {
        "full" => "as all were",
        "unread" => "not read to the end before",
        "changed" => "changed",
        "sources_changed" => "built on what changed",
        "asked_differently" => "read with other settings or credentials before",
        "due" => "read too long ago",
        "undated" => "without a version or time of change",
        "image_missing" => "without their image",
        other => other,
    }
}

/// What many objects of a kind are called.
fn label(kind: &str) -> &str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or(kind, |(_, label)| label)
}

/// Many of a kind.
fn plural(kind: &str) -> &str {
    if kind == "folder" { "folders" } else { label(kind) }
}

/// A state in words.
pub fn words(state: RunState) -> &'static str {
    match state {
        RunState::Running => "is running",
        RunState::Published => "published",
        RunState::PublishedPartial => "published, with parts kept from earlier",
        RunState::Rejected => "rejected",
        RunState::Failed => "failed",
        RunState::Interrupted => "interrupted",
        RunState::Abandoned => "abandoned",
    }
}
