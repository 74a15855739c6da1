//! Whose token it is, asked once before anything else.

use super::error::CrawlError;
use crate::sigma::{Endpoint, ErrorKind, SigmaClient, SigmaError, model};

/// What is known about the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The member who owns it.
    pub member_id: String,
    /// The organisation, where Sigma says it.
    pub organization_id: Option<String>,
    /// Whether it is an administrator's; `None` when the question failed for another reason.
    pub admin: Option<bool>,
}

/// Failures in which Sigma did not look at the credentials.
const NO_ANSWER: [ErrorKind; 3] = [ErrorKind::Unavailable, ErrorKind::Shape, ErrorKind::Retired];

impl Token {
    /// Asks Sigma: who owns the token, and whether that is an administrator.
    ///
    /// Only an administrator may list workbooks without the permission check; others are refused with 403.
    pub async fn ask(client: &SigmaClient) -> Result<Self, CrawlError> {
        let call = Endpoint::Whoami.call();
        let (whoami, admin) = tokio::join!(client.one::<model::Whoami>(&call), is_administrator(client));
        let whoami =
            whoami.map_err(|error| CrawlError::sigma("asking Sigma whose credentials these are", error))?;
        let admin = match admin {
            Ok(admin) => Some(admin),
            // That there is no answer says nothing about the owner, and must not look as if it did.
            Err(error) if super::worker::ends_the_run(&error) || NO_ANSWER.contains(&error.kind()) => {
                return Err(in_doubt(error));
            }
            Err(_) => None,
        };
        Ok(Self {
            member_id: whoami.user_id,
            organization_id: whoami.organization_id.filter(|id| !id.is_empty()),
            admin,
        })
    }

    /// The same for a run that cannot do without knowing whether that is an administrator.
    pub(super) async fn ask_for_certain(client: &SigmaClient) -> Result<Self, CrawlError> {
        let mut token = Self::ask(client).await?;
        if token.admin.is_none() {
            token.admin = Some(is_administrator(client).await.map_err(in_doubt)?);
        }
        Ok(token)
    }

    /// Whether to ask as an administrator.
    pub fn is_admin(&self) -> bool {
        self.admin == Some(true)
    }
}

/// Only an administrator is answered, and only others are refused with 403: anything else tells nothing about the credentials.
async fn is_administrator(client: &SigmaClient) -> Result<bool, SigmaError> {
    let probe = Endpoint::Workbooks.call().query("limit", "1").query("skipPermissionCheck", "true");
    match client.list::<model::Workbook>(probe).next_page().await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::Forbidden => Ok(false),
        Err(error) => Err(error),
    }
}

fn in_doubt(error: SigmaError) -> CrawlError {
    CrawlError::sigma("asking Sigma whether the credentials are an administrator's", error)
}

/// Whose credentials these are, in words.
pub async fn describe_owner(client: &SigmaClient, token: &Token) -> String {
    let level = match token.admin {
        Some(true) => "an administrator",
        Some(false) => "not an administrator",
        None => "perhaps an administrator: Sigma did not say",
    };
    let call = Endpoint::Member.call().path("memberId", &token.member_id);
    match client.one::<model::Member>(&call).await {
        Ok(member) => {
            let name =
                [member.first_name, member.last_name].into_iter().flatten().collect::<Vec<_>>().join(" ");
            let account = member.member_type.map(|kind| format!(", account type {kind}")).unwrap_or_default();
            format!("{name} ({}{account}): {level}", token.member_id)
        }
        Err(_) => format!("member {}: {level}", token.member_id),
    }
}
