//! Sigma's own answer to what members see, where that is what permissions are mirrored from.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};

use super::audience::Mirroring;
use super::error::CrawlError;
use super::graph::FILE_TYPES;
use super::mirror::{Answered, Answers};
use super::worker::{ends_the_run, failed, settled};
use crate::catalog::delivery::{Outcome, ScopeReport, scope};
use crate::catalog::organisation::Member;
use crate::identity::Status;
use crate::sigma::{Endpoint, ErrorKind, SigmaClient, model};

/// Asks about every member that is mapped or belongs to the audience, and says how each question ended. A member about
/// whom Sigma gave no useful answer has none, and rows that are no answer are left out: what is not known is not visible.
///
/// # Errors
/// If the credentials may not ask, or asking anything else is pointless.
pub(super) async fn ask_answers(
    client: &SigmaClient,
    mirroring: &Mirroring,
    members: &[Member],
    concurrency: usize,
) -> Result<(Answers, Vec<ScopeReport>), CrawlError> {
    let identities = mirroring.reconcile(members);
    let mapped = identities.iter().filter(|identity| identity.status == Status::Mapped);
    let mut asked: BTreeSet<String> = mapped.map(|identity| identity.member_id.clone()).collect();
    asked.extend(mirroring.audience(&identities).unwrap_or_default());
    let each = asked.into_iter().map(|member| ask(client, member));
    let mut answered: Vec<(String, Option<Vec<Answered>>, ScopeReport)> =
        stream::iter(each).buffer_unordered(concurrency.max(1)).try_collect().await?;
    answered.sort_by(|a, b| a.0.cmp(&b.0));
    let mut answers = Answers::new();
    let mut reports = Vec::with_capacity(answered.len());
    for (member, answer, report) in answered {
        reports.push(report);
        if let Some(answer) = answer {
            answers.insert(member, answer);
        }
    }
    Ok((answers, reports))
}

async fn ask(
    client: &SigmaClient,
    member: String,
) -> Result<(String, Option<Vec<Answered>>, ScopeReport), CrawlError> {
    let mut answer = Vec::new();
    let mut total = ScopeReport::without_rows(scope::MEMBER_FILES, member.clone(), Outcome::Complete, "", "");
    (total.code, total.message) = (None, None);
    for r#type in FILE_TYPES {
        let call = Endpoint::MemberFiles.call().path("memberId", &member).query("typeFilters", *r#type);
        let mut listing = client.list::<model::File>(call);
        let report = loop {
            match listing.next_page().await {
                Ok(None) => break settled(scope::MEMBER_FILES, &member, &listing.report()),
                Ok(Some(rows)) => answer.extend(rows.into_iter().map(|row| Answered {
                    owned: row.owner_id.as_deref() == Some(member.as_str()),
                    object_id: row.id,
                    permission: row.permission.filter(|_| row.is_archived != Some(true)),
                })),
                Err(error) if ends_the_run(&error) || error.kind() == ErrorKind::Forbidden => {
                    return Err(CrawlError::sigma("asking Sigma which files a member can reach", error));
                }
                Err(error) => {
                    let report = failed(scope::MEMBER_FILES, &member, &error, &listing.report());
                    return Ok((member, None, ScopeReport { outcome: Outcome::Failed, ..report }));
                }
            }
        };
        total = ScopeReport {
            pages: total.pages + report.pages,
            rows: total.rows + report.rows,
            http_calls: total.http_calls + report.http_calls,
            retries: total.retries + report.retries,
            ..if report.outcome.is_good() { total } else { report }
        };
    }
    Ok((member, Some(answer), total))
}
