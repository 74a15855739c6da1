//! Answers that are too much: too long, too deep, swollen by compression; and a clock that is wrong.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use sigma_catalog::sigma::model::Whoami;
use sigma_catalog::sigma::{Endpoint, ErrorKind, SigmaClient, SigmaError};

use crate::support::*;

async fn ask(client: &SigmaClient) -> Result<Whoami, SigmaError> {
    client.one(&Endpoint::Whoami.call()).await
}

/// An answer with a field nested that deep, itself included.
fn nested(levels: usize) -> String {
    format!(r#"{{"userId":"u1","x":{}{}}}"#, "[".repeat(levels - 1), "]".repeat(levels - 1))
}

#[tokio::test]
async fn an_answer_nested_too_deep_is_refused_and_not_asked_again() {
    for (levels, refused) in [(64, false), (65, true), (128, true), (1_000_000, true)] {
        let server = Server::data(move |_| Reply::status(200).body(nested(levels))).await;
        let answer = ask(&client(&server)).await;
        assert_eq!(answer.is_err(), refused, "{levels}");
        if let Err(error) = answer {
            assert_eq!((error.kind(), error.code()), (ErrorKind::Shape, "body.shape"), "{levels}");
            assert!(error.to_string().contains("64 levels"), "{error}");
        }
        assert_eq!(server.data_requests().len(), 1, "{levels}");
    }
    // Brackets within a text are no levels.
    let name = format!(r#"\"\\{}"#, "[{".repeat(100));
    let body = format!(r#"{{"userId":"u1","organizationId":"{name}"}}"#);
    let server = Server::data(move |_| Reply::status(200).body(body.clone())).await;
    let known = ask(&client(&server)).await.expect("an answer");
    assert_eq!(known.organization_id.map(|id| id.len()), Some(202));
}

/// That many MiB of spaces after an answer, compressed.
fn swollen(mebibytes: usize) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(br#"{"userId":"u1"}"#).expect("memory");
    for _ in 0..mebibytes {
        packed.write_all(&[b' '; 1 << 20]).expect("memory");
    }
    packed.finish().expect("memory")
}

#[tokio::test]
async fn compression_hides_no_size() {
    for (mebibytes, code) in [(60, None), (1_024, Some("body.too_large"))] {
        let packed = swollen(mebibytes);
        assert!(packed.len() < 8 << 20, "{}", packed.len());
        let server =
            Server::data(move |_| Reply::status(200).header("content-encoding", "gzip").body(packed.clone()))
                .await;
        let answer = ask(&client(&server)).await;
        assert_eq!(answer.as_ref().err().map(SigmaError::code), code, "{mebibytes}");
        assert_eq!(server.data_requests().len(), 1, "{mebibytes}");
    }
}

/// The most memory this process ever held, in MiB.
#[cfg(target_os = "linux")]
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("the peak");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") >> 10
}

/// Run by the next test, in a process that holds nothing else.
#[cfg(target_os = "linux")]
#[tokio::test]
#[ignore = "measures its own process: the test after it starts one for it"]
async fn answers_of_fifty_megabytes_and_of_a_gigabyte() {
    let packed = swollen(1_024);
    let server = Server::data(move |seen| match seen.path.as_str() {
        "/v2/whoami" => whoami().padded_with(50 << 20),
        "/v2/members/long" => whoami().padded_with(1 << 30),
        _ => Reply::status(200).header("content-encoding", "gzip").body(packed.clone()),
    })
    .await;
    let client = client(&server);
    ask(&client).await.expect("an answer");
    for id in ["long", "swollen"] {
        let call = Endpoint::Member.call().path("memberId", id);
        let error = client.one::<serde_json::Value>(&call).await.expect_err("too large");
        assert_eq!(error.code(), "body.too_large");
    }
    let most = most_memory();
    assert!(most < 200, "{most} MiB");
}

#[cfg(target_os = "linux")]
#[test]
fn however_large_an_answer_memory_stays_small() {
    let mut child = std::process::Command::new(std::env::current_exe().expect("this test"));
    child.args(["--exact", "--ignored", "bodies::answers_of_fifty_megabytes_and_of_a_gigabyte"]);
    let output = child.output().expect("a process");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_said_once() {
    for (minutes, side) in [(-6, Some("behind")), (-4, None), (4, None), (6, Some("ahead of"))] {
        let sigmas = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(minutes);
        let date =
            jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&sigmas).expect("a date");
        let server = Server::data(move |_| whoami().header("date", date.clone())).await;
        let client = client(&server);
        for _ in 0..3 {
            ask(&client).await.expect("an answer");
        }
        let said: Vec<_> = client.stats().remarks.into_iter().map(|remark| remark.message).collect();
        match side {
            Some(side) => {
                assert!(said.len() == 1 && said[0].contains(&format!("6 minutes {side} Sigma's")), "{said:?}")
            }
            None => assert!(said.is_empty(), "{said:?}"),
        }
    }
    // What is no date says nothing.
    let server = Server::data(|_| whoami().header("date", "yesterday")).await;
    let client = client(&server);
    ask(&client).await.expect("an answer");
    assert!(client.stats().remarks.is_empty());
}
