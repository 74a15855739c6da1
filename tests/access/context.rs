//! A folder of its own, a simulated organisation, and the binary run with nothing of this machine's environment.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;
use sigma_catalog::simulator::{Options, Simulator};
use tempfile::TempDir;
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// A simulated organisation and its catalog.
pub struct Context {
    folder: TempDir,
    pub simulator: Simulator,
}

/// What a run of the binary left behind.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

impl Context {
    /// A running simulator and the catalog of its organisation.
    pub fn extracted(options: Options) -> Self {
        let options = Options { enforce_token_rate: false, pages: 1, elements: 1, columns: 2, ..options };
        let simulator = RUNTIME.block_on(Simulator::start(options)).expect("the simulator starts");
        let context = Self { folder: TempDir::new().expect("a folder"), simulator };
        context.extract();
        context
    }

    pub fn extract(&self) {
        let ran = self.run(&["extract", "--concurrency", "4"]);
        assert_eq!(ran.code, 0, "{ran}");
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("sigma-catalog.db")
    }

    /// Runs the binary with an administrator's credentials and the catalog in its environment.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let output = Command::new(assert_cmd::cargo::cargo_bin!("sigma-catalog"))
            .current_dir(self.folder.path())
            .env_clear()
            .env("SIGMA_CLIENT_ID", self.simulator.client_id())
            .env("SIGMA_CLIENT_SECRET", self.simulator.client_secret())
            .env("SIGMA_API_URL", self.simulator.url())
            .env("SIGMACAT_CATALOG_DATABASE", self.database())
            .args(arguments)
            .output()
            .expect("the binary starts");
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}
