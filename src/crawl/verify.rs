//! Whether Sigma says the same: our closure against `/v2/members/{id}/files`, member by member.
//!
//! That endpoint is the only one that answers effective permissions. For an administrator it shows what is shared with
//! the member, so the closure is asked without the administrator's path.

use std::collections::HashMap;

use futures::{StreamExt, TryStreamExt, stream};

use super::error::CrawlError;
use super::graph::FILE_TYPES;
use super::worker::ends_the_run;
use crate::access::{Access, Answer, Confidence, Kind, Level};
use crate::sigma::{Endpoint, ErrorKind, SigmaClient, model};

/// How Sigma's answer about one object compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Different levels.
    Level,
    /// The catalog says access, Sigma shows none.
    CatalogOnly,
    /// Sigma shows access for which the catalog has no path. A document shared by link looks like this once it was
    /// opened: such shares are not among the grants.
    SigmaOnly,
}

impl Verdict {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::CatalogOnly => "catalog_only",
            Self::SigmaOnly => "sigma_only",
        }
    }
}

/// One difference between the catalog and Sigma.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// The member, as a place in the closure's list.
    pub member: u32,
    /// The object, likewise.
    pub object: u32,
    /// What the closure says, without the administrator's path.
    pub computed: Answer,
    /// Sigma's word; `None`: not shown.
    pub sigma: Option<String>,
    /// How they differ.
    pub verdict: Verdict,
}

/// What a verification came to. Counts are of pairs of member and object, all of them in the catalog unless said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// Members asked about and answered.
    pub members: usize,
    /// Compared.
    pub compared: u64,
    /// Alike.
    pub agreed: u64,
    /// Different where the catalog itself says that something was not read, or Sigma uses a word without an
    /// established meaning, or its listing was not complete.
    pub undecided: u64,
    /// Not yet shown by Sigma's listing, which shows new files with a delay.
    pub too_new: u64,
    /// Shown by Sigma and not in the catalog: new since, or not visible to the credentials of the crawl.
    pub not_in_catalog: u64,
    /// All differences, by member and object.
    pub disagreements: Vec<Disagreement>,
    /// Members about whom Sigma gave no useful answer, with what it said.
    pub unanswered: Vec<(u32, String)>,
}

/// What one member's answer came to.
type Compared = (u32, Result<Verification, String>);

/// What to verify, and how.
#[derive(Debug, Clone, Copy)]
pub struct Verify<'a> {
    /// The closure.
    pub access: &'a Access,
    /// The members to ask about, as places in its list.
    pub members: &'a [u32],
    /// The organisation the closure is of; `None`: not known.
    pub organization: Option<&'a str>,
    /// How many members to ask about at a time.
    pub concurrency: usize,
    /// The instant (ISO 8601 UTC) from which on a file counts as too new for Sigma's listing to show.
    pub new_from: Option<&'a str>,
}

/// Asks Sigma about members, and compares.
///
/// # Errors
/// If the credentials are not accepted, belong to another organisation, or may not ask about others.
pub async fn verify(client: &SigmaClient, request: Verify<'_>) -> Result<Verification, CrawlError> {
    let Verify { access, members, organization, concurrency, new_from } = request;
    let whoami: model::Whoami = client
        .one(&Endpoint::Whoami.call())
        .await
        .map_err(|error| CrawlError::sigma("asking Sigma whose credentials these are", error))?;
    CrawlError::unless_same_organization(organization, whoami.organization_id.as_deref())?;
    let each = members.iter().map(|member| ask(client, access, *member, new_from));
    let mut compared: Vec<Compared> =
        stream::iter(each).buffer_unordered(concurrency.max(1)).try_collect().await?;
    compared.sort_by_key(|(member, _)| *member);
    let mut total = Verification::default();
    for (member, outcome) in compared {
        match outcome {
            Ok(one) => {
                total.members += 1;
                total.compared += one.compared;
                total.agreed += one.agreed;
                total.undecided += one.undecided;
                total.too_new += one.too_new;
                total.not_in_catalog += one.not_in_catalog;
                total.disagreements.extend(one.disagreements);
            }
            Err(why) => total.unanswered.push((member, why)),
        }
    }
    Ok(total)
}

/// The members to ask about: all who are active, or `sample` of them spread evenly over account types and kinds of user.
pub fn choose(access: &Access, sample: Option<usize>) -> Vec<u32> {
    let members = access.members();
    let active = |place: &u32| members[*place as usize].inactive.is_none();
    let mut chosen: Vec<u32> = (0..members.len() as u32).filter(active).collect();
    let Some(sample) = sample.filter(|sample| *sample < chosen.len()) else { return chosen };
    chosen.sort_by_key(|place| {
        let member = &members[*place as usize];
        (member.account_type.as_ref().map(|name| name.to_ascii_lowercase()), member.kind.name())
    });
    let mut spread: Vec<u32> = (0..sample).map(|number| chosen[number * chosen.len() / sample]).collect();
    spread.sort_unstable();
    spread
}

async fn ask(
    client: &SigmaClient,
    access: &Access,
    member: u32,
    new_from: Option<&str>,
) -> Result<Compared, CrawlError> {
    let who = &access.members()[member as usize];
    let mut shown: HashMap<u32, Option<String>> = HashMap::new();
    let mut kinds: Vec<(Kind, bool)> = Vec::new();
    let mut outside = 0;
    for r#type in FILE_TYPES {
        let call =
            Endpoint::MemberFiles.call().path("memberId", who.id.as_str()).query("typeFilters", *r#type);
        let (rows, report) = match client.list::<model::File>(call).collect().await {
            Ok(answer) => answer,
            Err(error) if ends_the_run(&error) || error.kind() == ErrorKind::Forbidden => {
                return Err(CrawlError::sigma("asking Sigma which files a member can reach", error));
            }
            Err(error) => return Ok((member, Err(error.to_string()))),
        };
        kinds.push((Kind::of_type(r#type), report.incomplete.is_none()));
        for row in rows.into_iter().filter(|row| row.is_archived != Some(true)) {
            match access.place_of(&row.id) {
                Some(object) => drop(shown.insert(object, row.permission)),
                None => outside += 1,
            }
        }
    }
    let mut one = Verification { not_in_catalog: outside, ..Verification::default() };
    let asker = access.asker(member);
    for (place, object) in access.objects().iter().enumerate() {
        let Some((_, complete)) = kinds.iter().find(|(kind, _)| *kind == object.kind) else { continue };
        let place = place as u32;
        let computed = access.answer_without_admin(&asker, place);
        let said = shown.remove(&place).map(Option::unwrap_or_default);
        one.compared += 1;
        match compare(&computed, said.as_deref(), *complete) {
            Comparison::Alike => one.agreed += 1,
            Comparison::Undecided => one.undecided += 1,
            Comparison::Different(Verdict::CatalogOnly) if is_new(object.created_at.as_deref(), new_from) => {
                one.too_new += 1;
            }
            Comparison::Different(verdict) => {
                one.disagreements.push(Disagreement {
                    member,
                    object: place,
                    computed,
                    sigma: said,
                    verdict,
                });
            }
        }
    }
    Ok((member, Ok(one)))
}

enum Comparison {
    Alike,
    Undecided,
    Different(Verdict),
}

/// Compares the closure's answer with Sigma's word, or with its silence in a listing that was `complete` or not.
fn compare(computed: &Answer, said: Option<&str>, complete: bool) -> Comparison {
    let ours = computed.level().and_then(Level::permission);
    if ours == said {
        return Comparison::Alike;
    }
    let theirs = said.map(|word| Level::of_permission(Some(word)));
    match (ours, theirs) {
        (_, Some(Level::Unknown)) => Comparison::Undecided,
        (Some(_), None) if !complete => Comparison::Undecided,
        (Some(_), None) => Comparison::Different(Verdict::CatalogOnly),
        // Sigma knows of more, and so does the catalog that there may be more.
        (_, theirs) if computed.confidence != Confidence::Exact && theirs > computed.level() => {
            Comparison::Undecided
        }
        (None, _) => Comparison::Different(Verdict::SigmaOnly),
        (Some(_), _) => Comparison::Different(Verdict::Level),
    }
}

/// Both instants are Sigma's or the ledger's ISO 8601 UTC, which sort as text.
fn is_new(created_at: Option<&str>, new_from: Option<&str>) -> bool {
    matches!((created_at, new_from), (Some(created), Some(from)) if created >= from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Path, Via};

    fn answer(level: Option<Level>, confidence: Confidence) -> Answer {
        let best = level.map(|level| Path {
            level,
            via: Via::Direct,
            team: None,
            at: 0,
            depth: 0,
            granted: level,
            word: None,
        });
        Answer { best, paths: u32::from(best.is_some()), confidence }
    }

    fn verdict(
        level: Option<Level>,
        confidence: Confidence,
        said: Option<&str>,
        complete: bool,
    ) -> &'static str {
        match compare(&answer(level, confidence), said, complete) {
            Comparison::Alike => "alike",
            Comparison::Undecided => "undecided",
            Comparison::Different(verdict) => verdict.name(),
        }
    }

    #[test]
    fn a_difference_is_one_only_where_both_sides_are_sure() {
        use Confidence::{Exact, LowerBound, Unknown};
        use Level::{Edit, Explore, Owner, View};
        for (level, confidence, said, complete, expected) in [
            (Some(View), Exact, Some("view"), true, "alike"),
            (Some(Owner), Exact, Some("edit"), true, "alike"),
            (None, Exact, None, true, "alike"),
            (Some(Level::Unknown), Unknown, None, true, "alike"),
            (Some(View), Exact, Some("explore"), true, "level"),
            (Some(Edit), Exact, Some("explore"), true, "level"),
            (Some(View), LowerBound, Some("explore"), true, "undecided"),
            (Some(Explore), LowerBound, Some("view"), true, "level"),
            (Some(View), Exact, None, true, "catalog_only"),
            (Some(View), LowerBound, None, true, "catalog_only"),
            (Some(View), Exact, None, false, "undecided"),
            (None, Exact, Some("view"), true, "sigma_only"),
            (None, Unknown, Some("view"), true, "undecided"),
            (None, Exact, Some("annotate"), true, "undecided"),
        ] {
            let found = verdict(level, confidence, said, complete);
            assert_eq!(found, expected, "{level:?} {confidence:?} {said:?} {complete}");
        }
    }

    #[test]
    fn new_files_are_told_by_their_time() {
        let new = |created, from| is_new(Some(created), Some(from));
        assert!(new("2026-07-01T10:00:00.000Z", "2026-07-01T09:59:59.999Z"));
        assert!(!new("2026-07-01T09:00:00.000Z", "2026-07-01T09:59:59.999Z"));
        assert!(!is_new(None, Some("2026-07-01T09:59:59.999Z")));
        assert!(!is_new(Some("2026-07-01T10:00:00.000Z"), None));
    }
}
