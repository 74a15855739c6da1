//! One organisation and one published catalog of it; each test works on a copy of its own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use crate::context::{Context, Ran, binary, run};

/// The organisation, extracted once. Nobody changes it or breaks its server.
pub static BASE: LazyLock<Context> = LazyLock::new(|| {
    let context = Context::small();
    context.extract();
    context
});

/// A folder with a copy of the published catalog.
pub struct World {
    pub folder: TempDir,
}

impl World {
    pub fn new() -> Self {
        let world = Self::empty();
        fs::copy(BASE.database(), world.database()).expect("a copy");
        world
    }

    /// A folder without a catalog.
    pub fn empty() -> Self {
        LazyLock::force(&BASE);
        Self { folder: TempDir::new().expect("a folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn database(&self) -> PathBuf {
        self.path("catalog.db")
    }

    /// The binary with the credentials of the organisation's administrator.
    pub fn command(&self, arguments: &[&str]) -> Command {
        with_credentials(binary(&self.folder), arguments)
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        run(&mut self.command(arguments))
    }

    pub fn extract(&self) -> Ran {
        self.run(&extract())
    }

    /// What readers see, read past the program.
    pub fn published(&self) -> Vec<String> {
        published(&self.database())
    }

    /// The names in the folder, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).expect("the folder");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

/// The arguments of an extraction of the organisation into `catalog.db`.
pub fn extract() -> [&'static str; 5] {
    static URL: LazyLock<String> = LazyLock::new(|| BASE.simulator.url());
    ["extract", "--api-url", &URL, "--db", "catalog.db"]
}

pub fn with_credentials(mut command: Command, arguments: &[&str]) -> Command {
    command
        .env("SIGMA_CLIENT_ID", BASE.simulator.client_id())
        .env("SIGMA_CLIENT_SECRET", BASE.simulator.client_secret())
        .args(arguments);
    command
}

/// The published run of a catalog and what it shows.
pub fn published(database: &std::path::Path) -> Vec<String> {
    let catalog = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a catalog");
    let sql = "SELECT 'run ' || published_run FROM catalog_state \
               UNION ALL SELECT 'document ' || id || coalesce(name, '') FROM document \
               UNION ALL SELECT 'element ' || count(*) FROM element \
               UNION ALL SELECT 'column ' || count(*) FROM element_column \
               UNION ALL SELECT 'grant ' || count(*) FROM object_grant ORDER BY 1";
    let mut statement = catalog.prepare(sql).expect(sql);
    let rows = statement.query_map([], |row| row.get(0)).expect(sql);
    rows.collect::<Result<_, _>>().expect(sql)
}

/// That a run ended so, and told a stable code and what to do.
#[track_caller]
pub fn assert_ends(ran: &Ran, exit: i32, codes: &[&str]) {
    assert_eq!(ran.code, exit, "{ran}");
    assert!(codes.iter().any(|code| ran.stderr.contains(&format!("[{code}]"))), "{codes:?}: {ran}");
    assert!(ran.stderr.contains("help: "), "{ran}");
}
