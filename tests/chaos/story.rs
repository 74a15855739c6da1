//! What happens for a seed: an organisation, some runs under chaos while it changes, and a run when all is healed.

use std::collections::BTreeMap;
use std::fmt;

use sigma_catalog::simulator::{Mutation, Options};

use crate::context::Context;
use crate::invariants::{Books, converged};
use crate::run::{Came, End, Way, run};
use crate::truth::Asked;

/// What a tally calls the seeds that broke nothing.
pub const SEEDS: &str = "(seeds)";

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

/// Whether one seed is looked at closely.
fn is_replay() -> bool {
    std::env::var_os("CHAOS_SEED").is_some()
}

/// Every so many-th seed sees all workbooks go.
const LOSSES: u64 = 16;

/// Plays a seed; panics where an invariant is broken, with the story so far.
pub fn play(seed: u64) -> Tally {
    let mut chance = fastrand::Rng::with_seed(seed);
    let page_rows = (chance.u8(..3) == 0).then(|| chance.usize(2..9));
    let mut context = Context::new(Options {
        seed,
        workspaces: 2,
        workbooks: chance.usize(2..6),
        pages: 1,
        elements: 2,
        columns: 2,
        members: chance.usize(4..9),
        teams: 2,
        data_models: 1,
        page_rows,
        ..Options::small()
    });
    if is_replay() {
        context.folder.disable_cleanup(true);
        crate::say(&format!("the catalog stays in {}", context.folder.path().display()));
    }
    let asked = Asked { everything: chance.u8(..4) == 0, by_object: chance.bool(), personal: true };
    let mut tally = Tally::default();
    let mut books = Books::open(&context, asked, seed, page_rows.is_some());
    let with_binary = seed.is_multiple_of(BINARY);
    if chance.u8(..4) > 0 {
        one(
            &context,
            &mut books,
            &mut tally,
            Way { asked, workers: 4, end: End::Itself, accept: None, resume: true, full: true },
        );
    }
    for turn in 0..chance.u64(1..4) {
        if turn == 0 && seed % LOSSES == LOSSES / 2 {
            lose_the_workbooks(&context, &mut books);
        }
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
        one(
            &context,
            &mut books,
            &mut tally,
            Way {
                asked,
                workers: chance.u64(1..11),
                end,
                accept: None,
                resume: chance.u8(..4) > 0,
                full: chance.bool(),
            },
        );
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
            resume: true,
            full: true,
        },
    );
    if is_replay() {
        crate::say(&books.story());
    }
    tally
}

/// All workbooks are deleted, which no run believes without being told to.
fn lose_the_workbooks(context: &Context, books: &mut Books) {
    let truth = context.simulator.truth();
    for workbook in truth["objects"]["workbook"].as_array().expect("workbooks") {
        let document = workbook["id"].as_str().expect("an id").to_owned();
        context.simulator.mutate(&Mutation::DeleteDocument { document }).expect("a change");
    }
    books.tell("between runs: all workbooks are deleted".to_owned());
}

/// A run, its state, and whether everything holds that must hold after any run.
fn one(context: &Context, books: &mut Books, tally: &mut Tally, way: Way) -> String {
    books.tell(format!("run: {way:?}", way = (way.workers, way.end, way.accept, way.resume, way.full)));
    books.begin(context);
    let came = run(context, &way);
    let state = books.check(context, &came, way.full);
    books.note_dropped(if matches!(way.end, End::Itself | End::Binary) { 0 } else { way.workers });
    let ended = match (&came, way.end) {
        (Came::Gone, End::Killed(_)) => "killed".to_owned(),
        (Came::Gone, _) => "dropped".to_owned(),
        _ => state.clone(),
    };
    tally.count(&ended);
    state
}

/// The most runs after the heal: one that goes on with what was read before, and one of its own, each of which the guards
/// may stop once.
const MOST_RUNS: usize = 4;

/// When all is well the next run is right. Where much has gone the guards ask first, and what goes on with an earlier run
/// is as old as that.
fn heal(context: &Context, books: &mut Books, tally: &mut Tally, mut way: Way) {
    context.simulator.heal();
    books.tell("healed".to_owned());
    for turn in 1.. {
        let state = one(context, books, tally, way);
        let resumed = books.resumed(context);
        tally.count(if resumed { "(resumed after the heal)" } else { "(runs after the heal)" });
        // What was read before may be about something that is gone by now.
        let may = state == "published" || state == "rejected" || (resumed && state == "published_partial");
        books.expect(may, || format!("{state} after the heal"));
        if state == "published" && !resumed {
            break;
        }
        books.expect(turn < MOST_RUNS, || "no end of runs after the heal".to_owned());
        way.accept = books.last_run().filter(|_| state == "rejected");
    }
    converged(context, books);
    tally.count(SEEDS);
}
