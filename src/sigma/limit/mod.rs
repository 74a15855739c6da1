//! How fast Sigma lets us ask, learnt from its refusals. Sigma publishes no general limit.
//!
//! Pure: the caller tells the time, counted from a beginning of its choice, and obeys. Two things hold requests back:
//! lanes (how many are in flight) and a pace (how many leave in a second). Both are open until the first refusal, and
//! cost nothing until then. All refusals of requests that left before the first of them was known are one.
//!
//! The first refusal halves the lanes and starts a search for the pace. What passed until then may have been a burst:
//! from a part of it the pace grows briskly until Sigma refuses again, and from what passed lately it grows steadily
//! until it is refused once more. That pace is the wall, and it is remembered: below it the pace grows quickly, just
//! below it it stays long enough for the next refusal to be cheap, and beyond it it grows gently, then less gently, so
//! that a limit that was lifted is left behind. Lanes close once more only where more were in flight than ever passed.
//! After a refusal one request goes first; the others follow when it has passed. Where nothing passes at all, pauses
//! grow.

use std::time::Duration;

use passed::Passed;

mod passed;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod tests;

const SECOND: Duration = Duration::from_secs(1);
/// Below the wall the pace grows with this rate in a second: to three times.
const QUICKLY: f64 = 1.1;
/// After the first refusal, when no wall is known yet: still slowly enough that what passes until the next one is measured
/// over more than a second.
const BRISKLY: f64 = 0.5;
/// At the wall it grows with this rate in a second, which doubles every [`DOUBLING`].
const GENTLY: f64 = 0.01;
const DOUBLING: Duration = Duration::from_secs(4);
/// The part of the wall from which on growth is gentle.
const NEAR: f64 = 0.9;
/// While the wall is searched for, the pace grows with this rate in a second near where it may be: so slowly that what
/// passed in a few seconds tells the wall, and quickly enough to be there in a few.
const STEADILY: f64 = 0.06;
/// The part of what passed before the first refusal to go on with: a server may let pass more in the beginning.
const FIRST: f64 = 0.5;
/// The shortest time that a first measurement counts over.
const SHORTEST: Duration = Duration::from_millis(100);
/// The part of the wall to stay at.
const BELOW: f64 = 0.98;
/// The part of the wall to go on with when it was refused before anything could be measured.
const SHARPLY: f64 = 0.85;
/// The pace stays below the wall until the last refusal has cost one part in sixty of the time…
const PAUSES: u32 = 60;
/// …or one in fifteen, where Sigma refused below the wall: then the wall was no limit, or is none any more…
const PAUSES_BELOW: u32 = 15;
/// …but no longer than this…
const LONGEST_STAY: Duration = Duration::from_secs(300);
/// …and one part in a hundred of the requests, or has been over for this long: a refusal now and then costs little however
/// slow the pace is, while staying slow after refusals that had nothing to do with it costs the whole run.
const CALLS_PER_REFUSAL: u32 = 100;
const LONG_OVER: Duration = Duration::from_secs(20);
/// The slowest pace: a request in two seconds.
const SLOWEST: f64 = 0.5;
/// The part of the pace that one refusal leaves at least: what was measured may have been less than was let pass.
const LEFT: f64 = 0.25;
/// A pause from this on means that Sigma counts over longer times than a measurement takes.
const LONG_PAUSE: Duration = Duration::from_secs(5);
/// That so many passed, but none in a crowd like that of the refused one, speaks against the crowd.
const CALLS_IN_A_CROWD: u32 = 20;
/// Calls that passed with all lanes full after which one more lane opens.
const CALLS_PER_LANE: u32 = 100;
/// The others wait this long for the request that goes first.
const PROOF: Duration = SECOND;
/// A measurement looks back this far…
const MEASURED: Duration = Duration::from_secs(3);
/// …and this far while the pace grows quickly.
const MEASURED_QUICKLY: Duration = SECOND;

/// What the next in line is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Turn {
    /// Go.
    Go(Ticket),
    /// Ask again then.
    At(Duration),
    /// Ask again when a request has ended.
    WhenEnded,
    /// Ask again when a request has ended, or then.
    WhenEndedOrAt(Duration),
}

/// A request in flight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ticket {
    left: Duration,
    /// Requests in flight, this one included.
    crowd: usize,
    held_by: HeldBy,
}

/// What a request waited for last.
#[derive(Debug, Clone, Copy, PartialEq)]
enum HeldBy {
    Nothing,
    Lanes,
    Pace,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    /// Sigma answered, whatever it was.
    Passed,
    /// Sigma refused it for coming too fast, and may have said for how long.
    Refused(Option<Duration>),
    /// Nothing is known.
    Silence,
}

/// What a refusal led to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Refused {
    /// How long nobody sends.
    pub(crate) pause: Duration,
    /// Refusals since anything passed.
    pub(crate) in_a_row: u32,
    /// It is the first to be heard of.
    pub(crate) is_news: bool,
}

/// How long to pause.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pauses {
    /// Up to a quarter of it after a refusal without a `Retry-After`, and from twice of it on while nothing passes.
    pub(crate) base: Duration,
    /// Own pauses grow no longer.
    pub(crate) longest: Duration,
    /// Sigma can ask for no longer.
    pub(crate) longest_asked: Duration,
}

/// The controller.
#[derive(Debug)]
pub(crate) struct Limit {
    pauses: Pauses,
    most_lanes: usize,
    fastest: f64,
    lanes: usize,
    /// Requests in a second.
    pace: f64,
    /// The pace that Sigma refused.
    wall: f64,
    in_flight: usize,
    most_in_flight: usize,
    next_at: Duration,
    paused_until: Duration,
    held_by: HeldBy,
    proof: Option<Proof>,
    passed: Passed,
    passed_with_full_lanes: u32,
    /// The largest crowd of which one passed since the last refusal.
    widest: usize,
    /// When the first request left.
    begun: Option<Duration>,
    grown_at: Duration,
    /// The last refusal; those of requests that left before it are part of it.
    last: Option<Refusal>,
    in_a_row: u32,
    /// The wall was met by growing slowly: it is where it is thought to be.
    is_sure: bool,
    /// How many times the last pause the pace stays below the wall.
    pauses_to_stay: u32,
    /// When the pace may grow beyond the wall, once that is known.
    beyond_from: Option<Duration>,
}

/// After a refusal one request goes first.
#[derive(Debug, Clone, Copy)]
enum Proof {
    Wanted,
    Left(Duration),
}

#[derive(Debug, Clone, Copy)]
struct Refusal {
    at: Duration,
    /// When the pause that it led to ends.
    over: Duration,
    refused: u32,
    passed_since: u32,
}

impl Limit {
    /// Never more than so many `workers` in flight, and never `fastest` requests in a second exceeded.
    pub(crate) fn new(workers: usize, fastest: Option<f64>, pauses: Pauses) -> Self {
        Self {
            pauses,
            most_lanes: workers,
            fastest: fastest.unwrap_or(f64::INFINITY),
            lanes: workers,
            pace: f64::INFINITY,
            wall: f64::INFINITY,
            in_flight: 0,
            most_in_flight: 0,
            next_at: Duration::ZERO,
            paused_until: Duration::ZERO,
            held_by: HeldBy::Nothing,
            proof: None,
            passed: Passed::default(),
            passed_with_full_lanes: 0,
            widest: 0,
            begun: None,
            grown_at: Duration::ZERO,
            last: None,
            in_a_row: 0,
            is_sure: false,
            pauses_to_stay: PAUSES,
            beyond_from: None,
        }
    }

    /// Whether the next in line may go. Nobody else asks until it was told to.
    pub(crate) fn turn(&mut self, now: Duration) -> Turn {
        if self.paused_until > now {
            return Turn::At(self.paused_until);
        }
        if self.in_flight >= self.lanes {
            self.held_by = HeldBy::Lanes;
            return Turn::WhenEnded;
        }
        if let Some(Proof::Left(left)) = self.proof
            && left + PROOF > now
        {
            return Turn::WhenEndedOrAt(left + PROOF);
        }
        if self.next_at > now {
            self.held_by = HeldBy::Pace;
            return Turn::At(self.next_at);
        }
        let pace = self.pace.min(self.fastest);
        if pace.is_finite() {
            let gap = Duration::from_secs_f64(1.0 / pace);
            // One that leaves a little late does not make the next ones late.
            let late = (gap / 2).min(Duration::from_millis(10));
            self.next_at = self.next_at.max(now.saturating_sub(late)) + gap;
        }
        if self.proof.is_some() {
            self.proof = Some(Proof::Left(now));
        }
        self.begun.get_or_insert(now);
        self.in_flight += 1;
        self.most_in_flight = self.most_in_flight.max(self.in_flight);
        let held_by = std::mem::replace(&mut self.held_by, HeldBy::Nothing);
        Turn::Go(Ticket { left: now, crowd: self.in_flight, held_by })
    }

    /// A request is no longer in flight. `draw` is a number in `0.0..1.0`. Answers what its refusal led to.
    pub(crate) fn end(
        &mut self,
        ticket: Ticket,
        verdict: Verdict,
        now: Duration,
        draw: f64,
    ) -> Option<Refused> {
        self.in_flight -= 1;
        let is_news = self.last.is_none_or(|last| ticket.left > last.at);
        if is_news {
            self.proof = None;
        }
        match verdict {
            Verdict::Silence => None,
            Verdict::Passed => {
                self.passed.count(now);
                if is_news {
                    self.in_a_row = 0;
                    self.grow(ticket, now);
                }
                None
            }
            Verdict::Refused(asked) => {
                if is_news {
                    self.refuse(ticket, asked, now, draw);
                } else {
                    self.last.iter_mut().for_each(|last| last.refused += 1);
                    self.pause(now + asked.unwrap_or_default().min(self.pauses.longest_asked));
                }
                let pause = self.paused_until.saturating_sub(now);
                Some(Refused { pause, in_a_row: self.in_a_row, is_news })
            }
        }
    }

    /// Nobody sends before then. A pause only ever moves forward.
    pub(crate) fn pause(&mut self, until: Duration) {
        self.paused_until = self.paused_until.max(until);
        self.last.iter_mut().for_each(|last| last.over = last.over.max(until));
    }

    /// Requests that may be in flight now.
    pub(crate) fn lanes(&self) -> usize {
        self.lanes
    }

    /// The most requests that were ever in flight together.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.most_in_flight
    }

    /// The requests in a second that Sigma was found to let pass, once it is known what it does not.
    pub(crate) fn learnt(&self) -> Option<f64> {
        self.wall.is_finite().then_some(self.pace)
    }

    fn refuse(&mut self, ticket: Ticket, asked: Option<Duration>, now: Duration, draw: f64) {
        self.in_a_row += 1;
        match &mut self.last {
            // Nothing has passed since: that says that the pause was too short, and nothing about the pace.
            Some(last) if self.in_a_row > 1 => {
                last.refused += 1;
                last.at = now;
            }
            _ => {
                self.tighten(ticket, now);
                self.last = Some(Refusal { at: now, over: now, refused: 1, passed_since: 0 });
            }
        }
        let Pauses { base, longest, longest_asked } = self.pauses;
        // Six refusals in a row span more than a minute, the longest time over which limits are commonly counted.
        let own = match self.in_a_row {
            1 if asked.is_some() => Duration::ZERO,
            1 => base.mul_f64(draw / 4.0),
            many => (base * 2)
                .saturating_mul(3_u32.pow((many - 2).min(16)))
                .min(longest)
                .mul_f64(0.75 + draw / 4.0),
        };
        self.pause(now + asked.unwrap_or_default().min(longest_asked).max(own));
        self.proof = Some(Proof::Wanted);
    }

    /// Tightens what may have been too much.
    fn tighten(&mut self, ticket: Ticket, now: Duration) {
        self.passed_with_full_lanes = 0;
        let widest = std::mem::take(&mut self.widest);
        let was_beyond = self.beyond_from.take().is_some_and(|from| from <= now);
        self.pauses_to_stay = if was_beyond { PAUSES } else { PAUSES_BELOW };
        let Some(last) = self.last else {
            self.lanes = self.lanes.div_ceil(2);
            let active = self.begun.map_or(SECOND, |begun| now.saturating_sub(begun));
            let passed = self.passed.per_second(now, active.clamp(SHORTEST, SECOND));
            self.pace = (passed * FIRST).max(1.0);
            return;
        };
        if ticket.crowd > widest && last.passed_since >= CALLS_IN_A_CROWD {
            self.lanes = widest;
        }
        let (paused, active) = (last.over - last.at, now.saturating_sub(last.over));
        let grew_quickly = self.pace < NEAR * self.wall;
        let is_short = active < SECOND;
        let of_late = match is_short {
            true => self.pace,
            false => {
                let measured = if grew_quickly { MEASURED_QUICKLY } else { MEASURED };
                self.passed.per_second(now, active.min(measured)).min(self.pace)
            }
        };
        let wall = if is_short && !self.is_sure || paused > active && paused > LONG_PAUSE {
            // A burst, or a count over longer times: between what passes with the pause and what does without.
            self.is_sure = false;
            let with_pause = f64::from(last.passed_since.max(1)) / (paused + active).as_secs_f64();
            (of_late * with_pause).sqrt()
        } else if is_short {
            self.pace * SHARPLY
        } else {
            // Beyond the wall, few may have asked lately: the wall itself was passed.
            let known = if self.is_sure && was_beyond { BELOW * self.wall } else { 0.0 };
            self.is_sure = !grew_quickly;
            of_late.max(known)
        };
        self.wall = wall.max(self.pace.min(self.wall) * LEFT).max(SLOWEST);
        self.pace = (self.wall * if self.is_sure { BELOW } else { NEAR }).max(SLOWEST);
    }

    /// A request passed that left after the last refusal: what held it back may widen.
    fn grow(&mut self, ticket: Ticket, now: Duration) {
        let Some(last) = &mut self.last else { return };
        // A pause is no time to grow in.
        let since = now.saturating_sub(self.grown_at.max(last.over)).min(SECOND).as_secs_f64();
        self.grown_at = now;
        self.widest = self.widest.max(ticket.crowd);
        last.passed_since = last.passed_since.saturating_add(1);
        if self.beyond_from.is_none() {
            let stay = ((last.over - last.at) * self.pauses_to_stay).min(LONGEST_STAY);
            let is_cheap = last.passed_since >= CALLS_PER_REFUSAL * last.refused.min(2)
                || now.saturating_sub(last.over) >= LONG_OVER;
            self.beyond_from = match self.is_sure {
                true => is_cheap.then_some((last.over + stay).max(now)),
                false => Some(now),
            };
        }
        match ticket.held_by {
            HeldBy::Nothing => {}
            HeldBy::Pace => {
                let growth = match self.beyond_from {
                    _ if self.wall.is_infinite() => BRISKLY,
                    _ if self.pace < NEAR * self.wall => QUICKLY,
                    _ if !self.is_sure && last.over - last.at <= LONG_PAUSE => STEADILY,
                    Some(from) if from <= now => {
                        let doubled = (now - from).as_secs_f64() / DOUBLING.as_secs_f64();
                        (GENTLY * doubled.exp2()).min(QUICKLY)
                    }
                    _ => 0.0,
                };
                self.pace *= (growth * since).exp();
            }
            HeldBy::Lanes if self.lanes < self.most_lanes => {
                self.passed_with_full_lanes += 1;
                if self.passed_with_full_lanes >= CALLS_PER_LANE {
                    self.passed_with_full_lanes = 0;
                    self.lanes += 1;
                }
            }
            HeldBy::Lanes => {}
        }
    }
}
