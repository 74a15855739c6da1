//! What extraction costs: requests, time, memory, space, as ratios measured in one run.
//!
//! `cargo bench --bench extraction` measures everything; `-- limit again` only those sections, `-- --runs 1` each figure once
//! instead of the median of five. The simulator is a process of its own. See `benches/README.md`.

#![allow(clippy::print_stdout, reason = "what it measures is told there")]

mod machine;
mod process;
mod sections;

use std::time::Duration;

/// How a section is called, what it shows, and what measures it.
type Section = (&'static str, &'static str, fn(&Bench));

const SECTIONS: &[Section] = &[
    ("limit", "requests, and time against requests x latency / workers", sections::limit),
    ("again", "a second run: nothing changed, one document in a hundred changed", sections::again),
    (
        "rows",
        "rows a second from the API to the published catalog, memory, and what the machine can do",
        sections::rows,
    ),
    (
        "publish",
        "publishing when nothing and when little changed, the full-text index, space",
        sections::publish,
    ),
    ("allowed", "a server that allows 50 requests a second", sections::allowed),
    ("growth", "how cost grows with the number of workbooks", sections::growth),
    ("detail", "requests a second of the client, against reqwest alone", sections::detail),
];

/// How to measure.
pub struct Bench {
    /// How often each figure is taken; the median is told.
    pub runs: usize,
}

impl Bench {
    /// The median of what `measure` gives.
    pub fn median(&self, mut measure: impl FnMut() -> f64) -> f64 {
        median((0..self.runs).map(|_| measure()).collect())
    }
}

/// The figure in the middle.
pub fn median(mut found: Vec<f64>) -> f64 {
    found.sort_by(f64::total_cmp);
    found[found.len() / 2]
}

/// Tells one figure, beside what it should be.
pub fn tell(what: &str, figure: &str, aim: &str) {
    println!("  {what:<70} {figure:>22}   {aim}");
}

/// Seconds with two decimals.
pub fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

fn main() {
    let (mut runs, mut wanted) = (5, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // What cargo adds.
            "--bench" => {}
            "--runs" => runs = arguments.next().and_then(|count| count.parse().ok()).expect("--runs N"),
            name if SECTIONS.iter().any(|(known, _, _)| *known == name) => wanted.push(name.to_owned()),
            other => {
                let known: Vec<_> = SECTIONS.iter().map(|(name, _, _)| *name).collect();
                println!("no section \"{other}\"; there are {}, and --runs N", known.join(", "));
                std::process::exit(2);
            }
        }
    }
    let bench = Bench { runs };
    for (name, what, measure) in SECTIONS {
        if wanted.is_empty() || wanted.iter().any(|section| section == name) {
            println!("\n{name}: {what}");
            measure(&bench);
        }
    }
}
