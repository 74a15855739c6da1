//! Which fault strikes a request.
use std::sync::{Mutex, PoisonError};

use super::{
    kind::FaultKind,
    rule::{FaultRule, Frequency},
};
use crate::simulator::ids::mix;

/// A fault that strikes one request.
#[derive(Debug, Clone)]
pub struct Strike {
    /// What to do.
    pub kind: FaultKind,
    /// The `Retry-After` to send.
    pub retry_after: Option<String>,
    /// Where a redirect to elsewhere leads.
    pub location: Option<String>,
}

/// The faults of a running simulator, with their counters.
#[derive(Debug)]
pub struct FaultPlan {
    seed: u64,
    rules: Mutex<Vec<(FaultRule, u64)>>,
}

impl FaultPlan {
    /// A plan in which no request has been seen yet.
    pub fn new(seed: u64, rules: Vec<FaultRule>) -> Self {
        Self { seed, rules: Mutex::new(rules.into_iter().map(|rule| (rule, 0)).collect()) }
    }

    /// Replaces all rules and their counters.
    pub fn replace(&self, rules: Vec<FaultRule>) {
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) =
            rules.into_iter().map(|rule| (rule, 0)).collect();
    }

    /// The fault that strikes this request, if any. `target` is the path asked for, with its query.
    pub fn strike(&self, method: &str, template: &str, target: &str) -> Option<Strike> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, (rule, seen)) in rules.iter_mut().enumerate() {
            if !rule.matches(method, template, target) {
                continue;
            }
            let turn = *seen;
            *seen += 1;
            let Some(turn) = turn.checked_sub(rule.skip) else { continue };
            let strikes = match rule.frequency {
                Frequency::Always => true,
                Frequency::First(count) => turn < count,
                // 53 random bits, as many as a float holds exactly.
                Frequency::Chance(chance) => {
                    ((mix(&[self.seed, index as u64, turn]) >> 11) as f64) < chance * (1u64 << 53) as f64
                }
            };
            if strikes {
                let (retry_after, location) = (rule.retry_after.clone(), rule.location.clone());
                return Some(Strike { kind: rule.kind, retry_after, location });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(rule: &str) -> FaultPlan {
        FaultPlan::new(1, vec![rule.parse().expect("a rule")])
    }

    #[test]
    fn a_pattern_is_a_template_or_a_glob_on_the_path() {
        let template = "/v2/workbooks/{workbookId}/pages";
        assert!(
            plan("/v2/workbooks/{workbookId}/pages 500")
                .strike("GET", template, "/v2/workbooks/1/pages")
                .is_some()
        );
        assert!(plan("/v2/*/pages 500").strike("GET", template, "/v2/workbooks/1/pages").is_some());
        assert!(plan("/v2/*?page=2* 500").strike("GET", template, "/v2/files?page=2&x=1").is_some());
        assert!(plan("/v2/*?page=2* 500").strike("GET", template, "/v2/files?page=1&x=2").is_none());
        assert!(plan("/v2/files 500").strike("GET", template, "/v2/files?page=1").is_some());
        assert!(plan("/v2/*/1 500").strike("GET", template, "/v2/workbooks/1/pages").is_none());
        assert!(plan("POST /v2/* 500").strike("GET", template, "/v2/workbooks/1/pages").is_none());
    }

    #[test]
    fn a_rule_strikes_as_often_as_it_says() {
        let struck = |rule: &str| {
            let plan = plan(rule);
            (0..1000).map(|_| plan.strike("GET", "/a", "/a").is_some()).collect::<Vec<_>>()
        };
        assert_eq!(struck("/a 500 x2 skip=1")[..5], [false, true, true, false, false]);
        assert!(struck("/a 500").iter().all(|s| *s));
        let some = struck("/a 500 p0.3").iter().filter(|s| **s).count();
        assert!((200..400).contains(&some), "{some} of 1000");
        assert_eq!(struck("/a 500 p0.3"), struck("/a 500 p0.3"));
    }
}
