//! The limit against servers of many kinds, in modelled time.

use std::time::Duration;

use super::servers::{Dice, PAUSES, Played, Rule, Says, Server, Work, Workers, play, work};
use super::{Limit, Refused, Ticket, Turn, Verdict};

/// Some workers, from the quickest answers to slow ones.
const EVEN: [Workers; 5] = [
    Workers { many: 3, latency: 0.001, is_even: true },
    Workers { many: 10, latency: 0.001, is_even: true },
    Workers { many: 3, latency: 0.03, is_even: true },
    Workers { many: 10, latency: 0.03, is_even: true },
    Workers { many: 10, latency: 0.1, is_even: true },
];
/// The same server answers at very different speeds.
const UNEVEN: [Workers; 2] =
    [Workers { many: 3, latency: 0.03, is_even: false }, Workers { many: 10, latency: 0.03, is_even: false }];

fn played(rule: &Rule, says: Says, workers: Workers, seconds: f64) -> Played {
    let mut limit = Limit::new(workers.many, None, PAUSES);
    play(&mut limit, &mut Server::new(rule.clone(), says), workers, seconds, 1)
}

/// The least part of what the server allows that any of the workers use, and the largest share of refusals of any, in
/// hundredths: of all, and after the search.
fn worst(many: &[Workers], rule: &Rule, says: Says, rate: f64, seconds: f64) -> (f64, f64, f64) {
    let mut worst = (f64::INFINITY, 0.0_f64, 0.0_f64);
    for &workers in many {
        let played = played(rule, says, workers, seconds);
        let used = 100.0 * f64::from(played.passed) / (rate * seconds);
        worst.0 = worst.0.min(used);
        worst.1 = worst.1.max(100.0 * played.refused_share());
        worst.2 = worst.2.max(100.0 * played.late_refused_share());
    }
    worst
}

#[test]
fn what_a_server_allows_is_used_and_little_is_refused() {
    let bucket = |rate: f64, seconds: f64| Rule::Bucket { rate, burst: (rate * seconds).max(1.0) };
    let windows = |most, seconds| Rule::Windows { most, seconds };
    let sliding = |most, seconds| Rule::Sliding { most, seconds };
    let minute = [Says::Nothing, Says::Always(1), Says::When];
    let second = &minute[..2];
    // A server, what it says, the requests it lets pass in a second, and what is promised after five minutes: how much of
    // that is used at least, with answers that take even and uneven times, and how much is refused at most, of all and
    // after the search, all in hundredths.
    let promises = [
        (bucket(20.0, 0.1), second, 20.0, (95.0, 75.0), (1.0, 0.8)),
        (bucket(20.0, 1.0), second, 20.0, (98.0, 95.0), (1.0, 0.8)),
        (bucket(20.0, 5.0), second, 20.0, (99.0, 99.0), (1.0, 0.8)),
        (bucket(50.0, 0.1), second, 50.0, (95.0, 91.5), (1.0, 0.5)),
        (bucket(50.0, 1.0), second, 50.0, (98.0, 97.0), (1.0, 0.5)),
        (windows(20, 1.0), second, 20.0, (93.0, 82.0), (1.0, 0.8)),
        (windows(50, 1.0), second, 50.0, (93.0, 90.0), (1.0, 0.5)),
        (sliding(20, 1.0), second, 20.0, (89.0, 75.0), (1.0, 0.8)),
        (sliding(50, 1.0), second, 50.0, (91.0, 88.0), (1.0, 0.5)),
        (sliding(200, 10.0), &minute[2..], 20.0, (93.0, 88.0), (1.0, 0.5)),
        (windows(1200, 60.0), &minute[..], 20.0, (95.0, 85.0), (1.5, 1.5)),
        (sliding(1200, 60.0), &minute[2..], 20.0, (95.0, 85.0), (1.5, 1.5)),
    ];
    for (rule, says, rate, used, refused) in promises {
        for &says in says {
            let even = worst(&EVEN, &rule, says, rate, 300.0);
            let uneven = worst(&UNEVEN, &rule, says, rate, 300.0);
            let told = format!("{rule:?} {says:?}: {even:?} {uneven:?}");
            assert!(even.0 >= used.0 && uneven.0 >= used.1, "{told}");
            for (_, all, late) in [even, uneven] {
                assert!(all <= refused.0 && late <= refused.1, "{told}");
            }
        }
    }
}

/// How much of what a server allows a run of some questions uses, and how much of it is refused, in hundredths: the mean of
/// some runs.
fn a_run(
    rule: &Rule,
    says: Says,
    workers: Workers,
    questions: u32,
    has_lulls: bool,
    rate: f64,
) -> (f64, f64) {
    let mut sum = (0.0, 0.0);
    for seed in 1..=20 {
        let mut limit = Limit::new(workers.many, None, PAUSES);
        let mut server = Server::new(rule.clone(), says);
        let played =
            work(&mut limit, &mut server, workers, Work { questions, seconds: 600.0, has_lulls }, seed);
        sum.0 += 5.0 * f64::from(played.passed) / (rate * played.ended);
        sum.1 += 5.0 * played.refused_share();
    }
    sum
}

#[test]
fn a_run_of_half_a_minute_has_no_time_to_search_for_long() {
    let bucket = |rate: f64, seconds: f64| Rule::Bucket { rate, burst: rate * seconds };
    let windows = |rate| Rule::Windows { most: rate as usize, seconds: 1.0 };
    // A server, and what is used at least: of even answers and of uneven ones, and with lulls; told nothing, and told to
    // wait for a second by each refusal. A lull cannot be made up for: no more than 95 could be.
    let promises = [
        (bucket(50.0, 0.1), 50.0, [(95.5, 92.0, 85.0), (89.5, 83.5, 79.0)]),
        (bucket(50.0, 0.5), 50.0, [(98.0, 97.5, 95.5), (87.0, 87.0, 88.0)]),
        (windows(50.0), 50.0, [(88.0, 87.0, 81.0), (87.0, 83.0, 80.0)]),
        (bucket(20.0, 0.1), 20.0, [(95.0, 86.0, 80.0), (90.5, 79.0, 72.0)]),
        (windows(20.0), 20.0, [(90.5, 90.0, 86.0), (89.0, 88.0, 84.0)]),
    ];
    for (rule, rate, used) in promises {
        for (says, used) in [Says::Nothing, Says::Always(1)].into_iter().zip(used) {
            let runs = [(true, false, used.0), (false, false, used.1), (false, true, used.2)];
            for (is_even, has_lulls, least) in runs {
                for many in [3, 10] {
                    let workers = Workers { many, latency: 0.032, is_even };
                    let (used, refused) = a_run(&rule, says, workers, 1_650, has_lulls, rate);
                    assert!(
                        used >= least && refused <= 2.0,
                        "{rule:?} {says:?} {workers:?} {has_lulls}: {used} {refused}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_limit_that_changes_is_followed_down_and_up() {
    let bucket = |rate: f64| Box::new(Rule::Bucket { rate, burst: rate / 10.0 });
    for (first, then) in [(50.0, 20.0), (20.0, 50.0)] {
        let rule = Rule::Changing { until: 100.0, first: bucket(first), then: bucket(then) };
        for says in [Says::Nothing, Says::Always(1)] {
            let allowed = (100.0 * first + 200.0 * then) / 300.0;
            let (used, refused, _) = worst(&EVEN, &rule, says, allowed, 300.0);
            assert!(used >= 75.0 && refused <= 1.0, "{first} {then} {says:?}: {used} {refused}");
        }
    }
}

#[test]
fn where_requests_in_work_are_counted_those_that_may_be_are() {
    for says in [Says::Nothing, Says::Always(1)] {
        for most in [2, 5] {
            // Answers take a tenth of a second at most.
            let (used, refused, _) =
                worst(&EVEN[3..], &Rule::Together { most }, says, 10.0 * most as f64, 300.0);
            assert!(used >= 90.0 && refused <= 1.0, "{most} {says:?} {used} {refused}");
        }
    }
}

#[test]
fn refusals_that_have_nothing_to_do_with_the_pace_do_not_stop_it() {
    for says in [Says::Nothing, Says::Always(1)] {
        for (nth, least) in [(20, 2.5), (100, 10.0), (500, 45.0)] {
            let (used, refused, _) = worst(&EVEN[2..], &Rule::NotEvery { nth }, says, least, 300.0);
            assert!(used >= 100.0 && refused <= 120.0 / nth as f64, "{nth} {says:?}: {used} {refused}");
        }
    }
}

/// A limit of ten workers that is asked and answered by hand.
struct ByHand {
    limit: Limit,
    now: Duration,
}

impl ByHand {
    fn new() -> Self {
        Self { limit: Limit::new(10, None, PAUSES), now: Duration::ZERO }
    }

    fn goes(&mut self) -> Option<Ticket> {
        match self.limit.turn(self.now) {
            Turn::Go(ticket) => Some(ticket),
            _ => None,
        }
    }

    fn go(&mut self) -> Ticket {
        self.goes().expect("a turn")
    }

    fn wait(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
    }

    /// Waits for a turn.
    fn go_in_time(&mut self) -> Ticket {
        loop {
            match self.limit.turn(self.now) {
                Turn::Go(ticket) => return ticket,
                Turn::At(at) => self.now = at,
                Turn::WhenEnded | Turn::WhenEndedOrAt(_) => panic!("nothing is in flight"),
            }
        }
    }

    /// So many pass, one after the other.
    fn pass(&mut self, many: u32) {
        for _ in 0..many {
            let ticket = self.go_in_time();
            self.wait(10);
            self.end(ticket, Verdict::Passed);
        }
    }

    fn end(&mut self, ticket: Ticket, verdict: Verdict) -> Option<Refused> {
        self.limit.end(ticket, verdict, self.now, 0.5)
    }

    fn refuse(&mut self, ticket: Ticket, seconds: Option<u64>) -> Refused {
        self.end(ticket, Verdict::Refused(seconds.map(Duration::from_secs))).expect("refused")
    }
}

#[test]
fn without_a_refusal_only_the_workers_limit() {
    let mut by_hand = ByHand::new();
    for _ in 0..1000 {
        let tickets: Vec<_> = (0..10).map(|_| by_hand.go()).collect();
        assert_eq!(by_hand.limit.turn(by_hand.now), Turn::WhenEnded);
        for ticket in tickets {
            assert_eq!(by_hand.end(ticket, Verdict::Passed), None);
        }
    }
    assert_eq!((by_hand.limit.lanes(), by_hand.limit.learnt()), (10, None));
}

#[test]
fn a_crowd_that_is_refused_is_one_refusal() {
    let mut by_hand = ByHand::new();
    by_hand.pass(20);
    let tickets: Vec<_> = (0..10).map(|_| by_hand.go()).collect();
    let mut found = Vec::new();
    for ticket in tickets {
        by_hand.wait(1);
        let refused = by_hand.refuse(ticket, Some(2));
        found.push((refused.in_a_row, refused.is_news, by_hand.limit.pace));
    }
    let pace = found[0].2;
    assert!(pace.is_finite() && found[0].1, "{found:?}");
    assert!(found[1..].iter().all(|later| *later == (1, false, pace)), "{found:?}");
}

#[test]
fn what_sigma_asks_is_a_floor_and_a_longer_one_counts() {
    let mut by_hand = ByHand::new();
    let (first, second) = (by_hand.go(), by_hand.go());
    assert_eq!(by_hand.refuse(first, Some(2)).pause, Duration::from_secs(2));
    by_hand.wait(1000);
    assert_eq!(by_hand.refuse(second, Some(7)).pause, Duration::from_secs(7));
    by_hand.wait(6999);
    assert_eq!(by_hand.limit.turn(by_hand.now), Turn::At(Duration::from_secs(8)));
    by_hand.wait(1);
    by_hand.go();
}

#[test]
fn after_a_refusal_one_goes_first_and_the_others_when_it_has_passed() {
    let mut by_hand = ByHand::new();
    by_hand.pass(20);
    let ticket = by_hand.go();
    by_hand.refuse(ticket, Some(1));
    by_hand.wait(1000);
    let first = by_hand.go();
    by_hand.wait(900);
    assert_eq!(by_hand.goes(), None);
    by_hand.end(first, Verdict::Passed);
    by_hand.go();
}

#[test]
fn one_that_goes_first_and_is_slow_does_not_hold_the_others_back_for_long() {
    let mut by_hand = ByHand::new();
    let ticket = by_hand.go();
    by_hand.refuse(ticket, Some(1));
    by_hand.wait(1000);
    by_hand.go();
    by_hand.wait(2000);
    by_hand.go();
}

#[test]
fn where_nothing_passes_six_refusals_take_more_than_a_minute() {
    for asked in [None, Some(1)] {
        let mut by_hand = ByHand::new();
        by_hand.pass(20);
        let mut paces = Vec::new();
        for in_a_row in 1..=6 {
            let ticket = by_hand.go_in_time();
            assert_eq!(by_hand.refuse(ticket, asked).in_a_row, in_a_row);
            paces.push(by_hand.limit.pace);
        }
        assert!(by_hand.now > Duration::from_secs(60), "{:?}", by_hand.now);
        assert!(
            paces[0] > 1.0 && paces.iter().all(|pace| *pace == paces[0]),
            "a closed door tells no pace: {paces:?}"
        );
    }
}

#[test]
fn a_disturbance_that_passes_is_left_behind() {
    for says in [Says::Nothing, Says::Always(1)] {
        for workers in EVEN.into_iter().filter(|workers| workers.latency >= 0.03) {
            let rule = Rule::AllBut { from: 5.0, many: 3 };
            let mut limit = Limit::new(workers.many, None, PAUSES);
            let disturbed = play(&mut limit, &mut Server::new(rule, says), workers, 60.0, 1);
            let undisturbed = played(&Rule::AllBut { from: 60.0, many: 0 }, says, workers, 60.0);
            let told = format!("{says:?} {workers:?} {disturbed:?} {undisturbed:?} {limit:?}");
            assert_eq!(limit.lanes(), workers.many, "{told}");
            assert!(disturbed.late.0 * 100 >= undisturbed.late.0 * 99, "{told}");
        }
    }
}

#[test]
fn whatever_the_server_does_requests_go_on_within_bounds() {
    // A release build has time for more.
    for seed in 0..if cfg!(debug_assertions) { 30 } else { 1000 } {
        let mut dice = Dice(seed);
        let mut between = |least: f64, most: f64| least * (most / least).powf(dice.draw());
        let rate = between(1.0, 200.0);
        let seconds = [1.0, 10.0, 60.0][between(1.0, 3.99) as usize - 1];
        let most = (rate * seconds).ceil() as usize;
        let rule = match between(1.0, 5.99) as usize {
            1 => Rule::Bucket { rate, burst: (rate * between(0.1, 10.0)).max(1.0) },
            2 => Rule::Windows { most, seconds },
            3 => Rule::Sliding { most, seconds },
            4 => Rule::Penalty { most, seconds, none_for: between(1.0, 60.0) },
            _ => Rule::Together { most: between(1.0, 10.0) as usize },
        };
        let says = [Says::Nothing, Says::Always(between(1.0, 10.0) as u32), Says::When]
            [between(1.0, 3.99) as usize - 1];
        let workers = Workers {
            many: between(1.0, 10.99) as usize,
            latency: between(0.001, 0.5),
            is_even: between(1.0, 2.99) < 2.0,
        };
        let fastest = (between(1.0, 2.99) < 1.5).then(|| between(1.0, 100.0));
        let mut limit = Limit::new(workers.many, fastest, PAUSES);
        let played = play(&mut limit, &mut Server::new(rule.clone(), says), workers, 600.0, seed);
        let told = format!("seed {seed}: {rule:?} {says:?} {workers:?} {fastest:?} {played:?}");
        assert!(played.most_in_flight <= workers.many, "{told}");
        assert!(played.longest_silence <= 80.0, "{told}");
        assert!(played.passed >= 50, "{told}");
        assert!(played.refused <= 60 + played.passed / 10, "{told}");
        if let Some(fastest) = fastest {
            let all = f64::from(played.passed + played.refused);
            assert!(all <= 600.0 * fastest + 2.0 + workers.many as f64, "{told}");
        }
    }
}

#[test]
fn a_pause_is_no_time_to_grow_in() {
    let mut by_hand = ByHand::new();
    by_hand.pass(20);
    for (asked, most) in [(1, 1.2), (2, 1.03)] {
        let ticket = by_hand.go_in_time();
        // The next in line waits for its turn when the refusal comes.
        let next = by_hand.goes();
        assert_eq!(next.is_some(), asked == 1, "the pace is open until the first refusal");
        next.map(|next| by_hand.end(next, Verdict::Passed));
        by_hand.refuse(ticket, Some(asked));
        let pace = by_hand.limit.pace;
        by_hand.pass(5);
        let grown = by_hand.limit.pace / pace;
        assert!(grown > 1.0 && grown < most, "{asked}: {grown}");
    }
}

#[test]
fn only_a_crowd_larger_than_any_that_passed_closes_lanes() {
    // So many pass alone, or two at a time, before one of two is refused.
    for (passed, together, lanes) in [(1, 1, 5), (40, 1, 1), (40, 2, 5)] {
        let mut by_hand = ByHand::new();
        by_hand.pass(20);
        let ticket = by_hand.go();
        by_hand.refuse(ticket, Some(1));
        assert_eq!(by_hand.limit.lanes(), 5, "the first refusal halves them");
        by_hand.pass(1);
        for _ in 0..passed {
            let tickets: Vec<_> = (0..together).map(|_| by_hand.go_in_time()).collect();
            by_hand.wait(10);
            for ticket in tickets {
                by_hand.end(ticket, Verdict::Passed);
            }
        }
        let (first, second) = (by_hand.go_in_time(), by_hand.go_in_time());
        by_hand.refuse(second, None);
        by_hand.end(first, Verdict::Passed);
        assert_eq!(by_hand.limit.lanes(), lanes, "{passed} {together}");
    }
}
