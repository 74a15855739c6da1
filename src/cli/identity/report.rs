//! `identity report`: who is who.

use std::collections::BTreeMap;

use serde::Serialize;

use super::SCHEMA_VERSION;
use super::args::{MatchBy, ReportArgs, include};
use super::files::{self, ReadFile};
use crate::cli::args::{Cli, Format};
use crate::cli::error::CliError;
use crate::cli::output::{Printer, thousands};
use crate::config::Settings;
use crate::identity::{Mapping, Reconciliation, Status, reconcile, users_named_by};
use crate::store::Catalog;

/// What the report rests on.
#[derive(Debug, Serialize)]
struct Basis {
    /// `csv`, `email` or `username`.
    matched_by: &'static str,
    /// The version of the mapping in force, if it was used.
    version: Option<i64>,
    /// The file the mapping came from, if there is one.
    file: Option<String>,
    /// SHA-256 of that file.
    sha256: Option<String>,
    /// How many rows the mapping has.
    rows: usize,
    /// Where the catalog's users come from.
    catalog_users: String,
}

#[derive(Debug, Serialize)]
struct IdentityReport {
    schema_version: u32,
    report_id: &'static str,
    run_id: i64,
    as_of: Option<String>,
    org_id: Option<String>,
    /// `exact`, or `unknown` when the members were not listed completely: then nobody is known to be missing.
    confidence: &'static str,
    basis: Basis,
    member_counts: BTreeMap<&'static str, usize>,
    catalog_user_counts: BTreeMap<&'static str, usize>,
    #[serde(flatten)]
    found: Reconciliation,
}

pub fn run(cli: &Cli, arguments: &ReportArgs, printer: &Printer) -> Result<(), CliError> {
    let mut settings = files::settings(cli, &arguments.catalog, &arguments.users, printer)?;
    if let Some(file) = &arguments.identity_csv {
        settings.permissions.identity_csv = file.clone();
    }
    let by = match arguments.identity_csv {
        // A file named on the command line is meant to be used.
        Some(_) => arguments.matching.unwrap_or(MatchBy::Csv),
        None => MatchBy::or_as_runs_do(arguments.matching, &settings.permissions),
    };
    let catalog = Catalog::open(&settings.catalog.database)?;
    let run = catalog.published()?.ok_or_else(|| CliError::Usage {
        problem: "the catalog has no published run yet".to_owned(),
        remedy: "run `sigma-catalog extract` first".to_owned(),
    })?;
    let (mapping, mut basis) = basis(&catalog, &settings, arguments, by)?;
    let file = &settings.permissions.catalog_users_csv;
    let users = if by == MatchBy::Csv && !file.exists() && arguments.users.catalog_users_csv.is_none() {
        basis.catalog_users = "the identity CSV alone".to_owned();
        users_named_by(&mapping)
    } else {
        basis.catalog_users = files::shown(file);
        files::users(file)?
    };
    let matching = by.with(&mapping);
    basis.matched_by = matching.name();
    let found = reconcile(&catalog.members()?, &users, matching, include(&arguments.include));
    let complete = catalog.members_are_complete(run.run_id)?;
    let report = IdentityReport {
        schema_version: SCHEMA_VERSION,
        report_id: "R06",
        run_id: run.run_id,
        as_of: run.ended_at,
        org_id: run.organization_id,
        confidence: if complete { "exact" } else { "unknown" },
        basis,
        member_counts: found.member_counts(),
        catalog_user_counts: found.user_counts(),
        found,
    };
    match arguments.catalog.format {
        Format::Json => printer.json(&report),
        Format::Text => print(&report, printer),
    }
}

/// The mapping to match by: the one in force, or else the configured file. There is no third: matching by address
/// instead would show people things that nobody decided.
fn basis(
    catalog: &Catalog,
    settings: &Settings,
    arguments: &ReportArgs,
    by: MatchBy,
) -> Result<(Mapping, Basis), CliError> {
    let mut basis = Basis {
        matched_by: "",
        version: None,
        file: None,
        sha256: None,
        rows: 0,
        catalog_users: String::new(),
    };
    if by != MatchBy::Csv {
        return Ok((Mapping::default(), basis));
    }
    // A file named on the command line is meant to be used.
    let active = if arguments.identity_csv.is_some() { None } else { catalog.active_mapping()? };
    let mapping = match active {
        Some(version) => {
            let mapping = files::mapping(catalog, &version)?;
            basis.version = Some(version.version);
            basis.file = Some(version.source);
            basis.sha256 = Some(version.sha256);
            mapping
        }
        None => {
            let file = &settings.permissions.identity_csv;
            if !file.exists() {
                return Err(CliError::Usage {
                    problem: format!(
                        "no identity mapping was imported, and there is no `{}`",
                        file.display()
                    ),
                    remedy: "import one with `sigma-catalog identity import FILE`, or compare addresses \
                             with `--match email`"
                        .to_owned(),
                });
            }
            let read = ReadFile::open(file, arguments.read)?;
            basis.file = Some(read.name.clone());
            basis.sha256 = Some(read.sha256.clone());
            read.accepted()?.mapping
        }
    };
    basis.rows = mapping.pairs().len();
    Ok((mapping, basis))
}

/// A hint, behind the state of an account that is not in use.
fn hint(state: &str, hint: &str) -> String {
    match (state, hint) {
        ("active", hint) => hint.to_owned(),
        (state, "") => state.replace('_', " "),
        (state, hint) => format!("{}: {hint}", state.replace('_', " ")),
    }
}

fn print(report: &IdentityReport, printer: &Printer) -> Result<(), CliError> {
    let basis = &report.basis;
    let source = match (basis.version, &basis.file) {
        (Some(version), Some(file)) => format!("version {version} of the mapping, from {file}"),
        (_, Some(file)) => file.clone(),
        _ => format!("{} of {}", basis.matched_by, basis.catalog_users),
    };
    printer.line(format_args!("members of run {} by {source}", report.run_id))?;
    if report.confidence != "exact" {
        printer.line("the members were not listed completely: who is missing is not known")?;
    }
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let line = |line: Option<u64>| line.map(|line| line.to_string()).unwrap_or_default();
    let counts: Vec<Vec<String>> = Status::ALL
        .iter()
        .map(|status| {
            [&report.member_counts, &report.catalog_user_counts].map(|c| (status.name(), c[status.name()]))
        })
        .filter(|pair| pair.iter().any(|(_, count)| *count > 0))
        .map(|[(name, members), (_, users)]| {
            vec![name.to_owned(), thousands(members as u64), thousands(users as u64)]
        })
        .collect();
    printer.line("")?;
    printer.table(&["status", "members", "catalog users"], &counts, &[1, 2])?;
    let members: Vec<Vec<String>> = report
        .found
        .members
        .iter()
        .map(|member| {
            vec![
                member.sigma_email.clone().unwrap_or_else(|| member.member_id.clone()),
                text(&member.catalog_user),
                member.status.name().to_owned(),
                line(member.csv_line),
                hint(member.state, &member.hint),
            ]
        })
        .collect();
    printer.line("")?;
    printer.table(&["Sigma member", "catalog user", "status", "line", "hint"], &members, &[3])?;
    let users: Vec<Vec<String>> = report
        .found
        .catalog_users
        .iter()
        .map(|user| {
            vec![
                user.network_id.clone(),
                text(&user.email),
                user.status.name().to_owned(),
                line(user.csv_line),
                hint(if user.active { "active" } else { "inactive" }, &user.hint),
            ]
        })
        .collect();
    printer.line("")?;
    printer.table(&["catalog user", "e-mail", "status", "line", "hint"], &users, &[3])?;
    for (lines, what) in [
        (&report.found.unknown_sigma, "address that no Sigma member has"),
        (&report.found.unknown_catalog, "login name that no catalog user has"),
    ] {
        if !lines.is_empty() {
            let shown: Vec<String> = lines.iter().take(10).map(u64::to_string).collect();
            let more = if lines.len() > shown.len() { ", ..." } else { "" };
            printer.line(format_args!(
                "{} rows of the CSV name an {what}: line {}{more}",
                thousands(lines.len() as u64),
                shown.join(", ")
            ))?;
        }
    }
    Ok(())
}
