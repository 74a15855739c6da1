//! What happens for a seed: an organisation, some runs under chaos while it changes, and a run when all is healed.

use std::collections::BTreeMap;
use std::fmt;

use sigma_catalog::simulator::Options;

use crate::context::Context;
use crate::invariants::{Books, converged};
use crate::run::{Came, End, Way, run};
use crate::truth::Asked;

/// How many runs ended how.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<String, u64>);

impl Tally {
    pub fn add(&mut self, other: &Self) {
        for (state, count) in &other.0 {
            *self.0.entry(state.clone()).or_default() += count;
        }
    }

    fn count(&mut self, state: &str) {
        *self.0.entry(state.to_owned()).or_default() += 1;
    }

    pub fn runs(&self, state: &str) -> u64 {
        self.0.get(state).copied().unwrap_or(0)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(state, count)| writeln!(out, "{count:>6} {state}"))
    }
}

/// Every so many-th seed uses the binary where others run in this process.
const BINARY: u64 = 10;

/// Plays a seed; panics where an invariant is broken, with the story so far.
pub fn play(seed: u64) -> Tally {
    let mut chance = fastrand::Rng::with_seed(seed);
    let context = Context::new(Options {
        seed,
        workspaces: 2,
        workbooks: chance.usize(2..6),
        pages: 1,
        elements: 2,
        columns: 2,
        members: chance.usize(4..9),
        teams: 2,
        data_models: 1,
        ..Options::small()
    });
    let asked = Asked { everything: chance.u8(..4) == 0, by_object: chance.bool(), personal: true };
    let mut tally = Tally::default();
    let mut books = Books::open(&context, asked, seed);
    let with_binary = seed % BINARY == 0;
    if chance.u8(..4) > 0 {
        one(&context, &mut books, &mut tally, Way { asked, workers: 4, end: End::Itself, accept: None });
    }
    for turn in 0..chance.u64(1..4) {
        for _ in 0..chance.u64(..5) {
            let change = context.simulator.change_something(chance.u64(..));
            books.tell(format!("between runs: {change:?}"));
        }
        let chaos = seed.wrapping_mul(1_000_003).wrapping_add(turn);
        context.simulator.set_chaos(chaos);
        books.tell(format!("chaos {chaos}: {}", context.simulator.chaos_kinds().join(", ")));
        let requests = chance.u64(1..400);
        let end = match (chance.u8(..20), with_binary) {
            (0..10, true) => End::Killed(requests),
            (10..14, true) => End::Terminated(requests),
            (0..2, _) => End::Stopped(requests),
            (2..4, _) => End::Dropped(requests),
            _ => End::Itself,
        };
        one(&context, &mut books, &mut tally, Way { asked, workers: chance.u64(1..11), end, accept: None });
        context.simulator.heal();
    }
    heal(
        &context,
        &mut books,
        &mut tally,
        Way {
            asked,
            workers: chance.u64(1..11),
            end: if with_binary { End::Binary } else { End::Itself },
            accept: None,
        },
    );
    tally
}

/// A run, its state, and whether everything holds that must hold after any run.
fn one(context: &Context, books: &mut Books, tally: &mut Tally, way: Way) -> String {
    books.tell(format!("run: {way:?}", way = (way.workers, way.end, way.accept)));
    books.begin(context);
    let came = run(context, &way);
    let state = books.check(context, &came);
    let ended = match (&came, way.end) {
        (Came::Gone, End::Killed(_)) => "killed".to_owned(),
        (Came::Gone, _) => "dropped".to_owned(),
        _ => state.clone(),
    };
    tally.count(&ended);
    state
}

/// When all is well the next run is right; where much has gone the guards ask first, once for each time it was refused.
fn heal(context: &Context, books: &mut Books, tally: &mut Tally, way: Way) {
    context.simulator.heal();
    books.tell("healed".to_owned());
    let mut state = one(context, books, tally, way);
    if state == "rejected" {
        let way = Way { accept: books.last_run(), ..way };
        state = one(context, books, tally, way);
        tally.count("(accepted after the heal)");
    }
    books.expect(state == "published", || format!("the run after the heal is {state}"));
    converged(context, books);
    tally.count("(seeds)");
}
