//! What an extraction would ask, derived from the table of the crawl: nothing is read but a handful of counts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::carry::Carry;
use super::check::AnyRow;
use super::error::CrawlError;
use super::graph::{self, ORGANISATION, Step};
use super::organisation::{Counted, document_listings, file_types_on, files_of};
use super::permissions::{PERMISSION_SCOPES, Permissions};
use super::token::Token;
use crate::catalog::delivery::scope;
use crate::config::{Grants, Previews, Settings};
use crate::sigma::{Call, Paging, SigmaClient, TokenLevel};
use crate::store::{Catalog, Earlier, Sizes};

/// One endpoint that would be asked.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedStep {
    /// What it is for.
    pub what: &'static str,
    /// Its path.
    pub endpoint: &'static str,
    /// What it is asked for: the organisation, or each object of that kind.
    pub of: &'static str,
    /// How many requests it takes; `None` where that is known only when the objects are listed.
    pub requests: Option<u64>,
    /// The setting that turns it off; `None`: nothing does.
    pub setting: Option<&'static str>,
    /// Whose credentials it takes: `any` or `admin`.
    pub token: &'static str,
    /// What else there is to know.
    pub note: Option<&'static str>,
}

/// How grants would be asked for.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedGrants {
    /// `object`, `principal`, or `undecided` until everything is listed.
    pub by: &'static str,
    /// Why.
    pub why: String,
}

/// Everything an extraction would ask.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// The published run whose sizes were taken; `None`: the server's own counts, where it gives some.
    pub sizes_of_run: Option<i64>,
    /// Requests in flight at once.
    pub concurrency: usize,
    /// How many documents would be asked for their contents although nothing shows that they changed; `None`: their number
    /// is not known.
    pub asked: Option<usize>,
    /// How many would be asked only if they changed.
    pub carried: usize,
    /// Endpoint by endpoint.
    pub steps: Vec<PlannedStep>,
    /// How grants would be asked for.
    pub grants: PlannedGrants,
    /// Requests that can be told beforehand, those for token and credentials included.
    pub requests: u64,
    /// Steps whose requests cannot be told beforehand.
    pub unknown_steps: usize,
    /// What that takes at least, in seconds, when each answer takes as long as those of this plan's own questions.
    pub seconds: f64,
    /// Whether filters narrow what is asked: the figures do not know them.
    pub filtered: bool,
}

/// Requests before the first listing: a token, whose it is, whether that is an administrator.
const FIRST: u64 = 3;

/// Plans an extraction, one of every document if `full`. Asks Sigma who owns the token, and for counts where there is no
/// catalog to take them from.
pub async fn plan(client: &SigmaClient, settings: &Settings, full: bool) -> Result<Plan, CrawlError> {
    let begun = Instant::now();
    let token = Token::ask(client).await?;
    let path = &settings.catalog.database;
    let catalog = if path.exists() { Some(Catalog::open(path)?) } else { None };
    let earlier = match &catalog {
        Some(_) => Some(Arc::new(Earlier::open(path)?)),
        None => None,
    };
    let (asked, carried) = match &earlier {
        Some(earlier) => documents(earlier, settings, &token, full)?,
        None => (Vec::new(), 0),
    };
    let permissions = Permissions::new(earlier, full, &settings.crawl, &token);
    let sizes = catalog.as_ref().map(|catalog| catalog.sizes(&asked)).transpose()?.flatten();
    let objects = match &sizes {
        Some(sizes) => sizes.objects.clone(),
        None => totals(client, settings, &token).await,
    };
    let calls = client.stats().http_calls().max(1);
    let latency = begun.elapsed() / u32::try_from(calls).unwrap_or(u32::MAX);
    let grants = grants(settings, &token, sizes.as_ref());
    let asked_count = sizes.is_some().then_some(asked.len());
    let known = permissions.are_carried();
    let numbers =
        Numbers { settings, objects, asked, known, catalog: sizes.is_some().then_some(catalog).flatten() };
    let mut steps = Vec::new();
    for step in graph::STEPS.iter().filter(|step| step.is_on(&settings.crawl)) {
        if let Some(planned) = numbers.planned(step, &token, &grants)? {
            steps.push(planned);
        }
    }
    let requests = FIRST + steps.iter().filter_map(|step| step.requests).sum::<u64>();
    let concurrency = settings.crawl.concurrency;
    Ok(Plan {
        sizes_of_run: sizes.map(|sizes| sizes.run_id),
        concurrency,
        asked: asked_count,
        carried,
        unknown_steps: steps.iter().filter(|step| step.requests.is_none()).count(),
        seconds: duration(requests, latency, concurrency, settings.sigma.requests_per_second.map(u32::from)),
        steps,
        grants,
        requests,
        filtered: !settings.crawl.filters.is_empty(),
    })
}

/// The documents that would be asked for their contents if none of them changed, and how many others there are.
fn documents(
    earlier: &Arc<Earlier>,
    settings: &Settings,
    token: &Token,
    full: bool,
) -> Result<(Vec<String>, usize), CrawlError> {
    let known = earlier.documents_read()?;
    let carry = Carry::new(Some(Arc::clone(earlier)), full, &settings.crawl, token);
    let all = known.len();
    let asked =
        known.into_iter().filter(|document| carry.is_due_anyway(document)).map(|document| document.id);
    let asked: Vec<String> = asked.collect();
    let carried = all - asked.len();
    Ok((asked, carried))
}

/// How long requests take: in turns of as many as go at once, and no faster than the pace allows.
fn duration(requests: u64, latency: Duration, concurrency: usize, per_second: Option<u32>) -> f64 {
    let turns = requests.div_ceil(concurrency.max(1) as u64) as f64 * latency.as_secs_f64();
    per_second.map_or(turns, |pace| turns.max(requests as f64 / f64::from(pace)))
}

/// The server's own counts, where its listings carry one: a page of one row each.
async fn totals(client: &SigmaClient, settings: &Settings, token: &Token) -> BTreeMap<String, u64> {
    let mut calls: Vec<(String, Call)> = Vec::new();
    for step in graph::STEPS.iter().filter(|step| step.scope == scope::DOCUMENTS) {
        if step.is_on(&settings.crawl) && step.endpoint.spec().paging == Paging::PageLimit {
            let listings = document_listings(step.of, step, &settings.crawl, token.is_admin());
            calls.extend(listings.into_iter().take(1).map(|call| (step.of.to_owned(), call)));
        }
    }
    if let Some(step) = graph::find(scope::FILES, ORGANISATION) {
        calls.push(("file:folder".to_owned(), files_of(step, "folder")));
    }
    let mut totals = BTreeMap::new();
    for (what, call) in calls {
        let mut listing = client.list::<AnyRow>(call.query("limit", "1"));
        // What is not answered is not known; the extraction itself will say why.
        if listing.next_page().await.is_ok()
            && let Some(total) = listing.report().total
        {
            if what != "file:folder" {
                totals.insert(format!("live:{what}"), total);
                totals.insert(format!("contents:{what}"), total);
                totals.insert(format!("file:{what}"), total);
            }
            totals.insert(what, total);
        }
    }
    totals
}

fn grants(settings: &Settings, token: &Token, sizes: Option<&Sizes>) -> PlannedGrants {
    let setting = settings.crawl.grants;
    let said = |by, why: &str| PlannedGrants { by, why: why.to_owned() };
    match (setting, sizes) {
        (Grants::Object, _) => said("object", "`crawl.grants` says so"),
        (Grants::Principal, _) => said("principal", "`crawl.grants` says so"),
        (Grants::Auto, _) if !token.is_admin() => {
            said("object", "only an administrator may ask what others were granted")
        }
        (Grants::Auto, None) => {
            said("undecided", "whichever takes fewer requests, once members, teams and objects are listed")
        }
        (Grants::Auto, Some(sizes)) => {
            let counted = Counted::of_sizes(&sizes.objects);
            let before = sizes.grants_by_principal;
            let by = counted.prefer_principals(setting, true, before);
            let principals = counted.members + counted.teams;
            let why = if before {
                "the published catalog was made so".to_owned()
            } else {
                format!("{principals} members and teams, {} documents and folders", counted.objects)
            };
            PlannedGrants { by: if by { "principal" } else { "object" }, why }
        }
    }
}

/// What is known of the sizes.
struct Numbers<'a> {
    settings: &'a Settings,
    objects: BTreeMap<String, u64>,
    /// The documents that would be asked for their contents.
    asked: Vec<String>,
    /// Permissions would be carried.
    known: bool,
    catalog: Option<Catalog>,
}

impl Numbers<'_> {
    /// How many there are; of what a known catalog does not mention there is none.
    fn count(&self, what: &str) -> Option<u64> {
        self.objects.get(what).copied().or(self.catalog.as_ref().map(|_| 0))
    }

    /// The line of a step; `None` if it would not be asked.
    fn planned(
        &self,
        step: &Step,
        token: &Token,
        grants: &PlannedGrants,
    ) -> Result<Option<PlannedStep>, CrawlError> {
        let spec = step.endpoint.spec();
        let mut planned = PlannedStep {
            what: step.feature,
            endpoint: spec.path,
            of: step.of,
            requests: None,
            setting: step.setting,
            token: if spec.level == TokenLevel::Admin { "admin" } else { "any" },
            note: None,
        };
        if step.fallback {
            // What an earlier run found is asked for again: elements on no page, and those of data models for their SQL.
            let known = match (step.scope, step.of) {
                (scope::ELEMENTS, of) => self.objects.get(&format!("beside-pages:{of}")),
                (scope::QUERIES, "data-model") => self.objects.get("element:data-model"),
                _ => None,
            };
            planned.requests = Some(known.copied().unwrap_or(0));
            planned.note = Some("only where the bulk endpoint cannot answer");
            return Ok(Some(planned));
        }
        if spec.level == TokenLevel::Admin && !token.is_admin() {
            planned.requests = Some(0);
            planned.note = Some("skipped: these credentials are not an administrator's");
            return Ok(Some(planned));
        }
        if self.known && PERMISSION_SCOPES.contains(&step.scope) {
            planned.requests = Some(0);
            planned.note = Some("known from an earlier run: `crawl.grants_every` lets it stand");
            return Ok(Some(planned));
        }
        let pages = |rows: u64| rows.div_ceil(u64::from(spec.page_size.max(1))).max(1);
        planned.requests = match step.scope {
            scope::FILES => {
                let on = file_types_on(&self.settings.crawl);
                // A type whose size is not known is one page at least.
                Some(on.map(|of| pages(self.count(&format!("file:{of}")).unwrap_or(0))).sum())
            }
            scope::DOCUMENTS => {
                let again =
                    u64::from(self.settings.crawl.archived && matches!(step.of, "workbook" | "report"));
                self.count(step.of).map(|rows| pages(rows) + again)
            }
            scope::OBJECT_GRANTS if step.of == "object" => match grants.by {
                "object" => self.catalog.as_ref().map(|_| Counted::of_sizes(&self.objects).objects as u64),
                "principal" => return Ok(None),
                _ => None,
            },
            scope::MEMBER_GRANTS | scope::TEAM_GRANTS => match grants.by {
                // One question goes ahead: whether an administrator may ask this.
                "principal" => {
                    let first =
                        step.scope == scope::MEMBER_GRANTS && self.settings.crawl.grants == Grants::Auto;
                    self.count(step.of).map(|objects| objects + u64::from(first))
                }
                _ => return Ok(None),
            },
            scope::PREVIEWS => {
                planned.note =
                    Some("at most; pages whose workbook has no new version are not exported again");
                // An image is mostly not ready when it is asked for first.
                let each = if step.of == "workbook" { 1 } else { 2 };
                let of = match self.settings.crawl.previews.mode {
                    Previews::Pages => "page:workbook",
                    _ => "contents:workbook",
                };
                self.count(of).map(|images| images * each)
            }
            scope::PAGE_ELEMENTS => self.count(&format!("page:{}", step.of)),
            _ if step.of == ORGANISATION => self.count(step.becomes).map(pages),
            _ if graph::DOCUMENT_KINDS.contains(&step.of) => {
                let is_of_all = step.changes_unseen(&self.settings.crawl);
                let asked = (!is_of_all).then_some(self.asked.as_slice());
                let further = match &self.catalog {
                    _ if spec.paging == Paging::Bare => 0,
                    Some(catalog) => catalog.further_pages(step.becomes, step.of, spec.page_size, asked)?,
                    None => 0,
                };
                let which = if is_of_all { "live" } else { "contents" };
                self.count(&format!("{which}:{}", step.of)).map(|documents| documents + further)
            }
            // Data permissions are asked for in every run.
            scope::CONNECTION_GRANTS if step.of == "table" => self.count("any-table"),
            _ => self.count(step.of),
        };
        Ok(Some(planned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_in_turns_and_no_faster_than_the_pace() {
        let tenth = Duration::from_millis(100);
        assert!((duration(100, tenth, 4, None) - 2.5).abs() < 1e-9);
        assert!((duration(101, tenth, 4, None) - 2.6).abs() < 1e-9);
        assert!((duration(100, tenth, 4, Some(10)) - 10.0).abs() < 1e-9);
        assert!((duration(100, tenth, 4, Some(1000)) - 2.5).abs() < 1e-9);
    }
}
