//! All that is printed: data on stdout, words for people on stderr.

use std::borrow::Cow;
use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::CliError;
use super::layout;
use super::table::Cells;
use crate::crawl::CrawlError;

/// Prints.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    /// Whether stdout is a terminal.
    terminal: bool,
}

/// Bytes of a streamed table that go out at a time.
pub const BUFFER: usize = 1 << 16;

/// Width of tables where there is no terminal to ask.
const DEFAULT_WIDTH: u16 = 120;

impl Printer {
    /// For the process's own streams.
    pub fn new() -> Self {
        Self { terminal: io::stdout().is_terminal() }
    }

    /// What the terminal, or else `COLUMNS`, says; else a width that fits most places.
    fn width(&self) -> u16 {
        let terminal = self.terminal.then(|| console::Term::stdout().size_checked()).flatten();
        let columns = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        terminal.map(|(_, columns)| columns).or_else(columns).unwrap_or(DEFAULT_WIDTH)
    }

    /// Where something lies, to stand behind a text that takes so many columns of the line: the innermost parts that fit.
    /// Nothing where it lies nowhere.
    pub fn place(&self, before: usize, place: &[String]) -> String {
        let room = usize::from(self.width()).saturating_sub(before);
        place_within(room, &place.join(" › "))
    }

    /// As many of the texts as fit behind that many columns, with commas between; one at least.
    pub fn as_many(&self, before: usize, texts: &[&str]) -> String {
        let room = usize::from(self.width()).saturating_sub(before);
        let mut line = String::new();
        for (at, text) in texts.iter().enumerate() {
            let left = texts.len() - at;
            let more = format!(", {} more", thousands(left as i128));
            let rest = if left > 1 { more.len() } else { 0 };
            let width = layout::width_of(&line) + layout::width_of(text) + 2 + rest;
            if at > 0 && width > room {
                return line + &more;
            }
            line += if at == 0 { "" } else { ", " };
            line += text;
        }
        line
    }

    /// A line of data.
    pub fn line(&self, line: impl Display) -> Result<(), CliError> {
        self.exact(&harmless(&line.to_string()))
    }

    /// A line for programs, as it is.
    fn exact(&self, line: &str) -> Result<(), CliError> {
        unless_gone(writeln!(io::stdout().lock(), "{line}"))
    }

    /// A text that is data: as it is, but harmless to a terminal.
    pub fn verbatim(&self, text: &str) -> Result<(), CliError> {
        if self.terminal { self.line(text) } else { self.exact(text) }
    }

    /// Data for programs.
    pub fn json<T: Serialize + ?Sized>(&self, data: &T) -> Result<(), CliError> {
        let mut out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
        let written = match serde_json::to_writer_pretty(&mut out, data) {
            Ok(()) => writeln!(out).and_then(|()| out.flush()),
            Err(error) if error.is_io() => Err(error.into()),
            Err(error) => return Err(CliError::Internal(error.to_string())),
        };
        unless_gone(written)
    }

    /// One row of data for programs, on a line of its own.
    pub fn json_line<T: Serialize + ?Sized>(&self, data: &T) -> Result<(), CliError> {
        let text = serde_json::to_string(data).map_err(|error| CliError::Internal(error.to_string()))?;
        self.exact(&text)
    }

    /// A line for people.
    pub fn note(&self, line: impl Display) {
        // Nobody is left to tell when stderr is gone.
        let _ = writeln!(io::stderr().lock(), "{}", harmless(&line.to_string()));
    }

    /// A failure: what, code, what to do.
    pub fn error(&self, error: &CliError) {
        match error {
            // Each of these carries its own code, because there may be several.
            CliError::Config(errors) | CliError::Crawl(CrawlError::Config(errors)) => {
                self.note(format_args!("error: {errors}"));
            }
            error => self.note(format_args!("error[{}]: {error}", error.code())),
        }
        if let Some(remedy) = error.remedy() {
            self.note(format_args!("help: {remedy}"));
        }
    }

    /// A table for people. Columns named in `numbers` stand to the right.
    pub fn table(&self, header: &[&str], rows: &[Vec<String>], numbers: &[usize]) -> Result<(), CliError> {
        self.cells(&Cells::of(header, rows), numbers)
    }

    /// The same of cells that were gathered one by one.
    pub fn cells(&self, cells: &Cells, numbers: &[usize]) -> Result<(), CliError> {
        unless_gone(self.cells_to(&mut io::stdout().lock(), cells, numbers))
    }

    /// The same, written to something else, as wide as the terminal.
    pub fn cells_to(&self, out: &mut dyn Write, cells: &Cells, numbers: &[usize]) -> io::Result<()> {
        cells.write_to(out, self.width().into(), numbers)
    }

    /// The lines of a text for people, none wider than the terminal.
    pub fn paragraph(&self, text: &str) -> Vec<String> {
        layout::wrap(&harmless(text), self.width().into()).into_iter().map(str::to_owned).collect()
    }
}

/// A reader that went away is no mistake.
fn unless_gone(written: io::Result<()>) -> Result<(), CliError> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Writes a file that is there as a whole or not at all, and that only this user may read: what is written goes to a file
/// beside it, which takes its place at the end. What is no file, such as a pipe, is written to as it is.
///
/// # Errors
/// What `write` answers, or [`CliError::Usage`] where nothing can be written there; what was there before stays.
pub fn write_file<T>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<T, CliError>,
) -> Result<T, CliError> {
    let cannot = |error: io::Error| cannot_write(path, &error);
    // A link stays a link: it is the file behind it that is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&target).is_ok_and(|found| !found.is_file()) {
        let mut out = BufWriter::with_capacity(BUFFER, File::create(&target).map_err(cannot)?);
        let written = write(&mut out)?;
        out.flush()?;
        return Ok(written);
    }
    let mut unfinished = Unfinished::beside(&target).map_err(cannot)?;
    let mut out = BufWriter::with_capacity(BUFFER, &mut unfinished.file);
    let written = write(&mut out)?;
    out.flush()?;
    drop(out);
    unfinished.finish(&target).map_err(cannot)?;
    Ok(written)
}

/// That nothing can be written there.
pub fn cannot_write(path: &Path, error: &io::Error) -> CliError {
    CliError::Usage {
        problem: format!("cannot write `{}`: {error}", path.display()),
        remedy: "name a place that exists and that this user may write to".to_owned(),
    }
}

/// A file that is not finished yet; it goes unless it is.
struct Unfinished {
    path: PathBuf,
    file: File,
    finished: bool,
}

impl Unfinished {
    fn beside(target: &Path) -> io::Result<Self> {
        let name = target.file_name().ok_or(io::ErrorKind::InvalidFilename)?.to_string_lossy();
        let mut options = OpenOptions::new();
        // Never one that is there already: in a folder of everybody's it may lead elsewhere.
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut attempt = 0;
        loop {
            let path = target.with_file_name(format!(".{name}.{}.{attempt}", std::process::id()));
            match options.open(&path) {
                Ok(file) => return Ok(Self { file, path, finished: false }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 9 => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn finish(mut self, target: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, target)?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.finished {
            // The failure that led here is the one to tell.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The text without what a terminal would obey: names are other people's, and may hold escape sequences.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if layout::is_plain(text) || !text.contains(obeyed) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if obeyed(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown.into()
}

/// The text in one line.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains('\n') { text.replace('\n', "\\n").into() } else { text.into() }
}

/// A number as people read it: `1,234,567`.
pub fn thousands(number: impl Into<i128>) -> String {
    let number: i128 = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// `1 member`, `2 members`.
pub fn counted(count: usize, one: &str) -> String {
    let number = thousands(count as i128);
    if count == 1 { format!("{number} {one}") } else { format!("{number} {one}s") }
}

fn place_within(room: usize, place: &str) -> String {
    const IN: &str = "  in ";
    if place.is_empty() {
        return String::new();
    }
    let fits = |text: &str| layout::width_of(text) + IN.len() <= room;
    if fits(place) {
        return format!("{IN}{place}");
    }
    let ends = place.match_indices(['/', '›']).map(|(at, sign)| place[at + sign.len()..].trim_start());
    let mut shortest = place;
    for end in ends {
        shortest = end;
        if fits(&format!("…{end}")) {
            break;
        }
    }
    format!("{IN}…{shortest}")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{self, Write};

    use super::{harmless, place_within, thousands, write_file};
    use crate::cli::error::CliError;

    #[test]
    fn a_file_is_there_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let names = || -> Vec<String> {
            let names =
                fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
            names.map(|name| name.to_string_lossy().into_owned()).collect()
        };
        let path = folder.path().join("report.csv");
        let said = |text: &'static str| move |out: &mut dyn Write| Ok(out.write_all(text.as_bytes())?);
        write_file(&path, said("one")).expect("written");
        let failed = write_file(&path, |out| -> Result<(), CliError> {
            out.write_all(b"half")?;
            Err(io::Error::other("no more").into())
        });
        assert!(failed.is_err());
        assert_eq!(
            (fs::read_to_string(&path).expect("text"), names()),
            ("one".into(), vec!["report.csv".into()])
        );
        write_file(&path, said("two")).expect("written");
        assert_eq!(
            (fs::read_to_string(&path).expect("text"), names()),
            ("two".into(), vec!["report.csv".into()])
        );
        let nowhere = write_file(&folder.path().join("no/where"), said("x")).expect_err("no folder");
        assert!(nowhere.to_string().contains("cannot write"), "{nowhere}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_for_its_owner_a_link_stays_one_and_a_device_is_written_to() {
        use std::os::unix::fs::{MetadataExt, symlink};
        let folder = tempfile::tempdir().expect("a folder");
        let (path, link) = (folder.path().join("report.csv"), folder.path().join("latest"));
        fs::write(&path, "old").expect("a file");
        symlink(&path, &link).expect("a link");
        write_file(&link, |out| Ok(out.write_all(b"new")?)).expect("written");
        assert_eq!(fs::read_to_string(&path).expect("text"), "new");
        assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
        assert_eq!(fs::metadata(&path).expect("a file").mode() & 0o777, 0o600);
        write_file("/dev/null".as_ref(), |out| Ok(out.write_all(b"x")?)).expect("written");
        assert!(!fs::metadata("/dev/null").expect("a device").is_file());
    }

    #[test]
    fn names_cannot_command_the_terminal() {
        assert_eq!(harmless("Revenue 💰 \"Q3\"\tby Region\n"), "Revenue 💰 \"Q3\"\tby Region\n");
        assert_eq!(
            harmless("a\u{1b}[2Jb\u{7}\r\u{202e}c\u{9b}"),
            "a\\u{1b}[2Jb\\u{7}\\u{d}\\u{202e}c\\u{9b}"
        );
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-1000, "-1,000")]
        {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn of_a_place_the_innermost_parts_are_told_that_fit() {
        let place = "Finance/2026/Q3 › Forecast › Page 1";
        for (room, told) in [
            (40, "  in Finance/2026/Q3 › Forecast › Page 1"),
            (39, "  in …2026/Q3 › Forecast › Page 1"),
            (28, "  in …Q3 › Forecast › Page 1"),
            (27, "  in …Forecast › Page 1"),
            (20, "  in …Page 1"),
            (3, "  in …Page 1"),
        ] {
            assert_eq!(place_within(room, place), told, "{room}");
        }
        assert_eq!(place_within(9, "alone and long"), "  in …alone and long");
        assert_eq!(place_within(80, ""), "");
    }
}
