//! A scripted HTTP server, and a client that does not wait.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use sigma_catalog::sigma::{ClientOptions, RetryPolicy, SigmaClient};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

pub const TOKEN_PATH: &str = "/v2/auth/token";

/// A request as the server saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub path: String,
    /// The query as it was on the wire.
    pub raw_query: String,
    /// The query, decoded once.
    pub query: Vec<(String, String)>,
    pub authorization: Option<String>,
    pub content_type: Option<String>,
    pub body: String,
    pub at: Instant,
}

impl Seen {
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The cursor, in whichever dialect.
    pub fn cursor(&self) -> Option<&str> {
        self.parameter("page").or(self.parameter("pageToken"))
    }
}

/// What the server does.
#[derive(Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// Before anything is sent.
    pub delay: Duration,
    /// Bytes of the body that are really sent before the connection is closed.
    pub sent: Option<usize>,
    /// Between two bytes of the body.
    pub per_byte: Duration,
    /// Bytes of white space sent after the body.
    pub padding: usize,
    /// Called when the delay is over, before anything is sent.
    pub leaving: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            delay: Duration::ZERO,
            sent: None,
            per_byte: Duration::ZERO,
            padding: 0,
            leaving: None,
        }
    }

    pub fn json(body: Value) -> Self {
        Self::status(200).body(body.to_string())
    }

    pub fn error(status: u16, code: &str) -> Self {
        Self::status(status).body(json!({"code": code, "message": "why", "requestId": "r-body"}).to_string())
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub fn leaving(mut self, tell: impl Fn() + Send + Sync + 'static) -> Self {
        self.leaving = Some(Arc::new(tell));
        self
    }

    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.sent = Some(bytes);
        self
    }

    pub fn padded_with(mut self, bytes: usize) -> Self {
        self.padding = bytes;
        self
    }

    pub fn one_byte_every(mut self, pause: Duration) -> Self {
        self.per_byte = pause;
        self
    }
}

/// What a token endpoint normally answers.
pub fn grant(token: &str) -> Reply {
    Reply::json(json!({"access_token": token, "token_type": "bearer", "expires_in": 3599}))
}

pub struct Server {
    pub url: Url,
    log: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers data requests with `answer`, and grants every token asked for: `t-1`, `t-2`, …
    pub async fn data(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let granted = Mutex::new(0);
        Self::everything(move |seen| {
            if seen.path != TOKEN_PATH {
                return answer(seen);
            }
            let mut granted = granted.lock().expect("no panic elsewhere");
            *granted += 1;
            grant(&format!("t-{granted}"))
        })
        .await
    }

    /// Answers everything with `answer`, the token included.
    pub async fn everything(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let log = Arc::new(Mutex::new(Vec::new()));
        let (answer, kept) = (Arc::new(answer), Arc::clone(&log));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&kept));
                tokio::spawn(async move {
                    // A client that hangs up in the middle is part of some tests.
                    let _ = serve(stream, &log, answer.as_ref()).await;
                });
            }
        });
        Self { url: Url::parse(&format!("http://{address}")).expect("a URL"), log }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.log.lock().expect("no panic elsewhere").clone()
    }

    /// Requests that were not for a token.
    pub fn data_requests(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.path != TOKEN_PATH).collect()
    }

    pub fn token_requests(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.path == TOKEN_PATH).collect()
    }
}

async fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Seen>>,
    answer: &(impl Fn(&Seen) -> Reply + ?Sized),
) -> std::io::Result<()> {
    let Some(seen) = receive(&mut stream).await? else { return Ok(()) };
    log.lock().expect("no panic elsewhere").push(seen.clone());
    let reply = answer(&seen);
    tokio::time::sleep(reply.delay).await;
    if let Some(tell) = &reply.leaving {
        tell();
    }
    let mut head = format!("HTTP/1.1 {} X\r\nconnection: close\r\n", reply.status);
    if !reply.headers.iter().any(|(name, _)| *name == "content-length") {
        head.push_str(&format!("content-length: {}\r\n", reply.body.len() + reply.padding));
    }
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    let body = &reply.body[..reply.sent.unwrap_or(reply.body.len())];
    if reply.per_byte.is_zero() {
        stream.write_all(body).await?;
    } else {
        for byte in body {
            stream.write_all(&[*byte]).await?;
            tokio::time::sleep(reply.per_byte).await;
        }
    }
    let spaces = [b' '; 1 << 16];
    let mut left = reply.padding;
    while left > 0 {
        let now = left.min(spaces.len());
        stream.write_all(&spaces[..now]).await?;
        left -= now;
    }
    stream.shutdown().await
}

async fn receive(stream: &mut TcpStream) -> std::io::Result<Option<Seen>> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let header = |name: &str| {
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    };
    let length: usize = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while bytes.len() < head_end + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
    let mut first_line = head.lines().next().unwrap_or_default().split(' ');
    let method = first_line.next().unwrap_or_default().to_owned();
    let target = first_line.next().unwrap_or_default().to_owned();
    let (path, raw_query) = target.split_once('?').unwrap_or((&target, ""));
    Ok(Some(Seen {
        method,
        path: path.to_owned(),
        raw_query: raw_query.to_owned(),
        query: url::form_urlencoded::parse(raw_query.as_bytes()).into_owned().collect(),
        authorization: header("authorization"),
        content_type: header("content-type"),
        body: String::from_utf8_lossy(&bytes[head_end..]).into_owned(),
        at: Instant::now(),
    }))
}

/// Options whose waits are over at once, and whose retries never run out for the whole run.
pub fn options(server: &Server) -> ClientOptions {
    let mut options = ClientOptions::new(server.url.clone(), "an-id", SecretString::from("a-secret"));
    options.workers = 10;
    options.retry = RetryPolicy {
        base_delay: Duration::from_millis(1),
        longest_delay: Duration::from_millis(2),
        retry_after_jitter: Duration::ZERO,
        budget_reserve: 100_000,
        ..RetryPolicy::default()
    };
    options
}

pub fn client(server: &Server) -> SigmaClient {
    client_with(server, |_| {})
}

pub fn client_with(server: &Server, change: impl FnOnce(&mut ClientOptions)) -> SigmaClient {
    let mut options = options(server);
    change(&mut options);
    SigmaClient::new(options, CancellationToken::new()).expect("a client")
}

/// The answer to `/v2/whoami`.
pub fn whoami() -> Reply {
    Reply::json(json!({"userId": "u1", "organizationId": "o1"}))
}
