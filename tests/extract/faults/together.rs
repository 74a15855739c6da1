//! Where one large document is left, it is asked by more than one worker's turns.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::json;
use sigma_catalog::simulator::Options;

use super::front::{Script, before};
use super::world::{exit_of, extract, extract_from};
use crate::context::Context;

/// How many requests are being answered, and the most there were.
#[derive(Default)]
struct Together {
    now_and_most: Mutex<(usize, usize)>,
    came: Condvar,
}

impl Together {
    /// Waits for `others` to come too, but not for ever.
    fn meet(&self, others: usize) {
        let mut counts = self.now_and_most.lock().expect("no panic elsewhere");
        counts.0 += 1;
        counts.1 = counts.1.max(counts.0);
        self.came.notify_all();
        let waited =
            self.came.wait_timeout_while(counts, Duration::from_secs(5), |counts| counts.1 <= others);
        waited.expect("no panic elsewhere").0.0 -= 1;
    }
}

#[test]
fn the_pages_of_one_document_are_asked_several_at_once() {
    let options = Options { workbooks: 1, pages: 8, data_models: 0, awkward: false, ..Options::small() };
    let world = || Context::new(options.clone());
    let known = world();
    assert_eq!(exit_of(&extract(&known)), 0);
    let held =
        |context: &Context| context.rows("SELECT page_id, element_id, name FROM element ORDER BY 1, 2");
    let pages =
        known.rows("SELECT '/v2/workbooks/' || document_id || '/pages/' || page_id || '/elements' FROM page");
    let pages: Vec<_> = pages.iter().map(|path| path.trim_matches('"').to_owned()).collect();
    assert_eq!(pages.len(), 8);

    let (context, together) = (world(), Arc::new(Together::default()));
    let script = |_: &String| -> Script {
        let together = Arc::clone(&together);
        Box::new(move |rows, _, _| {
            together.meet(1);
            json!({"entries": rows, "next": null})
        })
    };
    let front =
        before(&context, pages.iter().map(|path| (path.clone(), script(path))).collect::<HashMap<_, _>>());
    let ran = extract_from(&context, front.url.as_str(), |options| options.workers = 4);
    assert_eq!(exit_of(&ran), 0, "{ran:?}");
    let most = together.now_and_most.lock().expect("no panic").1;
    assert!((2..=4).contains(&most), "several at once, and no more than workers: {most}");
    assert_eq!(held(&context), held(&known), "and each element is on its page");
}
