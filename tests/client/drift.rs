//! What a listing shows that changes while it is read: nothing is lost, nothing shown twice, and it is said.

use serde_json::{Value, json};
use sigma_catalog::sigma::Incomplete;

use crate::page_faults::{DIALECTS, Walked, page, walk};

/// A page of rows, each an id and a name.
fn named(rows: &[(&str, &str)], next: Option<&str>) -> Value {
    let ids: Vec<_> = rows.iter().map(|(id, _)| *id).collect();
    let mut page = page(&ids, next);
    for (row, (_, name)) in page["entries"].as_array_mut().expect("rows").iter_mut().zip(rows) {
        row["name"] = json!(name);
    }
    page
}

fn codes(walked: &Walked) -> Vec<(&str, &str)> {
    walked.remarks.iter().map(|remark| (remark.code, remark.about.as_str())).collect()
}

#[tokio::test]
async fn a_row_that_comes_again_with_another_content_is_kept_once_and_said() {
    for dialect in DIALECTS {
        let about = if dialect.2 == "nextPage" { "/v2/workbooks/w/pages" } else { "/v2/reports/w/pages" };
        let walked = walk(dialect, |cursor, visit| match (cursor, visit) {
            ("", 0) => named(&[("a", "one"), ("b", "two")], Some("2")),
            // Renamed between the two pages, which moved it to the second one.
            ("2", 0) => named(&[("b", "renamed"), ("c", "three")], None),
            ("", _) => named(&[("a", "one"), ("b", "renamed")], Some("2")),
            _ => named(&[("c", "three")], None),
        })
        .await
        .expect("a listing");
        assert_eq!(walked.ids, ["a", "b", "c"]);
        assert_eq!((walked.report.changed, walked.report.duplicates), (1, 1));
        assert_eq!(walked.report.incomplete, None, "asked once more, it stood still");
        assert_eq!(codes(&walked), [("listing.page_drift", about)]);
    }
}

#[tokio::test]
async fn a_row_that_comes_again_as_it_was_is_no_drift() {
    for dialect in DIALECTS {
        let walked = walk(dialect, |cursor, _| match cursor {
            "" => named(&[("a", "one"), ("b", "two")], Some("2")),
            _ => named(&[("b", "two"), ("c", "three")], None),
        })
        .await
        .expect("a listing");
        assert_eq!((walked.report.changed, walked.report.incomplete), (0, Some(Incomplete::Drifting)));
        assert_eq!(codes(&walked), []);
    }
}

#[tokio::test]
async fn a_count_that_is_too_small_is_said_and_one_that_is_right_or_none_is_not() {
    for dialect in DIALECTS {
        for (total, said) in [(json!(1), 1), (json!(0), 1), (json!(2), 0), (json!(null), 0), (json!(-3), 0)] {
            let walked = walk(dialect, move |_, _| {
                let mut body = page(&["a", "b"], None);
                body["total"] = total.clone();
                body
            })
            .await
            .expect("a listing");
            assert_eq!((walked.ids.len(), walked.report.incomplete), (2, None));
            assert!(codes(&walked).iter().all(|(code, _)| *code == "listing.total_exceeded"));
            assert_eq!(walked.remarks.len(), said);
        }
    }
}
