//! A CSV file with a header as rows of the columns that are wanted: the rules that hold for any such file.
//!
//! The file is read to its end before anything is used, and everything that is wrong with it is reported at once.

use csv::{ReaderBuilder, StringRecord};

use super::problem::{Problem, Problems, Rejected};
use super::text::{self, Encoding};

/// How many rows a file may have below its header.
pub const MAX_ROWS: usize = 200_000;
/// How many columns a file may have.
pub const MAX_COLUMNS: usize = 64;
/// How long a cell may be, in bytes.
pub const MAX_CELL: usize = 4096;

/// A column that a file may or must have.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Other names by which it is accepted.
    pub synonyms: &'static [&'static str],
    /// Whether a file without it is refused.
    pub required: bool,
    /// Whether its cells may be empty.
    pub may_be_empty: bool,
    /// What stands in it.
    pub doc: &'static str,
}

impl Column {
    fn is_called(&self, header: &str) -> bool {
        self.synonyms.iter().any(|synonym| header.eq_ignore_ascii_case(synonym))
    }
}

/// How a file is to be read.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOptions {
    /// Its encoding.
    pub encoding: Encoding,
    /// What stands between its cells; `None`: what its header shows.
    pub delimiter: Option<Delimiter>,
}

/// What stands between cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delimiter {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A tabulator.
    Tab,
}

impl Delimiter {
    const ALL: [Self; 3] = [Self::Comma, Self::Semicolon, Self::Tab];

    fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
        }
    }
}

/// A row of a file: one cell for each wanted column, verbatim; `None` where the file has no such column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetRow {
    /// The line it begins on, from 1.
    pub line: u64,
    /// Its cells.
    pub cells: Vec<Option<String>>,
}

/// What a file holds.
#[derive(Debug)]
pub struct Sheet {
    /// Name of the encoding it is in.
    pub encoding: &'static str,
    /// What stands between its cells.
    pub delimiter: Delimiter,
    /// Its rows, those with problems left out.
    pub rows: Vec<SheetRow>,
    /// How many rows it has below the header.
    pub total: usize,
    /// What is wrong with rows; the file as a whole could be read.
    pub problems: Problems,
    /// What is worth knowing and not wrong.
    pub notes: Problems,
}

/// Reads a file.
///
/// # Errors
/// What makes it impossible to tell rows and columns apart. What is wrong with single rows is in the sheet.
pub fn read(bytes: &[u8], columns: &[Column], options: ReadOptions) -> Result<Sheet, Rejected> {
    let (text, encoding) = text::decode(bytes, options.encoding)?;
    let (delimiter, header) = header(&text, columns, options.delimiter)?;
    check_quotes(&text, delimiter)?;
    let mut sheet = Sheet {
        encoding,
        delimiter,
        rows: Vec::new(),
        total: 0,
        problems: Problems::default(),
        notes: header.notes,
    };
    let mut lines = Lines::new(&text);
    let mut reader = reader(&text, delimiter);
    let mut record = StringRecord::new();
    let mut past_header = false;
    while reader.read_record(&mut record).map_err(unreadable)? {
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        if !std::mem::replace(&mut past_header, true) {
            continue;
        }
        if sheet.total == MAX_ROWS {
            let problem = format!("has more than {MAX_ROWS} rows");
            let help = "leave out the people who do not use the catalog, or see whether it is the right file";
            return Err(Problem::at(line, problem, help).into());
        }
        sheet.total += 1;
        match row(&record, line, columns, &header.places, header.width) {
            Ok(row) => sheet.rows.push(row),
            Err(problems) => problems.into_iter().for_each(|problem| sheet.problems.push(problem)),
        }
    }
    if sheet.total == 0 {
        sheet.problems.push(Problem::of_file("has a header and no rows", "add one row for each person"));
    }
    Ok(sheet)
}

fn reader(text: &str, delimiter: Delimiter) -> csv::Reader<&[u8]> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.byte())
        .from_reader(text.as_bytes())
}

fn unreadable(error: csv::Error) -> Rejected {
    Problem::of_file(format!("cannot be read as CSV ({error})"), "save it again, as CSV in UTF-8").into()
}

/// The cells of one record, or all that is wrong with it.
fn row(
    record: &StringRecord,
    line: u64,
    columns: &[Column],
    places: &[Option<usize>],
    width: usize,
) -> Result<SheetRow, Vec<Problem>> {
    if record.len() != width {
        return Err(vec![Problem::at(
            line,
            format!("has {} cells where the header has {width}", record.len()),
            "add or remove a delimiter; a cell that holds the delimiter needs double quotes around it",
        )]);
    }
    let mut problems = Vec::new();
    if record.iter().any(|cell| cell.len() > MAX_CELL) {
        problems.push(Problem::at(
            line,
            format!("has a cell longer than {MAX_CELL} bytes"),
            "shorten it; a quote may be missing",
        ));
    }
    let cells = places.iter().map(|place| place.and_then(|place| record.get(place)).map(str::to_owned));
    let cells: Vec<Option<String>> = cells.collect();
    for (column, cell) in columns.iter().zip(&cells) {
        if !column.may_be_empty && cell.as_ref().is_some_and(|cell| cell.trim().is_empty()) {
            let problem = Problem::at(line, "is empty", "fill it in, or delete the line");
            problems.push(problem.in_column(column.name));
        }
    }
    if problems.is_empty() { Ok(SheetRow { line, cells }) } else { Err(problems) }
}

/// Where the wanted columns stand.
struct Header {
    places: Vec<Option<usize>>,
    width: usize,
    notes: Problems,
}

/// The delimiter with which the header shows all required columns, and where they are.
fn header(text: &str, columns: &[Column], given: Option<Delimiter>) -> Result<(Delimiter, Header), Rejected> {
    let candidates = given.map_or(Delimiter::ALL.to_vec(), |delimiter| vec![delimiter]);
    let mut failure: Option<Problems> = None;
    for delimiter in candidates {
        let mut record = StringRecord::new();
        let mut reader = reader(text, delimiter);
        if !reader.read_record(&mut record).map_err(unreadable)? {
            let names: Vec<_> = columns.iter().map(|column| column.name).collect();
            let help = format!("its first line must be `{}`", names.join(","));
            return Err(Problem::of_file("is empty", help).into());
        }
        let line = Lines::new(text).of(record.position().map_or(0, csv::Position::byte));
        match places(&record, line, columns) {
            Ok(header) => return Ok((delimiter, header)),
            // Of several readings the one with the most columns is what the author had in mind.
            Err((found, problems)) => {
                if found > 1 || failure.is_none() {
                    failure = Some(problems);
                }
            }
        }
    }
    Err(failure.unwrap_or_default().into())
}

fn places(record: &StringRecord, line: u64, columns: &[Column]) -> Result<Header, (usize, Problems)> {
    let names: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
    let mut problems = Problems::default();
    if names.len() > MAX_COLUMNS {
        problems.push(Problem::at(
            line,
            format!("has {} columns, more than {MAX_COLUMNS}", names.len()),
            "leave out the columns that are not needed",
        ));
    }
    for (index, name) in names.iter().enumerate() {
        if !name.is_empty() && names[..index].iter().any(|earlier| earlier.eq_ignore_ascii_case(name)) {
            let problem =
                Problem::at(line, "the header has this column twice", "remove or rename one of them");
            problems.push(problem.in_column(name));
        }
    }
    let mut places = Vec::new();
    for column in columns {
        let exact = names.iter().position(|name| name.eq_ignore_ascii_case(column.name));
        let synonyms = (0..names.len()).filter(|index| column.is_called(&names[*index]));
        let found: Vec<usize> = exact.map_or_else(|| synonyms.collect(), |place| vec![place]);
        if let [first, second, ..] = found[..] {
            let problem = format!("the header has both `{}` and `{}` for it", names[first], names[second]);
            let help = format!("name the right one `{}`", column.name);
            problems.push(Problem::at(line, problem, help).in_column(column.name));
        }
        if found.is_empty() && column.required {
            let shown: Vec<_> = names.iter().take(8).map(|name| format!("`{name:.40}`")).collect();
            let problem = format!("the header has no such column; it has {}", shown.join(", "));
            let help = format!("name it `{}` or one of: {}", column.name, column.synonyms.join(", "));
            problems.push(Problem::at(line, problem, help).in_column(column.name));
        }
        places.push(found.first().copied());
    }
    if !problems.is_empty() {
        return Err((names.len(), problems));
    }
    let mut notes = Problems::default();
    for (index, name) in names.iter().enumerate().filter(|(index, _)| !places.contains(&Some(*index))) {
        let name = if name.is_empty() { format!("number {}", index + 1) } else { format!("`{name:.40}`") };
        notes.push(Problem::at(line, format!("column {name} is not used"), "nothing needs to be done"));
    }
    Ok(Header { places, width: names.len(), notes })
}

/// The line a byte is on, for bytes asked about in ascending order.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// Of the record that the parser began to read at a byte: it counts blank lines and the rest of the last line's end
    /// as part of the next record.
    fn of(&mut self, byte: u64) -> u64 {
        let bytes = self.text.as_bytes();
        let mut start = usize::try_from(byte).unwrap_or(usize::MAX).min(bytes.len());
        while matches!(bytes.get(start), Some(b'\r' | b'\n')) {
            start += 1;
        }
        self.line += text::lines_before(&self.text[self.at..start]);
        self.at = start;
        self.line
    }
}

/// Quotes must be those of RFC 4180: around a whole cell, doubled inside. The parser would make something of any others,
/// and a missing one would swallow the rows that follow.
fn check_quotes(text: &str, delimiter: Delimiter) -> Result<(), Problem> {
    #[derive(PartialEq)]
    enum At {
        Start,
        Plain,
        Quoted,
        Quote,
    }
    let delimiter = delimiter.byte();
    let (mut at, mut opened) = (At::Start, 0);
    let line = |index: usize| text::lines_before(&text[..index]) + 1;
    for (index, byte) in text.bytes().enumerate() {
        let ends = byte == delimiter || matches!(byte, b'\r' | b'\n');
        at = match (at, byte) {
            (At::Start, b'"') => {
                opened = index;
                At::Quoted
            }
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) | (At::Quote, b'"') => At::Quoted,
            (At::Start | At::Plain | At::Quote, _) if ends => At::Start,
            (At::Start | At::Plain, other) if other != b'"' => At::Plain,
            (At::Plain, _) => {
                return Err(Problem::at(
                    line(index),
                    "has a double quote inside a cell that does not begin with one",
                    "put the whole cell in double quotes and double the one inside",
                ));
            }
            _ => {
                return Err(Problem::at(
                    line(index),
                    "has text after a closing double quote",
                    "double a quote that belongs to the cell",
                ));
            }
        };
    }
    if at == At::Quoted {
        return Err(Problem::at(line(opened), "opens a double quote that is never closed", "close it"));
    }
    Ok(())
}
