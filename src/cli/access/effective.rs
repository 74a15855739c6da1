//! `access effective`: everything, streamed. Memory does not grow with the number of rows.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::io::{self, BufWriter, Write};
use std::ops::Range;

use super::{Loaded, TableFormat};
use crate::access::{Access, Answer, Holding, Scratch};
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

/// Where the columns end that are about the member alone…
const OF_MEMBER: usize = 4;
/// …and those about the object alone; the others are about what the one may do with the other.
const OF_OBJECT: usize = 9;

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

fn write_csv(access: &Access, raw: bool, mut out: impl Write) -> io::Result<()> {
    let mut header = Parts::new(raw);
    write_row(&mut out, &[header.part((), || COLUMNS.map(Cow::Borrowed))?])?;
    let (mut members, mut objects, mut answers) = (Parts::new(raw), Parts::new(raw), Parts::new(raw));
    let mut last = None;
    for_each(access, |member, object, answer| {
        let Some(best) = answer.best else { return Ok(()) };
        if last.replace(object) != Some(object) {
            objects.forget();
            answers.forget();
        }
        let cells = |of: Range<usize>| {
            let row = access.holding(member, object, answer);
            row.into_iter().flat_map(move |row| cells(&row)[of.clone()].to_vec())
        };
        let usable = access.members()[member as usize].usable(best.level);
        let parts = [
            members.part(member, || cells(0..OF_MEMBER))?,
            objects.part(object, || cells(OF_MEMBER..OF_OBJECT))?,
            answers.part((*answer, usable), || cells(OF_OBJECT..COLUMNS.len()))?,
        ];
        write_row(&mut out, &parts)
    })?;
    out.flush()
}

/// Parts of rows in CSV: many rows share each, and putting cells into CSV costs more than all else.
struct Parts<K> {
    csv: csv::Writer<Vec<u8>>,
    /// Where in the CSV each part stands.
    places: foldhash::HashMap<K, Range<usize>>,
    raw: bool,
}

impl<K: Eq + Hash> Parts<K> {
    fn new(raw: bool) -> Self {
        Self { csv: csv::Writer::from_writer(Vec::new()), places: foldhash::HashMap::default(), raw }
    }

    /// The part of that key, which some cells make.
    fn part<'a, C: IntoIterator<Item = Cow<'a, str>>>(
        &mut self,
        key: K,
        cells: impl FnOnce() -> C,
    ) -> io::Result<&[u8]> {
        let place = match self.places.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let from = self.csv.get_ref().len();
                for cell in cells() {
                    let cell = if self.raw { cell } else { neutral(cell) };
                    // Field by field, because a record of borrowed and owned cells has no type of its own.
                    self.csv.write_field(cell.as_bytes())?;
                }
                self.csv.write_record(None::<&[u8]>)?;
                self.csv.flush()?;
                // Without the end of the line.
                new.insert(from..self.csv.get_ref().len() - 1)
            }
        };
        Ok(&self.csv.get_ref()[place.clone()])
    }

    fn forget(&mut self) {
        self.places.clear();
        if self.csv.get_ref().len() > BUFFER {
            self.csv = csv::Writer::from_writer(Vec::new());
        }
    }
}

fn write_row(out: &mut impl Write, parts: &[&[u8]]) -> io::Result<()> {
    for (place, part) in parts.iter().enumerate() {
        out.write_all(if place > 0 { b"," } else { b"" })?;
        out.write_all(part)?;
    }
    out.write_all(b"\r\n")
}

fn write_json_lines(access: &Access, mut out: impl Write) -> io::Result<()> {
    for_each(access, |member, object, answer| {
        let Some(row) = access.holding(member, object, answer) else { return Ok(()) };
        serde_json::to_writer(&mut out, &row)?;
        out.write_all(b"\n")
    })?;
    out.flush()
}

/// Members with the objects they see, by path and name of the object, then by e-mail address of the member.
fn for_each(access: &Access, mut each: impl FnMut(u32, u32, &Answer) -> io::Result<()>) -> io::Result<()> {
    let mut scratch = Scratch::default();
    // A failure to write is remembered, for the rules know nothing of writing.
    let mut written = Ok(());
    for object in 0..access.objects().len() as u32 {
        access.expand(object, &mut scratch, |member, answer| {
            if written.is_ok() {
                written = each(member, object, &answer);
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
