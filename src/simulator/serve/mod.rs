//! The running simulator: a server on loopback and the handle that owns it.
use std::{
    collections::{BTreeMap, HashMap},
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    faults::{FaultPlan, FaultRule},
    ids::Dice,
    options::Options,
    org::{Mutation, MutationError, Organization},
};

mod breaking;
pub(super) mod call;
mod chaos;
mod control;
mod dispatch;
mod latency;
pub(super) mod routes;
mod stats;
mod token;
mod turnstile;
mod wire;

pub use token::Credential;

/// Where tokens are asked for.
const TOKEN_PATH: &str = "/v2/auth/token";
/// How long [`Simulator::stop`] waits for answers under way.
const GRACE: Duration = Duration::from_secs(2);

/// Why the simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The port cannot be listened on.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Bind {
        /// The port asked for.
        port: u16,
        /// What the operating system says.
        source: std::io::Error,
    },
}

/// An endpoint the simulator serves, as its routing table has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path with its parameters in braces.
    pub path: &'static str,
    /// The query parameter for the size of a page: `limit` or `pageSize`; none where nothing is paged.
    pub size_parameter: Option<&'static str>,
}

/// All endpoints the simulator serves, the token call left out.
pub fn endpoints() -> impl Iterator<Item = Endpoint> {
    routes::ROUTES.iter().map(|route| Endpoint {
        method: route.method,
        path: route.path,
        size_parameter: match route.paging {
            routes::Paging::One | routes::Paging::Bare => None,
            routes::Paging::Token { .. } => Some("pageSize"),
            _ => Some("limit"),
        },
    })
}

/// What all requests share.
pub(super) struct State {
    pub options: Options,
    pub org: RwLock<Organization>,
    pub exports: Mutex<super::handlers::exports::Exports>,
    tokens: token::Tokens,
    stats: stats::Stats,
    turnstile: turnstile::Turnstile,
    latency: latency::Latency,
    faults: FaultPlan,
    chaos: Mutex<Option<chaos::Chaos>>,
    /// The cursors that a listing was asked with, while a fault walks it in circles.
    walks: Mutex<HashMap<String, Vec<String>>>,
    /// What the organisation was, change by change, if somebody watches.
    watched: Mutex<Option<Vec<Value>>>,
    router: routes::Router,
    bucket: Mutex<Bucket>,
    requests: AtomicU64,
}

/// Tokens for [`Options::requests_per_second`].
struct Bucket {
    left: f64,
    filled: Instant,
}

impl State {
    fn new(options: Options) -> Self {
        let org = Organization::generate(&options);
        Self {
            tokens: token::Tokens::new(&options, &org),
            faults: FaultPlan::new(options.seed, options.faults.clone()),
            chaos: Mutex::new(options.chaos.map(chaos::Chaos::new)),
            walks: Mutex::default(),
            watched: Mutex::default(),
            org: RwLock::new(org),
            exports: Mutex::default(),
            stats: stats::Stats::default(),
            turnstile: turnstile::Turnstile::default(),
            latency: latency::Latency::new(options.latency),
            router: routes::Router::new(),
            // A burst of a tenth of a second is allowed, at least one request.
            bucket: Mutex::new(Bucket { left: 1.0, filled: Instant::now() }),
            requests: AtomicU64::new(0),
            options,
        }
    }

    /// A new request's id.
    fn request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        Dice::new(&[self.options.seed, 0x1d, number]).uuid().to_string()
    }

    /// Makes a change.
    fn change(
        &self,
        choose: impl FnOnce(&mut Organization) -> Result<Value, MutationError>,
    ) -> Result<Value, MutationError> {
        let mut org = self.org.write().unwrap_or_else(PoisonError::into_inner);
        let answer = choose(&mut org)?;
        if let Some(watched) = lock(&self.watched).as_mut() {
            watched.push(org.truth());
        }
        Ok(answer)
    }

    /// Ends every fault and all chaos.
    fn heal(&self) {
        self.faults.replace(Vec::new());
        *lock(&self.chaos) = None;
        lock(&self.walks).clear();
    }

    /// Whether another request fits the rate.
    fn admits(&self) -> bool {
        let Some(rate) = self.options.requests_per_second.map(f64::from) else { return true };
        let mut bucket = lock(&self.bucket);
        let now = Instant::now();
        bucket.left = (bucket.left + rate * (now - bucket.filled).as_secs_f64()).min((rate / 10.0).max(1.0));
        bucket.filled = now;
        let admitted = bucket.left >= 1.0;
        if admitted {
            bucket.left -= 1.0;
        }
        admitted
    }
}

/// A lock, also after a panic of another holder: the state is plain data.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running simulator. Dropping it stops the server.
pub struct Simulator {
    state: Arc<State>,
    address: SocketAddr,
    stopping: DropGuard,
    server: tokio::task::JoinHandle<()>,
}

impl Simulator {
    /// Generates the organisation and serves it on 127.0.0.1, on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// If the port cannot be listened on.
    pub async fn start(options: Options) -> Result<Self, SimulatorError> {
        let port = options.port;
        let failed = |source| SimulatorError::Bind { port, source };
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let state = Arc::new(State::new(options));
        let stop = CancellationToken::new();
        let app = dispatch::app(state.clone());
        let stopped = stop.clone().cancelled_owned();
        let server = tokio::spawn(async move {
            let served = axum::serve(wire::Wire(listener), app).with_graceful_shutdown(stopped).await;
            if let Err(error) = served {
                tracing::warn!(%error, "the simulator stopped serving");
            }
        });
        Ok(Self { state, address, stopping: stop.drop_guard(), server })
    }

    /// The base URL, such as `http://127.0.0.1:40123`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The client id of the admin's credential.
    pub fn client_id(&self) -> &str {
        &self.state.tokens.credentials()[0].client_id
    }

    /// The client secret of the admin's credential.
    pub fn client_secret(&self) -> &str {
        &self.state.tokens.credentials()[0].client_secret
    }

    /// The credentials: an admin's, a builder's who is no admin, and a viewer's.
    pub fn credentials(&self) -> Vec<Credential> {
        self.state.tokens.credentials().to_vec()
    }

    /// Looks at the organisation.
    pub fn with<T>(&self, look: impl FnOnce(&Organization) -> T) -> T {
        look(&self.state.org.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the organisation.
    pub fn with_mut<T>(&self, change: impl FnOnce(&mut Organization) -> T) -> T {
        change(&mut self.state.org.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes one change; answers the `id` of what was made, where something was.
    ///
    /// # Errors
    ///
    /// If an object it names does not exist, or it makes no sense.
    pub fn mutate(&self, mutation: &Mutation) -> Result<Value, MutationError> {
        self.state.change(|org| org.apply(mutation))
    }

    /// Makes some change that makes sense, which the seed and the organisation decide; `None` where there is none.
    pub fn change_something(&self, seed: u64) -> Option<Mutation> {
        let mutation = self.with(|org| org.some_change(seed, false))?;
        self.mutate(&mutation).ok().map(|_| mutation)
    }

    /// From now on keeps what the organisation is, and becomes with every change.
    pub fn watch(&self) {
        let truth = self.truth();
        *lock(&self.state.watched) = Some(vec![truth]);
    }

    /// What it was since [`Simulator::watch`], as [`Simulator::truth`] tells it.
    pub fn watched(&self) -> Vec<Value> {
        lock(&self.state.watched).clone().unwrap_or_default()
    }

    /// What a perfect crawler would know; the same as `GET /__truth`.
    pub fn truth(&self) -> Value {
        self.with(Organization::truth)
    }

    /// What has been asked: `requests` by endpoint and status, `by_status`, `total`, `token_calls`, `max_in_flight`,
    /// `faults` that struck, by endpoint and kind.
    pub fn stats(&self) -> Value {
        self.state.stats.json()
    }

    /// Forgets what has been asked.
    pub fn reset_stats(&self) {
        self.state.stats.reset();
    }

    /// Answers so many requests more and lets the others wait, until it is called again.
    pub fn answer_only(&self, most: u64) {
        self.state.turnstile.limit(most);
    }

    /// What was asked since [`answer_only`](Self::answer_only) was called last, each path with its query, and how often; and
    /// how many requests wait.
    pub fn asked(&self) -> (BTreeMap<String, u64>, usize) {
        self.state.turnstile.passed()
    }

    /// Replaces the faults; counters start anew. An empty list heals everything.
    pub fn set_faults(&self, faults: Vec<FaultRule>) {
        self.state.faults.replace(faults);
    }

    /// Lets chaos loose: faults and changes that the seed decides.
    pub fn set_chaos(&self, seed: u64) {
        *lock(&self.state.chaos) = Some(chaos::Chaos::new(seed));
    }

    /// The kinds of fault that chaos has in play.
    pub fn chaos_kinds(&self) -> Vec<String> {
        lock(&self.state.chaos).as_ref().map(|chaos| chaos.kinds().collect()).unwrap_or_default()
    }

    /// Ends every fault and all chaos.
    pub fn heal(&self) {
        self.state.heal();
    }

    /// Every access and refresh token that was ever issued.
    pub fn issued_tokens(&self) -> Vec<String> {
        self.state.tokens.issued()
    }

    /// Makes every access token invalid at once: the next request with one is answered 401.
    pub fn revoke_tokens(&self) {
        self.state.tokens.revoke();
    }

    /// Stops the server once the answers under way are sent, or after two seconds.
    pub async fn stop(self) {
        let Self { stopping, mut server, .. } = self;
        drop(stopping);
        if tokio::time::timeout(GRACE, &mut server).await.is_err() {
            server.abort();
        }
    }
}
