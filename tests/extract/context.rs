//! A folder of its own, a simulated organisation, and the binary run with nothing of this machine's environment.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use sigma_catalog::simulator::{Options, Simulator};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// What servers run on.
pub static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// Turns on what is off by default: what there is beyond it is tested for itself.
pub const EVERYTHING: [&str; 2] = ["--everything", "true"];

/// A test's world.
pub struct Context {
    pub folder: TempDir,
    pub simulator: Simulator,
}

/// What a run of the binary left behind.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The JSON it printed.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

/// The binary in a folder, with an empty environment.
pub fn binary(folder: &TempDir) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("sigma-catalog"));
    command.current_dir(folder.path()).env_clear();
    command
}

/// Runs it to its end.
pub fn run(command: &mut Command) -> Ran {
    command.output().expect("the binary starts").into()
}

impl Context {
    /// A running simulator of those options. Token calls are not limited: tests run the binary often.
    pub fn new(options: Options) -> Self {
        let options = Options { enforce_token_rate: false, ..options };
        let simulator = RUNTIME.block_on(Simulator::start(options)).expect("the simulator starts");
        Self { folder: TempDir::new().expect("a folder"), simulator }
    }

    /// The small organisation.
    pub fn small() -> Self {
        Self::new(Options::small())
    }

    /// The binary with the administrator's credentials in its environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = binary(&self.folder);
        command
            .env("SIGMA_CLIENT_ID", self.simulator.client_id())
            .env("SIGMA_CLIENT_SECRET", self.simulator.client_secret())
            .args(arguments);
        command
    }

    /// `extract` as JSON into `catalog.db`, with more arguments.
    pub fn extract_with(&self, arguments: &[&str]) -> Ran {
        let url = self.simulator.url();
        let mut all = vec!["extract", "--api-url", &url, "--db", "catalog.db", "--format", "json"];
        all.extend(arguments);
        run(&mut self.command(&all))
    }

    /// `extract` of everything that has to end well; its summary.
    pub fn extract(&self) -> Value {
        let ran = self.extract_with(&[&["--concurrency", "4"], &EVERYTHING[..]].concat());
        assert_eq!(ran.code, 0, "{ran}");
        ran.json()
    }

    /// The catalog's file.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("catalog.db")
    }

    /// The catalog, for queries.
    pub fn catalog(&self) -> Connection {
        Connection::open_with_flags(self.database(), OpenFlags::SQLITE_OPEN_READ_ONLY).expect("a catalog")
    }

    /// Makes the catalog's schema that of an earlier version of the program, by how many migrations it had seen.
    pub fn back_to_version(&self, version: usize) {
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/migrations");
        let mut files: Vec<_> = std::fs::read_dir(migrations)
            .expect("the migrations")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort();
        assert!(version < files.len());
        let catalog = Connection::open(self.database()).expect("the catalog");
        // Latest first: later tables refer to earlier ones.
        for file in files[version..].iter().rev() {
            let sql = std::fs::read_to_string(file).expect("a migration");
            for made in ["INDEX", "TABLE"] {
                let makes: Vec<&str> = sql.lines().filter_map(|line| line.strip_prefix("CREATE ")).collect();
                for line in makes
                    .into_iter()
                    .rev()
                    .map(|line| line.trim_start_matches("UNIQUE ").trim_start_matches("VIRTUAL "))
                {
                    if let Some(name) =
                        line.strip_prefix(made).and_then(|rest| rest.split_whitespace().next())
                    {
                        catalog.execute_batch(&format!("DROP {made} IF EXISTS {name}")).expect(line);
                    }
                }
            }
        }
        catalog.pragma_update(None, "user_version", version as i64).expect("a version");
    }

    /// All rows of a query, each as one line of its columns.
    pub fn rows(&self, sql: &str) -> Vec<String> {
        rows_of(&self.catalog(), sql)
    }
}

/// All rows of a query of a catalog, each as one line of its columns.
pub fn rows_of(catalog: &Connection, sql: &str) -> Vec<String> {
    let mut statement = catalog.prepare_cached(sql).expect(sql);
    let width = statement.column_count();
    let rows = statement
        .query_map([], |row| {
            let cells: Result<Vec<String>, _> = (0..width)
                .map(|index| {
                    Ok(match row.get::<_, rusqlite::types::Value>(index)? {
                        rusqlite::types::Value::Null => "null".to_owned(),
                        rusqlite::types::Value::Integer(number) => number.to_string(),
                        rusqlite::types::Value::Text(text) => format!("{text:?}"),
                        other => format!("{other:?}"),
                    })
                })
                .collect();
            cells.map(|cells| cells.join(" | "))
        })
        .expect(sql);
    rows.collect::<Result<_, _>>().expect(sql)
}
