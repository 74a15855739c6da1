//! Whether an extraction would work: one question to each endpoint of the crawl, one line for each answer.

use serde::{Deserialize, Serialize};

use super::audience::AudienceError;
use super::graph::{self, ORGANISATION, Step};
use super::token::Token;
use super::worker::is_told_of_no_more;
use crate::catalog::delivery::scope;
use crate::config::{CrawlSettings, PermissionSettings};
use crate::sigma::model::{Row, RowKey};
use crate::sigma::{Call, ErrorKind, Paging, SigmaClient, SigmaError};

/// How an endpoint answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// As it should.
    Ok,
    /// That there is nothing of the kind for the object it was asked about, which is an answer.
    Nothing,
    /// The credentials may not.
    Denied,
    /// Not asked: turned off, or there is no object to ask about.
    NotAsked,
    /// In no useful way.
    Failed,
}

/// One line of the check.
#[derive(Debug, Clone, Serialize)]
pub struct Probe {
    /// What it is for.
    pub feature: String,
    /// The endpoint's path.
    pub endpoint: &'static str,
    /// How it answered.
    pub answer: Answer,
    /// What it said.
    pub detail: String,
    /// What to do, where something should be done.
    pub remedy: Option<String>,
    /// Without it there is no extraction.
    pub essential: bool,
    /// What kind of failure it is, for the exit code.
    #[serde(skip)]
    pub error: Option<ErrorKind>,
}

/// A row of any kind, of which only the ids matter.
#[derive(Debug, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AnyRow {
    #[serde(flatten)]
    fields: serde_json::Map<String, serde_json::Value>,
}

impl Row for AnyRow {
    fn name(&self, _: &mut RowKey) {}
}

impl AnyRow {
    fn text(&self, key: &str) -> Option<String> {
        self.fields.get(key)?.as_str().map(str::to_owned)
    }

    fn is_archived(&self) -> bool {
        self.fields.get("isArchived").is_some_and(|archived| archived == true)
    }
}

/// The objects found so far that later questions can be about.
#[derive(Debug, Default)]
struct Known {
    /// Kind of object and id.
    ids: Vec<(&'static str, String)>,
}

impl Known {
    fn get(&self, kind: &str) -> Option<&str> {
        self.ids.iter().find(|(known, _)| *known == kind).map(|(_, id)| id.as_str())
    }

    fn note(&mut self, kind: &'static str, id: Option<String>) {
        if let (None, Some(id)) = (self.get(kind), id) {
            self.ids.push((kind, id));
        }
    }
}

/// The key that holds the id of a listed object, and the kind it is an example of.
fn example_of(step: &Step) -> Option<(&'static str, &'static str)> {
    Some(match (step.scope, step.of) {
        (scope::WORKSPACES, _) => ("workspaceId", "workspace"),
        (scope::DOCUMENTS, "workbook") => ("workbookId", "workbook"),
        (scope::DOCUMENTS, "report") => ("reportId", "report"),
        (scope::DOCUMENTS, "data-model") => ("dataModelId", "data-model"),
        (scope::DOCUMENTS, "dataset") => ("datasetId", "dataset"),
        (scope::TEAMS, _) => ("teamId", "team"),
        (scope::MEMBERS, _) => ("memberId", "member"),
        (scope::ACCOUNT_TYPES, _) => ("accountTypeId", "account-type"),
        (scope::USER_ATTRIBUTES, _) => ("userAttributeId", "user-attribute"),
        (scope::CONNECTIONS, _) => ("connectionId", "connection"),
        (scope::PAGES, "workbook") => ("pageId", "workbook page"),
        (scope::PAGES, "report") => ("pageId", "report page"),
        _ => return None,
    })
}

/// What the credentials' owner has to be for each feature: any user, or an administrator.
const FEATURES: &[(&str, bool)] = &[
    ("basic extraction", false),
    ("permission mirroring", true),
    ("full member discovery", true),
    ("grants of workspaces", true),
];

/// Whether the token is good enough, feature by feature. While permissions are mirrored, one that is not an
/// administrator's cannot extract.
pub fn token_levels(token: &Token, settings: &PermissionSettings) -> Vec<Probe> {
    let ways_out = AudienceError::NotAdministrator.remedy();
    FEATURES
        .iter()
        .map(|(feature, needs_admin)| {
            let enough = !needs_admin || token.is_admin();
            let needed = settings.mirroring && *feature == "permission mirroring";
            Probe {
                feature: format!("token: {feature}"),
                endpoint: "",
                answer: if enough { Answer::Ok } else { Answer::Denied },
                detail: if *needs_admin { "needs an administrator's" } else { "any user's will do" }
                    .to_owned(),
                remedy: (!enough && needed).then(|| ways_out.to_owned()),
                essential: needed,
                error: (!enough).then_some(ErrorKind::Forbidden),
            }
        })
        .collect()
}

/// Asks every endpoint of the crawl once.
pub async fn probe(client: &SigmaClient, settings: &CrawlSettings, token: &Token) -> Vec<Probe> {
    let mut known = Known::default();
    let mut probes = Vec::new();
    for step in graph::STEPS.iter().filter(|step| !step.fallback) {
        probes.push(ask(client, settings, token, step, &mut known).await);
        if step.scope == scope::DOCUMENTS
            && let Some(id) = known.get(step.of).map(str::to_owned)
        {
            known.note("object", Some(id));
        }
    }
    probes
}

async fn ask(
    client: &SigmaClient,
    settings: &CrawlSettings,
    token: &Token,
    step: &Step,
    known: &mut Known,
) -> Probe {
    let feature =
        if step.of == ORGANISATION || step.scope == scope::DOCUMENTS || step.becomes == "object_grant" {
            step.feature.to_owned()
        } else {
            let article = if step.of.starts_with(['a', 'e']) { "an" } else { "a" };
            format!("{} of {article} {}", step.feature, step.of.replace('-', " "))
        };
    let mut probe = Probe {
        feature,
        endpoint: step.endpoint.spec().path,
        answer: Answer::NotAsked,
        detail: String::new(),
        remedy: None,
        essential: step.essential,
        error: None,
    };
    if !step.is_on(settings) {
        probe.detail = format!("`{}` is off", step.setting.unwrap_or_default());
        return probe;
    }
    if step.scope == scope::PREVIEWS {
        probe.detail = "not tried, because an export runs warehouse queries".to_owned();
        return probe;
    }
    let call = match call_of(step, token, known) {
        Ok(call) => call,
        Err(missing) => {
            probe.detail = format!("there is no {missing} to ask about");
            return probe;
        }
    };
    let answer = match step.endpoint.spec().paging {
        Paging::One => client.one::<AnyRow>(&call).await.map(|row| vec![row]),
        _ => client.list::<AnyRow>(call).next_page().await.map(Option::unwrap_or_default),
    };
    match answer {
        Ok(rows) => {
            if step.scope == scope::LINEAGE {
                let table = rows.iter().find(|row| row.text("type").as_deref() == Some("table"));
                known.note("table", table.and_then(|table| table.text("inodeId")));
            }
            if let Some((key, kind)) = example_of(step) {
                let ids = rows.iter().filter(|row| !row.is_archived()).filter_map(|row| row.text(key));
                // One's own grants may be asked by anybody, so the member to ask about is another one.
                known.note(kind, ids.into_iter().find(|id| *id != token.member_id));
            }
            probe.answer = Answer::Ok;
            probe.detail =
                if rows.is_empty() { "answers, with nothing in it".to_owned() } else { "answers".to_owned() };
        }
        Err(error) if is_told_of_no_more(step, error.kind()) => {
            probe.answer = Answer::Nothing;
            "answers that it is no more, which no extraction minds: what is known of it stays"
                .clone_into(&mut probe.detail);
        }
        Err(error) => describe(&mut probe, &error),
    }
    probe
}

/// The question, or the kind of object that it lacks.
fn call_of(step: &Step, token: &Token, known: &Known) -> Result<Call, &'static str> {
    let mut call = match step.endpoint.spec().paging {
        Paging::PageToken => step.endpoint.call().query("pageSize", "10"),
        Paging::Bare | Paging::One => step.endpoint.call(),
        Paging::PageLimit | Paging::PageLimitOrArray => step.endpoint.call().query("limit", "10"),
    };
    if step.scope == scope::DOCUMENTS && token.is_admin() {
        call = call.query("skipPermissionCheck", "true");
        if step.of == "workbook" {
            call = call.query("excludeExplorations", "true");
        }
    }
    if step.scope == scope::FILES {
        call = call.query("typeFilters", "folder");
    }
    if step.of == ORGANISATION || step.scope == scope::DOCUMENTS {
        return Ok(call);
    }
    let id = known.get(step.of).ok_or(step.of)?;
    match step.scope {
        scope::OBJECT_GRANTS if step.of == "object" => {
            Ok(call.query("inodeId", id).query("directGrantsOnly", "true"))
        }
        scope::MEMBER_GRANTS => Ok(call.query("userId", id).query("directGrantsOnly", "true")),
        scope::TEAM_GRANTS => Ok(call.query("teamId", id).query("directGrantsOnly", "true")),
        scope::PAGE_ELEMENTS => {
            let kind = if step.of == "report" { "report page" } else { "workbook page" };
            Ok(call.path(step.id, id).path("pageId", known.get(kind).ok_or(kind)?))
        }
        _ => Ok(call.path(step.id, id)),
    }
}

fn describe(probe: &mut Probe, error: &SigmaError) {
    probe.error = Some(error.kind());
    probe.detail = error.to_string();
    probe.answer = match error.kind() {
        ErrorKind::NotApplicable => Answer::Nothing,
        ErrorKind::Forbidden => Answer::Denied,
        _ => Answer::Failed,
    };
    if probe.answer == Answer::Nothing {
        "answers: nothing of the kind in the one asked about".clone_into(&mut probe.detail);
    } else {
        probe.remedy = Some(error.remedy().to_owned());
    }
}
