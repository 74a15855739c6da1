//! The generated organisation.
use serde_json::Value;
use sigma_catalog::simulator::{Options, Simulator};

use crate::client::{objects, quick};

async fn truth(options: Options) -> Value {
    let simulator = Simulator::start(options).await.expect("a free port");
    let truth = simulator.truth();
    simulator.stop().await;
    truth
}

#[tokio::test]
async fn the_same_seed_gives_the_same_organisation_and_another_seed_another() {
    let first = truth(quick()).await;
    assert_eq!(first, truth(quick()).await);
    let other = truth(Options { seed: 2, ..quick() }).await;
    for kind in ["member", "workbook", "element", "column"] {
        assert_ne!(first["objects"][kind], other["objects"][kind], "{kind}");
    }
}

#[tokio::test]
async fn without_awkward_cases_there_is_exactly_what_was_asked_for() {
    let truth = truth(Options { awkward: false, ..quick() }).await;
    for (kind, count) in [
        ("workspace", 4),
        ("workbook", 12),
        ("data-model", 3),
        ("report", 0),
        ("member", 20),
        ("team", 6),
        ("page", 12 * 2),
        ("element", 12 * 2 * 4 + 3 * 4),
        ("column", (12 * 2 * 4 + 3 * 4) * 6),
    ] {
        assert_eq!(objects(&truth, kind).len(), count, "{kind}");
    }
}
