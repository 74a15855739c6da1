//! What reports are made from, read.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::args::SourceArgs;
use crate::access::Access;
use crate::catalog::facts::Facts;
use crate::catalog::organisation::Member;
use crate::cli::args::Cli;
use crate::cli::error::CliError;
use crate::cli::identity::args::{MatchBy, ReadArgs};
use crate::cli::identity::files::{self, ReadFile};
use crate::cli::output::Printer;
use crate::cli::settings::{self, SettingArgs};
use crate::config::{PermissionSettings, Settings};
use crate::identity::{Include, Mapping, reconcile};
use crate::report::finding::Ledger;
use crate::report::{Identity, Inputs, Options, Stamp};
use crate::store::{Catalog, Evidence, RunRow};

/// Everything that reports of one state of a catalog look at.
pub struct Loaded {
    pub catalog: Catalog,
    pub run: RunRow,
    stamp: Stamp,
    facts: Facts,
    access: Access,
    evidence: Evidence,
    identity: Option<Identity>,
    pub options: Options,
}

impl Loaded {
    /// Reads a state of a catalog, and who is who by `permissions`.
    pub fn read(
        catalog: Catalog,
        at: Option<i64>,
        permissions: &PermissionSettings,
        matching: Option<MatchBy>,
        options: Options,
    ) -> Result<Self, CliError> {
        let matching = MatchBy::or_as_runs_do(matching, permissions);
        let (run, facts) = catalog.facts(at)?;
        let evidence = catalog.evidence(run.run_id)?;
        let identity = identity(&catalog, permissions, matching, &facts)?;
        let access = Access::new(&facts);
        let mut stamp = Stamp::from(&run);
        // No report is newer than the permissions it tells of.
        if let Some(since) = catalog.permissions_carried_from(&run)? {
            stamp.as_of = Some(since);
        }
        Ok(Self { stamp, run, facts, access, evidence, identity, options, catalog })
    }

    /// The same for a report.
    pub fn inputs(&self) -> Inputs<'_> {
        Inputs {
            stamp: &self.stamp,
            facts: &self.facts,
            access: &self.access,
            evidence: &self.evidence,
            identity: self.identity.as_ref(),
            catalog: Some(&self.catalog),
            options: &self.options,
        }
    }

    /// What is known of findings, as of today.
    pub fn ledger(&self) -> Result<Ledger, CliError> {
        Ok(Ledger::new(self.catalog.findings()?, self.catalog.suppressions()?, today()))
    }
}

/// Today, UTC, ISO 8601.
pub fn today() -> String {
    Timestamp::now().to_zoned(TimeZone::UTC).date().to_string()
}

/// What the arguments and the settings name.
pub fn load(cli: &Cli, source: &SourceArgs, options: Options, printer: &Printer) -> Result<Loaded, CliError> {
    let settings = settings(cli, source.db.as_ref(), printer)?;
    let mut permissions = settings.permissions;
    if let Some(file) = &source.users.catalog_users_csv {
        permissions.catalog_users_csv.clone_from(file);
    }
    let catalog = Catalog::open(&settings.catalog.database)?;
    let loaded = Loaded::read(catalog, source.at, &permissions, source.matching, options)?;
    if loaded.identity.is_none() && !cli.quiet {
        printer.note(
            "note: who is who in the catalog is not known (there is no list of its users, or no identity mapping): \
             columns about catalog users are empty",
        );
    }
    Ok(loaded)
}

/// The settings, with the catalog that the arguments name.
pub fn settings(cli: &Cli, db: Option<&PathBuf>, printer: &Printer) -> Result<Settings, CliError> {
    let mut settings = settings::load(cli, &SettingArgs::default(), printer)?.settings;
    if let Some(db) = db {
        settings.catalog.database.clone_from(db);
    }
    Ok(settings)
}

/// Who is who; `None` where the catalog's users, or the mapping to match them by, are not there.
fn identity(
    catalog: &Catalog,
    permissions: &PermissionSettings,
    matching: MatchBy,
    facts: &Facts,
) -> Result<Option<Identity>, CliError> {
    let mapping = match matching {
        MatchBy::Email | MatchBy::Username => Mapping::default(),
        MatchBy::Csv => match csv_mapping(catalog, permissions)? {
            Some(mapping) => mapping,
            None => return Ok(None),
        },
    };
    let named = (matching == MatchBy::Csv).then_some(&mapping);
    let Some(users) = files::users_or_named(&permissions.catalog_users_csv, named)? else { return Ok(None) };
    let members: Vec<Member> = facts.members.iter().map(Member::from).collect();
    Ok(Some(Identity::new(reconcile(&members, &users, matching.with(&mapping), Include::default()))))
}

/// The mapping in force, or else the configured file.
fn csv_mapping(catalog: &Catalog, permissions: &PermissionSettings) -> Result<Option<Mapping>, CliError> {
    if let Some(version) = catalog.active_mapping()? {
        return files::mapping(catalog, &version).map(Some);
    }
    if !permissions.identity_csv.exists() {
        return Ok(None);
    }
    let file = ReadFile::open(&permissions.identity_csv, ReadArgs::default())?;
    Ok(Some(file.accepted()?.mapping))
}
