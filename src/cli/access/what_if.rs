//! `access what-if`: who would lose and gain access by changes that nobody has made yet.

use std::borrow::Cow;
use std::io::{self, BufWriter};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::SCHEMA_VERSION;
use super::words::counted;
use crate::access::{
    Access, Change, Confidence, Drift, Held, Impossible, Kind, Level, Move, Planned, what_if,
};
use crate::catalog::facts::Facts;
use crate::cli::error::CliError;
use crate::cli::output::{Printer, thousands};
use crate::report::render::neutral;
use crate::store::RunRow;

/// How many changes are listed for people.
const SHOWN: usize = 200;

/// How to print what would change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WhatIfFormat {
    /// For people.
    Text,
    /// Comma-separated values (RFC 4180).
    Csv,
    /// For programs.
    Json,
}

/// The changes to think through, all together.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct Changes {
    /// Take away the grant with this id.
    #[arg(long, value_name = "ID")]
    remove_grant: Vec<String>,
    /// Take this member out of the team of the `--from-team` at the same place.
    #[arg(long, value_name = "EMAIL|ID", requires = "from_team")]
    remove_member: Vec<String>,
    /// The team for `--remove-member`: its name or id.
    #[arg(long, value_name = "TEAM", requires = "remove_member")]
    from_team: Vec<String>,
    /// Put this member into the team of the `--to-team` at the same place.
    #[arg(long, value_name = "EMAIL|ID", requires = "to_team")]
    add_member: Vec<String>,
    /// The team for `--add-member`: its name or id.
    #[arg(long, value_name = "TEAM", requires = "add_member")]
    to_team: Vec<String>,
    /// Archive this team.
    #[arg(long, value_name = "TEAM")]
    archive_team: Vec<String>,
    /// Put this object into the folder or workspace of the `--to` at the same place.
    #[arg(long = "move", value_name = "OBJECT", requires = "to")]
    moves: Vec<String>,
    /// The folder or workspace for `--move`.
    #[arg(long, value_name = "FOLDER", requires = "moves")]
    to: Vec<String>,
    /// Deactivate this member.
    #[arg(long, value_name = "EMAIL|ID")]
    deactivate: Vec<String>,
    /// A file (TOML, or JSON where its name ends so) with a list `changes` of such changes, made before the others.
    #[arg(long, value_name = "FILE")]
    apply: Option<PathBuf>,
}

/// What a file of changes holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangesFile {
    changes: Vec<Planned>,
}

impl Changes {
    /// All of them, in a fixed order: those of the file, then by kind.
    pub fn all(&self) -> Result<Vec<Planned>, CliError> {
        let mut all = match &self.apply {
            Some(file) => read(file)?,
            None => Vec::new(),
        };
        let own = |texts: &[String]| texts.to_vec();
        all.extend(own(&self.remove_grant).into_iter().map(|grant| Planned::RemoveGrant { grant }));
        all.extend(
            pairs(["--remove-member", "--from-team"], &self.remove_member, &self.from_team)?
                .map(|(member, team)| Planned::RemoveMember { member, team }),
        );
        all.extend(
            pairs(["--add-member", "--to-team"], &self.add_member, &self.to_team)?
                .map(|(member, team)| Planned::AddMember { member, team }),
        );
        all.extend(own(&self.archive_team).into_iter().map(|team| Planned::ArchiveTeam { team }));
        all.extend(
            pairs(["--move", "--to"], &self.moves, &self.to)?
                .map(|(object, to)| Planned::Move { object, to }),
        );
        all.extend(own(&self.deactivate).into_iter().map(|member| Planned::Deactivate { member }));
        Ok(all)
    }
}

/// The values of two options that belong together, one by one.
fn pairs<'a>(
    names: [&str; 2],
    left: &'a [String],
    right: &'a [String],
) -> Result<impl Iterator<Item = (String, String)> + use<'a>, CliError> {
    if left.len() != right.len() {
        return Err(CliError::Usage {
            problem: format!("{} {} and {} {}", left.len(), names[0], right.len(), names[1]),
            remedy: format!("give one {} after each {}", names[1], names[0]),
        });
    }
    Ok(left.iter().cloned().zip(right.iter().cloned()))
}

fn read(file: &PathBuf) -> Result<Vec<Planned>, CliError> {
    let name = || file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|source| CliError::File {
        file: name(),
        source,
        remedy: "give a file with a list of changes".to_owned(),
    })?;
    let is_json = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let read: Result<ChangesFile, String> = if is_json {
        serde_json::from_str(&text).map_err(|error| error.to_string())
    } else {
        toml::from_str(&text).map_err(|error| error.to_string())
    };
    read.map(|file| file.changes).map_err(|error| CliError::Usage {
        problem: format!("`{}` is no list of changes: {}", name(), error.trim_end()),
        remedy: "write for each change `[[changes]]`, `change = \"remove_member\"`, `member = \"...\"`, `team = \"...\"`; \
                 the others are remove_grant, add_grant, add_member, archive_team, move, deactivate"
            .to_owned(),
    })
}

impl From<Impossible> for CliError {
    fn from(error: Impossible) -> Self {
        Self::Usage { remedy: error.remedy(), problem: error.to_string() }
    }
}

/// A change for programs; the keys are the columns of the CSV as well.
#[derive(Serialize)]
struct Row<'a> {
    change: &'static str,
    member_id: &'a str,
    email: Option<&'a str>,
    object_id: &'a str,
    kind: &'static str,
    object: String,
    workspace: Option<&'a str>,
    before: Option<&'static str>,
    after: Option<&'static str>,
    usable_before: Option<&'static str>,
    usable_after: Option<&'static str>,
    confidence: &'static str,
    cause: Vec<&'static str>,
    because: Vec<&'a str>,
}

const COLUMNS: [&str; 14] = [
    "change",
    "member_id",
    "email",
    "object_id",
    "kind",
    "object",
    "workspace",
    "before",
    "after",
    "usable_before",
    "usable_after",
    "confidence",
    "cause",
    "because",
];

#[derive(Serialize)]
struct Report<'a> {
    schema_version: u32,
    run_id: i64,
    /// The single differences that the changes make to the organisation.
    planned: Vec<&'a str>,
    counts: Counts,
    changes: Vec<Row<'a>>,
}

#[derive(Debug, Default, Serialize)]
struct Counts {
    gained: usize,
    lost: usize,
    raised: usize,
    lowered: usize,
    /// Those of all these that may be none, because something was not read.
    unknown: usize,
    members: usize,
    objects: usize,
}

impl Counts {
    fn of(changes: &[Change]) -> Self {
        let of = |how: Move| changes.iter().filter(|change| change.how == how).count();
        let different = |which: fn(&Change) -> u32| {
            changes.iter().map(which).collect::<std::collections::HashSet<u32>>().len()
        };
        Self {
            gained: of(Move::Gained),
            lost: of(Move::Lost),
            raised: of(Move::Raised),
            lowered: of(Move::Lowered),
            unknown: changes.iter().filter(|change| change.confidence == Confidence::Unknown).count(),
            members: different(|change| change.member),
            objects: different(|change| change.object),
        }
    }
}

pub fn run(
    planned: &[Planned],
    format: WhatIfFormat,
    (run, facts): &(RunRow, Facts),
    printer: &Printer,
) -> Result<(), CliError> {
    let later = what_if(facts, &Access::new(facts), planned)?;
    let drift = Drift::between(facts, &later, None);
    let changes = drift.changes();
    match format {
        WhatIfFormat::Text => text(run.run_id, &drift, &changes, printer),
        WhatIfFormat::Json => printer.json(&Report {
            schema_version: SCHEMA_VERSION,
            run_id: run.run_id,
            planned: drift.atoms().iter().map(|atom| atom.text.as_str()).collect(),
            counts: Counts::of(&changes),
            changes: changes.iter().map(|change| row(&drift, change)).collect(),
        }),
        WhatIfFormat::Csv => match csv(&drift, &changes) {
            // A reader that went away is no mistake.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        },
    }
}

fn row<'a>(drift: &'a Drift<'_>, change: &Change) -> Row<'a> {
    let (who, what) = (drift.member(change.member), drift.object(change.object));
    let (access, place) = drift.shown_object(change.object);
    let level = |held: Option<Held>| held.map(|held| held.level.name());
    let usable = |held: Option<Held>| held.and_then(|held| held.usable).map(Level::name);
    let atoms = || change.causes.iter().map(|atom| &drift.atoms()[*atom as usize]);
    let mut cause: Vec<&str> = atoms().flat_map(|atom| atom.cause.names().iter().copied()).collect();
    cause.sort_unstable();
    cause.dedup();
    Row {
        change: change.how.name(),
        member_id: &who.id,
        email: who.email.as_deref(),
        object_id: &what.id,
        kind: what.kind.name(),
        object: what.full_path(),
        workspace: access.workspace_of(place),
        before: level(change.before),
        after: level(change.after),
        usable_before: usable(change.before),
        usable_after: usable(change.after),
        confidence: change.confidence.name(),
        cause,
        because: atoms().map(|atom| atom.text.as_str()).collect(),
    }
}

fn csv(drift: &Drift<'_>, changes: &[Change]) -> io::Result<()> {
    let out = BufWriter::new(io::stdout().lock());
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    csv.write_record(COLUMNS)?;
    for change in changes {
        let row = row(drift, change);
        let cells: [Cow<'_, str>; 14] = [
            row.change.into(),
            row.member_id.into(),
            row.email.unwrap_or_default().into(),
            row.object_id.into(),
            row.kind.into(),
            row.object.into(),
            row.workspace.unwrap_or_default().into(),
            row.before.unwrap_or_default().into(),
            row.after.unwrap_or_default().into(),
            row.usable_before.unwrap_or_default().into(),
            row.usable_after.unwrap_or_default().into(),
            row.confidence.into(),
            row.cause.join(" ").into(),
            row.because.join("; ").into(),
        ];
        for cell in &cells {
            csv.write_field(neutral(cell.as_ref().into()).as_bytes())?;
        }
        csv.write_record(None::<&[u8]>)?;
    }
    csv.flush()
}

fn text(run: i64, drift: &Drift<'_>, changes: &[Change], printer: &Printer) -> Result<(), CliError> {
    printer.line(format_args!("What run {run} found, and then:"))?;
    for atom in drift.atoms() {
        printer.line(format_args!("  {}", atom.text))?;
    }
    let counts = Counts::of(changes);
    printer.line("")?;
    if changes.is_empty() {
        return printer.line("Nobody gains or loses any access.");
    }
    printer.line(format_args!(
        "{} lost, {} lowered, {} gained, {} raised: {} and {}",
        thousands(counts.lost as i128),
        thousands(counts.lowered as i128),
        thousands(counts.gained as i128),
        thousands(counts.raised as i128),
        counted(counts.members, "member"),
        counted(counts.objects, "object"),
    ))?;
    if counts.unknown > 0 {
        printer.line(format_args!(
            "Of these {} may not be so: some grants could not be read.",
            thousands(counts.unknown as i128)
        ))?;
    }
    printer.line("")?;
    let several = drift.atoms().len() > 1;
    let rows: Vec<Vec<String>> = changes
        .iter()
        .take(SHOWN)
        .map(|change| {
            let what = drift.object(change.object);
            let doubt = if change.confidence == Confidence::Unknown { " (not sure)" } else { "" };
            let mut row = vec![
                format!("{}{doubt}", change.how.name()),
                drift.member(change.member).title().to_owned(),
                format!("{} {}", what.kind.words(), what.full_path()),
                step(change, what.kind),
            ];
            if several {
                let texts = change.causes.iter().map(|atom| drift.atoms()[*atom as usize].text.as_str());
                row.push(texts.collect::<Vec<_>>().join("; "));
            }
            row
        })
        .collect();
    let header = ["change", "member", "object", "access", "because"];
    printer.table(&header[..if several { 5 } else { 4 }], &rows, &[])?;
    if changes.len() > SHOWN {
        let more = thousands((changes.len() - SHOWN) as i128);
        printer.line(format_args!("and {more} more: --format csv or json lists all"))?;
    }
    Ok(())
}

/// From what to what; what is usable, where that is what changes.
fn step(change: &Change, kind: Kind) -> String {
    let granted = |held: Option<Held>| held.map(|held| held.level);
    let usable = |held: Option<Held>| held.and_then(|held| held.usable);
    let label = |level: Option<Level>| level.map_or("none", |level| level.label(kind));
    if granted(change.before) == granted(change.after) {
        format!("{} -> {} usable", label(usable(change.before)), label(usable(change.after)))
    } else {
        format!("{} -> {}", label(granted(change.before)), label(granted(change.after)))
    }
}
