//! A server that allows few requests a second: the run takes as long as it must, and loses nothing.

use sigma_catalog::simulator::Options;

use crate::context::{Context, run};

/// Enough requests for the limit to be found and kept to.
fn organisation() -> Options {
    Options { workbooks: 30, pages: 3, members: 10, teams: 2, awkward: false, ..Options::small() }
}

#[test]
fn a_server_that_refuses_much_is_read_whole_however_it_says_so() {
    let free = Context::new(organisation());
    free.extract();
    for (retry_after, html_429, workers) in [(true, false, "3"), (false, true, "10")] {
        let options = Options { requests_per_second: Some(40), retry_after, html_429, ..organisation() };
        let context = Context::new(options);
        let ran = context.extract_with(&["--concurrency", workers, "--everything", "true"]);
        assert_eq!(ran.code, 0, "{ran}");
        let requests = &ran.json()["requests"];
        let [total, refused, waited] =
            ["total", "refused", "waited_ms"].map(|what| requests[what].as_u64().expect("a number"));
        assert!(refused > 0 && waited > 0, "the limit was met: {requests}");
        assert!(refused * 20 <= total, "one in twenty at most was refused: {requests}");
        let learnt = requests["learnt_per_second"].as_f64().expect("a pace");
        assert!((10.0..80.0).contains(&learnt), "{requests}");
        assert!(requests["max_in_flight"].as_u64() <= workers.parse().ok(), "{requests}");
        let shown = run(&mut context.command(&["runs", "show", "--db", "catalog.db"]));
        for said in ["rate.learnt", "refused for coming too fast", "waited"] {
            assert!(shown.stdout.contains(said), "{said}: {shown}");
        }
        for table in ["document", "element_column", "lineage_edge", "object_grant", "member"] {
            let held = |context: &Context| context.rows(&format!("SELECT count(*) FROM {table}"));
            assert_eq!(held(&context), held(&free), "{table}");
        }
    }
}

#[test]
fn a_pause_longer_than_a_run_may_wait_ends_it_wherever_it_is_asked_for() {
    let context = Context::small();
    // The first of them is the question whether others' grants may be asked for at all.
    let fault = "GET /v2/grants 429 retry-after=9999";
    context.simulator.set_faults(vec![fault.parse().expect("a fault")]);
    let ran = context.extract_with(&[]);
    assert_eq!(ran.code, 7, "{ran}");
    let asked = context.simulator.stats()["requests"]["GET /v2/grants"].clone();
    assert_eq!(asked.to_string(), r#"{"429":1}"#, "{ran}");
}
