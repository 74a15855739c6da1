//! R13: people from outside, and how far they reach.

use std::collections::{BTreeSet, HashMap};

use super::shared::{self, in_order, join, member_cells, reach};
use crate::access::{Access, Confidence, Level, UserKind};
use crate::catalog::delivery::scope;
use crate::identity::EmailKey;
use crate::report::inputs::Inputs;
use crate::report::row::{Cell, ReportError, Row, Severity, Sink};
use crate::report::table::{Column, Report};

const COLUMNS: [Column; 8] = join(
    shared::MEMBER,
    [
        Column::text("user_kind", "kind", "internal, guest, embed or other"),
        Column::text("domain", "domain", "domain of the e-mail address"),
        Column::text(
            "reason",
            "why",
            "guest, embed, or domain: none of those that belong to the organisation",
        ),
        Column::number("objects_n", "objects", "objects the member sees"),
        Column::text("max_level", "at most", "the most it may do with one of them"),
        Column::text("teams", "teams", "its teams"),
    ],
);

/// Who is from outside.
pub const R13: Report = Report {
    id: "R13",
    name: "external",
    question: "Who from outside has access, and how far does it reach?",
    columns: &COLUMNS,
    order: "e-mail address and id of the member",
    findings: true,
    rests_on: &[scope::MEMBERS, scope::TEAMS, scope::TEAM_MEMBERS, scope::OBJECT_GRANTS],
    needs: &[],
    controls: &["NIST 800-53 AC-2", "NIST 800-53 AC-20"],
    rows,
};

/// Who belongs to the organisation, by the domains of addresses.
///
/// Without a list of domains those of the active administrators count: somebody of the organisation made them
/// administrators. Where no administrator is known, domains say nothing.
pub struct Domains<'a> {
    access: &'a Access,
    internal: BTreeSet<String>,
}

/// The domain of an address, as it is compared.
fn domain_of(address: &str) -> Option<String> {
    let key = EmailKey::new(address).ok()?;
    Some(key.as_str().rsplit_once('@')?.1.to_owned())
}

impl<'a> Domains<'a> {
    /// Of what was asked for, or else of the administrators.
    pub fn new(inputs: &Inputs<'a>) -> Self {
        let access = inputs.access;
        let named = &inputs.options.internal_domains;
        let named: BTreeSet<String> =
            named.iter().filter_map(|domain| domain_of(&format!("x@{}", domain.trim()))).collect();
        let administrators = access
            .members()
            .iter()
            .filter(|member| member.admin == Some(true) && member.inactive.is_none())
            .filter(|member| !matches!(member.kind, UserKind::Guest | UserKind::Embed))
            .filter_map(|member| domain_of(member.email.as_deref()?));
        let internal = if named.is_empty() { administrators.collect() } else { named };
        Self { access, internal }
    }

    /// Why a member is from outside, if it is: an embed user, a guest, or somebody with another domain.
    pub fn why(&self, member: u32) -> Option<&'static str> {
        let member = &self.access.members()[member as usize];
        match member.kind {
            UserKind::System => None,
            UserKind::Guest => Some("guest"),
            UserKind::Embed => Some("embed"),
            UserKind::Internal | UserKind::Other => {
                let domain = domain_of(member.email.as_deref()?)?;
                (!self.internal.is_empty() && !self.internal.contains(&domain)).then_some("domain")
            }
        }
    }
}

fn rows(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let access = inputs.access;
    let domains = Domains::new(inputs);
    let reach = reach(access);
    let titles: HashMap<&str, &str> =
        access.teams().iter().map(|team| (team.id.as_str(), team.title())).collect();
    let mut teams: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for one in &inputs.facts.memberships {
        let title = titles.get(one.team_id.as_str()).copied().unwrap_or(&one.team_id);
        teams.entry(&one.member_id).or_default().insert(title);
    }
    let mut rows = Vec::new();
    for (place, member) in (0..).zip(access.members()).filter(|(_, member)| member.inactive.is_none()) {
        let Some(reason) = domains.why(place) else { continue };
        let of = reach[place as usize];
        let severity = match of.most {
            Some(Level::Edit | Level::Owner) => Severity::High,
            Some(Level::Explore | Level::Organize) => Severity::Medium,
            Some(_) => Severity::Low,
            None => Severity::Info,
        };
        let confidence = if of.doubtful { Confidence::LowerBound } else { Confidence::Exact };
        let teams: Option<Vec<&str>> =
            teams.get(member.id.as_str()).map(|teams| teams.iter().copied().collect());
        let mut cells: Vec<Cell<'_>> = member_cells(access, place).into();
        cells.extend([
            member.kind.name().into(),
            member.email.as_deref().and_then(domain_of).into(),
            reason.into(),
            of.objects.into(),
            of.most.map(Level::name).into(),
            teams.map(|teams| teams.join(", ")).into(),
        ]);
        rows.push((place, Row::finding(severity, confidence, cells)));
    }
    in_order(rows, out)
}
