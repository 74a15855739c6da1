//! `access effective`: everything, streamed. Memory does not grow with the number of rows.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

use super::{Loaded, TableFormat};
use crate::access::{Access, Holding, Scratch};
use crate::cli::error::CliError;
use crate::cli::output::BUFFER;
use crate::report::render::neutral;

/// Columns of the CSV, which are the keys of the JSON lines as well.
const COLUMNS: [&str; 19] = [
    "member_id",
    "email",
    "account_type",
    "user_kind",
    "object_id",
    "kind",
    "name",
    "path",
    "workspace",
    "level",
    "level_label",
    "usable_level",
    "via",
    "via_team",
    "granted_at_object",
    "granted_at_kind",
    "depth",
    "paths_count",
    "confidence",
];

pub fn run(loaded: &Loaded, format: TableFormat, raw: bool) -> Result<(), CliError> {
    let out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    let written = match format {
        TableFormat::Csv => write_csv(&loaded.access, raw, out),
        TableFormat::Jsonl => write_json_lines(&loaded.access, out),
    };
    match written {
        // A reader that went away is no mistake.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

fn write_csv(access: &Access, raw: bool, out: impl Write) -> io::Result<()> {
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    csv.write_record(COLUMNS)?;
    for_each(access, |row| {
        let cells = cells(&row);
        let cells = cells
            .iter()
            .map(|cell| if raw { Cow::Borrowed(cell.as_ref()) } else { neutral(cell.as_ref().into()) });
        // Field by field, because a record of borrowed and owned cells has no type of its own.
        cells.into_iter().try_for_each(|cell| csv.write_field(cell.as_bytes()))?;
        Ok(csv.write_record(None::<&[u8]>)?)
    })?;
    csv.flush()
}

fn write_json_lines(access: &Access, mut out: impl Write) -> io::Result<()> {
    for_each(access, |row| {
        serde_json::to_writer(&mut out, &row)?;
        out.write_all(b"\n")
    })?;
    out.flush()
}

/// Rows by path and name of the object, then by e-mail address of the member.
fn for_each(access: &Access, mut each: impl FnMut(Holding<'_>) -> io::Result<()>) -> io::Result<()> {
    let mut scratch = Scratch::default();
    // A failure to write is remembered, for the rules know nothing of writing.
    let mut written = Ok(());
    for object in 0..access.objects().len() as u32 {
        access.expand(object, &mut scratch, |member, answer| {
            if let (Ok(()), Some(row)) = (&written, access.holding(member, object, &answer)) {
                written = each(row);
            }
        });
        std::mem::replace(&mut written, Ok(()))?;
    }
    Ok(())
}

/// The cells of a row, in the order of [`COLUMNS`].
fn cells<'a>(row: &Holding<'a>) -> [Cow<'a, str>; COLUMNS.len()] {
    [
        row.member_id.into(),
        row.email.unwrap_or_default().into(),
        row.account_type.unwrap_or_default().into(),
        row.user_kind.into(),
        row.object_id.into(),
        row.kind.into(),
        row.name.into(),
        row.path.into(),
        row.workspace.unwrap_or_default().into(),
        row.level.into(),
        row.level_label.into(),
        row.usable_level.unwrap_or_default().into(),
        row.via.into(),
        row.via_team.unwrap_or_default().into(),
        row.granted_at_object.into(),
        row.granted_at_kind.into(),
        row.depth.to_string().into(),
        row.paths_count.to_string().into(),
        row.confidence.into(),
    ]
}
