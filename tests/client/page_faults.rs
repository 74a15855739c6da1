//! A listing shows every row once, ends, and never passes for complete when it may not be.

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::{Value, json};
use sigma_catalog::sigma::model::{AccountTypePermission, Control, Page, Tenant, Workspace};
use sigma_catalog::sigma::{Endpoint, ErrorKind, Incomplete, ListingReport, Remark, SigmaError};

use crate::support::*;

/// Both dialects, on endpoints with the same rows.
pub const DIALECTS: [(Endpoint, &str, &str); 2] = [
    (Endpoint::WorkbookPages, "workbookId", "nextPage"),
    (Endpoint::ReportPages, "reportId", "nextPageToken"),
];

/// A page with rows of these ids; the key `next` becomes that of the dialect.
pub fn page(ids: &[&str], next: Option<&str>) -> Value {
    let entries: Vec<_> = ids.iter().map(|id| json!({"pageId": id, "name": "n"})).collect();
    match next {
        Some(next) => json!({"entries": entries, "next": next}),
        None => json!({"entries": entries}),
    }
}

pub struct Walked {
    pub ids: Vec<String>,
    pub report: ListingReport,
    pub requests: Vec<Seen>,
    pub remarks: Vec<Remark>,
}

/// Walks a listing whose pages are given by cursor (the first has none) and by how often it was asked for before.
pub async fn walk(
    (endpoint, parameter, next): (Endpoint, &'static str, &'static str),
    pages: impl Fn(&str, usize) -> Value + Send + Sync + 'static,
) -> Result<Walked, SigmaError> {
    let visits = Mutex::new(HashMap::<String, usize>::new());
    let server = Server::data(move |seen| {
        let cursor = seen.cursor().unwrap_or_default().to_owned();
        let mut visits = visits.lock().expect("no panic elsewhere");
        let visit = visits.entry(cursor.clone()).or_default();
        let mut page = pages(&cursor, *visit);
        *visit += 1;
        if let Some(fields) = page.as_object_mut()
            && let Some(cursor) = fields.remove("next")
        {
            fields.insert(next.to_owned(), cursor);
        }
        Reply::json(page)
    })
    .await;
    let client = client(&server);
    let (rows, report) = client.list::<Page>(endpoint.call().path(parameter, "w")).collect().await?;
    let requests = server.data_requests();
    assert_eq!(report.http_calls, requests.len() as u64);
    let stats = client.stats();
    assert_eq!(stats.duplicates, report.duplicates);
    assert_eq!(report.rows, rows.len() as u64);
    Ok(Walked {
        ids: rows.into_iter().map(|row| row.page_id).collect(),
        report,
        requests,
        remarks: stats.remarks,
    })
}

#[tokio::test]
async fn a_cycle_of_cursors_ends_the_listing_as_incomplete() {
    for dialect in DIALECTS {
        for length in 1..=3 {
            let walked = walk(dialect, move |cursor, _| {
                let at: usize = cursor.parse().unwrap_or(0);
                // 1, 2, … length, and back to 1.
                page(&[&format!("p{at}")], Some(&(at % length + 1).to_string()))
            })
            .await
            .expect("a listing");
            assert_eq!(walked.report.incomplete, Some(Incomplete::RepeatedCursor));
            assert_eq!(walked.ids.len(), length + 1);
            assert_eq!(walked.requests.len(), length + 1);
        }
    }
}

#[tokio::test]
async fn the_same_rows_over_and_over_end_after_ten_pages_without_news() {
    for dialect in DIALECTS {
        let walked = walk(dialect, |cursor, _| {
            let at: u32 = cursor.parse().unwrap_or(0);
            page(&["a", "b"], Some(&(at + 1).to_string()))
        })
        .await
        .expect("a listing");
        assert_eq!(walked.report.incomplete, Some(Incomplete::EmptyPages));
        assert_eq!(walked.ids, ["a", "b"]);
        assert_eq!(walked.requests.len(), 11);
        assert_eq!(walked.report.duplicates, 20);
    }
}

#[tokio::test]
async fn empty_pages_are_passed_over_unless_there_are_ten_in_a_row() {
    for dialect in DIALECTS {
        for (empty, incomplete) in [(1, None), (9, None), (10, Some(Incomplete::EmptyPages))] {
            let walked = walk(dialect, move |cursor, _| match cursor.parse().unwrap_or(0) {
                0 => page(&["a"], Some("1")),
                at if at <= empty => page(&[], Some(&(at + 1).to_string())),
                _ => page(&["b"], None),
            })
            .await
            .expect("a listing");
            assert_eq!(walked.report.incomplete, incomplete, "{empty}");
            assert_eq!(walked.ids.contains(&"b".to_owned()), incomplete.is_none());
        }
    }
}

#[tokio::test]
async fn every_way_to_name_no_next_page_is_the_end() {
    for dialect in DIALECTS {
        for next in [None, Some(json!(null)), Some(json!(""))] {
            let walked = walk(dialect, move |cursor, _| {
                let mut body = page(&[if cursor.is_empty() { "a" } else { "b" }], Some("2"));
                if cursor == "2" {
                    body.as_object_mut().expect("a page").remove("next");
                    if let Some(next) = &next {
                        body["next"] = next.clone();
                    }
                }
                body
            })
            .await
            .expect("a listing");
            assert_eq!((walked.ids.len(), walked.report.incomplete), (2, None));
        }
    }
}

#[tokio::test]
async fn a_page_without_a_list_of_entries_is_an_error_and_never_an_empty_page() {
    for dialect in DIALECTS {
        for body in [
            json!({}),
            json!({"next": null}),
            json!({"next": "2"}),
            json!({"entries": null}),
            json!({"entries": {"pageId": "a"}}),
            json!({"entries": "none"}),
            json!({"entries": [{"pageTitle": "a"}, 7]}),
            json!([]),
            json!([{"pageId": "a"}]),
            json!(null),
            json!("a"),
        ] {
            let text = body.to_string();
            let error = walk(dialect, move |_, _| body.clone()).await.err().expect(&text);
            assert_eq!((error.kind(), error.code()), (ErrorKind::Shape, "body.shape"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_bare_array_is_accepted_only_where_the_table_says_so() {
    let server = Server::data(|seen| match seen.path.as_str() {
        "/v2/workspaces" => Reply::json(json!([{"workspaceId": "a"}, {"workspaceId": "b"}])),
        _ => Reply::json(json!([{"permission": "a", "teamId": "a"}])),
    })
    .await;
    let client = client(&server);
    let (rows, report) =
        client.list::<Workspace>(Endpoint::Workspaces.call()).collect().await.expect("a list");
    assert_eq!((rows.len(), report.incomplete), (2, None));
    let call = Endpoint::AccountTypePermissions.call().path("accountTypeId", "a");
    let (rows, report) = client.list::<AccountTypePermission>(call).collect().await.expect("a list");
    assert_eq!((rows.len(), report.incomplete), (1, None));
    let error = client.list::<Workspace>(Endpoint::Files.call()).collect().await.expect_err("paged");
    assert_eq!(error.kind(), ErrorKind::Shape);
    // And the other way round: where only arrays are given, an envelope is something else.
    let server = Server::data(|_| Reply::json(json!({"entries": []}))).await;
    let call = Endpoint::AccountTypePermissions.call().path("accountTypeId", "a");
    let error = crate::support::client(&server).list::<AccountTypePermission>(call).collect().await;
    assert_eq!(error.expect_err("an envelope").kind(), ErrorKind::Shape);
}

#[tokio::test]
async fn pages_that_overlap_show_each_row_once() {
    for dialect in DIALECTS {
        let walked = walk(dialect, |cursor, visit| match (cursor, visit) {
            ("", _) => page(&["a", "b", "c"], Some("2")),
            // A row was inserted before the ones just read, so that `c` moved to this page.
            (_, 0) => page(&["c", "d"], None),
            _ => page(&["d"], None),
        })
        .await
        .expect("a listing");
        assert_eq!(walked.ids, ["a", "b", "c", "d"]);
        assert_eq!((walked.report.duplicates, walked.report.incomplete), (1, None));
    }
}

#[tokio::test]
async fn a_listing_that_keeps_moving_without_a_total_is_never_taken_for_complete() {
    for dialect in DIALECTS {
        // `c` shows up twice where `d` should have been: nothing but the repetition tells that one is missing.
        let walked = walk(dialect, |cursor, _| match cursor {
            "" => page(&["a", "b", "c"], Some("2")),
            _ => page(&["c", "e"], None),
        })
        .await
        .expect("a listing");
        assert_eq!(walked.ids, ["a", "b", "c", "e"]);
        assert_eq!((walked.report.incomplete, walked.requests.len()), (Some(Incomplete::Drifting), 4));
        let walked = walk(dialect, |cursor, visit| match (cursor, visit) {
            ("", _) => page(&["a", "b", "c"], Some("2")),
            (_, 0) => page(&["c", "e"], None),
            _ => page(&["d", "e"], None),
        })
        .await
        .expect("a listing");
        assert_eq!(
            (walked.ids, walked.report.incomplete),
            (["a", "b", "c", "e", "d"].map(str::to_owned).to_vec(), None)
        );
    }
}

#[tokio::test]
async fn a_row_that_slipped_between_two_pages_is_found_by_asking_once_more() {
    for dialect in DIALECTS {
        let walked = walk(dialect, |cursor, visit| {
            let mut body = match (cursor, visit) {
                ("", _) => page(&["a", "b"], Some("2")),
                ("2", 0) => page(&["d"], None),
                _ => page(&["c", "d"], None),
            };
            body["total"] = json!(4);
            body
        })
        .await
        .expect("a listing");
        assert_eq!(walked.ids, ["a", "b", "d", "c"]);
        assert_eq!((walked.report.incomplete, walked.report.duplicates), (None, 0));
        assert_eq!((walked.report.total, walked.requests.len()), (Some(4), 4));
    }
}

#[tokio::test]
async fn a_total_that_is_not_reached_makes_the_listing_incomplete_after_one_more_walk() {
    for dialect in DIALECTS {
        let walked = walk(dialect, |cursor, _| {
            let at: u32 = cursor.parse().unwrap_or(0);
            let next = (at + 1).to_string();
            let mut body = page(&[&format!("p{at}")], (at < 29).then_some(next.as_str()));
            body["total"] = json!(31);
            body
        })
        .await
        .expect("a listing");
        assert_eq!(walked.report.incomplete, Some(Incomplete::TotalNotReached { total: 31, fetched: 30 }));
        assert_eq!((walked.ids.len(), walked.requests.len()), (30, 60));
    }
}

#[tokio::test]
async fn a_total_that_is_too_small_or_no_number_changes_nothing() {
    for dialect in DIALECTS {
        for total in [json!(1), json!(0), json!(null), json!("many"), json!(-3), json!([4])] {
            let walked = walk(dialect, move |_, _| {
                let mut body = page(&["a", "b"], None);
                body["total"] = total.clone();
                body
            })
            .await
            .expect("a listing");
            assert_eq!((walked.ids.len(), walked.report.incomplete, walked.requests.len()), (2, None, 1));
        }
    }
}

#[tokio::test]
async fn the_size_of_a_page_says_nothing() {
    for dialect in DIALECTS {
        let walked = walk(dialect, |cursor, _| {
            let many: Vec<String> = (0..2_500).map(|at| format!("m{at}")).collect();
            let many: Vec<&str> = many.iter().map(String::as_str).collect();
            match cursor {
                "" => page(&["a"], Some("2")),
                "2" => page(&many, Some("3")),
                _ => page(&["z"], None),
            }
        })
        .await
        .expect("a listing");
        assert_eq!((walked.ids.len(), walked.report.incomplete), (2_502, None));
    }
}

#[tokio::test]
async fn a_cursor_comes_back_exactly_as_it_was_issued() {
    for dialect in DIALECTS {
        for issued in [
            "a%2Fb%3D%3D",
            "a+b c",
            "k=v&page=1&limit=2#x?",
            "ü€\u{1F600}",
            "https://evil.example/x",
            "50",
            "\"\\",
        ] {
            let walked = walk(dialect, move |cursor, _| match cursor {
                "" => page(&["a"], Some(issued)),
                _ => page(&["b"], None),
            })
            .await
            .expect("a listing");
            let second = &walked.requests[1];
            assert_eq!(second.cursor(), Some(issued));
            assert_eq!(second.query.len(), 2, "the page size and the cursor, nothing else: {second:?}");
            assert_eq!(second.path, walked.requests[0].path);
        }
    }
}

#[tokio::test]
async fn a_cursor_that_is_a_number_is_sent_back_as_written() {
    for dialect in DIALECTS {
        let walked = walk(dialect, |cursor, _| {
            let mut body = page(&[if cursor.is_empty() { "a" } else { "b" }], None);
            if cursor.is_empty() {
                body["next"] = json!(50);
            }
            body
        })
        .await
        .expect("a listing");
        assert_eq!((walked.requests[1].cursor(), walked.ids.len()), (Some("50"), 2));
    }
}

#[tokio::test]
async fn error_objects_among_the_rows_are_counted_and_the_other_rows_are_kept() {
    for dialect in DIALECTS {
        let walked = walk(dialect, |_, _| {
            json!({"entries": [
                {"pageId": "a"},
                {"code": 403, "message": "not you, ada@example.com", "requestId": "r"},
                {"code": "inode_archived", "message": "gone"},
                null,
                {"pageTitle": "no id"},
                {"pageId": "b"},
            ], "total": 6})
        })
        .await
        .expect("a listing");
        assert_eq!(walked.ids, ["a", "b"]);
        assert_eq!(walked.report.incomplete, Some(Incomplete::RowErrors));
        assert_eq!(walked.requests.len(), 1, "a second walk would meet the same errors");
        let codes: Vec<_> = walked.report.row_errors.iter().map(|error| error.code.as_str()).collect();
        assert_eq!(codes, ["403", "inode_archived", "null", "shape"]);
        assert_eq!(walked.report.row_errors[0].message, "not you, [e-mail]");
        assert_eq!(walked.report.row_errors[0].request_id.as_deref(), Some("r"));
    }
}

#[tokio::test]
async fn a_page_of_nothing_but_error_objects_is_a_page() {
    for dialect in DIALECTS {
        let walked = walk(dialect, |_, _| json!({"entries": [{"code": 403, "message": "no"}]})).await;
        let walked = walked.expect("a listing");
        assert_eq!((walked.ids.len(), walked.report.incomplete), (0, Some(Incomplete::RowErrors)));
    }
}

#[tokio::test]
async fn a_tenant_that_is_null_makes_the_list_of_tenants_incomplete() {
    let server =
        Server::data(|_| Reply::json(json!({"entries": [null, {"tenantOrganizationId": "t"}]}))).await;
    let (rows, report) =
        client(&server).list::<Tenant>(Endpoint::Tenants.call()).collect().await.expect("a listing");
    assert_eq!((rows.len(), report.incomplete), (1, Some(Incomplete::RowErrors)));
}

#[tokio::test]
async fn a_next_page_in_the_other_dialect_is_not_overlooked() {
    for (endpoint, parameter, ours) in DIALECTS {
        let theirs = if ours == "nextPage" { "nextPageToken" } else { "nextPage" };
        let server =
            Server::data(move |_| Reply::json(json!({"entries": [{"pageId": "a"}], theirs: "2"}))).await;
        let listing = client(&server).list::<Page>(endpoint.call().path(parameter, "w"));
        let error = listing.collect().await.expect_err("another dialect");
        assert_eq!(error.kind(), ErrorKind::Shape);
        assert!(error.to_string().contains(theirs), "{error}");
    }
}

#[tokio::test]
async fn more_rows_without_a_way_to_them_make_the_listing_incomplete() {
    for dialect in DIALECTS {
        for (has_more, incomplete) in [(true, Some(Incomplete::MoreWithoutCursor)), (false, None)] {
            let walked =
                walk(dialect, move |_, _| json!({"entries": [{"pageId": "a"}], "hasMore": has_more}));
            assert_eq!(walked.await.expect("a listing").report.incomplete, incomplete);
        }
    }
}

#[tokio::test]
async fn rows_without_an_id_that_look_alike_are_all_kept_where_one_page_shows_them() {
    let server = Server::data(|_| {
        let control = json!({"name": "Region", "valueType": "text"});
        Reply::json(json!({"entries": [control, control], "total": 2}))
    })
    .await;
    let call = Endpoint::WorkbookControls.call().path("workbookId", "w");
    let (rows, report) = client(&server).list::<Control>(call).collect().await.expect("a listing");
    assert_eq!((rows.len(), report.duplicates, report.incomplete), (2, 0, None));
    assert_eq!(server.data_requests().len(), 1);
}

#[tokio::test]
async fn rows_without_an_id_that_look_alike_on_two_pages_are_one_and_still_add_up_to_the_total() {
    let server = Server::data(|seen| {
        let control = json!({"name": "Region", "valueType": "text"});
        match seen.cursor() {
            None => Reply::json(json!({"entries": [control], "total": 2, "nextPage": "2"})),
            Some(_) => Reply::json(json!({"entries": [control], "total": 2})),
        }
    })
    .await;
    let call = Endpoint::WorkbookControls.call().path("workbookId", "w");
    let (rows, report) = client(&server).list::<Control>(call).collect().await.expect("a listing");
    assert_eq!((rows.len(), report.duplicates, report.incomplete), (1, 1, None));
    assert_eq!(server.data_requests().len(), 2);
}

#[tokio::test]
async fn a_listing_that_breaks_off_is_unfinished_and_keeps_what_was_read() {
    for (endpoint, parameter, next) in DIALECTS {
        let server = Server::data(move |seen| match seen.cursor() {
            None => Reply::json(json!({"entries": [{"pageId": "a"}], next: "2"})),
            Some(_) => Reply::error(400, "invalid_request"),
        })
        .await;
        let mut listing = client(&server).list::<Page>(endpoint.call().path(parameter, "w"));
        assert_eq!(listing.report().incomplete, Some(Incomplete::Unfinished));
        assert_eq!(listing.next_page().await.expect("a page").expect("rows").len(), 1);
        assert_eq!(listing.report().incomplete, Some(Incomplete::Unfinished));
        assert_eq!(listing.next_page().await.expect_err("refused").kind(), ErrorKind::Rejected);
        assert!(listing.next_page().await.expect("no more").is_none());
        let report = listing.report();
        assert_eq!((report.incomplete, report.rows, report.pages), (Some(Incomplete::Unfinished), 1, 1));
        assert_eq!(server.data_requests().len(), 2);
    }
}

#[tokio::test]
async fn a_page_that_needs_a_retry_is_read_once() {
    for (endpoint, parameter, next) in DIALECTS {
        let failures = Mutex::new(2);
        let server = Server::data(move |seen| {
            let mut failures = failures.lock().expect("no panic elsewhere");
            match seen.cursor() {
                None => Reply::json(json!({"entries": [{"pageId": "a"}], next: "2"})),
                Some(_) if *failures > 0 => {
                    *failures -= 1;
                    Reply::status(502)
                }
                Some(_) => Reply::json(json!({"entries": [{"pageId": "b"}]})),
            }
        })
        .await;
        let listing = client(&server).list::<Page>(endpoint.call().path(parameter, "w"));
        let (rows, report) = listing.collect().await.expect("a listing");
        assert_eq!((rows.len(), report.pages, report.http_calls, report.retries), (2, 2, 4, 2));
        assert_eq!(report.incomplete, None);
    }
}
