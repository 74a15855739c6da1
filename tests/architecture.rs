//! The rooms of the house, and who may know whom.

use std::path::{Path, PathBuf};

/// Each room with the rooms it may import; an import the other way is a defect.
const ALLOWED: &[(&str, &[&str])] = &[
    ("cli", &["access", "catalog", "config", "crawl", "identity", "report", "simulator", "store"]),
    ("report", &["access", "catalog", "identity", "store"]),
    ("crawl", &["access", "catalog", "config", "sigma", "store"]),
    ("access", &["catalog"]),
    ("store", &["catalog"]),
    ("identity", &["catalog"]),
    ("sigma", &[]),
    ("catalog", &[]),
    ("config", &[]),
    ("simulator", &[]),
];

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn every_room_imports_only_what_it_may() {
    let mut defects = Vec::new();
    let mut imports = 0;
    for (room, allowed) in ALLOWED {
        let mut files = Vec::new();
        files_below(&source().join(room), &mut files);
        assert!(!files.is_empty(), "no files in {room}");
        for file in files {
            let text = std::fs::read_to_string(&file).expect("text");
            for (at, _) in text.match_indices("crate::") {
                let rest = &text[at + "crate::".len()..];
                let name: String =
                    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                let is_room = ALLOWED.iter().any(|(known, _)| *known == name);
                if is_room && name != *room {
                    imports += 1;
                    if !allowed.contains(&name.as_str()) {
                        defects.push(format!("{}: {room} imports {name}", file.display()));
                    }
                }
            }
        }
    }
    assert!(imports > 20, "the imports were not found: {imports}");
    assert!(defects.is_empty(), "{defects:#?}");
}

#[test]
fn every_room_is_in_the_table() {
    for entry in std::fs::read_dir(source()).expect("src") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        assert!(
            ["lib", "main"].contains(&name.as_str()) || ALLOWED.iter().any(|(room, _)| *room == name),
            "{name} is no room of the table"
        );
    }
}
