//! Whose view decides what enters the catalog: the four modes, decided before anything is crawled.
//!
//! | mirroring | csv mapping | audience |
//! | --- | --- | --- |
//! | off | off | the one login user |
//! | on | off | users common to the catalog and Sigma, plus Sigma's administrators |
//! | on | on | exactly the users of the identity CSV |
//! | off | on | refused with the settings |
//!
//! What files can tell is decided before the first request ([`Plan::read`]); what needs the members, before the crawl
//! ([`Plan::decide`]).

mod error;

pub use error::AudienceError;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::token::Token;
use crate::catalog::mirror::{Audience, Evidence, Mode};
use crate::catalog::organisation::Member;
use crate::config::{MatchOn, PermissionSettings, distance};
use crate::identity::mapping::{self, sha256};
use crate::identity::{
    CatalogUser, CatalogUsers, CsvUsers, EmailKey, Include, MAX_BYTES, Mapping, Matching, MemberIdentity,
    ReadOptions, Status, reconcile, users_named_by,
};
use crate::store::{MappingRow, MappingVersion};

/// How many addresses are offered where one is not known.
const NEAR: usize = 3;

/// How many slips of the fingers make one address of another.
const SLIPS: usize = 3;

/// What the settings and the files say about the audience.
#[derive(Debug)]
pub enum Plan {
    /// One user's view.
    LoginUser {
        /// The address, as it was given.
        given: String,
        /// What it is compared by.
        key: EmailKey,
    },
    /// Mirroring.
    Mirror(Box<Mirroring>),
}

/// How members are found to be catalog users.
#[derive(Debug)]
pub struct Mirroring {
    matching: Matched,
    users: Vec<CatalogUser>,
    users_file: String,
    users_evidence: Option<Evidence>,
}

#[derive(Debug)]
enum Matched {
    On(MatchOn),
    Csv { mapping: Mapping, version: Option<i64>, evidence: Evidence },
}

/// Whose view is to be crawled, and what is said about it.
#[derive(Debug)]
pub struct Decision {
    /// The member whose view alone is to be crawled; `None`: everything, as an administrator sees it.
    pub login: Option<String>,
    /// One sentence for people.
    pub sentence: String,
    /// The sentence is bad news.
    pub is_warning: bool,
}

impl Plan {
    /// Reads what the files say. `active` is the version of the identity mapping in force, if one was imported.
    ///
    /// # Errors
    /// What is wrong with the files, or that one that is needed is missing.
    pub fn read(
        settings: &PermissionSettings,
        active: Option<(MappingVersion, Vec<MappingRow>)>,
    ) -> Result<Self, AudienceError> {
        if !settings.mirroring {
            let given = settings.login_user.clone().unwrap_or_default();
            let key = EmailKey::new(&given).map_err(|error| AudienceError::MalformedLoginUser {
                given: given.clone(),
                problem: error.to_string(),
            })?;
            return Ok(Self::LoginUser { given, key });
        }
        let matching = if settings.csv_mapping {
            mapping_of(&settings.identity_csv, active)?
        } else {
            Matched::On(settings.match_on)
        };
        let users_file = shown(&settings.catalog_users_csv);
        let (users, users_evidence) = match bytes_if_any(&settings.catalog_users_csv)? {
            None => match &matching {
                Matched::Csv { mapping, .. } => (users_named_by(mapping), None),
                Matched::On(_) => (Vec::new(), None),
            },
            Some(bytes) => {
                let source =
                    CsvUsers { name: users_file.clone(), bytes: &bytes, options: ReadOptions::default() };
                let users = source
                    .users()
                    .map_err(|rejected| AudienceError::Rejected { file: users_file.clone(), rejected })?;
                (users, Some(Evidence { file: users_file.clone(), sha256: sha256(&bytes) }))
            }
        };
        Ok(Self::Mirror(Box::new(Mirroring { matching, users, users_file, users_evidence })))
    }

    /// Decides with whose token it is and with the members of the organisation, all of them.
    ///
    /// # Errors
    /// If the login user is not exactly one active member, or the mapping names no active member.
    pub fn decide(&self, members: &[Member]) -> Result<Decision, AudienceError> {
        match self {
            Self::LoginUser { given, key } => {
                let member = login_member(given, key, members)?;
                Ok(Decision {
                    login: Some(member.id.clone()),
                    sentence: format!(
                        "mirroring is off: extracting what {given} sees; whoever can open the catalog's source sees all \
                         of it"
                    ),
                    is_warning: false,
                })
            }
            Self::Mirror(mirroring) => mirroring.decide(members),
        }
    }

    /// Whether these credentials are enough.
    ///
    /// # Errors
    /// [`AudienceError::NotAdministrator`] where permissions are mirrored and they are not.
    pub fn accepts(&self, token: &Token) -> Result<(), AudienceError> {
        match self {
            Self::Mirror(_) if !token.is_admin() => Err(AudienceError::NotAdministrator),
            _ => Ok(()),
        }
    }
}

impl Mirroring {
    fn decide(&self, members: &[Member]) -> Result<Decision, AudienceError> {
        let identities = self.reconcile(members);
        let mapped = identities.iter().filter(|identity| identity.status == Status::Mapped).count();
        let excluded = identities.len() - mapped;
        if let Matched::Csv { mapping, version, evidence } = &self.matching
            && self.audience(&identities).is_none_or(|audience| audience.is_empty())
        {
            let rows = mapping.pairs().len();
            return Err(AudienceError::NobodyMapped {
                source_of: match version {
                    Some(version) => {
                        format!("version {version} of the identity mapping, from `{}`,", evidence.file)
                    }
                    None => format!("the identity CSV `{}`", evidence.file),
                },
                why: match rows {
                    0 => "it has no row".to_owned(),
                    1 => "its one row has no address of an active Sigma member".to_owned(),
                    rows => format!("none of its {rows} rows has the address of an active Sigma member"),
                },
            });
        }
        let is_listed = self.users_evidence.is_some();
        let sentence = if !is_listed && matches!(self.matching, Matched::On(_)) {
            format!(
                "mirroring for nobody: there is no `{}`, so that no Sigma member is known to be a catalog user; no \
                 permission is mirrored",
                self.users_file
            )
        } else if mapped == 0 && is_listed {
            format!(
                "mirroring for nobody: none of the {} catalog users of `{}` is a Sigma member (`identity report` says why)",
                self.users.len(),
                self.users_file
            )
        } else {
            let users =
                if mapped == 1 { "1 mapped user".to_owned() } else { format!("{mapped} mapped users") };
            let unlisted = if is_listed {
                String::new()
            } else {
                format!(
                    "; there is no `{}`: whom the identity CSV names is taken for a catalog user",
                    self.users_file
                )
            };
            format!("mirroring for {users}; {excluded} excluded{unlisted}")
        };
        Ok(Decision { login: None, sentence, is_warning: mapped == 0 })
    }

    /// What became of each member.
    pub(super) fn reconcile(&self, members: &[Member]) -> Vec<MemberIdentity> {
        let matching = match &self.matching {
            Matched::On(MatchOn::Email) => Matching::Email,
            Matched::On(MatchOn::Username) => Matching::Username,
            Matched::Csv { mapping, .. } => Matching::Csv(mapping),
        };
        reconcile(members, &self.users, matching, Include::default()).members
    }

    /// The members whose view decides what other catalogs read; `None`: administrators are among them by definition, so
    /// everything.
    pub(super) fn audience(&self, identities: &[MemberIdentity]) -> Option<Vec<String>> {
        match self.matching {
            Matched::On(_) => None,
            Matched::Csv { .. } => Some(
                identities
                    .iter()
                    .filter(|identity| {
                        let excluded = [
                            Status::ExcludedEmbed,
                            Status::ExcludedGuest,
                            Status::ExcludedSystem,
                            Status::SigmaInactive,
                        ];
                        identity.csv_line.is_some()
                            && identity.state == "active"
                            && !excluded.contains(&identity.status)
                    })
                    .map(|identity| identity.member_id.clone())
                    .collect(),
            ),
        }
    }

    /// What the ledger keeps of it.
    pub(super) fn evidence(&self) -> Audience {
        let mut audience = Audience { users: self.users_evidence.clone(), ..Audience::default() };
        match &self.matching {
            Matched::On(on) => {
                audience.mode = Mode::CommonUsers;
                audience.matched_by = Some(if *on == MatchOn::Email { "email" } else { "username" });
            }
            Matched::Csv { version, evidence, .. } => {
                audience.mode = Mode::IdentityCsv;
                audience.matched_by = Some("csv");
                audience.mapping_version = *version;
                audience.mapping = Some(evidence.clone());
            }
        }
        audience
    }
}

/// The one active member with that address.
fn login_member<'a>(given: &str, key: &EmailKey, members: &'a [Member]) -> Result<&'a Member, AudienceError> {
    let keys: Vec<(EmailKey, &Member)> = members
        .iter()
        .filter_map(|member| Some((EmailKey::new(member.email.as_deref()?).ok()?, member)))
        .collect();
    let found: Vec<&Member> =
        keys.iter().filter(|(email, _)| email == key).map(|(_, member)| *member).collect();
    match found[..] {
        [] => {
            let skeleton = key.skeleton();
            let mut near: Vec<(usize, &str)> = keys
                .iter()
                .filter(|(_, member)| member.is_archived != Some(true) && member.is_inactive != Some(true))
                .filter_map(|(email, member)| {
                    let edits = distance(&skeleton, &email.skeleton());
                    Some((edits, member.email.as_deref()?))
                })
                .filter(|(edits, _)| *edits <= SLIPS)
                .collect();
            near.sort_unstable();
            let near = near.into_iter().take(NEAR).map(|(_, email)| email.to_owned()).collect();
            Err(AudienceError::UnknownLoginUser { given: given.to_owned(), near })
        }
        [member] => match (member.is_archived, member.is_inactive) {
            (Some(true), _) => {
                Err(AudienceError::InactiveLoginUser { given: given.to_owned(), how: "deactivated in Sigma" })
            }
            (_, Some(true)) => {
                Err(AudienceError::InactiveLoginUser { given: given.to_owned(), how: "archived by SCIM" })
            }
            _ => Ok(member),
        },
        _ => Err(AudienceError::AmbiguousLoginUser {
            given: given.to_owned(),
            members: found.iter().map(|member| member.id.clone()).collect(),
        }),
    }
}

/// The mapping in force: the version that was imported, or else the configured file.
fn mapping_of(
    file: &Path,
    active: Option<(MappingVersion, Vec<MappingRow>)>,
) -> Result<Matched, AudienceError> {
    if let Some((version, rows)) = active {
        let rows = rows.into_iter().map(|row| (row.line, row.network_id, row.sigma_email));
        let mapping = Mapping::of_rows(rows, version.allow_merge).map_err(|(line, error)| {
            AudienceError::StaleMapping { version: version.version, line, problem: error.to_string() }
        })?;
        let evidence = Evidence { file: version.source, sha256: version.sha256 };
        return Ok(Matched::Csv { mapping, version: Some(version.version), evidence });
    }
    let name = shown(file);
    let Some(bytes) = bytes_if_any(file)? else { return Err(AudienceError::NoMapping { file: name }) };
    let evidence = Evidence { file: name.clone(), sha256: sha256(&bytes) };
    let read = mapping::read(&bytes, ReadOptions::default(), false)
        .map_err(|rejected| AudienceError::Rejected { file: name, rejected })?;
    if read.mapping.pairs().is_empty() {
        let source_of = format!("the identity CSV `{}`", evidence.file);
        return Err(AudienceError::NobodyMapped { source_of, why: "it has no row".to_owned() });
    }
    Ok(Matched::Csv { mapping: read.mapping, version: None, evidence })
}

/// What a file holds, or a little more of it than any file may have; `None`: it is not there.
fn bytes_if_any(file: &Path) -> Result<Option<Vec<u8>>, AudienceError> {
    let unreadable = |source| AudienceError::Unreadable { file: shown(file), source };
    let opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut bytes = Vec::new();
    opened.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(Some(bytes))
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}
