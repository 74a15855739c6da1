//! The page for people who would rather look: one HTML file that holds the catalog's access and asks nobody anything.
//!
//! * `data.rs` — what the page carries; `page.html` — its frame, escaped by the template engine.
//! * `rules.js` — who reaches what and why; `search.js`, `view.js`, `main.js` — finding and drawing it; `page.css`.
//!
//! The page's policy lets only this style sheet and this script in, by their hashes, and nothing out.

mod data;
mod sheet;

use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::finding::{Ledger, Status};
use super::inputs::Inputs;
use super::row::{ReportError, Severity};
use crate::access::{Access, Member};
use crate::identity::Status as Known;
use crate::store::{AudienceRow, Catalog, RunRow, RunState};
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

/// How many findings, and rows of any other table, the page shows; the rest is counted. `report all` writes every one.
const MOST_ROWS: usize = 1000;
/// How many runs the lines in the summary go back.
const RUNS: usize = 30;

#[derive(Template)]
#[template(path = "page.html", config = "src/report/askama.toml")]
struct Page<'a> {
    organization: &'a str,
    run: i64,
    as_of: String,
    mode: String,
    tiles: Vec<Tile>,
    findings: Vec<Group<'a>>,
    findings_shown: usize,
    findings_total: usize,
    exposures: Sheet,
    statuses: Vec<StatusCount>,
    gaps: Sheet,
    /// Something beyond what settings left out is not known.
    is_doubtful: bool,
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
    /// How it changed, in words; empty where there is no past.
    change: String,
    /// An SVG path in a box of 100 by 20; empty where there is no past.
    line: String,
}

struct StatusCount {
    name: &'static str,
    members: usize,
    meaning: &'static str,
}

/// The page of a state of a catalog.
///
/// # Errors
/// If the catalog cannot be read.
pub fn page(inputs: &Inputs<'_>, ledger: &Ledger) -> Result<String, ReportError> {
    let findings = sheet::findings(inputs, ledger)?;
    let status = |member: &str| inputs.identity?.of(member).map(|known| known.status.name());
    let broken = |error: &dyn std::fmt::Display| ReportError::Internal(error.to_string());
    let data = Data::new(inputs.access, status).embedded().map_err(|error| broken(&error))?;
    let run = inputs.stamp.run_id;
    let slug = inputs.catalog.map(|catalog| catalog.organization_slug(run)).transpose()?.flatten();
    let audience = inputs.catalog.map(|catalog| catalog.audience(run)).transpose()?.flatten();
    let gaps = sheet::of("R18", inputs, ledger, MOST_ROWS)?;
    Page {
        organization: slug.as_deref().or(inputs.stamp.org_id.as_deref()).unwrap_or("without an id"),
        run,
        as_of: inputs.stamp.as_of.as_deref().map(moment).unwrap_or_default(),
        mode: audience.as_ref().map(|audience| mirrors(audience, inputs.access)).unwrap_or_default(),
        tiles: inputs.catalog.map(|catalog| tiles(catalog, run)).transpose()?.unwrap_or_default(),
        findings: groups(&findings),
        findings_shown: findings.len().min(MOST_ROWS),
        findings_total: findings.len(),
        exposures: sheet::of("R12", inputs, ledger, MOST_ROWS)?,
        statuses: statuses(inputs),
        is_doubtful: gaps.total > inputs.evidence.left_out.len(),
        gaps,
        closing: format!(
            "Made by sigma-catalog {} from run {run}. It holds names and e-mail addresses: keep it as you keep those.",
            env!("CARGO_PKG_VERSION"),
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

/// Whose access the catalog mirrors, in a sentence.
fn mirrors(audience: &AudienceRow, access: &Access) -> String {
    if let Some(login) = &audience.login_member_id {
        let people = access.members();
        let who = people.iter().find(|member| member.id == *login).map_or(login.as_str(), Member::title);
        return format!("The catalog holds what {who} sees; nobody's access is mirrored in it.");
    }
    let members = |count: i64| format!("{count} member{}", if count == 1 { "" } else { "s" });
    let by = match audience.matched_by.as_deref() {
        Some("csv") => "by an identity CSV",
        Some("email") => "by e-mail address",
        Some("username") => "by user name",
        _ => "with nobody",
    };
    let from =
        if audience.source == "sigma" { "as Sigma itself answered it" } else { "as the grants give it" };
    if audience.mapped == 0 {
        return "The catalog mirrors nobody's access: no member is matched with a catalog user.".to_owned();
    }
    let limited = if audience.limited { " The bi_ views show what they reach and nothing else." } else { "" };
    format!(
        "The catalog mirrors the access of {} matched {by}, {from}; it shows nothing to {} without a match.{limited}",
        members(audience.mapped),
        members(audience.excluded)
    )
}

/// What a content policy calls a text.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// Findings of one severity.
struct Group<'a> {
    severity: &'static str,
    total: usize,
    new: usize,
    /// The first of them, as far as there is room.
    rows: &'a [Finding],
    open: bool,
}

/// The findings by severity, the severest first; `all` are in that order.
fn groups(all: &[Finding]) -> Vec<Group<'_>> {
    let mut room = MOST_ROWS;
    let mut groups = Vec::new();
    for same in all.chunk_by(|a, b| a.rank == b.rank) {
        let shown = same.len().min(room);
        room -= shown;
        groups.push(Group {
            severity: same[0].rank.name(),
            total: same.len(),
            new: same.iter().filter(|finding| finding.status == Status::New.name()).count(),
            rows: &same[..shown],
            open: groups.is_empty() || same[0].rank >= Severity::High,
        });
    }
    groups
}

/// A date and time as people read it; whatever else Sigma or a catalog says is left as it is.
fn moment(text: &str) -> String {
    match (text.get(..10), text.get(10..11), text.get(11..16)) {
        (Some(day), Some("T"), Some(minute)) if text.ends_with('Z') => format!("{day} {minute} UTC"),
        _ => text.to_owned(),
    }
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
    runs.truncate(RUNS);
    runs.reverse();
    let counts = runs.iter().map(|run| catalog.counts(*run)).collect::<Result<Vec<_>, _>>()?;
    let tile = |(kind, label): (&str, &'static str)| {
        let course: Vec<i64> =
            counts.iter().map(|of_run| of_run.get(kind).map_or(0, |counts| counts.total)).collect();
        Tile {
            label,
            now: course.last().copied().unwrap_or(0),
            change: runs.first().map(|first| change(&course, *first)).unwrap_or_default(),
            line: line(&course),
        }
    };
    Ok(TILES.map(tile).into())
}

/// How a number changed since the first run of its course.
fn change(course: &[i64], first_run: i64) -> String {
    match course {
        [] | [_] => String::new(),
        [first, .., last] if first == last => format!("as in run {first_run}"),
        [first, .., last] => format!("{:+} since run {first_run}", last - first),
    }
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
    Known::ALL
        .into_iter()
        .map(|status| StatusCount {
            name: status.name(),
            members: members.iter().filter(|member| member.status == status).count(),
            meaning: meaning(status),
        })
        .filter(|status| status.members > 0)
        .collect()
}

fn meaning(status: Known) -> &'static str {
    match status {
        Known::Mapped => "exactly one active catalog user: mirrored",
        Known::Unmapped => "no catalog user: sees nothing in the catalog",
        Known::AmbiguousManyUsers => {
            "several catalog users could be this member: sees nothing until resolved"
        }
        Known::AmbiguousSharedUser => {
            "several members could be one catalog user: sees nothing until resolved"
        }
        Known::CatalogUserInactive => "the catalog user may not sign in",
        Known::SigmaInactive => "deactivated in Sigma, or archived by SCIM",
        Known::ExcludedEmbed => "made by an embedding application: no person of the directory",
        Known::ExcludedGuest => "a guest",
        Known::ExcludedSystem => "Sigma's own scheduler",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::facts::{Facts, MemberFact};

    #[test]
    fn findings_are_shown_by_severity_as_far_as_there_is_room() {
        let finding = |rank: Severity, status: Status| Finding {
            rank,
            report: "exposure",
            what: String::new(),
            status: status.name().into(),
            confidence: "exact".into(),
        };
        let mut all =
            vec![finding(Severity::Critical, Status::New), finding(Severity::Critical, Status::Known)];
        all.extend((0..MOST_ROWS).map(|_| finding(Severity::Low, Status::Known)));
        all.push(finding(Severity::Info, Status::Known));
        let told: Vec<_> = groups(&all)
            .iter()
            .map(|group| (group.severity, group.total, group.new, group.rows.len(), group.open))
            .collect();
        let low = ("low", MOST_ROWS, 0, MOST_ROWS - 2, false);
        assert_eq!(told, [("critical", 2, 1, 2, true), low, ("info", 1, 0, 0, false)]);
    }

    #[test]
    fn whose_access_is_mirrored_is_told_in_a_sentence() {
        let mut facts = Facts::default();
        facts.members.push(MemberFact {
            id: "m1".into(),
            email: Some("ann@x.com".into()),
            ..MemberFact::default()
        });
        let access = Access::new(&facts);
        let csv = AudienceRow {
            mode: "identity_csv".into(),
            login_member_id: None,
            matched_by: Some("csv".into()),
            mapping_version: Some(1),
            mapping_file: None,
            mapping_sha256: None,
            users_file: None,
            users_sha256: None,
            source: "grants".into(),
            mapped: 3,
            excluded: 1,
            limited: false,
        };
        let told = |audience: &AudienceRow| mirrors(audience, &access);
        assert_eq!(
            told(&csv),
            "The catalog mirrors the access of 3 members matched by an identity CSV, as the grants give it; it shows \
             nothing to 1 member without a match."
        );
        let asked = AudienceRow {
            matched_by: Some("email".into()),
            source: "sigma".into(),
            limited: true,
            ..csv.clone()
        };
        assert_eq!(
            told(&asked),
            "The catalog mirrors the access of 3 members matched by e-mail address, as Sigma itself answered it; it \
             shows nothing to 1 member without a match. The bi_ views show what they reach and nothing else."
        );
        assert!(told(&AudienceRow { mapped: 0, ..csv.clone() }).contains("nobody's access"));
        for (id, name) in [("m1", "ann@x.com"), ("m2", "m2")] {
            let login = AudienceRow { login_member_id: Some(id.into()), ..csv.clone() };
            let expected = format!("The catalog holds what {name} sees; nobody's access is mirrored in it.");
            assert_eq!(told(&login), expected);
        }
    }

    #[test]
    fn a_moment_is_told_as_people_tell_it() {
        assert_eq!(moment("2026-11-01T09:30:59.123Z"), "2026-11-01 09:30 UTC");
        for other in ["", "2026-11-01", "2026-11-01T09:30:59+02:00", "ñññññññññññññ"] {
            assert_eq!(moment(other), other);
        }
    }

    #[test]
    fn a_change_is_told_since_the_first_run_shown() {
        assert_eq!(change(&[], 1), "");
        assert_eq!(change(&[5], 4), "");
        assert_eq!(change(&[5, 9, 5], 4), "as in run 4");
        assert_eq!(change(&[5, 7], 4), "+2 since run 4");
        assert_eq!(change(&[7, 6, 5], 4), "-2 since run 4");
    }

    #[test]
    fn a_course_is_drawn_from_its_lowest_to_its_highest() {
        assert_eq!(line(&[]), "");
        assert_eq!(line(&[5]), "");
        assert_eq!(line(&[5, 5]), "M0.0 10.0 L100.0 10.0");
        assert_eq!(line(&[0, 10, 5]), "M0.0 20.0 L50.0 0.0 L100.0 10.0");
    }
}
