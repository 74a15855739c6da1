//! Servers that let some requests pass, each by another rule, and workers that ask them in a time of their own.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::{Limit, Pauses, Ticket, Turn, Verdict};

/// What the server says when it refuses.
#[derive(Debug, Clone, Copy)]
pub(super) enum Says {
    Nothing,
    /// Always the same time, in seconds.
    Always(u32),
    /// When it will let a request pass, in whole seconds.
    When,
}

/// By which rule requests pass.
#[derive(Debug, Clone)]
pub(super) enum Rule {
    /// So many in a second, and up to `burst` at once.
    Bucket { rate: f64, burst: f64 },
    /// So many in each of consecutive times.
    Windows { most: usize, seconds: f64 },
    /// So many in any such time.
    Sliding { most: usize, seconds: f64 },
    /// So many in any such time, or none for a while.
    Penalty { most: usize, seconds: f64, none_for: f64 },
    /// So many in work at once.
    Together { most: usize },
    /// All but so many from a time on.
    AllBut { from: f64, many: usize },
    /// All but every so manieth, however fast or slowly they come.
    NotEvery { nth: usize },
    /// One rule until a time, and then another.
    Changing { until: f64, first: Box<Rule>, then: Box<Rule> },
}

/// A server.
#[derive(Debug)]
pub(super) struct Server {
    rule: Rule,
    says: Says,
    tokens: f64,
    at: f64,
    log: VecDeque<f64>,
    in_work: usize,
    refused: usize,
    blocked_until: f64,
}

impl Server {
    pub(super) fn new(rule: Rule, says: Says) -> Self {
        let tokens = if let Rule::Bucket { burst, .. } = rule { burst } else { 0.0 };
        Self { rule, says, tokens, at: 0.0, log: VecDeque::new(), in_work: 0, refused: 0, blocked_until: 0.0 }
    }

    fn arrives(&mut self, at: f64) -> Verdict {
        let rule = match &self.rule {
            Rule::Changing { until, first, then } => if at < *until { first } else { then }.as_ref().clone(),
            rule => rule.clone(),
        };
        // When one would pass that does not now.
        let refused_until = match rule {
            Rule::Bucket { rate, burst } => {
                self.tokens = (self.tokens + rate * (at - self.at)).min(burst);
                let passes = self.tokens >= 1.0;
                self.tokens -= if passes { 1.0 } else { 0.0 };
                (!passes).then_some(at + (1.0 - self.tokens) / rate)
            }
            Rule::Windows { most, seconds } => {
                // They do not begin when we do.
                let begun = ((at / seconds + 0.37).floor() - 0.37) * seconds;
                self.in_log(most, begun, at).then_some(begun + seconds)
            }
            Rule::Sliding { most, seconds } => {
                self.in_log(most, at - seconds, at).then(|| self.log[0] + seconds)
            }
            Rule::Penalty { most, seconds, none_for } => {
                if at >= self.blocked_until && self.in_log(most, at - seconds, at) {
                    self.blocked_until = at + none_for;
                    self.log.clear();
                }
                (at < self.blocked_until).then_some(self.blocked_until)
            }
            Rule::Together { most } => (self.in_work >= most).then_some(at),
            Rule::AllBut { from, many } => (at >= from && self.refused < many).then_some(at),
            Rule::NotEvery { nth } => {
                self.log.push_back(at);
                // Not in step with anything.
                (self.log.len() * 7919 % (nth * 100) < 100).then_some(at)
            }
            Rule::Changing { .. } => unreachable!("one change is enough"),
        };
        self.at = at;
        let Some(until) = refused_until else {
            self.in_work += 1;
            return Verdict::Passed;
        };
        self.refused += 1;
        Verdict::Refused(match self.says {
            Says::Nothing => None,
            Says::Always(seconds) => Some(Duration::from_secs(seconds.into())),
            Says::When => Some(Duration::from_secs_f64((until - at).ceil().max(1.0))),
        })
    }

    /// Whether so many passed since then; otherwise one more does.
    fn in_log(&mut self, most: usize, since: f64, at: f64) -> bool {
        while self.log.front().is_some_and(|first| *first <= since) {
            self.log.pop_front();
        }
        let is_full = self.log.len() >= most;
        if !is_full {
            self.log.push_back(at);
        }
        is_full
    }
}

/// How workers ask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Workers {
    pub(super) many: usize,
    /// The time an answer takes, in seconds.
    pub(super) latency: f64,
    /// It is the same for all requests. Otherwise it is between half and one and a half of that, and now and then ten times.
    pub(super) is_even: bool,
}

/// What there is to ask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    pub(super) questions: u32,
    /// The longest time to work, in seconds.
    pub(super) seconds: f64,
    /// Every few seconds there is nothing to ask for a moment: answers are waited for that tell what to ask next, or the
    /// machine has other things to do.
    pub(super) has_lulls: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Played {
    pub(super) passed: u32,
    pub(super) refused: u32,
    /// The same for the last two thirds of the time.
    pub(super) late: (u32, u32),
    /// When the last answer came, in seconds.
    pub(super) ended: f64,
    /// The most in flight at once.
    pub(super) most_in_flight: usize,
    /// The longest time in which nothing was sent.
    pub(super) longest_silence: f64,
}

impl Played {
    pub(super) fn refused_share(&self) -> f64 {
        f64::from(self.refused) / f64::from((self.passed + self.refused).max(1))
    }

    pub(super) fn late_refused_share(&self) -> f64 {
        f64::from(self.late.1) / f64::from((self.late.0 + self.late.1).max(1))
    }
}

pub(super) const PAUSES: Pauses = Pauses {
    base: Duration::from_secs(1),
    longest: Duration::from_secs(60),
    longest_asked: Duration::from_secs(300),
};

/// Numbers in `0.0..1.0`, the same for the same seed.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1_u64 << 31) as f64
    }
}

/// What happens next to a request: it arrives, its work ends, its answer is here. The first to ask is looked at again.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrival(usize),
    WorkEnds,
    Answer(usize),
    Look,
}

/// Lets workers that never run out of questions ask for so many seconds.
pub(super) fn play(
    limit: &mut Limit,
    server: &mut Server,
    workers: Workers,
    seconds: f64,
    seed: u64,
) -> Played {
    work(limit, server, workers, Work { questions: u32::MAX, seconds, has_lulls: false }, seed)
}

/// Lets workers do their work.
pub(super) fn work(
    limit: &mut Limit,
    server: &mut Server,
    workers: Workers,
    work: Work,
    seed: u64,
) -> Played {
    let Work { questions, seconds, has_lulls } = work;
    // Timers count milliseconds.
    let millis = |time: Duration| (time.as_nanos() as u64).div_ceil(1_000_000) * 1000;
    let micros = |seconds: f64| (seconds * 1e6) as u64;
    let (mut dice, mut played) = (Dice(seed), Played::default());
    // Time in microseconds, and a number that keeps events of one time apart.
    let (mut events, mut number) = (BTreeSet::new(), 0_u64);
    let mut add = |events: &mut BTreeSet<_>, at: u64, event: Event| {
        number += 1;
        events.insert((at, number, event));
    };
    let mut flights: Vec<(Ticket, f64, Verdict)> = Vec::new();
    let (mut now, mut asleep_until, mut last_sent) = (0_u64, 0_u64, 0_u64);
    let (mut waiting, mut lull) = (workers.many, 0..0);
    while now < micros(seconds) && played.passed < questions {
        if has_lulls && lull.end <= now {
            let begins = now + micros(8.0 * dice.draw());
            lull = begins..begins + micros(0.05 + 0.3 * dice.draw());
            add(&mut events, lull.end, Event::Look);
        }
        // Who was told a time sleeps until then, whatever happens meanwhile.
        while waiting > 0 && asleep_until <= now && !lull.contains(&now) {
            match limit.turn(Duration::from_micros(now)) {
                Turn::Go(ticket) => {
                    waiting -= 1;
                    let varied = 0.5 + dice.draw() + if dice.draw() < 0.02 { 9.0 } else { 0.0 };
                    let took = workers.latency * if workers.is_even { 1.0 } else { varied };
                    flights.push((ticket, took, Verdict::Silence));
                    add(&mut events, now + micros(took * 0.4), Event::Arrival(flights.len() - 1));
                    played.longest_silence = played.longest_silence.max((now - last_sent) as f64 / 1e6);
                    played.most_in_flight = played.most_in_flight.max(workers.many - waiting);
                    last_sent = now;
                }
                Turn::At(at) => {
                    asleep_until = millis(at);
                    add(&mut events, asleep_until, Event::Look);
                }
                Turn::WhenEndedOrAt(at) => {
                    add(&mut events, millis(at), Event::Look);
                    break;
                }
                Turn::WhenEnded => break,
            }
        }
        let (at, _, event) = events.pop_first().expect("somebody waits for something that will happen");
        now = at;
        match event {
            Event::Look => {}
            Event::Arrival(flight) => {
                let (_, took, verdict) = &mut flights[flight];
                *verdict = server.arrives(now as f64 / 1e6);
                let answered = now + micros(*took * 0.6).max(1);
                if *verdict == Verdict::Passed {
                    add(&mut events, answered - 1, Event::WorkEnds);
                }
                add(&mut events, answered, Event::Answer(flight));
            }
            Event::WorkEnds => server.in_work -= 1,
            Event::Answer(flight) => {
                let (ticket, _, verdict) = flights[flight];
                let is_late = u32::from(now > micros(seconds / 3.0));
                let refused =
                    u32::from(limit.end(ticket, verdict, Duration::from_micros(now), dice.draw()).is_some());
                played.ended = now as f64 / 1e6;
                played.refused += refused;
                played.passed += 1 - refused;
                played.late.0 += is_late * (1 - refused);
                played.late.1 += is_late * refused;
                waiting += 1;
            }
        }
    }
    played
}
