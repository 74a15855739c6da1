//! The rules of CSV files, one by one.

use sigma_catalog::identity::mapping::{self, sha256};
use sigma_catalog::identity::{
    CatalogUser, CatalogUsers, CsvUsers, Delimiter, Encoding, MappingFile, ReadOptions, Rejected,
};

const HEADER: &str = "network_id,sigma_email\n";

fn read(bytes: impl AsRef<[u8]>) -> Result<MappingFile, Rejected> {
    mapping::read(bytes.as_ref(), ReadOptions::default(), false)
}

/// The rows of a good file: line, login name, address.
#[track_caller]
fn rows(bytes: impl AsRef<[u8]>) -> Vec<(u64, String, String)> {
    let file = read(bytes).unwrap_or_else(|rejected| panic!("this file is good: {rejected}"));
    let pairs = file.mapping.pairs().iter();
    pairs.map(|pair| (pair.line, pair.network_id.clone(), pair.sigma_email.clone())).collect()
}

fn row(line: u64, network_id: &str, email: &str) -> (u64, String, String) {
    (line, network_id.to_owned(), email.to_owned())
}

/// All that is said about a bad file.
#[track_caller]
fn refusal(bytes: impl AsRef<[u8]>) -> String {
    match read(bytes) {
        Ok(file) => panic!("this file must be refused: {file:?}"),
        Err(rejected) => rejected.problems.lines("f.csv").join("\n"),
    }
}

#[track_caller]
fn warnings(bytes: impl AsRef<[u8]>) -> String {
    read(bytes).expect("a good file").warnings.lines("f.csv").join("\n")
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(unit).collect()
}

#[test]
fn the_samples_are_good() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    assert_eq!(rows(std::fs::read(folder.join("identity.csv")).expect("a file")).len(), 9);
    let bytes = std::fs::read(folder.join("catalog-users.csv")).expect("a file");
    let users = users_of(&bytes).expect("a good file");
    assert_eq!(users.len(), 14);
    let quoted = &users[11];
    assert_eq!(quoted.display_name.as_deref(), Some("Laurent, María"));
    assert_eq!(users.iter().filter(|user| !user.active).count(), 1);
}

#[test]
fn line_ends_and_a_missing_last_one_make_no_difference() {
    let expected = [row(2, "ann", "ann@x.com"), row(3, "bob", "bob@x.com")];
    for end in ["\n", "\r\n", "\r"] {
        for last in ["", end] {
            let text = ["network_id,sigma_email", "ann,ann@x.com", "bob,bob@x.com"].join(end) + last;
            assert_eq!(rows(&text), expected, "{text:?}");
        }
    }
    assert_eq!(rows("network_id,sigma_email\r\nann,ann@x.com\rbob,bob@x.com\n"), expected);
}

#[test]
fn blank_lines_are_skipped_and_counted() {
    let text = "\n\r\nnetwork_id,sigma_email\n\n\nann,ann@x.com\r\r\nbob,bob@x.com\n\n";
    assert_eq!(rows(text), [row(6, "ann", "ann@x.com"), row(8, "bob", "bob@x.com")]);
}

#[test]
fn unicode_is_recognised_by_its_mark() {
    let text = format!("{HEADER}jösé,jösé@x.com\n");
    let expected = [row(2, "jösé", "jösé@x.com")];
    let marked: Vec<u8> = [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat();
    for (bytes, encoding) in [
        (text.clone().into_bytes(), "utf-8"),
        (marked, "utf-8"),
        (utf16(&text, u16::to_le_bytes), "utf-16le"),
        (utf16(&text, u16::to_be_bytes), "utf-16be"),
    ] {
        assert_eq!(rows(&bytes), expected, "{encoding}");
        assert_eq!(read(&bytes).expect("a good file").encoding, encoding);
    }
}

#[test]
fn invalid_utf_8_is_refused_with_its_line_and_byte() {
    let bytes = [HEADER.as_bytes(), b"ann,ann@x.com\nj\xf6rg,joerg@x.com\n"].concat();
    insta::assert_snapshot!(
        refusal(&bytes),
        @"f.csv:3: byte 39 of the file (0xf6) is not UTF-8: save it as UTF-8; if it comes from an older spreadsheet, try --encoding windows-1252"
    );
    let options = ReadOptions { encoding: Encoding::Windows1252, ..ReadOptions::default() };
    let file = mapping::read(&bytes, options, false).expect("Windows-1252");
    assert_eq!(file.mapping.pairs()[1].network_id, "jörg");
    let quotes = [HEADER.as_bytes(), b"\x80\x8a\x9f,ann@x.com\n"].concat();
    assert_eq!(mapping::read(&quotes, options, false).expect("good").mapping.pairs()[0].network_id, "€ŠŸ");
    let undefined = [HEADER.as_bytes(), b"\x81,ann@x.com\n"].concat();
    let rejected = mapping::read(&undefined, options, false).expect_err("0x81 is not defined");
    assert!(rejected.to_string().contains("(0x81) is not Windows-1252"), "{rejected}");
}

#[test]
fn broken_utf_16_is_refused() {
    let good = utf16(&format!("{HEADER}ann,ann@x.com\n"), u16::to_le_bytes);
    for bytes in [&good[..good.len() - 1], &[&good[..], &[0x00, 0xd8]].concat()[..]] {
        let said = refusal(bytes);
        assert!(said.contains("UTF-16 that breaks off"), "{said}");
    }
    // Without a mark it looks like NULs.
    let said = refusal(&good[2..]);
    assert!(said.contains("f.csv:1: holds a NUL"), "{said}");
}

#[test]
fn what_is_no_text_is_refused_by_name() {
    for (bytes, what) in [
        (&b"PK\x03\x04rest"[..], "a spreadsheet"),
        (b"\xff\xfe\0\0n\0\0\0", "UTF-32"),
        (b"\0\0\xfe\xff\0\0\0n", "UTF-32"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old spreadsheet"),
        (b"\x1f\x8b\x08", "a gzip"),
        (b"%PDF-1.7", "a PDF"),
        (b"SQLite format 3\0", "a database"),
    ] {
        let said = refusal(bytes);
        assert!(said.contains(what) && said.contains("not CSV"), "{said}");
    }
    let said = refusal(format!("{HEADER}ann,ann@x.com\nb\0b,bob@x.com\n"));
    assert!(said.starts_with("f.csv:3: holds a NUL character"), "{said}");
}

#[test]
fn limits_are_kept() {
    let big = format!("{HEADER}{}", "ann,ann@x.com\n".repeat(1_200_000));
    assert!(big.len() > 16 * 1024 * 1024);
    assert!(refusal(&big).contains("larger than 16 MiB"));
    let many: String = (0..200_001).map(|n| format!("u{n},u{n}@x.com\n")).collect();
    assert!(refusal(format!("{HEADER}{many}")).contains("f.csv:200002: has more than 200000 rows"));
    let exactly = many.strip_suffix("u200000,u200000@x.com\n").expect("the last row");
    assert_eq!(rows(format!("{HEADER}{exactly}")).len(), 200_000);
    let columns = |n: usize| -> String { (0..n).map(|n| format!(",c{n}")).collect() };
    let wide = |n: usize| format!("network_id,sigma_email{}\nann,ann@x.com{}\n", columns(n), ",".repeat(n));
    assert!(refusal(wide(63)).contains("has 65 columns, more than 64"));
    assert_eq!(rows(wide(62)).len(), 1);
    let long = |n: usize| format!("network_id,sigma_email,note\nann,ann@x.com,{}\n", "x".repeat(n));
    assert!(refusal(long(4097)).contains("f.csv:2: has a cell longer than 4096 bytes"));
    assert_eq!(rows(long(4096)).len(), 1);
}

#[test]
fn cells_are_quoted_as_rfc_4180_says() {
    let text = "\"network_id\",\"sigma_email\"\n\"a\"\"b,c\",\"ann@x.com\"\nbob,bob@x.com\n";
    assert_eq!(rows(text), [row(2, "a\"b,c", "ann@x.com"), row(3, "bob", "bob@x.com")]);
    // Line breaks inside quotes belong to the cell, and are counted.
    let text = "network_id,note,sigma_email\nann,\"one\r\ntwo\rthree\",ann@x.com\nbob,,bob@x.com\n";
    assert_eq!(rows(text), [row(2, "ann", "ann@x.com"), row(5, "bob", "bob@x.com")]);
    for (text, said) in [
        ("ann,ann@x.com\nbob,\"bob@x.com", "f.csv:3: opens a double quote that is never closed"),
        ("ann,ann@x.com\nbob,\"bob@x.com\"x\n", "f.csv:3: has text after a closing double quote"),
        ("an\"n,ann@x.com\n", "f.csv:2: has a double quote inside a cell"),
        ("\"ann,ann@x.com\nbob,bob@x.com\n", "f.csv:2: opens a double quote"),
    ] {
        let found = refusal(format!("{HEADER}{text}"));
        assert!(found.starts_with(said), "{found}");
    }
}

#[test]
fn other_delimiters_are_taken_from_a_clear_header_or_by_order() {
    let expected = [row(2, "ann", "ann@x.com")];
    for (text, delimiter) in [
        ("network_id,sigma_email\nann,ann@x.com\n", Delimiter::Comma),
        ("network_id;sigma_email\nann;ann@x.com\n", Delimiter::Semicolon),
        ("network_id\tsigma_email\nann\tann@x.com\n", Delimiter::Tab),
        ("\"network_id\";sigma_email;a,b\nann;ann@x.com;\n", Delimiter::Semicolon),
    ] {
        assert_eq!(rows(text), expected, "{text:?}");
        assert_eq!(read(text).expect("good").delimiter, delimiter);
        let other = if delimiter == Delimiter::Comma { Delimiter::Tab } else { Delimiter::Comma };
        let order = |delimiter| ReadOptions { delimiter: Some(delimiter), ..ReadOptions::default() };
        assert!(mapping::read(text.as_bytes(), order(delimiter), false).is_ok());
        assert!(mapping::read(text.as_bytes(), order(other), false).is_err());
    }
}

#[test]
fn columns_are_found_by_name_in_any_order() {
    let expected = [row(2, "ann", "ann@x.com")];
    for header in
        ["sigma_email,network_id", " SIGMA_EMAIL , \"Network_Id\"", "E-Mail,User Name", "email,login"]
    {
        assert_eq!(rows(format!("{header}\nann@x.com,ann\n").replace(" \"N", "\"N")), expected, "{header}");
    }
    // The column's own name wins over another name for it.
    assert_eq!(rows("email,network_id,sigma_email\nother@x.com,ann,ann@x.com\n"), expected);
}

#[test]
fn headers_that_are_not_clear_are_refused() {
    for (header, said) in [
        ("network_id,sigma_email,sigma_email", "f.csv:1: sigma_email: the header has this column twice"),
        ("network_id,note,Note,sigma_email", "f.csv:1: Note: the header has this column twice"),
        ("network_id,email,mail", "f.csv:1: sigma_email: the header has both `email` and `mail` for it"),
        (
            "network_id,address",
            "f.csv:1: sigma_email: the header has no such column; it has `network_id`, `address`",
        ),
        ("ann,ann@x.com", "f.csv:1: network_id: the header has no such column"),
    ] {
        let found = refusal(format!("{header}\na,b,c,d\n"));
        assert!(found.starts_with(said), "{found}");
    }
    // Both missing columns are told, with the names that would do.
    let found = refusal("x,y\n1,2\n");
    assert!(
        found.lines().count() == 2 && found.contains("`sigma_email` or one of: sigma email, email"),
        "{found}"
    );
    for empty in ["", "\n\n", "\u{feff}"] {
        assert!(refusal(empty).contains("is empty"), "{empty:?}");
    }
    assert!(refusal(HEADER).contains("has a header and no rows"));
}

#[test]
fn extra_columns_are_ignored_and_mentioned() {
    let text = "network_id,team,sigma_email,\nann,Sales,ann@x.com,\n";
    assert_eq!(rows(text), [row(2, "ann", "ann@x.com")]);
    let said = warnings(text);
    assert!(
        said.contains("column `team` is not used") && said.contains("column number 4 is not used"),
        "{said}"
    );
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let text = format!(
        "{HEADER}ann,\n,bob@x.com\ncat,cat.x.com\ndan\neve,e\u{200b}ve@x.com,x\nfay,f\u{200b}ay@x.com\n \t,  \ngood,good@x.com\n"
    );
    insta::assert_snapshot!(refusal(text), @r"
    f.csv:2: sigma_email: is empty: fill it in, or delete the line
    f.csv:3: network_id: is empty: fill it in, or delete the line
    f.csv:4: sigma_email: is not an e-mail address: write it as name@domain
    f.csv:5: has 1 cells where the header has 2: add or remove a delimiter; a cell that holds the delimiter needs double quotes around it
    f.csv:6: has 3 cells where the header has 2: add or remove a delimiter; a cell that holds the delimiter needs double quotes around it
    f.csv:7: sigma_email: holds the invisible character U+200B: retype it by hand instead of pasting it
    f.csv:8: network_id: is empty: fill it in, or delete the line
    f.csv:8: sigma_email: is empty: fill it in, or delete the line
    ");
}

#[test]
fn of_many_problems_a_hundred_are_listed_and_all_counted() {
    let text = format!("{HEADER}{}", "x,\n".repeat(250));
    let rejected = read(text).expect_err("bad rows");
    assert_eq!((rejected.problems.listed.len(), rejected.problems.total), (100, 250));
    assert_eq!(rejected.problems.lines("f.csv").last().map(String::as_str), Some("f.csv: and 150 more"));
}

#[test]
fn an_address_of_two_people_rejects_the_file() {
    let text = format!("{HEADER}ann,shared@x.com\nbob,Shared@X.com\n");
    insta::assert_snapshot!(refusal(&text), @"f.csv:3: sigma_email: `Shared@X.com` belongs to `bob` here and to `ann` on line 2: keep the line of the person who owns the address");
    assert_eq!(read(&text).expect_err("a conflict").conflicts, 1);
    assert!(
        mapping::read(text.as_bytes(), ReadOptions::default(), true).is_err(),
        "merging is something else"
    );
}

#[test]
fn two_addresses_of_one_user_need_permission() {
    let text = format!("{HEADER}ann,ann@x.com\nANN,ann.lee@x.com\n");
    insta::assert_snapshot!(refusal(&text), @"f.csv:3: network_id: `ANN` stands for `ann.lee@x.com` here and for `ann@x.com` on line 2: keep one line, or allow it with --allow-merge if both accounts are one person's");
    let file = mapping::read(text.as_bytes(), ReadOptions::default(), true).expect("merging was allowed");
    assert_eq!(file.mapping.pairs().len(), 2);
    assert!(file.warnings.lines("f.csv").join("\n").contains("both are mapped"));
}

#[test]
fn a_row_said_twice_counts_once_with_a_warning() {
    let text = format!("{HEADER}ann,ann@x.com\nANN,Ann@X.com\n");
    assert_eq!(rows(&text), [row(2, "ann", "ann@x.com")]);
    let file = read(&text).expect("good");
    assert_eq!((file.rows, file.duplicates), (2, 1));
    assert!(warnings(&text).starts_with("f.csv:3: says what line 2 says"), "{}", warnings(&text));
}

#[test]
fn look_alikes_are_warned_of_and_kept_apart() {
    let text = format!("{HEADER}ann,ann@paypal.com\nmallory,ann@p\u{430}ypal.com\nbob,bob@paypal.com\n");
    assert_eq!(rows(&text).len(), 3);
    let said = warnings(&text);
    assert!(
        said.starts_with(
            "f.csv:3: sigma_email: `ann@p\u{430}ypal.com` looks like `ann@paypal.com` on line 2"
        ),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn the_hash_is_of_the_file_as_it_is() {
    assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

fn users_of(bytes: &[u8]) -> Result<Vec<CatalogUser>, Rejected> {
    CsvUsers { name: "u.csv".to_owned(), bytes, options: ReadOptions::default() }.users()
}

#[test]
fn catalog_users_are_read_with_what_may_be_missing() {
    let users = users_of(b"active,network_id,email\nYES,ann,\n0,Ann,ann@x.com\n").expect("good");
    let user = |network_id: &str, email: Option<&str>, active| CatalogUser {
        network_id: network_id.to_owned(),
        email: email.map(str::to_owned),
        display_name: None,
        active,
    };
    assert_eq!(users, [user("ann", None, true), user("Ann", Some("ann@x.com"), false)]);
    let rejected = users_of(
        b"network_id,email,active\nann,,maybe\nbob,,\n,,true\ncat,,true\ncat,,true\nd\xe2\x80\x8bn,,1\n",
    )
    .expect_err("bad rows");
    insta::assert_snapshot!(rejected.problems.lines("u.csv").join("\n"), @r"
    u.csv:2: active: `maybe` is neither true nor false: write true or false
    u.csv:3: active: is empty: fill it in, or delete the line
    u.csv:4: network_id: is empty: fill it in, or delete the line
    u.csv:6: network_id: is on line 5 too: keep one of them
    u.csv:7: network_id: holds the invisible character U+200B: retype it by hand instead of pasting it
    ");
    assert!(users_of(b"network_id,email\nann,\n").expect_err("no column").to_string().contains("active"));
}
