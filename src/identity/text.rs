//! From the bytes of a file to its text. Content decides, not the file's name; nothing is guessed.

use super::problem::Problem;

/// How large a file may be, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// How the bytes of a file are to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 with or without a byte order mark, or UTF-16 with one.
    #[default]
    Unicode,
    /// Western European Windows, as older spreadsheets write it. Only when asked for: every file is valid in it.
    Windows1252,
}

/// First bytes of what is no text, with its name. UTF-32 comes before UTF-16, which begins alike.
const BINARY: &[(&[u8], &str)] = &[
    (&[0xff, 0xfe, 0, 0], "UTF-32 text"),
    (&[0, 0, 0xfe, 0xff], "UTF-32 text"),
    (b"PK\x03\x04", "a spreadsheet or another zip file"),
    (b"PK\x05\x06", "an empty zip file"),
    (&[0xd0, 0xcf, 0x11, 0xe0], "an old spreadsheet"),
    (&[0x1f, 0x8b], "a gzip file"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "a database"),
];

/// What Windows-1252 has from 0x80 to 0x9F, where it differs from Latin-1; a space for what it has not.
const WINDOWS_1252: [char; 32] = [
    '€', ' ', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', ' ', 'Ž', ' ', ' ', '‘', '’', '“', '”',
    '•', '–', '—', '˜', '™', 'š', '›', 'œ', ' ', 'ž', 'Ÿ',
];

/// The text of a file without its byte order mark, and the name of its encoding.
///
/// # Errors
/// What is wrong with the file: too large, binary, not in the encoding, a NUL inside.
pub fn decode(bytes: &[u8], encoding: Encoding) -> Result<(String, &'static str), Problem> {
    if bytes.len() > MAX_BYTES {
        return Err(Problem::of_file(
            format!("is larger than {} MiB", MAX_BYTES / (1024 * 1024)),
            "leave out what is not needed, or see whether it is the right file",
        ));
    }
    if let Some((_, what)) = BINARY.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(Problem::of_file(format!("is {what}, not CSV"), "save it as CSV in UTF-8"));
    }
    let (text, name) = match (encoding, bytes) {
        (Encoding::Windows1252, _) => (windows_1252(bytes)?, "windows-1252"),
        (Encoding::Unicode, [0xff, 0xfe, rest @ ..]) => (utf16(rest, u16::from_le_bytes)?, "utf-16le"),
        (Encoding::Unicode, [0xfe, 0xff, rest @ ..]) => (utf16(rest, u16::from_be_bytes)?, "utf-16be"),
        (Encoding::Unicode, _) => {
            let rest = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
            (utf8(rest, bytes.len() - rest.len())?, "utf-8")
        }
    };
    match text.find('\0') {
        Some(at) => Err(Problem::at(
            lines_before(&text[..at]) + 1,
            "holds a NUL character",
            "save it as CSV in UTF-8; UTF-16 without a byte order mark looks like this",
        )),
        None => Ok((text, name)),
    }
}

fn utf8(bytes: &[u8], offset: usize) -> Result<String, Problem> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
        let at = error.valid_up_to();
        let line = String::from_utf8_lossy(&bytes[..at]);
        Problem::at(
            lines_before(&line) + 1,
            format!("byte {} of the file (0x{:02x}) is not UTF-8", offset + at + 1, bytes[at]),
            "save it as UTF-8; if it comes from an older spreadsheet, try --encoding windows-1252",
        )
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Problem> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len() / 2);
    let mut whole = rest.is_empty();
    for c in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match c {
            Ok(c) => text.push(c),
            Err(_) => {
                whole = false;
                break;
            }
        }
    }
    if whole {
        return Ok(text);
    }
    Err(Problem::at(
        lines_before(&text) + 1,
        "is UTF-16 that breaks off inside a character",
        "save it again, as UTF-8",
    ))
}

fn windows_1252(bytes: &[u8]) -> Result<String, Problem> {
    let mut text = String::with_capacity(bytes.len());
    for (index, byte) in bytes.iter().enumerate() {
        let c = match byte {
            0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
            other => char::from(*other),
        };
        if c == ' ' && *byte != b' ' {
            return Err(Problem::at(
                lines_before(&text) + 1,
                format!("byte {} of the file (0x{byte:02x}) is not Windows-1252", index + 1),
                "save it as UTF-8 and leave --encoding out",
            ));
        }
        text.push(c);
    }
    Ok(text)
}

/// How many lines end in a text: at CR LF, LF, or CR.
pub fn lines_before(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let ends = |(index, byte): (usize, &u8)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(index + 1) != Some(&b'\n'),
        _ => false,
    };
    bytes.iter().enumerate().filter(|pair| ends(*pair)).count() as u64
}
