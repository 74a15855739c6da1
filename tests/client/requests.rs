//! What leaves: only reads, each address built from the table, every value encoded exactly once.

use serde_json::json;
use sigma_catalog::sigma::model::{Element, File, Member};
use sigma_catalog::sigma::{Endpoint, Paging};

use crate::support::*;

#[tokio::test]
async fn every_endpoint_is_asked_with_get_and_with_the_paging_it_has() {
    let server = Server::data(|_| Reply::json(json!({"entries": []}))).await;
    let client = client(&server);
    for endpoint in Endpoint::ALL {
        let spec = endpoint.spec();
        let mut call = endpoint.call();
        for part in spec.path.split('/') {
            if let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                call = call.path(name, "x");
            }
        }
        // What comes back does not fit every endpoint; what was asked is all that counts here.
        let _ = client.list::<Element>(call).next_page().await;
        let asked = server.data_requests().pop().expect("a request");
        assert_eq!(asked.method, if spec.is_post { "POST" } else { "GET" });
        let template = spec.path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
        assert_eq!(asked.path, template.collect::<Vec<_>>().join("/"));
        let size = spec.page_size.to_string();
        let expected = match spec.paging {
            Paging::PageLimit | Paging::PageLimitOrArray => vec![("limit".to_owned(), size)],
            Paging::PageToken => vec![("pageSize".to_owned(), size)],
            Paging::Bare | Paging::One => Vec::new(),
        };
        assert_eq!(asked.query, expected, "{}", spec.name);
    }
    assert_eq!(server.data_requests().len(), Endpoint::ALL.len());
    assert!(server.token_requests().iter().all(|asked| asked.method == "POST"));
    let posts: Vec<_> = Endpoint::ALL.iter().filter(|endpoint| endpoint.spec().is_post).collect();
    assert_eq!(posts, [&Endpoint::WorkbookExport], "nothing else may start work or change something");
}

#[test]
fn names_and_paths_are_unique_and_no_page_is_larger_than_sigma_allows() {
    let (mut names, mut paths): (Vec<_>, Vec<_>) =
        Endpoint::ALL.iter().map(|endpoint| (endpoint.name(), endpoint.spec().path)).unzip();
    for list in [&mut names, &mut paths] {
        list.sort_unstable();
        list.dedup();
        assert_eq!(list.len(), Endpoint::ALL.len());
    }
    for endpoint in Endpoint::ALL {
        let spec = endpoint.spec();
        let paged = !matches!(spec.paging, Paging::Bare | Paging::One);
        assert_eq!(paged, spec.page_size > 0, "{}", spec.name);
        assert!(spec.page_size <= 1000);
    }
}

#[tokio::test]
async fn values_are_encoded_once() {
    let server = Server::data(|_| Reply::json(json!({"entries": []}))).await;
    let client = client(&server);
    let call = Endpoint::Members.call().query("email", "a+b@example.com").query("search", "100% & more/ü");
    client.list::<Member>(call).collect().await.expect("a listing");
    let asked = server.data_requests().pop().expect("a request");
    assert_eq!(asked.parameter("email"), Some("a+b@example.com"));
    assert_eq!(asked.parameter("search"), Some("100% & more/ü"));
    assert!(asked.raw_query.contains("email=a%2Bb%40example.com"), "{}", asked.raw_query);

    let call = Endpoint::WorkbookPageElements.call().path("workbookId", "a/b?c#d").path("pageId", "ü %41");
    client.list::<Element>(call).collect().await.expect("a listing");
    let asked = server.data_requests().pop().expect("a request");
    assert_eq!(asked.path, "/v2/workbooks/a%2Fb%3Fc%23d/pages/%C3%BC%20%2541/elements");
}

#[tokio::test]
async fn a_page_size_given_by_the_caller_replaces_the_usual_one() {
    let server = Server::data(|_| Reply::json(json!({"entries": []}))).await;
    let call = Endpoint::Files.call().query("limit", "1");
    client(&server).list::<File>(call).collect().await.expect("a listing");
    let asked = server.data_requests().pop().expect("a request");
    assert_eq!(asked.query, [("limit".to_owned(), "1".to_owned())]);
}

#[tokio::test]
async fn a_base_address_with_a_path_keeps_it() {
    let server = Server::everything(|seen| match seen.path.as_str() {
        "/sigma/v2/auth/token" => grant("t"),
        _ => whoami(),
    })
    .await;
    let client = client_with(&server, |options| options.api_url.set_path("/sigma/"));
    client.one::<serde_json::Value>(&Endpoint::Whoami.call()).await.expect("an answer");
    assert_eq!(server.seen().pop().expect("a request").path, "/sigma/v2/whoami");
}
