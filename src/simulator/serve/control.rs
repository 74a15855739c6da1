//! The simulator's own endpoints, which need no token.
use std::sync::{Arc, PoisonError};

use serde_json::{Value, json};

use super::{
    State,
    call::{Answer, Problem},
    chaos::Chaos,
    lock,
};
use crate::simulator::{
    faults::FaultRule,
    org::{Mutation, Organization},
};

/// Answers a path under `/__`.
pub async fn answer(state: &Arc<State>, method: &str, path: &str, body: &[u8]) -> Answer {
    match (method, path) {
        ("GET", "/__truth") => slowly(state, Organization::truth).await,
        ("GET", "/__access") => slowly(state, Organization::access).await,
        ("GET", "/__stats") => Answer::json(&state.stats.json()),
        ("GET", "/__credentials") => Answer::json(&json!(state.tokens.credentials())),
        ("POST", "/__stats/reset") => {
            state.stats.reset();
            Answer::json(&json!({}))
        }
        ("POST", "/__mutate") => {
            let change = serde_json::from_slice::<Mutation>(body).map_err(|error| error.to_string());
            let changed = |change| state.change(|org| org.apply(&change)).map_err(|error| error.to_string());
            answer_to(change.and_then(changed))
        }
        ("POST", "/__faults") => {
            let texts = serde_json::from_slice::<Vec<String>>(body).map_err(|error| error.to_string());
            let rules = texts.and_then(|texts| {
                texts
                    .iter()
                    .map(|text| text.parse::<FaultRule>())
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(|e| e.to_string())
            });
            answer_to(rules.map(|rules| {
                state.faults.replace(rules);
                json!({})
            }))
        }
        ("POST", "/__chaos") => {
            let seed = serde_json::from_slice::<u64>(body).map_err(|error| error.to_string());
            answer_to(seed.map(|seed| {
                let chaos = Chaos::new(seed);
                let kinds: Vec<String> = chaos.kinds().collect();
                *lock(&state.chaos) = Some(chaos);
                json!({ "kinds": kinds })
            }))
        }
        ("POST", "/__heal") => {
            state.heal();
            Answer::json(&json!({}))
        }
        _ => Problem::not_found().answer(""),
    }
}

fn answer_to(result: Result<Value, String>) -> Answer {
    match result {
        Ok(body) => Answer::json(&body),
        Err(message) => Problem::invalid(message).answer(""),
    }
}

/// Computes an answer aside: going through the whole organisation takes long enough to hold up other requests.
async fn slowly(state: &Arc<State>, compute: fn(&Organization) -> Value) -> Answer {
    let state = state.clone();
    let task = tokio::task::spawn_blocking(move || {
        Answer::json(&compute(&state.org.read().unwrap_or_else(PoisonError::into_inner)))
    });
    task.await.unwrap_or_else(|error| Problem::new(500, error.to_string()).answer(""))
}
