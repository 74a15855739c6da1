//! How far a run is: a bar on a terminal, a plain line from time to time elsewhere.

use std::io::{self, IsTerminal, Write};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::output::{harmless, thousands};
use crate::crawl::{Progress, Severity, Snapshot};

/// All bars of the process, so that other lines can step aside for them.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// How often a log that is no terminal gets a line.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How many notices of one run are shown; the ledger has all.
const SHOWN_NOTICES: usize = 20;

/// Shows a run on stderr.
#[derive(Debug)]
pub struct ShownProgress {
    bar: Option<ProgressBar>,
    quiet: bool,
    plain: Mutex<Plain>,
}

#[derive(Debug)]
struct Plain {
    last_line: Instant,
    notices: usize,
}

impl ShownProgress {
    /// Starts showing.
    pub fn start(quiet: bool) -> Self {
        let terminal =
            io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let bar = (terminal && !quiet).then(|| {
            let bar = BARS.add(ProgressBar::new(0));
            let style = "{spinner} documents {pos}/{len} {wide_bar} {msg} [{elapsed}]";
            bar.set_style(
                ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, quiet, plain: Mutex::new(Plain { last_line: Instant::now(), notices: 0 }) }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn say(&self, line: &str) {
        let _ = BARS.suspend(|| writeln!(io::stderr().lock(), "{}", harmless(line)));
    }
}

impl Progress for ShownProgress {
    fn moved(&self, snapshot: Snapshot) {
        let rows = thousands(snapshot.rows);
        if let Some(bar) = &self.bar {
            bar.set_length(snapshot.documents_found);
            bar.set_position(snapshot.documents_done);
            bar.set_message(format!("{rows} rows"));
            return;
        }
        let Ok(mut plain) = self.plain.lock() else { return };
        if self.quiet || plain.last_line.elapsed() < LINE_EVERY {
            return;
        }
        plain.last_line = Instant::now();
        self.say(&format!(
            "{} of {} documents read, {rows} rows",
            thousands(snapshot.documents_done),
            thousands(snapshot.documents_found)
        ));
    }

    fn notice(&self, severity: Severity, message: &str) {
        let Ok(mut plain) = self.plain.lock() else { return };
        if self.quiet && severity < Severity::Error {
            return;
        }
        plain.notices += 1;
        match plain.notices {
            seen if seen < SHOWN_NOTICES => self.say(&format!("{}: {message}", severity.name())),
            SHOWN_NOTICES => self.say("further notices are in `sigma-catalog runs show`"),
            _ => {}
        }
    }
}

/// Standard error, with the bars out of the way while a line is written.
#[derive(Debug)]
pub struct BesideBars;

impl Write for BesideBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        BARS.suspend(|| io::stderr().lock().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

/// For log lines.
pub fn stderr_beside_bars() -> BesideBars {
    BesideBars
}
