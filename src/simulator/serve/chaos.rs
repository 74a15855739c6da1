//! Seeded trouble: which kinds of fault are in play, where, and when; and what changes meanwhile.
//!
//! A seed puts one to four kinds in play. Each kind at each endpoint is a site; a site is active with a chance of a
//! quarter and then strikes with a chance of a quarter: either each attempt by itself, or a quarter of the addresses
//! whenever they are asked. Whether an attempt is struck depends on the seed, the address and how often that address
//! was asked before, and hence not on the order in which workers ask.
use std::collections::HashMap;

use super::call::hash;
use crate::simulator::{
    faults::{FaultKind, KINDS, Lie, Paging, Strike, Wire},
    ids::{Dice, mix},
};

/// The statuses that chaos answers with.
const STATUSES: [u16; 12] = [400, 402, 403, 404, 408, 409, 410, 429, 500, 502, 503, 504];
/// What 429 and 503 advise: nothing, nothing sensible, and once in a while to come back tomorrow.
const ADVICE: [Option<&str>; 8] = [
    None,
    None,
    Some("0"),
    Some("0"),
    Some("-1"),
    Some("soon"),
    Some("Mon, 01 Jan 2024 00:00:00 GMT"),
    Some("86400"),
];
/// One in so many sites is active, and one in so many of its requests is struck.
const QUARTER: u64 = 4;
/// The most kinds in play.
const KINDS_IN_PLAY: u64 = 4;
/// The most changes of the organisation, and the requests within which they are made.
const CHANGES: u64 = 4;
const WITHIN: u64 = 400;
/// The most documents that vanish, and that appear, because they were asked for.
const MOST_VANISHING: u64 = 2;

/// A request, as chaos sees it.
pub struct Asked<'a> {
    pub template: &'a str,
    /// The path asked for, with its query.
    pub target: &'a str,
    pub is_token: bool,
    /// Whether it lists, and whether with a count.
    pub is_list: bool,
    pub is_paged: bool,
    pub has_total: bool,
}

/// The chaos of one seed.
#[derive(Debug)]
pub struct Chaos {
    seed: u64,
    kinds: Vec<FaultKind>,
    /// How often an address was asked.
    asked: HashMap<u64, u64>,
    requests: u64,
    /// After how many requests the organisation changes.
    changes: Vec<u64>,
    vanished: u64,
}

/// What is in store for a request.
#[derive(Debug, Default)]
pub struct Fate {
    pub strike: Option<Strike>,
    /// Seeds of changes that are made before it is answered.
    pub changes: Vec<u64>,
}

impl Chaos {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(&[seed, 0xc4a05]);
        let named = KINDS.iter().map(|known| known.kind).filter(|kind| !takes_long(*kind));
        let all: Vec<FaultKind> = named.chain(STATUSES.map(FaultKind::Status)).collect();
        let count = 1 + dice.below(KINDS_IN_PLAY as usize);
        let kinds = (0..count).map(|_| all[dice.below(all.len())]).collect();
        let changes = dice.below(CHANGES as usize + 1);
        let changes = (0..changes).map(|_| dice.below(WITHIN as usize) as u64).collect();
        Self { seed, kinds, asked: HashMap::new(), requests: 0, changes, vanished: 0 }
    }

    /// The kinds in play.
    pub fn kinds(&self) -> impl Iterator<Item = String> {
        self.kinds.iter().map(|kind| kind.name())
    }

    /// A request has come.
    pub fn meet(&mut self, asked: &Asked<'_>) -> Fate {
        let turn = self.requests;
        self.requests += 1;
        let changes = (self.changes.iter().enumerate())
            .filter(|(_, at)| **at == turn)
            .map(|(which, _)| mix(&[self.seed, which as u64]))
            .collect();
        Fate { strike: self.strike(asked), changes }
    }

    fn strike(&mut self, asked: &Asked<'_>) -> Option<Strike> {
        let target = hash(asked.target.bytes());
        let visits = self.asked.entry(target).or_default();
        let visit = *visits;
        *visits += 1;
        let template = hash(asked.template.bytes());
        let kind = self.kinds.iter().enumerate().find_map(|(place, kind)| {
            let site = mix(&[self.seed, place as u64, template]);
            let is_stuck = mix(&[site, 1]).is_multiple_of(2);
            let visit = if is_stuck { 0 } else { visit };
            let strikes = site.is_multiple_of(QUARTER) && mix(&[site, target, visit]).is_multiple_of(QUARTER);
            (strikes && suits(*kind, asked)).then_some(*kind)
        })?;
        if matches!(kind, FaultKind::Vanish | FaultKind::Appear) {
            self.vanished += 1;
            if self.vanished > MOST_VANISHING {
                return None;
            }
        }
        let advice = ADVICE[(mix(&[self.seed, template]) % ADVICE.len() as u64) as usize];
        let is_refusal = matches!(kind, FaultKind::Status(429 | 503) | FaultKind::Html429);
        let retry_after = advice.filter(|_| is_refusal).map(str::to_owned);
        Some(Strike { kind, retry_after, location: None })
    }
}

/// Seconds of waiting show nothing that is worth them ten thousand times.
fn takes_long(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::Wire(Wire::Slow | Wire::Drip))
}

/// Whether a fault makes sense there, and is one: where Sigma says "there is none" with a status, that status is no
/// fault, and a client that believes it is right.
fn suits(kind: FaultKind, asked: &Asked<'_>) -> bool {
    if asked.is_token {
        let passes =
            matches!(kind, FaultKind::Status(429 | 500..) | FaultKind::Html429 | FaultKind::Malformed);
        return passes || matches!(kind, FaultKind::Wire(_) | FaultKind::Lifetime(_));
    }
    match kind {
        FaultKind::Lifetime(_) => false,
        FaultKind::Status(400 | 404 | 409 | 500) => !says_none(asked.template),
        // Without a count nobody can notice that a row slipped from a page that was not read yet to one that was.
        FaultKind::Paging(Paging::Deleted) => asked.has_total,
        FaultKind::Total(Lie::TooLow | Lie::TooHigh | Lie::Nothing | Lie::Text) => asked.has_total,
        FaultKind::NoEntries
        | FaultKind::NullEntries
        | FaultKind::ObjectEntries
        | FaultKind::Cycle(_)
        | FaultKind::Paging(_) => asked.is_paged,
        FaultKind::RowError => asked.is_list,
        FaultKind::Vanish => ["{workbookId}/", "{reportId}/", "{dataModelId}/"]
            .iter()
            .any(|part| asked.template.contains(part)),
        FaultKind::Appear => asked.is_list,
        _ => true,
    }
}

/// Endpoints on which some error is the ordinary way to say that there is nothing.
fn says_none(template: &str) -> bool {
    template.contains("/lineage")
        || template.ends_with("/query")
        || template.ends_with("/download")
        || template.ends_with("/elements/{elementId}/columns")
        || template.starts_with("/v2/connections/paths/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing<'a>(template: &'a str, target: &'a str) -> Asked<'a> {
        Asked { template, target, is_token: false, is_list: true, is_paged: true, has_total: true }
    }

    /// What strikes a thousand requests, by address.
    fn fates(seed: u64, order: impl Iterator<Item = usize>) -> Vec<Vec<Option<FaultKind>>> {
        let mut chaos = Chaos::new(seed);
        let mut fates = vec![Vec::new(); 100];
        for place in order {
            let (template, target) = (format!("/v2/{}", place % 10), format!("/v2/{}/{place}", place % 10));
            let fate = chaos.meet(&listing(&template, &target));
            let kind = fate.strike.map(|strike| strike.kind);
            // Changes of the organisation are limited for all addresses together.
            fates[place].push(kind.filter(|kind| !matches!(kind, FaultKind::Vanish | FaultKind::Appear)));
        }
        fates
    }

    #[test]
    fn what_strikes_an_address_does_not_depend_on_the_order_of_the_others() {
        let mut struck = 0;
        for seed in 0..50 {
            let forth = fates(seed, (0..1000).map(|n| n % 100));
            // All ten questions to one address before those to the next.
            assert_eq!(forth, fates(seed, (0..1000).map(|n| n / 10)), "{seed}");
            struck += forth.iter().flatten().flatten().count();
        }
        // Of 2.5 kinds in play each strikes a sixteenth.
        assert!((3_000..12_000).contains(&struck), "{struck} of 50,000");
    }

    #[test]
    fn some_sites_are_stuck_and_some_strike_now_and_then() {
        let (mut always, mut sometimes) = (0, 0);
        for seed in 0..50 {
            for address in fates(seed, (0..1000).map(|n| n % 100)) {
                match address.iter().flatten().count() {
                    0 => {}
                    10 => always += 1,
                    _ => sometimes += 1,
                }
            }
        }
        assert!(always > 50 && sometimes > 50, "{always} {sometimes}");
    }

    #[test]
    fn every_kind_comes_into_play() {
        let mut seen: Vec<String> =
            (0..2000).flat_map(|seed| Chaos::new(seed).kinds().collect::<Vec<_>>()).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), KINDS.len() - 2 + STATUSES.len(), "{seen:?}");
    }
}
