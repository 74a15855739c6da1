//! A thousand files made bad from good ones: an error or a correct import, never a panic, never half of a file.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sigma_catalog::identity::mapping::{self, sha256};
use sigma_catalog::identity::{MappingFile, ReadOptions};
use sigma_catalog::store::{Catalog, ImportedMapping, MappingRow, Store};
use tempfile::TempDir;

/// What is done to a good file.
#[derive(Debug, Clone)]
enum Damage {
    /// Bytes put in somewhere.
    Insert(prop::sample::Index, Vec<u8>),
    /// Bytes taken out.
    Remove(prop::sample::Index, usize),
    /// One byte replaced.
    Replace(prop::sample::Index, u8),
    /// The end cut off.
    Cut(prop::sample::Index),
    /// A part said again elsewhere.
    Repeat(prop::sample::Index, prop::sample::Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    use prop::sample::Index;
    let awkward: &[&[u8]] = &[
        b"\"",
        b"\"\"",
        b",",
        b";",
        b"\t",
        b"\n",
        b"\r",
        b"\r\n",
        b"\0",
        b"\xff",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"\xe2\x80\x8b",
        b"\xe2\x84\xaa",
        b"@",
        b" ",
        b"=1+1",
        b"PK\x03\x04",
        b"\xc3",
    ];
    let awkward = prop::sample::select(awkward).prop_map(<[u8]>::to_vec);
    prop_oneof![
        4 => (any::<Index>(), awkward).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        2 => (any::<Index>(), 1..6_usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        2 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        3 => (any::<Index>(), b'a'..=b'z').prop_map(|(at, byte)| Damage::Insert(at, vec![byte])),
        1 => any::<Index>().prop_map(Damage::Cut),
        1 => (any::<Index>(), any::<Index>(), 1..40_usize).prop_map(|(from, to, n)| Damage::Repeat(from, to, n)),
    ]
}

fn apply(mut bytes: Vec<u8>, damage: &Damage) -> Vec<u8> {
    if bytes.is_empty() {
        return bytes;
    }
    let length = bytes.len();
    match damage {
        Damage::Insert(at, more) => {
            drop(bytes.splice(at.index(length)..at.index(length), more.iter().copied()))
        }
        Damage::Remove(at, count) => {
            let at = at.index(length);
            bytes.drain(at..(at + count).min(length));
        }
        Damage::Replace(at, byte) => bytes[at.index(length)] = *byte,
        Damage::Cut(at) => bytes.truncate(at.index(length)),
        Damage::Repeat(from, to, count) => {
            let from = from.index(length);
            let part = bytes[from..(from + count).min(length)].to_vec();
            let to = to.index(length);
            bytes.splice(to..to, part);
        }
    }
    bytes
}

/// Good files of several shapes.
fn good() -> impl Strategy<Value = Vec<u8>> {
    (1..12_usize, 0..3_usize, 0..3_usize, any::<bool>(), any::<bool>()).prop_map(
        |(rows, end, cell, quoted, wide)| {
            let (end, cell) = (["\n", "\r\n", "\r"][end], [",", ";", "\t"][cell]);
            let quote = if quoted { "\"" } else { "" };
            let mut text = format!("network_id{cell}sigma_email{end}");
            for row in 0..rows {
                text += &format!("{quote}üser{row}{quote}{cell}{quote}us{row}@x.com{quote}{end}");
            }
            if wide {
                std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
            } else {
                text.into_bytes()
            }
        },
    )
}

fn stored(file: &MappingFile) -> Vec<MappingRow> {
    let row = |pair: &sigma_catalog::identity::Pair| MappingRow {
        line: pair.line,
        network_id: pair.network_id.clone(),
        sigma_email: pair.sigma_email.clone(),
        user_key: pair.user.as_str().to_owned(),
        email_key: pair.email.as_str().to_owned(),
    };
    file.mapping.pairs().iter().map(row).collect()
}

/// What a UTF-8 file without quotes says, read in the most simple-minded way.
fn naive(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}');
    let delimiter =
        [',', ';', '\t'].into_iter().find(|c| text.lines().next().is_some_and(|l| l.contains(*c)))?;
    if text.contains('"') {
        return None;
    }
    let mut lines = text.split(['\r', '\n']).filter(|line| !line.is_empty());
    let header: Vec<_> = lines.next()?.split(delimiter).collect();
    if header != ["network_id", "sigma_email"] {
        return None;
    }
    lines
        .map(|line| line.split_once(delimiter).map(|(id, email)| (id.to_owned(), email.to_owned())))
        .collect()
}

/// An accepted file written out by other rules than those it was read by.
fn written(file: &MappingFile) -> String {
    let cell = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let rows = file.mapping.pairs().iter();
    let rows: String =
        rows.map(|p| format!("{},{}\r\n", cell(&p.network_id), cell(&p.sigma_email))).collect();
    format!("network_id,sigma_email\r\n{rows}")
}

#[test]
fn a_thousand_damaged_files_are_refused_or_imported_whole() {
    let folder = TempDir::new().expect("a folder");
    let database = folder.path().join("catalog.db");
    let mut store = Store::open(&database).expect("a catalog");
    let (mut accepted, mut refused, mut compared, mut active) = (0, 0, 0, None);
    let strategy = (good(), prop::collection::vec(damage(), 1..3));
    let mut runner = TestRunner::deterministic();
    for case in 0..1000 {
        let (good, damages) = strategy.new_tree(&mut runner).expect("a value").current();
        mapping::read(&good, ReadOptions::default(), false).expect("undamaged files are good");
        let bytes = damages.iter().fold(good, apply);
        let Ok(file) = mapping::read(&bytes, ReadOptions::default(), false) else {
            refused += 1;
            continue;
        };
        accepted += 1;
        if let Some(expected) = naive(&bytes) {
            let found = file.mapping.pairs().iter();
            let found: Vec<_> =
                found.map(|pair| (pair.network_id.clone(), pair.sigma_email.clone())).collect();
            assert!(found == expected || file.duplicates > 0, "case {case}: {found:?} and {expected:?}");
            compared += 1;
        }
        // Every row of the file is there or said twice, and what was understood can be said again.
        assert_eq!(file.rows, file.mapping.pairs().len() + file.duplicates, "case {case}: {damages:?}");
        let again =
            mapping::read(written(&file).as_bytes(), ReadOptions::default(), false).expect("the same again");
        let keys = |file: &MappingFile| -> Vec<_> {
            file.mapping.pairs().iter().map(|pair| (pair.user.clone(), pair.email.clone())).collect()
        };
        assert_eq!(keys(&again), keys(&file), "case {case}");
        let mapping = ImportedMapping {
            imported_by: "fuzz".to_owned(),
            source: format!("case {case}"),
            sha256: sha256(&bytes),
            allow_merge: false,
            rows: stored(&file),
        };
        let version = store.import_mapping(&mapping, active).expect("an accepted file can be imported");
        active = Some(version.version);
        let catalog = Catalog::open(&database).expect("the catalog");
        assert_eq!(catalog.mapping_rows(version.version).expect("rows"), mapping.rows, "case {case}");
    }
    assert!(
        accepted > 100 && refused > 100 && compared > 50,
        "{accepted} accepted, {compared} of them compared, {refused} refused"
    );
}

#[test]
fn an_import_that_fails_halfway_leaves_nothing_behind() {
    let folder = TempDir::new().expect("a folder");
    let database = folder.path().join("catalog.db");
    let mut store = Store::open(&database).expect("a catalog");
    let row = |line: u64, email: &str| MappingRow {
        line,
        network_id: format!("u{line}"),
        sigma_email: email.to_owned(),
        user_key: format!("u{line}"),
        email_key: email.to_owned(),
    };
    let mapping = |rows| ImportedMapping {
        imported_by: "somebody".to_owned(),
        source: "f.csv".to_owned(),
        sha256: sha256(b""),
        allow_merge: false,
        rows,
    };
    store.import_mapping(&mapping(vec![row(2, "a@x.com")]), None).expect("good");
    let bad = mapping(vec![row(2, "b@x.com"), row(3, "c@x.com"), row(4, "c@x.com")]);
    store.import_mapping(&bad, Some(1)).expect_err("one address of two users");
    let unknown = store.restore_mapping(7, "somebody", Some(1)).expect_err("no such version");
    assert_eq!(unknown.code(), "store.mapping_changed");
    let stale =
        store.import_mapping(&mapping(vec![row(2, "d@x.com")]), None).expect_err("looked at another state");
    assert_eq!(stale.code(), "store.mapping_changed");
    let catalog = Catalog::open(&database).expect("the catalog");
    assert_eq!(catalog.mapping_versions().expect("versions").len(), 1);
    assert_eq!(catalog.active_mapping().expect("versions").map(|version| version.version), Some(1));
    assert_eq!(catalog.mapping_rows(1).expect("rows"), [row(2, "a@x.com")]);
    let left: i64 = catalog
        .connection()
        .query_row("SELECT count(*) FROM identity_pair", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(left, 1);
}
