//! `access verify`: asks Sigma what members see, and compares.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::words::{counted, how, level};
use super::{Format, SCHEMA_VERSION};
use crate::access::{Access, Level};
use crate::cli::args::Cli;
use crate::cli::error::CliError;
use crate::cli::output::{Printer, thousands};
use crate::cli::settings::{self, SettingArgs};
use crate::config::CatalogSettings;
use crate::crawl::{self, Disagreement, Exit, Patience, Stop, Verdict, Verification};
use crate::store::{Catalog, DifferenceRow, Store, StoreError, VerificationCounts};

/// Sigma's listings show new files with a delay that its reference does not state. Files created less than this before
/// the crawl are not held against them.
const DELAY: SignedDuration = SignedDuration::from_hours(1);
/// How many differences are listed for people.
const SHOWN: usize = 100;

#[derive(Serialize)]
struct VerifyReport<'a> {
    schema_version: u32,
    run_id: i64,
    exit_code: u8,
    members: usize,
    compared: u64,
    agreed: u64,
    undecided: u64,
    too_new: u64,
    not_in_catalog: u64,
    disagreements: Vec<Difference<'a>>,
    unanswered: Vec<Unanswered<'a>>,
}

#[derive(Serialize)]
struct Difference<'a> {
    verdict: &'static str,
    member_id: &'a str,
    email: Option<&'a str>,
    object_id: &'a str,
    kind: &'static str,
    object: String,
    computed: Option<&'static str>,
    sigma_says: Option<&'a str>,
    confidence: &'static str,
    how: Option<String>,
}

#[derive(Serialize)]
struct Unanswered<'a> {
    member_id: &'a str,
    why: &'a str,
}

pub fn run(
    cli: &Cli,
    arguments: &SettingArgs,
    format: Format,
    sample: Option<usize>,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let settings = settings::load(cli, arguments, printer)?.settings;
    let (run, facts) = Catalog::open(&settings.catalog.database)?.facts(None)?;
    let access = Access::new(&facts);
    let members = crawl::choose(&access, sample);
    let client = crawl::client_of(&settings, &Stop::default(), Patience::Run)?;
    let new_from =
        run.started_at.parse::<Timestamp>().ok().and_then(|started| started.checked_sub(DELAY).ok());
    let new_from = new_from.map(|from| format!("{from:.3}"));
    let request = crawl::Verify {
        access: &access,
        members: &members,
        organization: run.organization_id.as_deref(),
        concurrency: settings.crawl.concurrency,
        new_from: new_from.as_deref(),
    };
    let verification = super::super::runtime()?.block_on(crawl::verify(&client, request))?;
    let exit = match (&verification.disagreements[..], &verification.unanswered[..]) {
        ([], []) => Exit::Ok,
        // Nothing was found, but not all was asked.
        ([], _) => Exit::Unavailable,
        _ => Exit::Findings,
    };
    if verification.undecided > 0 {
        printer.note(format_args!(
            "warning: {} of {} answers are undecided: they neither confirm the catalog nor contradict it",
            thousands(verification.undecided),
            thousands(verification.compared)
        ));
    }
    if let Err(error) = record(&settings.catalog, run.run_id, &access, &verification) {
        printer.note(format_args!("warning[{}]: report R21 will not know of this: {error}", error.code()));
    }
    match format {
        Format::Json => printer.json(&report(run.run_id, &access, &verification, exit))?,
        Format::Text => text(run.run_id, &access, &verification, printer)?,
    }
    Ok(exit)
}

/// Stores what came out, for report R21.
fn record(
    catalog: &CatalogSettings,
    run: i64,
    access: &Access,
    verification: &Verification,
) -> Result<(), StoreError> {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let counts = VerificationCounts {
        members: number(verification.members as u64),
        compared: number(verification.compared),
        agreed: number(verification.agreed),
        undecided: number(verification.undecided),
        too_new: number(verification.too_new),
        not_in_catalog: number(verification.not_in_catalog),
        unanswered: number(verification.unanswered.len() as u64),
    };
    let differences: Vec<DifferenceRow> = verification
        .disagreements
        .iter()
        .map(|found| DifferenceRow {
            member_id: access.members()[found.member as usize].id.clone(),
            object_id: access.objects()[found.object as usize].id.clone(),
            verdict: found.verdict.name().to_owned(),
            computed: found.computed.level().map(|level| level.name().to_owned()),
            sigma_says: found.sigma.clone(),
            confidence: found.computed.confidence.name().to_owned(),
        })
        .collect();
    let mut store = Store::open_at(&catalog.database, catalog.allow_network_filesystem)?;
    store.record_verification(run, &counts, &differences)
}

fn report<'a>(
    run_id: i64,
    access: &'a Access,
    verification: &'a Verification,
    exit: Exit,
) -> VerifyReport<'a> {
    VerifyReport {
        schema_version: SCHEMA_VERSION,
        run_id,
        exit_code: exit.code(),
        members: verification.members,
        compared: verification.compared,
        agreed: verification.agreed,
        undecided: verification.undecided,
        too_new: verification.too_new,
        not_in_catalog: verification.not_in_catalog,
        disagreements: verification.disagreements.iter().map(|found| difference(access, found)).collect(),
        unanswered: verification
            .unanswered
            .iter()
            .map(|(member, why)| Unanswered { member_id: &access.members()[*member as usize].id, why })
            .collect(),
    }
}

fn difference<'a>(access: &'a Access, found: &'a Disagreement) -> Difference<'a> {
    let (who, what) = (&access.members()[found.member as usize], &access.objects()[found.object as usize]);
    Difference {
        verdict: found.verdict.name(),
        member_id: &who.id,
        email: who.email.as_deref(),
        object_id: &what.id,
        kind: what.kind.name(),
        object: what.full_path(),
        computed: found.computed.level().map(Level::name),
        sigma_says: found.sigma.as_deref(),
        confidence: found.computed.confidence.name(),
        how: found.computed.best.map(|path| how(access, &path, found.object)),
    }
}

fn text(run: i64, access: &Access, verification: &Verification, printer: &Printer) -> Result<(), CliError> {
    let number = |number: u64| thousands(number);
    printer.line(format_args!(
        "run {run} compared with Sigma: {} asked about, {} answers compared, {} alike, {} different",
        counted(verification.members, "member"),
        number(verification.compared),
        number(verification.agreed),
        thousands(verification.disagreements.len() as i128),
    ))?;
    for (count, words) in [
        (verification.undecided, "undecided: the catalog or Sigma's listing says that something is missing"),
        (verification.too_new, "too new for Sigma's listing to show"),
        (
            verification.not_in_catalog,
            "shown by Sigma and not in the catalog: newer, or hidden from the crawl",
        ),
    ] {
        if count > 0 {
            printer.line(format_args!("  {} {words}", number(count)))?;
        }
    }
    if !verification.disagreements.is_empty() {
        let rows: Vec<Vec<String>> = verification
            .disagreements
            .iter()
            .take(SHOWN)
            .map(|found| {
                let what = &access.objects()[found.object as usize];
                let path = found.computed.best.map(|path| how(access, &path, found.object));
                vec![
                    access.members()[found.member as usize].title().to_owned(),
                    format!("{} {}", what.kind.words(), what.full_path()),
                    level(&found.computed, what.kind).into_owned(),
                    path.unwrap_or_default(),
                    found.sigma.clone().unwrap_or_else(|| "no access".to_owned()),
                ]
            })
            .collect();
        printer.line("")?;
        printer.table(&["member", "object", "catalog", "how", "Sigma"], &rows, &[])?;
        if verification.disagreements.len() > SHOWN {
            let more = verification.disagreements.len() - SHOWN;
            printer.line(format_args!("and {} more: --format json lists all", thousands(more as i128)))?;
        }
        printer.line("")?;
        printer.line("`access explain MEMBER OBJECT` shows all paths the catalog knows.")?;
        if verification.disagreements.iter().any(|found| found.verdict == Verdict::SigmaOnly) {
            printer.line(
                "What only Sigma shows may be a document shared by link, or a grant made since the crawl.",
            )?;
        }
    }
    for (member, why) in &verification.unanswered {
        let who = access.members()[*member as usize].title();
        printer.line(format_args!("  no answer about {who}: {why}"))?;
    }
    Ok(())
}
