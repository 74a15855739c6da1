//! R20.

use sigma_catalog::catalog::facts::Facts;
use sigma_catalog::catalog::organisation::Member;
use sigma_catalog::identity::{CatalogUser, Include, Matching, reconcile};
use sigma_catalog::report::{Identity, Options, ReportError, Shown};

use crate::facts::{Build, empty};
use crate::made::{Made, try_made};

fn organisation() -> Facts {
    let mut facts = empty();
    facts.workspace("ws");
    facts.document("workbook", "wb", "ws");
    facts.document("workbook", "wb2", "ws");
    facts.member("ann", "Viewer");
    facts.member("bob", "Viewer");
    facts.grant("ws", "ann", "view");
    facts.grant("wb", "bob", "edit");
    facts
}

/// Everybody of `organisation` is the catalog user of the same name, but for those left out.
fn identity(facts: &Facts, users: &[&str]) -> Identity {
    let members: Vec<Member> = facts.members.iter().map(Member::from).collect();
    let users: Vec<CatalogUser> = users
        .iter()
        .map(|name| CatalogUser {
            network_id: (*name).to_owned(),
            email: Some(format!("{name}@x.com")),
            display_name: None,
            active: true,
        })
        .collect();
    Identity::new(reconcile(&members, &users, Matching::Email, Include::default()))
}

fn diff(facts: &Facts, users: &[&str], shown: &[(&str, &str)]) -> Made {
    let shown = shown
        .iter()
        .map(|(user, object)| Shown { catalog_user: (*user).to_owned(), object: (*object).to_owned() });
    let options = Options { catalog_acl: Some(shown.collect()), ..Options::default() };
    try_made("R20", facts, Some(&identity(facts, users)), &options).expect("a report")
}

#[test]
fn what_the_catalog_shows_is_held_against_what_sigma_shows() {
    let shown =
        [("ANN", "ws"), ("ann", "ws/wb"), ("bob", "wb"), ("bob", "wb2"), ("zoe", "ws"), ("bob", "lost")];
    let made = diff(&organisation(), &["ann", "bob"], &shown);
    made.is(&[
        "ann|ws|workspace|ws|ws|true|view|ann@x.com|ok",
        "ann|wb|workbook|ws/wb|ws|true|view|ann@x.com|ok",
        "ann|wb2|workbook|ws/wb2|ws|false|view|ann@x.com|under_shared",
        "bob|wb|workbook|ws/wb|ws|true|edit|bob@x.com|ok",
        "bob|wb2|workbook|ws/wb2|ws|true||bob@x.com|over_shared",
        "bob|lost||lost||true||bob@x.com|unknown",
        "zoe|ws|workspace|ws|ws|true|||over_shared",
    ]);
    assert_eq!(made.sure, ["exact", "exact", "exact", "exact", "exact", "unknown", "exact"]);
}

#[test]
fn nothing_is_called_over_shared_that_is_not_known() {
    let mut facts = organisation();
    facts.readings.note("object-grants", "wb2", false);
    let verdicts = |facts: &Facts| -> Vec<String> {
        let made = diff(facts, &["ann", "bob"], &[("bob", "wb2"), ("zoe", "ws")]);
        let last = made.csv.iter().filter(|row| row[5] == "true").map(|row| row[8].clone());
        last.collect()
    };
    assert_eq!(verdicts(&facts), ["unknown", "over_shared"]);
    facts.readings.note("members", "", false);
    assert_eq!(verdicts(&facts), ["unknown", "unknown"], "zoe may be a member that was not listed");
}

#[test]
fn a_catalog_that_shows_nothing_to_nobody_differs_in_nothing() {
    diff(&organisation(), &[], &[]).is(&[]);
}

#[test]
fn it_says_what_it_needs_to_be_told() {
    let facts = organisation();
    let Err(error) = try_made("R20", &facts, Some(&identity(&facts, &[])), &Options::default()) else {
        panic!("a report of nothing")
    };
    assert!(
        matches!(&error, ReportError::Needs { remedy, .. } if remedy.contains("--catalog-acl")),
        "{error}"
    );
    let options = Options { catalog_acl: Some(Vec::new()), ..Options::default() };
    let Err(error) = try_made("R20", &facts, None, &options) else { panic!("a report of nobody") };
    assert!(matches!(&error, ReportError::Needs { remedy, .. } if remedy.contains("--match")), "{error}");
}
