//! `identity validate`, `import`, `diff` and `rollback`: what a mapping would change, and changing it.

use std::io::{BufRead, IsTerminal};
use std::path::Path;

use serde::Serialize;

use super::SCHEMA_VERSION;
use super::args::{ConsentArgs, ReadArgs, UsersArgs, user_of_this_machine};
use super::effect::Effect;
use super::files::{self, ReadFile};
use crate::cli::args::{CatalogArgs, Cli, Format};
use crate::cli::error::CliError;
use crate::cli::output::{Printer, thousands};
use crate::config::Settings;
use crate::identity::{
    Changes, Include, Mapping, Matching, Pair, Problem, Problems, Status, UserChange, reconcile,
    users_named_by,
};
use crate::store::{Catalog, ImportedMapping, MappingRow, MappingState, MappingVersion, Store, StoreError};

/// How many users of each kind of change are shown to people; JSON has all.
const SHOWN: usize = 50;

/// What a file is worth.
#[derive(Debug, Serialize)]
struct Validation {
    file: String,
    sha256: String,
    accepted: bool,
    rows: usize,
    accepted_rows: usize,
    duplicates: usize,
    conflicts: usize,
    /// Rows whose address no Sigma member has; `None` without a complete list of members.
    unknown_sigma: Option<usize>,
    /// Rows whose login name no catalog user has; `None` without a list of users.
    unknown_catalog: Option<usize>,
    /// Members that could be several users, or share one; `None` without both lists.
    ambiguous: Option<usize>,
    /// Members that would be mapped, of all that its rows name; `None` without both lists.
    mapped: Option<usize>,
    encoding: Option<&'static str>,
    delimiter: Option<&'static str>,
    problems: Problems,
    warnings: Problems,
}

impl Validation {
    fn of(read: &ReadFile, catalog: Option<&Catalog>, settings: &Settings) -> Result<Self, CliError> {
        let mut validation = Self {
            file: read.name.clone(),
            sha256: read.sha256.clone(),
            accepted: read.content.is_ok(),
            rows: 0,
            accepted_rows: 0,
            duplicates: 0,
            conflicts: 0,
            unknown_sigma: None,
            unknown_catalog: None,
            ambiguous: None,
            mapped: None,
            encoding: None,
            delimiter: None,
            problems: Problems::default(),
            warnings: Problems::default(),
        };
        match &read.content {
            Err(rejected) => {
                validation.rows = rejected.rows;
                validation.duplicates = rejected.duplicates;
                validation.conflicts = rejected.conflicts;
                validation.problems = rejected.problems.clone();
            }
            Ok(file) => {
                validation.rows = file.rows;
                validation.accepted_rows = file.mapping.pairs().len();
                validation.duplicates = file.duplicates;
                validation.encoding = Some(file.encoding);
                validation.delimiter = Some(file.delimiter.name());
                validation.warnings = file.warnings.clone();
                validation.look_up(&file.mapping, catalog, settings)?;
            }
        }
        Ok(validation)
    }

    /// Whom the rows name, as far as complete lists say.
    fn look_up(
        &mut self,
        mapping: &Mapping,
        catalog: Option<&Catalog>,
        settings: &Settings,
    ) -> Result<(), CliError> {
        let users = files::users_if_any(&settings.permissions.catalog_users_csv)?;
        let run = catalog.map(Catalog::published).transpose()?.flatten();
        let members = match (catalog, run) {
            (Some(catalog), Some(run)) if catalog.members_are_complete(run.run_id)? => {
                Some(catalog.members()?)
            }
            _ => None,
        };
        let found = reconcile(
            members.as_deref().unwrap_or_default(),
            &users.clone().unwrap_or_else(|| users_named_by(mapping)),
            Matching::Csv(mapping),
            Include::default(),
        );
        let ambiguous = [Status::AmbiguousManyUsers, Status::AmbiguousSharedUser];
        self.unknown_sigma = members.as_ref().map(|_| found.unknown_sigma.len());
        self.unknown_catalog = users.as_ref().map(|_| found.unknown_catalog.len());
        for (known, lines, column, nobody) in [
            (members.is_some(), &found.unknown_sigma, "sigma_email", "no Sigma member has this address"),
            (users.is_some(), &found.unknown_catalog, "network_id", "no catalog user has this login name"),
        ] {
            for line in lines.iter().filter(|_| known) {
                let warning = Problem::at(*line, nobody, "the row is kept and has no effect yet");
                self.warnings.push(warning.in_column(column));
            }
        }
        for found in
            found.look_alikes.iter().filter_map(|found| found.line.map(|line| (line, &found.member_id)))
        {
            let (line, id) = found;
            let member = members.iter().flatten().find(|member| member.id == *id);
            let Some(email) = member.and_then(|member| member.email.as_deref()) else { continue };
            let problem = format!("looks like `{email}` of a Sigma member, and is another address");
            let warning = Problem::at(line, problem, "if that member is meant, type the address by hand");
            self.warnings.push(warning.in_column("sigma_email"));
        }
        self.warnings.sort();
        let both = members.is_some() && users.is_some();
        let having = |statuses: &[Status]| {
            both.then(|| found.members.iter().filter(|member| statuses.contains(&member.status)).count())
        };
        self.ambiguous = having(&ambiguous);
        self.mapped = having(&[Status::Mapped]);
        Ok(())
    }

    fn print(&self, printer: &Printer) -> Result<(), CliError> {
        for line in self.warnings.lines(&self.file) {
            printer.note(format_args!("note: {line}"));
        }
        let unknown =
            |count: Option<usize>| count.map_or("not known".to_owned(), |count| thousands(count as u64));
        for (name, value) in [
            ("rows", thousands(self.rows as u64)),
            ("accepted", thousands(self.accepted_rows as u64)),
            ("duplicates", thousands(self.duplicates as u64)),
            ("not in Sigma", unknown(self.unknown_sigma)),
            ("not in the catalog", unknown(self.unknown_catalog)),
            ("ambiguous", unknown(self.ambiguous)),
            ("mapped", unknown(self.mapped)),
            ("sha256", self.sha256.clone()),
        ] {
            printer.line(format_args!("  {name:<20} {value}"))?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Validated<'a> {
    schema_version: u32,
    #[serde(flatten)]
    validation: &'a Validation,
}

/// What a command did, or would do.
#[derive(Serialize)]
struct Changed<'a> {
    schema_version: u32,
    /// The file, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    validation: Option<&'a Validation>,
    /// The version in force before.
    active: Option<i64>,
    changes: &'a Changes,
    /// What that does once runs use it; `None` without complete lists of members and of the catalog's users.
    effect: Option<&'a Effect>,
    /// The version made by this command.
    version: Option<&'a MappingVersion>,
}

pub fn validate(
    cli: &Cli,
    file: &Path,
    read: ReadArgs,
    catalog: &CatalogArgs,
    users: &UsersArgs,
    printer: &Printer,
) -> Result<(), CliError> {
    let settings = files::settings(cli, catalog, users, printer)?;
    let found = files::catalog_if_any(&settings.catalog.database)?;
    let read = ReadFile::open(file, read)?;
    let validation = Validation::of(&read, found.as_ref(), &settings)?;
    if catalog.format == Format::Json {
        printer.json(&Validated { schema_version: SCHEMA_VERSION, validation: &validation })?;
    }
    read.accepted()?;
    if catalog.format == Format::Text { validation.print(printer) } else { Ok(()) }
}

pub fn import(
    cli: &Cli,
    file: &Path,
    read: ReadArgs,
    arguments: &CatalogArgs,
    users: &UsersArgs,
    consent: &ConsentArgs,
    printer: &Printer,
) -> Result<(), CliError> {
    let settings = files::settings(cli, arguments, users, printer)?;
    let catalog = Catalog::open(&settings.catalog.database)?;
    let read = ReadFile::open(file, read)?;
    let validation = Validation::of(&read, Some(&catalog), &settings)?;
    if arguments.format == Format::Json && !validation.accepted {
        printer.json(&Validated { schema_version: SCHEMA_VERSION, validation: &validation })?;
    }
    let (source, sha256) = (read.name.clone(), read.sha256.clone());
    let mapping = read.accepted()?.mapping;
    let active = Active::of(&catalog)?;
    let changes = Changes::between(active.mapping.pairs(), mapping.pairs());
    let is_active = |version: &MappingVersion| {
        version.sha256 == sha256 && version.allow_merge == mapping.merges() && changes.is_empty()
    };
    let same = active.version.as_ref().is_some_and(is_active);
    let effect = Effect::between(&catalog, &settings, &active.mapping, &mapping)?;
    let change =
        Change { active, changes, effect, validation: Some(validation), format: arguments.format, consent };
    if same {
        return change.done(None, "this file is the mapping in force already", printer);
    }
    if !change.agreed(printer)? {
        return change.done(None, "nothing was imported", printer);
    }
    let imported = ImportedMapping {
        imported_by: importer(consent),
        source,
        sha256,
        allow_merge: mapping.merges(),
        rows: mapping.pairs().iter().map(stored).collect(),
    };
    let version = open(&settings)?.import_mapping(&imported, change.active.number())?;
    note_if_unused(&settings, printer);
    change.done(Some(&version), "", printer)
}

/// The catalog, for writing.
fn open(settings: &Settings) -> Result<Store, StoreError> {
    Store::open_at(&settings.catalog.database, settings.catalog.allow_network_filesystem)
}

pub fn rollback(
    cli: &Cli,
    number: i64,
    arguments: &CatalogArgs,
    consent: &ConsentArgs,
    printer: &Printer,
) -> Result<(), CliError> {
    let settings = files::settings(cli, arguments, &UsersArgs::default(), printer)?;
    let catalog = Catalog::open(&settings.catalog.database)?;
    let version = files::version(&catalog, number)?;
    if version.state == MappingState::Active {
        return Err(CliError::Usage {
            problem: format!("version {number} is in force already: there is nothing to roll back"),
            remedy: "`sigma-catalog identity list` shows the earlier versions".to_owned(),
        });
    }
    let active = Active::of(&catalog)?;
    let mapping = files::mapping(&catalog, &version)?;
    let changes = Changes::between(active.mapping.pairs(), mapping.pairs());
    let effect = Effect::between(&catalog, &settings, &active.mapping, &mapping)?;
    let change = Change { active, changes, effect, validation: None, format: arguments.format, consent };
    if !change.agreed(printer)? {
        return change.done(None, "nothing was rolled back", printer);
    }
    let version = open(&settings)?.restore_mapping(number, &importer(consent), change.active.number())?;
    note_if_unused(&settings, printer);
    change.done(Some(&version), "", printer)
}

pub fn diff(
    cli: &Cli,
    other: &Path,
    read: ReadArgs,
    arguments: &CatalogArgs,
    printer: &Printer,
) -> Result<(), CliError> {
    let settings = files::settings(cli, arguments, &UsersArgs::default(), printer)?;
    let catalog = Catalog::open(&settings.catalog.database)?;
    let active = Active::of(&catalog)?;
    // A number is a version; a file of such a name can be given as ./7.
    let mapping = match other.to_str().and_then(|text| text.parse().ok()) {
        Some(number) => files::mapping(&catalog, &files::version(&catalog, number)?)?,
        None => ReadFile::open(other, read)?.accepted()?.mapping,
    };
    let changes = Changes::between(active.mapping.pairs(), mapping.pairs());
    let effect = Effect::between(&catalog, &settings, &active.mapping, &mapping)?;
    match arguments.format {
        Format::Json => printer.json(&Changed {
            schema_version: SCHEMA_VERSION,
            validation: None,
            active: active.number(),
            changes: &changes,
            effect: effect.as_ref(),
            version: None,
        }),
        Format::Text => print(&changes, effect.as_ref(), printer),
    }
}

/// The mapping in force.
struct Active {
    version: Option<MappingVersion>,
    mapping: Mapping,
}

impl Active {
    fn of(catalog: &Catalog) -> Result<Self, CliError> {
        let version = catalog.active_mapping()?;
        let mapping = version.as_ref().map(|version| files::mapping(catalog, version)).transpose()?;
        Ok(Self { version, mapping: mapping.unwrap_or_default() })
    }

    fn number(&self) -> Option<i64> {
        self.version.as_ref().map(|version| version.version)
    }
}

/// A change that somebody has to agree to.
struct Change<'a> {
    active: Active,
    changes: Changes,
    effect: Option<Effect>,
    validation: Option<Validation>,
    format: Format,
    consent: &'a ConsentArgs,
}

impl Change<'_> {
    /// Shows what changes and finds out whether it may.
    fn agreed(&self, printer: &Printer) -> Result<bool, CliError> {
        if self.format == Format::Text {
            if let Some(validation) = &self.validation {
                validation.print(printer)?;
            }
            print(&self.changes, self.effect.as_ref(), printer)?;
        }
        if self.consent.dry_run {
            return Ok(false);
        }
        if self.consent.yes {
            return Ok(true);
        }
        let input = std::io::stdin();
        if !input.is_terminal() {
            return Err(CliError::Usage {
                problem: "nobody is there to agree to these changes".to_owned(),
                remedy: "look at them with --dry-run, then give --yes".to_owned(),
            });
        }
        printer.note("Change whose view these users get? Type yes to do it:");
        let mut answer = String::new();
        input.lock().read_line(&mut answer)?;
        Ok(answer.trim().eq_ignore_ascii_case("yes"))
    }

    /// Tells what was done.
    fn done(
        &self,
        version: Option<&MappingVersion>,
        otherwise: &str,
        printer: &Printer,
    ) -> Result<(), CliError> {
        if self.format == Format::Json {
            return printer.json(&Changed {
                schema_version: SCHEMA_VERSION,
                validation: self.validation.as_ref(),
                active: self.active.number(),
                changes: &self.changes,
                effect: self.effect.as_ref(),
                version,
            });
        }
        match version {
            Some(version) => printer.line(format_args!("version {} is in force", version.version)),
            None => printer.line(otherwise),
        }
    }
}

/// Says so where runs do not look at mappings.
fn note_if_unused(settings: &Settings, printer: &Printer) {
    if !settings.permissions.csv_mapping {
        printer.note(
            "note: runs match members with the catalog's users by `permissions.match_on`: they use the identity mapping \
             where `permissions.csv_mapping` is true",
        );
    }
}

/// Who does it: whoever is named, or else the user of this machine.
fn importer(consent: &ConsentArgs) -> String {
    consent.imported_by.clone().unwrap_or_else(user_of_this_machine)
}

fn stored(pair: &Pair) -> MappingRow {
    MappingRow {
        line: pair.line,
        network_id: pair.network_id.clone(),
        sigma_email: pair.sigma_email.clone(),
        user_key: pair.user.as_str().to_owned(),
        email_key: pair.email.as_str().to_owned(),
    }
}

fn print(changes: &Changes, effect: Option<&Effect>, printer: &Printer) -> Result<(), CliError> {
    let Changes { gained, lost, repointed, unchanged } = changes;
    printer.line(format_args!(
        "rows: {} users added, {} taken away, {} pointed elsewhere, {} as they were",
        thousands(gained.len() as u64),
        thousands(lost.len() as u64),
        thousands(repointed.len() as u64),
        thousands(*unchanged as u64)
    ))?;
    for (sign, list) in [('+', gained), ('-', lost), ('~', repointed)] {
        for UserChange { network_id, before, after } in list.iter().take(SHOWN) {
            let emails = match (before.is_empty(), after.is_empty()) {
                (false, false) => format!("{} -> {}", before.join(", "), after.join(", ")),
                (false, true) => before.join(", "),
                _ => after.join(", "),
            };
            printer.line(format_args!("{sign} {network_id}  {emails}"))?;
        }
        if list.len() > SHOWN {
            printer.line(format_args!("{sign} and {} more", thousands((list.len() - SHOWN) as u64)))?;
        }
    }
    match effect {
        Some(effect) => printer.line(effect.told()),
        None => printer.line("effect: not known without a complete list of members"),
    }
}
