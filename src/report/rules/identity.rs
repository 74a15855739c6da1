//! R06 and R07: who is who in the catalog, and where that is ambiguous or suspicious.

use std::collections::BTreeMap;

use super::shared::{in_order, reach};
use crate::access::Confidence;
use crate::catalog::delivery::scope;
use crate::identity::{EmailKey, Status};
use crate::report::inputs::{Identity, Inputs};
use crate::report::row::{Cell, ReportError, Row, Severity, Sink};
use crate::report::table::{CATALOG_USERS, Column, Need, Report};

const R06_COLUMNS: [Column; 13] = [
    Column::text("member_id", "member id", "Sigma's id; empty for a catalog user who is no member")
        .key()
        .hidden(),
    Column::text("sigma_email", "Sigma member", "e-mail address in Sigma"),
    Column::text("account_type", "account type", "account type of the member"),
    Column::text("user_kind", "kind", "internal, guest or embed, as Sigma says"),
    Column::text("state", "state", "active, deactivated or archived_by_scim"),
    Column::text("catalog_user", "catalog user", "login name, if there is one candidate").key(),
    Column::text("catalog_email", "catalog e-mail", "that user's e-mail address").hidden(),
    Column::text("method", "by", "csv, email or username").hidden(),
    Column::text("status", "status", "mapped, or why not"),
    Column::number("csv_line", "line", "the line of the identity CSV that names it"),
    Column::number(
        "objects_visible_n",
        "objects",
        "objects the member sees in Sigma; the catalog shows them to mapped members only",
    ),
    Column::text("hint", "hint", "why, and what could be done"),
    Column::text("side", "side", "`member`, or `catalog_user` for a user without a member").key().hidden(),
];

/// Who is who.
pub const R06: Report = Report {
    id: "R06",
    name: "identity",
    question: "How do Sigma's members map to the catalog's users?",
    columns: &R06_COLUMNS,
    order: "members by e-mail address and id, then catalog users without a member by login name",
    findings: false,
    rests_on: &[scope::MEMBERS, CATALOG_USERS],
    needs: &[Need::Identity],
    controls: &["NIST 800-53 AC-2", "PCI DSS 7.2.5.1"],
    rows: who_is_who,
};

fn who_is_who(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let Some(identity) = inputs.identity else { return Ok(()) };
    let reach = reach(inputs.access);
    let confidence = inputs.absence(&[scope::MEMBERS]);
    for member in &identity.found.members {
        let objects = inputs.access.member_of(&member.member_id).map(|place| reach[place as usize].objects);
        let cells: [Cell<'_>; R06_COLUMNS.len()] = [
            (&member.member_id).into(),
            member.sigma_email.as_deref().into(),
            member.account_type.as_deref().into(),
            member.user_kind.as_deref().into(),
            member.state.into(),
            member.catalog_user.as_deref().into(),
            member.catalog_email.as_deref().into(),
            member.method.into(),
            member.status.name().into(),
            member.csv_line.map(|line| line as usize).into(),
            objects.into(),
            Some(member.hint.as_str()).filter(|hint| !hint.is_empty()).into(),
            "member".into(),
        ];
        out.row(Row::new(confidence, cells))?;
    }
    for user in identity.found.catalog_users.iter().filter(|user| user.member_ids.is_empty()) {
        let cells: [Cell<'_>; R06_COLUMNS.len()] = [
            Cell::Null,
            Cell::Null,
            Cell::Null,
            Cell::Null,
            Cell::Null,
            (&user.network_id).into(),
            user.email.as_deref().into(),
            Cell::Null,
            user.status.name().into(),
            user.csv_line.map(|line| line as usize).into(),
            Cell::Null,
            Some(user.hint.as_str()).filter(|hint| !hint.is_empty()).into(),
            "catalog_user".into(),
        ];
        out.row(Row::new(confidence, cells))?;
    }
    Ok(())
}

const R07_COLUMNS: [Column; 6] = [
    Column::text(
        "kind",
        "what",
        "dup_email, one-to-many, many-to-one, csv_conflict, confusable or domain_mismatch",
    )
    .key(),
    Column::text("key", "about", "the address, login name or CSV line that is shared or in doubt").key(),
    Column::text("left", "Sigma", "the members, e-mail addresses and ids").key(),
    Column::text("right", "catalog", "the catalog users").key(),
    Column::text("evidence", "evidence", "what was seen"),
    Column::number("impact_objects", "objects", "objects those members see in Sigma"),
];

/// Where identities are ambiguous.
pub const R07: Report = Report {
    id: "R07",
    name: "identity-conflicts",
    question: "Which identities are ambiguous or suspicious?",
    columns: &R07_COLUMNS,
    order: "what, about, Sigma",
    findings: true,
    rests_on: &[scope::MEMBERS, CATALOG_USERS],
    needs: &[Need::Identity],
    controls: &["NIST 800-53 AC-2", "NIST 800-53 IA-4"],
    rows: conflicts,
};

fn conflicts(inputs: &Inputs<'_>, out: &mut dyn Sink) -> Result<(), ReportError> {
    let Some(identity) = inputs.identity else { return Ok(()) };
    let reach = reach(inputs.access);
    let impact = |ids: &[&str]| -> usize {
        let of = |id: &&str| inputs.access.member_of(id).map_or(0, |place| reach[place as usize].objects);
        ids.iter().map(of).sum()
    };
    let mut rows = Vec::new();
    for found in found(identity) {
        let Conflict { severity, kind, key, members, right, evidence } = found;
        let ids: Vec<&str> = members.iter().map(|(_, id)| *id).collect();
        let left: Vec<String> = members.iter().map(|(email, id)| format!("{email} ({id})")).collect();
        let cells: [Cell<'_>; R07_COLUMNS.len()] = [
            kind.into(),
            key.clone().into(),
            left.join(", ").into(),
            right.into(),
            evidence.into(),
            impact(&ids).into(),
        ];
        rows.push(((kind, key, left), Row::finding(severity, Confidence::Exact, cells)));
    }
    in_order(rows, out)
}

struct Conflict<'a> {
    severity: Severity,
    kind: &'static str,
    key: String,
    /// Address and id of each member.
    members: Vec<(&'a str, &'a str)>,
    right: String,
    evidence: String,
}

fn found(identity: &Identity) -> Vec<Conflict<'_>> {
    let mut conflicts = Vec::new();
    let mut by_address: BTreeMap<EmailKey, Vec<(&str, &str)>> = BTreeMap::new();
    for member in &identity.found.members {
        let email = member.sigma_email.as_deref().unwrap_or_default();
        let one = || vec![(email, member.member_id.as_str())];
        let user = || member.catalog_user.clone().unwrap_or_default();
        if let Ok(key) = EmailKey::new(email) {
            by_address.entry(key).or_default().push((email, &member.member_id));
        }
        if member.status == Status::AmbiguousManyUsers {
            conflicts.push(Conflict {
                severity: Severity::Medium,
                kind: "one-to-many",
                key: email.to_owned(),
                members: one(),
                right: String::new(),
                evidence: member.hint.clone(),
            });
        }
        let domain = |address: &str| {
            EmailKey::new(address).ok().and_then(|key| Some(key.as_str().rsplit_once('@')?.1.to_owned()))
        };
        if member.status == Status::Mapped
            && let (Some(ours), Some(theirs)) =
                (domain(email), member.catalog_email.as_deref().and_then(domain))
            && ours != theirs
        {
            conflicts.push(Conflict {
                severity: Severity::Low,
                kind: "domain_mismatch",
                key: email.to_owned(),
                members: one(),
                right: user(),
                evidence: format!("{ours} in Sigma, {theirs} in the catalog"),
            });
        }
        let is_excluded =
            matches!(member.status, Status::ExcludedEmbed | Status::ExcludedGuest | Status::ExcludedSystem);
        if let Some(line) = member.csv_line.filter(|_| is_excluded) {
            conflicts.push(Conflict {
                severity: Severity::Low,
                kind: "csv_conflict",
                key: format!("line {line}"),
                members: one(),
                right: user(),
                evidence: member.hint.clone(),
            });
        }
    }
    shared_users(identity, &mut conflicts);
    for found in &identity.found.look_alikes {
        let email = identity.of(&found.member_id).and_then(|member| member.sigma_email.as_deref());
        conflicts.push(Conflict {
            severity: Severity::Medium,
            kind: "confusable",
            key: email.unwrap_or_default().to_owned(),
            members: vec![(email.unwrap_or_default(), &found.member_id)],
            right: found.network_id.clone(),
            evidence: format!("looks like {}, and is another one", found.whose),
        });
    }
    let mut by_look: BTreeMap<String, Vec<(&str, &str)>> = BTreeMap::new();
    for (key, members) in &by_address {
        by_look.entry(key.skeleton()).or_default().push(members[0]);
        if members.len() > 1 {
            conflicts.push(Conflict {
                severity: Severity::High,
                kind: "dup_email",
                key: key.as_str().to_owned(),
                members: members.clone(),
                right: String::new(),
                evidence: format!("{} members share the address", members.len()),
            });
        }
    }
    for (look, members) in by_look.into_iter().filter(|(_, members)| members.len() > 1) {
        conflicts.push(Conflict {
            severity: Severity::High,
            kind: "confusable",
            key: look,
            members,
            right: String::new(),
            evidence: "different addresses that look alike".to_owned(),
        });
    }
    conflicts
}

/// Catalog users that several members are or could be, and lines of the CSV that name nobody.
fn shared_users<'a>(identity: &'a Identity, conflicts: &mut Vec<Conflict<'a>>) {
    for user in identity.found.catalog_users.iter().filter(|user| user.member_ids.len() > 1) {
        let member = |id: &'a String| {
            let email = identity.of(id).and_then(|member| member.sigma_email.as_deref());
            (email.unwrap_or_default(), id.as_str())
        };
        let mut members: Vec<_> = user.member_ids.iter().map(member).collect();
        members.sort_unstable();
        let merged = user.status == Status::Mapped;
        conflicts.push(Conflict {
            severity: if merged { Severity::Info } else { Severity::Medium },
            kind: "many-to-one",
            key: user.network_id.clone(),
            members,
            right: user.network_id.clone(),
            evidence: if merged { "merged, as the mapping allows" } else { "nobody of them is mapped" }
                .to_owned(),
        });
    }
    // A line that names nobody on either side is one conflict, so that it stays the same when one side is put right.
    let mut unknown: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    let found = &identity.found;
    for (lines, what) in [
        (&found.unknown_sigma, "an address that no Sigma member has"),
        (&found.unknown_catalog, "a login name that no catalog user has"),
    ] {
        lines.iter().for_each(|line| unknown.entry(*line).or_default().push(what));
    }
    conflicts.extend(unknown.into_iter().map(|(line, what)| Conflict {
        severity: Severity::Info,
        kind: "csv_conflict",
        key: format!("line {line}"),
        members: Vec::new(),
        right: String::new(),
        evidence: format!("names {}", what.join(" and ")),
    }));
}
