//! What must hold after every run, whatever happened to it, and what must hold after the heal.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use serde_json::Value;
use sigma_catalog::access::{Access, Scratch};
use sigma_catalog::catalog::TABLES;
use sigma_catalog::catalog::delivery::Outcome;
use sigma_catalog::crawl::Exit;
use sigma_catalog::sigma::RetryPolicy;
use sigma_catalog::store::{Catalog, RunState, schema};

use crate::context::{Context, rows_of};
use crate::run::Came;
use crate::truth::{Asked, Query, compare, held};

/// The rows of the catalog, or of the organisation, by kind.
type Rows = BTreeMap<&'static str, BTreeSet<String>>;

/// Derived from rows of several listings: what a part of them gives, or one from before and one from after a change, the
/// source never had.
const DERIVED: [&str; 3] = ["/column_lineage", "/objects/sql-table", "/lineage"];

/// What the catalog was before a run.
#[derive(Debug, Clone, Default, PartialEq)]
struct Before {
    published: Option<String>,
    runs: usize,
    held: Rows,
}

/// The story of a seed, and what is compared from run to run.
pub struct Books {
    asked: Asked,
    seed: u64,
    /// Whether listings come in several small pages.
    paged: bool,
    told: Vec<String>,
    before: Before,
    /// What the organisation is and became since the last run that was published: a run that is resumed may hold rows that
    /// an earlier one read.
    watching: bool,
    /// The most requests that the run before may have had under way when it was dropped.
    dropped: u64,
}

impl Books {
    pub fn open(context: &Context, asked: Asked, seed: u64, paged: bool) -> Self {
        let told =
            vec![format!("seed {seed}, everything {}, by object {}", asked.everything, asked.by_object)];
        context.simulator.watch();
        Self { asked, seed, paged, told, before: Before::default(), watching: true, dropped: 0 }
    }

    /// Notes what happens.
    pub fn tell(&mut self, what: String) {
        self.told.push(what);
    }

    /// What happened so far.
    pub fn story(&self) -> String {
        self.told.join("\n")
    }

    pub fn expect(&self, holds: bool, otherwise: impl FnOnce() -> String) {
        assert!(holds, "{}\nBROKEN: {}", self.story(), otherwise());
    }

    fn same<T: PartialEq + std::fmt::Debug>(&self, one: T, other: T, what: &str) {
        self.expect(one == other, || format!("{what}: {one:?} is not {other:?}"));
    }

    pub fn last_run(&self) -> Option<i64> {
        i64::try_from(self.before.runs).ok()
    }

    /// Whether the last run went on with what an earlier one has read.
    pub fn resumed(&self, context: &Context) -> bool {
        let resumed = "SELECT 1 FROM run_event WHERE code = 'run.resumed' \
                       AND run_id = (SELECT max(run_id) FROM run)";
        catalog_of(context).is_some_and(|catalog| !rows_of(&catalog, resumed).is_empty())
    }

    /// The last run was broken off, with at most that many requests under way.
    pub fn note_dropped(&mut self, requests: u64) {
        self.dropped = requests;
    }

    /// A run is about to begin.
    pub fn begin(&mut self, context: &Context) {
        if !self.watching {
            context.simulator.watch();
            self.watching = true;
        }
    }

    fn now(rows: Query<'_>) -> Before {
        Before {
            published: rows("SELECT published_run FROM catalog_state").pop().filter(|run| run != "0"),
            runs: rows("SELECT 1 FROM run").len(),
            held: held(rows).map(|(kind, rows)| (kind, rows.into_iter().collect())).collect(),
        }
    }

    /// The rows of each state that the organisation had.
    fn states(&self, context: &Context) -> Vec<Rows> {
        let states = context.simulator.watched();
        let rows = |truth: &Value| {
            let compared = compare(truth, self.asked, &|_| Vec::new()).into_iter();
            compared.map(|kind| (kind.kind, kind.expected.into_iter().collect())).collect()
        };
        states.iter().map(rows).collect()
    }

    /// A run has ended. Its state in the ledger, or `none` if it left no trace there.
    pub fn check(&mut self, context: &Context, came: &Came, full: bool) -> String {
        let stats = context.simulator.stats();
        self.tell(format!("asked: {} {}", stats["by_status"], stats["faults"]));
        self.expect(!matches!(came, Came::Hung), || "the run did not end in time".to_owned());
        self.keeps_secrets(context, came);
        self.is_bounded(&stats, came);
        let catalog = catalog_of(context);
        self.expect(catalog.is_some() || self.before == Before::default(), || {
            "the catalog is gone".to_owned()
        });
        let ask = |sql: &str| rows_of(catalog.as_ref().expect("a catalog"), sql);
        let rows: Query<'_> = &ask;
        let now = if catalog.is_some() { Self::now(rows) } else { Before::default() };
        let moved = now.published != self.before.published;
        let state = self.agrees_with_the_ledger(rows, came, &stats, &now, moved);
        self.tell(format!("ended: {state}"));
        if catalog.is_none() {
            return state;
        }
        self.same(rows("PRAGMA integrity_check"), vec!["\"ok\"".to_owned()], "integrity");
        self.is_closed(rows);
        if moved {
            self.is_a_state_of_the_source(context, rows, &now, full && state == "published");
            self.watching = false;
        } else {
            self.is_unchanged(&now);
        }
        self.before = now;
        state
    }

    /// 1: what the run says, what the ledger says and what happened are one.
    fn agrees_with_the_ledger(
        &self,
        rows: Query<'_>,
        came: &Came,
        stats: &Value,
        now: &Before,
        moved: bool,
    ) -> String {
        let row = |run: Option<i64>| -> (String, String) {
            let run = run.map_or("(SELECT max(run_id) FROM run)".to_owned(), |run| run.to_string());
            let rows = rows(&format!("SELECT state, exit_code FROM run WHERE run_id = {run}"));
            let (state, code) = rows[0].split_once(" | ").expect("two columns");
            (state.trim_matches('"').to_owned(), code.to_owned())
        };
        let begun = now.runs > self.before.runs;
        let (state, code) = if begun { row(None) } else { ("none".to_owned(), "null".to_owned()) };
        match came {
            Came::Gone | Came::Hung => {}
            Came::Exited(exit, said) => {
                let expected = if begun { code.clone() } else { exit.to_string() };
                self.same(
                    exit.to_string(),
                    expected,
                    &format!("the exit code of the binary, which said {said}"),
                );
            }
            Came::Ended(Ok(report), _) => {
                self.same(Some(report.outcome.run_id), self.last(now), "the run of the report");
                self.same(report.outcome.state.name(), state.as_str(), "the state of the report");
                let exit = Exit::of_state(report.outcome.state).code();
                self.same(exit.to_string(), code.clone(), "the exit code of the report");
                let rejected = report.outcome.state == RunState::Rejected;
                self.same(rejected, !report.outcome.refusals.is_empty(), "rejected and refusals");
            }
            Came::Ended(Err(failure), _) => {
                let exit = Exit::from(&failure.error);
                self.expect(exit != Exit::Internal, || format!("a defect: {}", failure.error));
                let blamed = blamed(exit, stats);
                self.expect(blamed, || format!("nothing explains exit {}: {}", exit.code(), failure.error));
                if failure.run_id.is_some() {
                    let expected = if exit == Exit::Interrupted { "interrupted" } else { "failed" };
                    self.same(state.as_str(), expected, "the state of a run that failed");
                    let stopped = if exit == Exit::Interrupted { Exit::Terminated } else { exit };
                    self.same(code.clone(), stopped.code().to_string(), "the exit code of a failure");
                }
                self.same(
                    failure.run_id,
                    if begun { self.last(now) } else { None },
                    "the run of the failure",
                );
            }
        }
        self.same(moved, state.starts_with("published"), &format!("whether {state} is what readers see"));
        let good = Outcome::ALL.map(|outcome| (outcome.is_good(), format!("'{}'", outcome.name())));
        let good: Vec<String> = good.into_iter().filter(|(good, _)| *good).map(|(_, name)| name).collect();
        if moved {
            let deficient = rows(&format!(
                "SELECT endpoint, parent_id, outcome, error_code FROM fetch_scope WHERE outcome NOT IN ({}) \
                 AND run_id = (SELECT published_run FROM catalog_state)",
                good.join(", ")
            ));
            self.same(
                state == "published_partial",
                !deficient.is_empty(),
                &format!("partial: {deficient:?}"),
            );
        }
        state
    }

    fn last(&self, now: &Before) -> Option<i64> {
        i64::try_from(now.runs).ok()
    }

    /// What readers see is what they saw.
    fn is_unchanged(&self, now: &Before) {
        for (kind, held) in &now.held {
            // Where there was no catalog there is an empty one.
            let none = BTreeSet::new();
            let before = self.before.held.get(kind).unwrap_or(&none);
            self.expect(held == before, || {
                let changed: Vec<_> = held.symmetric_difference(before).take(5).collect();
                format!("nothing was published, but {kind} changed: {changed:#?}")
            });
        }
    }

    /// 2 and 3: every row was a row of the source while it was read, or is one that was carried; and what was there all
    /// along is not gone. Where the run says that it is whole, nothing is carried, and nothing is missing.
    fn is_a_state_of_the_source(&self, context: &Context, rows: Query<'_>, now: &Before, whole: bool) {
        let states = self.states(context);
        // By 409 Sigma says that a source is archived and that it lists none of them: what was known of them stays. It is a
        // fault of chaos as well.
        let untold: BTreeSet<String> = rows(
            "SELECT parent_id FROM fetch_scope WHERE endpoint = 'sources' AND outcome = 'excluded' \
             AND run_id = (SELECT published_run FROM catalog_state)",
        )
        .into_iter()
        .collect();
        let is_untold = |kind: &str, row: &str| {
            kind == "/objects/source"
                && row.split(" | ").next().is_some_and(|document| untold.contains(document))
        };
        for (kind, held) in now.held.iter().filter(|(kind, _)| !self.is_blurred(kind, whole)) {
            let always = |row: &String| states.iter().all(|state| state[kind].contains(row));
            let none = BTreeSet::new();
            let before = self.before.held.get(kind).unwrap_or(&none);
            let is_mixed = states.len() > 1 && DERIVED.contains(kind);
            let invented: Vec<_> = (held.iter())
                .filter(|row| states.iter().all(|state| !state[kind].contains(*row)))
                .filter(|row| whole || !(before.contains(*row) || DERIVED.contains(kind)))
                .filter(|row| !is_mixed && !is_untold(kind, row))
                .take(5)
                .collect();
            self.expect(invented.is_empty(), || format!("{kind} that the source never had: {invented:#?}"));
            let lost: Vec<_> = (before.iter())
                .filter(|row| !is_mixed && always(row) && !held.contains(*row))
                .take(5)
                .collect();
            self.expect(lost.is_empty(), || format!("{kind} removed although there: {lost:#?}"));
            let missing: Vec<_> = states[0][kind]
                .iter()
                .filter(|row| !is_mixed && whole && always(row) && !held.contains(*row))
                .take(5)
                .collect();
            self.expect(missing.is_empty(), || format!("{kind} missing in a whole run: {missing:#?}"));
        }
    }

    /// Controls have no id, so that of two that look alike on two pages only one is known to be meant, and where rows repeat
    /// two of one.
    fn is_blurred(&self, kind: &str, whole: bool) -> bool {
        (self.paged || !whole) && kind == "/objects/control"
    }

    /// 2: nothing that is published belongs to something that was removed.
    fn is_closed(&self, rows: Query<'_>) {
        for table in TABLES {
            let mut parents: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
            for parent in table.child_of {
                parents.entry(parent.column).or_default().push((parent.table, parent.key));
            }
            if table.in_document {
                parents.entry("document_id").or_default().push(("document", "id"));
            }
            for (column, parents) in parents {
                let keys = |suffix: &str| -> String {
                    let each =
                        parents.iter().map(|(table, key)| format!("SELECT \"{key}\" FROM {table}{suffix}"));
                    each.collect::<Vec<_>>().join(" UNION ")
                };
                // What is staged was never published.
                let ever = keys("_history WHERE valid_from <= (SELECT published_run FROM catalog_state)");
                let now = keys("");
                let orphans = rows(&format!(
                    "SELECT DISTINCT \"{column}\" FROM {} WHERE \"{column}\" IN ({ever}) AND \"{column}\" NOT IN ({now})",
                    table.name
                ));
                self.expect(orphans.is_empty(), || format!("{} of no {parents:?}: {orphans:?}", table.name));
            }
        }
    }

    /// 5: requests and token calls are bounded.
    fn is_bounded(&self, stats: &Value, came: &Came) {
        let number = |value: &Value| value.as_u64().unwrap_or(0);
        let sum = |counts: &Value| -> u64 {
            counts.as_object().into_iter().flat_map(|counts| counts.values()).map(number).sum()
        };
        let token = &stats["requests"]["POST /v2/auth/token"];
        let refused = number(&stats["by_status"]["401"]) - number(&token["401"]);
        let spoilt = sum(&stats["faults"]["POST /v2/auth/token"]);
        let calls = number(&stats["token_calls"]);
        self.expect(calls <= 1 + refused + spoilt, || {
            format!("{calls} calls for a token: {refused} tokens were refused, {spoilt} calls were spoilt")
        });
        let total = number(&stats["total"]);
        self.expect(total < 20_000, || format!("{total} requests"));
        let Came::Ended(ended, client) = came else { return };
        let reserve = u64::from(RetryPolicy::default().budget_reserve);
        let allowed = reserve + client.http_calls() / 5 + client.refused() + calls;
        self.expect(client.retries <= allowed, || format!("{} retries, {allowed} allowed", client.retries));
        if ended.is_ok() {
            // What a dropped run had asked may be answered, and counted, when the next one has begun.
            let counted = client.http_calls()..=client.http_calls() + self.dropped;
            self.expect(counted.contains(&total), || {
                format!("the client counts {} requests and the server {total}", client.http_calls())
            });
        }
    }

    /// 6: no secret in any file or word; no address in any word.
    fn keeps_secrets(&self, context: &Context, came: &Came) {
        let mut secrets = context.simulator.issued_tokens();
        secrets.push(context.simulator.client_secret().to_owned());
        for file in std::fs::read_dir(context.folder.path()).expect("a folder") {
            let path = file.expect("a file").path();
            let bytes = std::fs::read(&path).unwrap_or_default();
            for secret in &secrets {
                let found = memchr::memmem::find(&bytes, secret.as_bytes()).is_some();
                self.expect(!found, || format!("a secret in {}", path.display()));
            }
        }
        let said = match came {
            Came::Exited(_, said) => said.clone(),
            Came::Ended(Err(failure), _) => format!("{} {failure:?}", failure.error),
            _ => return,
        };
        let truth = context.simulator.truth();
        let members = truth["objects"]["member"].as_array().expect("members").iter();
        secrets.extend(members.filter_map(|member| member["email"].as_str()).map(str::to_owned));
        let leaked: Vec<_> = secrets.iter().filter(|secret| said.contains(secret.as_str())).collect();
        self.expect(leaked.is_empty(), || format!("{leaked:?} in {said}"));
    }
}

/// The catalog, if there is one: who is killed early may leave a file that is none yet.
fn catalog_of(context: &Context) -> Option<Connection> {
    let catalog = context.database().exists().then(|| context.catalog())?;
    let version =
        catalog.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)).expect("a version");
    // What is read are views, which come last.
    let views = rows_of(&catalog, "SELECT 1 FROM sqlite_schema WHERE name = 'member'");
    (version == schema::VERSION && !views.is_empty()).then_some(catalog)
}

/// Whether what the server did explains that exit code.
fn blamed(exit: Exit, stats: &Value) -> bool {
    let answered = |status: u16| stats["by_status"].get(status.to_string()).is_some();
    match exit {
        Exit::Auth => answered(401),
        Exit::Permission => answered(403),
        Exit::Unavailable => stats["faults"].as_object().is_some_and(|faults| !faults.is_empty()),
        Exit::Interrupted => true,
        _ => false,
    }
}

/// 4: after the heal the catalog is the organisation, and says who may do what as the organisation does.
pub fn converged(context: &Context, books: &Books) {
    let catalog = context.catalog();
    let compared = compare(&context.simulator.truth(), books.asked, &|sql| rows_of(&catalog, sql));
    let compared = compared.iter().filter(|kind| !books.is_blurred(kind.kind, true));
    let differences: String = compared.map(|kind| kind.differences()).collect();
    books.expect(differences.is_empty(), || {
        format!("not the organisation (seed {}): {differences}", books.seed)
    });

    let ids = |sql: &str| -> BTreeSet<String> {
        rows_of(&catalog, sql).iter().map(|id| id.trim_matches('"').to_owned()).collect()
    };
    let catalogued = ids("SELECT id FROM workspace UNION SELECT id FROM file UNION SELECT id FROM document");
    // The simulator's books know nothing of what being an administrator gives.
    let people = ids("SELECT id FROM member WHERE lower(member_type) <> 'admin'");
    let word = |row: &Value, key: &str| row[key].as_str().expect(key).to_owned();
    let truth = context.simulator.with(|organisation| organisation.access());
    let expected: BTreeSet<_> = (truth.as_array().expect("rows").iter())
        .map(|row| (word(row, "member"), word(row, "inode"), word(row, "permission")))
        .filter(|(member, inode, _)| people.contains(member) && catalogued.contains(inode))
        .collect();
    let (_, facts) =
        Catalog::open(&context.database()).and_then(|catalog| catalog.facts(None)).expect("facts");
    let (access, mut scratch) = (Access::new(&facts), Scratch::default());
    let mut found = BTreeSet::new();
    for object in 0..access.objects().len() as u32 {
        access.expand(object, &mut scratch, |member, answer| {
            if let Some(row) = access.holding(member, object, &answer)
                && people.contains(row.member_id)
            {
                let level = row.level.replace("owner", "edit");
                found.insert((row.member_id.to_owned(), row.object_id.to_owned(), level));
            }
        });
    }
    let differs: Vec<_> = found.symmetric_difference(&expected).take(5).collect();
    books.expect(differs.is_empty() && !found.is_empty(), || format!("access differs: {differs:#?}"));
}
