//! Seeded chaos: whatever breaks, a run ends in a right catalog, in a partial one that says so, or in the old one; and
//! when everything is healed, the next run is right.
//!
//! `CHAOS_SEED=7 cargo test --test chaos replay -- --ignored --nocapture` plays one seed and tells its story;
//! `CHAOS_SEEDS=10000 cargo test --release --test chaos many_seeds -- --ignored --nocapture` plays many, from
//! `CHAOS_FIRST` (0) on, `CHAOS_THREADS` (4) at a time, for `CHAOS_MINUTES` (60) at most. Where files are flushed to disk costs
//! more than all else: `TMPDIR=/dev/shm` spares it.

#![allow(clippy::print_stderr, reason = "a seed that fails, and how many were played, is told there")]

#[allow(dead_code, reason = "each test binary uses its own part")]
#[path = "../extract/context.rs"]
mod context;
mod invariants;
mod run;
mod story;
#[allow(dead_code, reason = "each test binary uses its own part")]
#[path = "../extract/truth.rs"]
mod truth;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use story::Tally;

/// Seeds that once broke something, one a line; what follows a `#` says what.
const KNOWN: &str = include_str!("seeds.txt");

fn known() -> Vec<u64> {
    let lines = KNOWN.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty()).map(|line| line.parse().expect("a seed")).collect()
}

/// Tells whoever runs these with `--nocapture`.
#[allow(clippy::print_stderr, reason = "figures for people")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect(name))
}

/// How often those who wait for many seeds are told how far it is.
const TELL_EVERY: u64 = 500;

/// Plays all of them, some at a time, but begins none after `limit`; says what they came to, and of those that broke
/// something how to replay them.
fn play_all(seeds: &[u64], limit: Duration) -> Tally {
    let (begun, next, played) = (Instant::now(), AtomicU64::new(0), AtomicU64::new(0));
    let (tally, broken) = (Mutex::new(Tally::default()), Mutex::new(BTreeMap::new()));
    let one_after_another = || {
        while begun.elapsed() < limit
            && let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed) as usize)
        {
            match catch_unwind(AssertUnwindSafe(|| story::play(*seed))) {
                Ok(came) => tally.lock().expect("no panic here").add(&came),
                Err(panic) => {
                    let text = panic.downcast_ref::<String>().cloned();
                    let text = text.or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                    broken.lock().expect("no panic here").insert(*seed, text.unwrap_or_default());
                }
            }
            let count = played.fetch_add(1, Ordering::Relaxed) + 1;
            if count.is_multiple_of(TELL_EVERY) {
                let broken = broken.lock().expect("no panic here").len();
                say(&format!("{count} seeds in {} s, {broken} broke something", begun.elapsed().as_secs()));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..number("CHAOS_THREADS", 4) {
            scope.spawn(one_after_another);
        }
    });
    let (broken, tally) =
        (broken.into_inner().expect("no panic here"), tally.into_inner().expect("no panic here"));
    let told: Vec<String> = (broken.iter().take(5))
        .map(|(seed, text)| {
            format!("CHAOS_SEED={seed} cargo test --test chaos replay -- --ignored --nocapture\n{text}")
        })
        .collect();
    let played = played.into_inner();
    say(&format!(
        "{played} of {} seeds played in {} s, {} passed\n{tally}",
        seeds.len(),
        begun.elapsed().as_secs(),
        played - broken.len() as u64
    ));
    assert!(
        broken.is_empty(),
        "{} of {played} seeds broke something: {:?}\n{}",
        broken.len(),
        broken.keys().collect::<Vec<_>>(),
        told.join("\n\n")
    );
    tally
}

#[test]
fn twenty_seeds() {
    let seeds: Vec<u64> = known().into_iter().chain(0..20).collect();
    play_all(&seeds, Duration::MAX);
}

#[test]
#[ignore = "minutes: .ci/run plays 200"]
fn many_seeds() {
    let (first, count) = (number("CHAOS_FIRST", 0), number("CHAOS_SEEDS", 200));
    let minutes = number("CHAOS_MINUTES", 60);
    let seeds: Vec<u64> = known().into_iter().chain(first..first + count).collect();
    let tally = play_all(&seeds, Duration::from_secs(minutes * 60));
    let played = tally.runs(story::SEEDS);
    assert!(played == seeds.len() as u64, "{played} of {} in {minutes} minutes", seeds.len());
    // Chaos that breaks nothing, or everything, shows nothing.
    for state in ["published", "published_partial", "failed", "rejected", "interrupted", "killed"] {
        assert!(count < 100 || tally.runs(state) > 0, "no run was {state}: {tally}");
    }
}

#[test]
#[ignore = "plays by hand the one seed that CHAOS_SEED tells; .ci/run plays 200"]
fn replay() {
    let tally = story::play(number("CHAOS_SEED", 0));
    say(&tally.to_string());
}
