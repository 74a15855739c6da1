//! The commands through the real binary, against a simulated organisation.

use serde_json::Value;
use sigma_catalog::simulator::{Mutation, Options};

use crate::context::{Context, Ran};

fn options(seed: u64) -> Options {
    Options { seed, ..Options::small() }
}

fn verify(context: &Context, arguments: &[&str]) -> Ran {
    let mut all = vec!["access", "verify", "--format", "json"];
    all.extend(arguments);
    context.run(&all)
}

#[test]
fn sigma_agrees_with_the_closure_about_everybody() {
    for seed in [1, 2, 3] {
        let context = Context::extracted(options(seed));
        let ran = verify(&context, &["--all"]);
        let report = ran.json();
        assert_eq!(ran.code, 0, "seed {seed}: {ran}");
        assert_eq!(report["disagreements"], Value::Array(vec![]), "seed {seed}: {ran}");
        assert_eq!(report["unanswered"], Value::Array(vec![]), "seed {seed}: {ran}");
        eprintln!("{report:#}");
    }
}
