//! `access effective`: everything, streamed. Memory does not grow with the number of rows.

use std::io::{self, BufWriter, Write};

use super::words::{Row, row};
use super::{Loaded, TableFormat};
use crate::access::{Access, Answer, Kind, Level, Scratch};
use crate::cli::error::CliError;

/// Bytes that go out at a time.
const BUFFER: usize = 1 << 16;

/// The columns, which are the keys of the JSON lines as well.
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
    let mut out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    let written = write(&loaded.access, format, raw, &mut out).and_then(|()| out.flush());
    match written {
        // A reader that went away is no mistake.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Rows by path and name of the object, then by e-mail address of the member.
fn write(access: &Access, format: TableFormat, raw: bool, out: &mut impl Write) -> io::Result<()> {
    let objects = 0..access.objects().len() as u32;
    let mut scratch = Scratch::default();
    // A failure to write is remembered, for the rules know nothing of writing.
    let mut written = Ok(());
    let mut csv = Csv::new(access, raw);
    if format == TableFormat::Csv {
        out.write_all(csv.header().as_bytes())?;
    }
    for object in objects {
        csv.begin(object);
        access.expand(object, &mut scratch, |member, answer| {
            if written.is_ok() {
                written = match format {
                    TableFormat::Csv => csv.write(member, &answer, out),
                    TableFormat::Jsonl => {
                        row(access, member, object, &answer).map_or(Ok(()), |row| json(&row, out))
                    }
                };
            }
        });
        std::mem::replace(&mut written, Ok(()))?;
    }
    Ok(())
}

fn json(row: &Row<'_>, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, row)?;
    out.write_all(b"\n")
}

/// Writes CSV. The cells of a member, a team and an object are escaped once and not once for each row.
struct Csv<'a> {
    access: &'a Access,
    raw: bool,
    members: Vec<String>,
    teams: Vec<String>,
    object: String,
    kind: Kind,
    line: String,
}

impl<'a> Csv<'a> {
    fn new(access: &'a Access, raw: bool) -> Self {
        let cells = |cells: &[&str]| {
            let mut text = String::new();
            for cell in cells {
                push_cell(&mut text, cell, raw);
            }
            text
        };
        let members = access.members().iter().map(|member| {
            let email = member.email.as_deref().unwrap_or_default();
            let account = member.account_type.as_deref().unwrap_or_default();
            cells(&[&member.id, email, account, member.kind.name()])
        });
        let teams = access.teams().iter().map(|team| cells(&[team.title()]));
        Self {
            access,
            raw,
            members: members.collect(),
            teams: teams.collect(),
            object: String::new(),
            kind: Kind::Other,
            line: String::new(),
        }
    }

    fn header(&self) -> String {
        COLUMNS.join(",") + "\r\n"
    }

    fn begin(&mut self, object: u32) {
        let what = &self.access.objects()[object as usize];
        let workspace = super::words::workspace(self.access, object).unwrap_or_default();
        self.kind = what.kind;
        self.object.clear();
        for cell in
            [&what.id, what.kind.name(), what.name.as_deref().unwrap_or_default(), &what.path, workspace]
        {
            push_cell(&mut self.object, cell, self.raw);
        }
    }

    fn write(&mut self, member: u32, answer: &Answer, out: &mut impl Write) -> io::Result<()> {
        let Some(best) = answer.best else { return Ok(()) };
        let at = &self.access.objects()[best.at as usize];
        let usable = self.access.members()[member as usize].usable(best.level);
        let line = &mut self.line;
        line.clear();
        line.push_str(&self.members[member as usize]);
        line.push_str(&self.object);
        let usable = usable.map_or("", Level::name);
        for word in [best.level.name(), best.level.label(self.kind), usable, best.via.name()] {
            push_word(line, word);
        }
        match best.team {
            Some(team) => line.push_str(&self.teams[team as usize]),
            None => line.push(','),
        }
        push_cell(line, &at.id, self.raw);
        push_word(line, at.kind.name());
        push_number(line, best.depth);
        push_number(line, answer.paths);
        line.push_str(answer.confidence.name());
        line.push_str("\r\n");
        out.write_all(line.as_bytes())
    }
}

/// A word of our own or an id, which needs no quotes, and its comma.
fn push_word(line: &mut String, word: &str) {
    line.push_str(word);
    line.push(',');
}

fn push_number(line: &mut String, number: u32) {
    if number < 10 {
        line.push(char::from(b'0' + number as u8));
    } else {
        line.push_str(&number.to_string());
    }
    line.push(',');
}

/// Characters that make a spreadsheet take a cell for a formula, their full-width forms included.
const FORMULA: [char; 11] =
    ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// A cell of somebody else's text in quotes, and its comma. Unless `raw`, what a spreadsheet would take for a formula is
/// marked as text with an apostrophe.
fn push_cell(line: &mut String, text: &str, raw: bool) {
    if text.is_empty() {
        line.push(',');
        return;
    }
    line.push('"');
    if !raw && text.starts_with(FORMULA) {
        line.push('\'');
    }
    for (number, part) in text.split('"').enumerate() {
        if number > 0 {
            line.push_str("\"\"");
        }
        line.push_str(part);
    }
    line.push_str("\",");
}
