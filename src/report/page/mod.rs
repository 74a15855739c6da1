//! The page for people who would rather look: one HTML file that holds the catalog's access and asks nobody anything.
//!
//! * `data.rs` — what the page carries; `page.html` — its frame, escaped by the template engine.
//! * `rules.js` — who reaches what and why; `search.js`, `view.js`, `main.js` — finding and drawing it; `page.css`.
//!
//! The page's policy lets only this style sheet and this script in, by their hashes, and nothing out.

mod data;
mod sheet;

use std::collections::BTreeMap;

use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::finding::Ledger;
use super::inputs::Inputs;
use super::row::ReportError;
use crate::identity::Status;
use crate::store::{Catalog, RunRow, RunState};
use data::Data;
use sheet::{Finding, Sheet};

const STYLE: &str = include_str!("page.css");
/// One script in the order in which its parts need one another.
const SCRIPT: &str = concat!(
    "\"use strict\";\n",
    include_str!("rules.js"),
    include_str!("search.js"),
    include_str!("view.js"),
    include_str!("main.js")
);

/// How many findings the page shows; the rest is counted. `report all` writes every one.
const MOST_FINDINGS: usize = 1000;
/// How many runs the lines in the summary go back.
const RUNS: i64 = 30;

#[derive(Template)]
#[template(path = "page.html", config = "src/report/askama.toml")]
struct Page<'a> {
    organization: &'a str,
    run: i64,
    as_of: &'a str,
    mode: &'a str,
    tiles: Vec<Tile>,
    findings: &'a [Finding],
    findings_caption: String,
    exposures: Sheet,
    statuses: Vec<StatusCount>,
    gaps: Sheet,
    closing: String,
    style: &'static str,
    style_hash: String,
    script: &'static str,
    script_hash: String,
    data: String,
}

/// A number with its past.
struct Tile {
    label: &'static str,
    now: i64,
    first: i64,
    runs: usize,
    /// An SVG path in a box of 100 by 20; empty where there is no past.
    line: String,
}

struct StatusCount {
    name: &'static str,
    members: usize,
    meaning: &'static str,
}

/// The page of a state of a catalog. `mode` says in a sentence whose access is mirrored.
///
/// # Errors
/// If the catalog cannot be read.
pub fn page(
    inputs: &Inputs<'_>,
    run: &RunRow,
    catalog: &Catalog,
    ledger: &Ledger,
    mode: &str,
) -> Result<String, ReportError> {
    let findings = sheet::findings(inputs, ledger)?;
    let shown = &findings[..findings.len().min(MOST_FINDINGS)];
    let status = |member: &str| inputs.identity?.of(member).map(|known| known.status.name());
    let broken = |error: &dyn std::fmt::Display| ReportError::Internal(error.to_string());
    let data = Data::new(inputs.access, status).embedded().map_err(|error| broken(&error))?;
    let organization = run.organization_id.as_deref().unwrap_or("without an id");
    Page {
        organization,
        run: run.run_id,
        as_of: inputs.stamp.as_of.as_deref().unwrap_or_default(),
        mode,
        tiles: tiles(catalog, run.run_id)?,
        findings: shown,
        findings_caption: caption(&findings, shown.len()),
        exposures: sheet::of("R12", inputs, ledger)?,
        statuses: statuses(inputs),
        gaps: sheet::of("R18", inputs, ledger)?,
        closing: format!(
            "Made by sigma-catalog {} from run {}. It holds names and e-mail addresses: keep it as you keep those.",
            env!("CARGO_PKG_VERSION"),
            run.run_id
        ),
        style: STYLE,
        style_hash: hash(STYLE),
        script: SCRIPT,
        script_hash: hash(SCRIPT),
        data,
    }
    .render()
    .map_err(|error| broken(&error))
}

/// What a content policy calls a text.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

fn caption(findings: &[Finding], shown: usize) -> String {
    let mut by_severity: BTreeMap<_, usize> = BTreeMap::new();
    for finding in findings {
        *by_severity.entry(finding.rank).or_default() += 1;
    }
    let counts: Vec<String> =
        by_severity.iter().rev().map(|(rank, count)| format!("{count} {}", rank.name())).collect();
    let rest = match findings.len() - shown {
        0 => String::new(),
        rest => format!(" The first {shown} are shown; `report all` writes the other {rest} as well."),
    };
    format!("{}.{rest}", counts.join(", "))
}

/// The kinds whose numbers head the page, with their names for people.
const TILES: [(&str, &str); 8] = [
    ("member", "members"),
    ("team", "teams"),
    ("workspace", "workspaces"),
    ("workbook", "workbooks"),
    ("report", "reports"),
    ("data-model", "data models"),
    ("object_grant", "grants"),
    ("connection", "connections"),
];

/// Numbers of a run, each with its course over the published runs up to it.
fn tiles(catalog: &Catalog, run: i64) -> Result<Vec<Tile>, ReportError> {
    let published = |known: &RunRow| {
        known.run_id <= run && matches!(known.state, RunState::Published | RunState::PublishedPartial)
    };
    let mut runs: Vec<i64> =
        catalog.runs(i64::MAX)?.iter().filter(|known| published(known)).map(|known| known.run_id).collect();
    runs.truncate(RUNS as usize);
    runs.reverse();
    let counts = runs.iter().map(|run| catalog.counts(*run)).collect::<Result<Vec<_>, _>>()?;
    let tile = |(kind, label): (&str, &'static str)| {
        let course: Vec<i64> =
            counts.iter().map(|of_run| of_run.get(kind).map_or(0, |counts| counts.total)).collect();
        Tile {
            label,
            now: course.last().copied().unwrap_or(0),
            first: course.first().copied().unwrap_or(0),
            runs: course.len(),
            line: line(&course),
        }
    };
    Ok(TILES.map(tile).into())
}

/// The course of a number from left to right; the lowest is at the bottom, a number that never moves in the middle.
fn line(course: &[i64]) -> String {
    let (Some(low), Some(high)) = (course.iter().min(), course.iter().max()) else { return String::new() };
    if course.len() < 2 {
        return String::new();
    }
    let step = 100.0 / (course.len() - 1) as f64;
    let height = |value: i64| {
        if high == low { 10.0 } else { 20.0 - 20.0 * (value - low) as f64 / (high - low) as f64 }
    };
    let points: Vec<String> = course
        .iter()
        .enumerate()
        .map(|(place, value)| format!("{:.1} {:.1}", step * place as f64, height(*value)))
        .collect();
    format!("M{}", points.join(" L"))
}

fn statuses(inputs: &Inputs<'_>) -> Vec<StatusCount> {
    let Some(identity) = inputs.identity else { return Vec::new() };
    let members = &identity.found.members;
    Status::ALL
        .into_iter()
        .map(|status| StatusCount {
            name: status.name(),
            members: members.iter().filter(|member| member.status == status).count(),
            meaning: meaning(status),
        })
        .filter(|status| status.members > 0)
        .collect()
}

fn meaning(status: Status) -> &'static str {
    match status {
        Status::Mapped => "exactly one active catalog user: mirrored",
        Status::Unmapped => "no catalog user: sees nothing in the catalog",
        Status::AmbiguousManyUsers => {
            "several catalog users could be this member: sees nothing until resolved"
        }
        Status::AmbiguousSharedUser => {
            "several members could be one catalog user: sees nothing until resolved"
        }
        Status::CatalogUserInactive => "the catalog user may not sign in",
        Status::SigmaInactive => "deactivated in Sigma, or archived by SCIM",
        Status::ExcludedEmbed => "made by an embedding application: no person of the directory",
        Status::ExcludedGuest => "a guest",
        Status::ExcludedSystem => "Sigma's own scheduler",
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_course_is_drawn_from_its_lowest_to_its_highest() {
        assert_eq!(line(&[]), "");
        assert_eq!(line(&[5]), "");
        assert_eq!(line(&[5, 5]), "M0.0 10.0 L100.0 10.0");
        assert_eq!(line(&[0, 10, 5]), "M0.0 20.0 L50.0 0.0 L100.0 10.0");
    }
}
