//! Who is who: one status for everybody, and in doubt nobody is mapped.

use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;
use sigma_catalog::catalog::organisation::Member;
use sigma_catalog::identity::{
    CatalogUser, Changes, Include, Mapping, Matching, MemberIdentity, Pair, Reconciliation, Status,
    UserIdentity, reconcile,
};

fn member(id: &str, email: &str) -> Member {
    Member {
        id: id.to_owned(),
        email: (!email.is_empty()).then(|| email.to_owned()),
        first_name: None,
        last_name: None,
        member_type: Some("View".to_owned()),
        user_kind: Some("internal".to_owned()),
        is_archived: Some(false),
        is_inactive: Some(false),
        home_folder_id: None,
        created_at: None,
        updated_at: None,
    }
}

fn user(network_id: &str, email: &str, active: bool) -> CatalogUser {
    CatalogUser {
        network_id: network_id.to_owned(),
        email: (!email.is_empty()).then(|| email.to_owned()),
        display_name: None,
        active,
    }
}

fn pairs(rows: &[(&str, &str)]) -> Vec<Pair> {
    let pair =
        |(line, (id, email)): (u64, &(&str, &str))| Pair::new(line, (*id).to_owned(), (*email).to_owned());
    (2..).zip(rows).map(pair).collect::<Result<_, _>>().expect("good pairs")
}

fn mapping(rows: &[(&str, &str)]) -> Mapping {
    Mapping::of(pairs(rows), false)
}

#[track_caller]
fn of<'a>(found: &'a Reconciliation, id: &str) -> &'a MemberIdentity {
    found.members.iter().find(|member| member.member_id == id).expect("every member has a row")
}

#[track_caller]
fn of_user<'a>(found: &'a Reconciliation, id: &str) -> &'a UserIdentity {
    found.catalog_users.iter().find(|user| user.network_id == id).expect("every user has a row")
}

fn statuses(found: &Reconciliation) -> BTreeMap<&str, Status> {
    found.members.iter().map(|member| (member.member_id.as_str(), member.status)).collect()
}

/// The reference's hand-made case.
fn golden() -> (Vec<Member>, Vec<CatalogUser>) {
    let cat = Member { is_archived: Some(true), ..member("cat", "cat@x.com") };
    let members = vec![
        member("ann", "ann@x.com"),
        member("bob", "bob@x.com"),
        cat,
        member("dan", "DAN@x.com"),
        member("dup", "dup@x.com"),
    ];
    let users = vec![
        user("ann", "ann@x.com", true),
        user("bob1", "bob@x.com", true),
        user("bob2", "BOB@x.com", true),
        user("dan", "daniel@corp.com", false),
    ];
    (members, users)
}

#[test]
fn the_golden_case_by_e_mail() {
    let (members, users) = golden();
    let found = reconcile(&members, &users, Matching::Email, Include::default());
    // The golden case also overrides dan by CSV; the two ways are never mixed, so that is the next test.
    let expected = [
        ("ann", Status::Mapped),
        ("bob", Status::AmbiguousManyUsers),
        ("cat", Status::Unmapped),
        ("dan", Status::Unmapped),
        ("dup", Status::Unmapped),
    ];
    assert_eq!(statuses(&found), BTreeMap::from(expected));
    assert_eq!(of(&found, "ann").catalog_user.as_deref(), Some("ann"));
    assert_eq!(of(&found, "ann").method, Some("email"));
    assert_eq!(of(&found, "bob").catalog_user, None);
    assert_eq!(of(&found, "bob").hint, "could be any of `bob1`, `bob2`");
    let user_statuses: Vec<_> = found.catalog_users.iter().map(|user| user.status).collect();
    assert_eq!(
        user_statuses,
        [Status::Mapped, Status::AmbiguousManyUsers, Status::AmbiguousManyUsers, Status::Unmapped]
    );
    assert_eq!(found.member_counts()["unmapped"], 3);
    assert_eq!(found.member_counts().values().sum::<usize>(), 5);
    assert_eq!(found.user_counts().values().sum::<usize>(), 4);
    assert_eq!(found.member_counts().len(), Status::ALL.len());
}

#[test]
fn the_golden_case_by_csv() {
    let (members, users) = golden();
    let mapping = mapping(&[("dan", "dan@x.com")]);
    let found = reconcile(&members, &users, Matching::Csv(&mapping), Include::default());
    let dan = of(&found, "dan");
    assert_eq!((dan.status, dan.csv_line, dan.method), (Status::CatalogUserInactive, Some(2), Some("csv")));
    assert_eq!(dan.catalog_user.as_deref(), Some("dan"));
    assert_eq!(of_user(&found, "dan").status, Status::CatalogUserInactive);
    assert_eq!(of_user(&found, "dan").member_ids, ["dan"]);
    // With a CSV there is no second way: ann has the catalog's e-mail address and is not mapped.
    for id in ["ann", "bob", "cat", "dup"] {
        assert_eq!(
            (of(&found, id).status, of(&found, id).hint.as_str()),
            (Status::Unmapped, "not in the CSV"),
            "{id}"
        );
    }
    assert_eq!(of_user(&found, "ann").hint, "not in the CSV");
}

#[test]
fn two_members_of_one_user_are_not_mapped() {
    let members = [member("a", "ann@x.com"), member("b", "ANN@x.com"), member("c", "cat@x.com")];
    let users = [user("ann", "ann@x.com", true), user("cat", "cat@x.com", true)];
    let found = reconcile(&members, &users, Matching::Email, Include::default());
    for id in ["a", "b"] {
        assert_eq!(of(&found, id).status, Status::AmbiguousSharedUser);
        assert!(of(&found, id).hint.contains("`ann@x.com`, `ANN@x.com`"), "{}", of(&found, id).hint);
    }
    assert_eq!(of_user(&found, "ann").status, Status::AmbiguousSharedUser);
    assert_eq!(of_user(&found, "ann").member_ids, ["a", "b"]);
    assert_eq!(of(&found, "c").status, Status::Mapped);
    // An account that was left counts too: who of the two is meant has to be said.
    let left = [member("a", "ann@x.com"), Member { is_archived: Some(true), ..member("b", "ann@x.com") }];
    let found = reconcile(&left, &users, Matching::Email, Include::default());
    assert_eq!(of(&found, "a").status, Status::AmbiguousSharedUser);
}

#[test]
fn a_user_of_an_ambiguous_member_is_shared_with_it() {
    // b could be u2 only, but u2 could be a as well.
    let users = [user("u1", "ann@x.com", true), user("u2", "ann@x.com", true), user("U2", "bob@x.com", true)];
    let members = [member("a", "ann@x.com"), member("b", "bob@x.com")];
    let found = reconcile(&members, &users, Matching::Email, Include::default());
    assert_eq!(of(&found, "a").status, Status::AmbiguousManyUsers);
    assert_eq!(of(&found, "b").status, Status::AmbiguousManyUsers, "u2 and U2 cannot be told apart");
}

#[test]
fn users_whose_names_differ_in_case_only_are_not_mapped() {
    let users = [user("Bob", "bob@x.com", true), user("bob", "other@x.com", true), user("ann", "", true)];
    let members = [member("b", "bob@x.com"), member("a", "ann@x.com")];
    let csv = mapping(&[("BOB", "bob@x.com"), ("ann", "ann@x.com")]);
    for matching in [Matching::Email, Matching::Csv(&csv)] {
        let found = reconcile(&members, &users, matching, Include::default());
        assert_eq!(of(&found, "b").status, Status::AmbiguousManyUsers, "{matching:?}");
        assert_eq!(of_user(&found, "Bob").status, Status::AmbiguousManyUsers);
        assert_eq!(of_user(&found, "bob").status, Status::AmbiguousManyUsers);
    }
    let found = reconcile(&members, &users, Matching::Csv(&csv), Include::default());
    assert_eq!(of(&found, "a").status, Status::Mapped);
}

#[test]
fn inactive_people_are_told_which_way() {
    let members = [
        Member { is_archived: Some(true), ..member("gone", "gone@x.com") },
        Member { is_inactive: Some(true), ..member("scim", "scim@x.com") },
        Member { is_archived: None, is_inactive: None, ..member("plain", "plain@x.com") },
        Member { is_archived: Some(true), ..member("both", "both@x.com") },
    ];
    let users = [
        user("gone", "gone@x.com", true),
        user("scim", "scim@x.com", true),
        user("plain", "plain@x.com", true),
        user("both", "both@x.com", false),
    ];
    let found = reconcile(&members, &users, Matching::Email, Include::default());
    let told = |id| (of(&found, id).status, of(&found, id).state);
    assert_eq!(told("gone"), (Status::SigmaInactive, "deactivated"));
    assert_eq!(told("scim"), (Status::SigmaInactive, "archived_by_scim"));
    assert_eq!(told("plain"), (Status::Mapped, "active"));
    assert_eq!(told("both"), (Status::CatalogUserInactive, "deactivated"));
    assert_eq!(of_user(&found, "gone").status, Status::SigmaInactive);
}

#[test]
fn embed_users_guests_and_the_system_user_are_left_out_unless_asked_for() {
    let kind = |kind: &str| Some(kind.to_owned());
    let members = [
        Member { user_kind: kind("embed"), ..member("e", "e@x.com") },
        Member { user_kind: kind("Guest"), ..member("g", "g@x.com") },
        member("SigmaSchedulerRobot", "robot@x.com"),
        member("s", "Scheduler-Robot@SigmaComputing.com"),
        Member { user_kind: None, ..member("n", "n@x.com") },
    ];
    let users = [
        user("e", "e@x.com", true),
        user("g", "g@x.com", true),
        user("r", "robot@x.com", true),
        user("s", "scheduler-robot@sigmacomputing.com", true),
        user("n", "n@x.com", true),
    ];
    let rows: Vec<(&str, &str)> = users
        .iter()
        .map(|user| (user.network_id.as_str(), user.email.as_deref().expect("an address")))
        .collect();
    let csv = mapping(&rows);
    for matching in [Matching::Email, Matching::Csv(&csv)] {
        let found = reconcile(&members, &users, matching, Include::default());
        let expected = [
            ("SigmaSchedulerRobot", Status::ExcludedSystem),
            ("e", Status::ExcludedEmbed),
            ("g", Status::ExcludedGuest),
            ("n", Status::Mapped),
            ("s", Status::ExcludedSystem),
        ];
        assert_eq!(statuses(&found), BTreeMap::from(expected), "{matching:?}");
        assert_eq!(of_user(&found, "g").status, Status::ExcludedGuest);
    }
    let found = reconcile(&members, &users, Matching::Csv(&csv), Include::default());
    assert_eq!(of(&found, "g").hint, "line 3 of the CSV names it: not applied");
    for (include, id) in [
        (Include { embed: true, ..Include::default() }, "e"),
        (Include { guests: true, ..Include::default() }, "g"),
        (Include { system: true, ..Include::default() }, "SigmaSchedulerRobot"),
    ] {
        let found = reconcile(&members, &users, Matching::Email, include);
        assert_eq!(of(&found, id).status, Status::Mapped, "{include:?}");
        let mapped = found.members.iter().filter(|member| member.status == Status::Mapped).count();
        assert_eq!(mapped, if include.system { 3 } else { 2 }, "{include:?}");
    }
    // Somebody who is left out does not make a colleague with the same address ambiguous.
    let members = [Member { user_kind: kind("embed"), ..member("e", "e@x.com") }, member("i", "e@x.com")];
    let found = reconcile(&members, &users, Matching::Email, Include::default());
    assert_eq!(of(&found, "i").status, Status::Mapped);
    assert_eq!(of_user(&found, "e").member_ids, ["i"]);
}

#[test]
fn members_whose_address_cannot_be_compared_are_unmapped_with_the_reason() {
    let members = [member("none", ""), member("kelvin", "\u{212a}ate@x.com"), member("odd", "no address")];
    let users = [user("kate", "kate@x.com", true), user("odd", "no address", true), user("mute", "", true)];
    let found = reconcile(&members, &users, Matching::Email, Include::default());
    assert!(found.members.iter().all(|member| member.status == Status::Unmapped));
    assert_eq!(of(&found, "none").hint, "has no e-mail address in Sigma");
    assert_eq!(
        of(&found, "kelvin").hint,
        "its e-mail address holds U+212A, which passes for a plain character"
    );
    assert_eq!(of(&found, "odd").hint, "its e-mail address has white space inside");
    assert_eq!(of_user(&found, "mute").hint, "has no e-mail address in the catalog");
}

#[test]
fn a_look_alike_is_pointed_at_and_not_matched() {
    let members = [member("m", "ann@p\u{430}ypal.com")];
    let users = [user("ann", "ann@paypal.com", true)];
    let found = reconcile(&members, &users, Matching::Email, Include::default());
    assert_eq!(of(&found, "m").status, Status::Unmapped);
    assert_eq!(of(&found, "m").hint, "looks like the address of `ann`, and is another one");
    let csv = mapping(&[("ann", "ann@paypal.com")]);
    let found = reconcile(&members, &users, Matching::Csv(&csv), Include::default());
    assert_eq!(of(&found, "m").status, Status::Unmapped);
    assert_eq!(of(&found, "m").hint, "not in the CSV; looks like the address on line 2, and is another one");
    let [alike] = &found.look_alikes[..] else { panic!("{:?}", found.look_alikes) };
    assert_eq!((alike.member_id.as_str(), alike.network_id.as_str(), alike.line), ("m", "ann", Some(2)));
    // An address that the CSV names is meant, whatever else looks so.
    let csv = mapping(&[("ann", "ann@paypal.com"), ("nobody", "ann@p\u{430}ypal.com")]);
    let found = reconcile(&members, &users, Matching::Csv(&csv), Include::default());
    assert_eq!(found.look_alikes, []);
}

#[test]
fn login_names_are_matched_when_that_is_asked_for() {
    let members = [member("a", "ann@x.com"), member("b", "bob@x.com")];
    let users = [user("Ann@X.com", "other@x.com", true), user("bob", "bob@x.com", true)];
    let found = reconcile(&members, &users, Matching::Username, Include::default());
    assert_eq!((of(&found, "a").status, of(&found, "a").method), (Status::Mapped, Some("username")));
    assert_eq!(of(&found, "b").status, Status::Unmapped);
}

#[test]
fn rows_that_name_nobody_are_told_by_line() {
    let members = [member("a", "ann@x.com"), member("b", "bob@x.com")];
    let users = [user("ann", "", true), user("zoe", "", true)];
    let csv = mapping(&[("ann", "ann@x.com"), ("bob", "bob@x.com"), ("zoe", "zoe@x.com")]);
    let found = reconcile(&members, &users, Matching::Csv(&csv), Include::default());
    assert_eq!((found.unknown_sigma.as_slice(), found.unknown_catalog.as_slice()), (&[4][..], &[3][..]));
    assert_eq!(of(&found, "b").hint, "line 3 names `bob`, which is no catalog user");
    assert_eq!(of_user(&found, "zoe").hint, "line 4 names `zoe@x.com`, which no Sigma member has");
}

#[test]
fn merged_accounts_are_mapped_only_if_that_was_allowed() {
    let members = [member("a", "ann@x.com"), member("b", "ann.lee@x.com")];
    let users = [user("ann", "", true)];
    let rows = pairs(&[("ann", "ann@x.com"), ("ann", "ann.lee@x.com")]);
    for (merges, status) in [(true, Status::Mapped), (false, Status::AmbiguousSharedUser)] {
        let mapping = Mapping::of(rows.clone(), merges);
        let found = reconcile(&members, &users, Matching::Csv(&mapping), Include::default());
        assert_eq!(of(&found, "a").status, status);
        assert_eq!(of(&found, "b").status, status);
        assert_eq!(of_user(&found, "ann").status, status);
        assert_eq!(of_user(&found, "ann").member_ids, ["a", "b"]);
        // Merging joins addresses; two members with one of them remain a question.
        let twice = [members[0].clone(), members[1].clone(), member("c", "ann@x.com")];
        let found = reconcile(&twice, &users, Matching::Csv(&mapping), Include::default());
        assert!(found.members.iter().all(|member| member.status == Status::AmbiguousSharedUser));
    }
    let mapping = Mapping::of(rows, true);
    let left = [Member { is_archived: Some(true), ..members[0].clone() }, members[1].clone()];
    let found = reconcile(&left, &users, Matching::Csv(&mapping), Include::default());
    assert_eq!(of(&found, "a").status, Status::SigmaInactive);
    assert_eq!(of_user(&found, "ann").status, Status::Mapped, "through the account that is left");
}

#[test]
fn contradicting_pairs_map_nobody() {
    let mapping =
        Mapping::of(pairs(&[("ann", "ann@x.com"), ("bob", "ann@x.com"), ("cat", "cat@x.com")]), false);
    assert_eq!(mapping.pairs().len(), 1);
    assert_eq!(mapping.pairs()[0].network_id, "cat");
}

#[test]
fn changes_are_told_by_user() {
    let before =
        pairs(&[("ann", "ann@x.com"), ("bob", "bob@x.com"), ("cat", "cat@x.com"), ("dan", "dan@x.com")]);
    let after =
        pairs(&[("ANN", "Ann@X.com"), ("bob", "eve@x.com"), ("dan2", "dan@x.com"), ("cat", "cat@x.com")]);
    let changes = Changes::between(&before, &after);
    let names = |list: &[sigma_catalog::identity::UserChange]| -> Vec<String> {
        list.iter()
            .map(|c| format!("{}: {} -> {}", c.network_id, c.before.join("+"), c.after.join("+")))
            .collect()
    };
    assert_eq!(names(&changes.gained), ["dan2:  -> dan@x.com"]);
    assert_eq!(names(&changes.lost), ["dan: dan@x.com -> "]);
    assert_eq!(names(&changes.repointed), ["bob: bob@x.com -> eve@x.com"]);
    assert_eq!(changes.unchanged, 2);
    assert!(!changes.is_empty());
    assert!(Changes::between(&before, &before).is_empty());
}

/// Members, catalog users, rows of a CSV by places in [`NAMES`] and [`EMAILS`], and whether merging is allowed.
type World = (Vec<Member>, Vec<CatalogUser>, Vec<(usize, usize)>, bool);

/// A small world in which names collide often.
fn world() -> impl Strategy<Value = World> {
    let members = proptest::collection::vec((0..5_usize, 0..6_usize, any::<bool>()), 0..8);
    let users = proptest::collection::vec((0..6_usize, 0..5_usize, 0..4_u8), 0..8);
    let csv = proptest::collection::vec((0..6_usize, 0..5_usize), 0..8);
    (members, users, csv, any::<bool>()).prop_map(|(members, users, csv, merges)| {
        let members = members.into_iter().enumerate().map(|(n, (email, kind, archived))| {
            let kind = ["internal", "internal", "internal", "internal", "guest", "embed"][kind].to_owned();
            let row = member(&format!("m{n}"), EMAILS[email]);
            Member { user_kind: Some(kind), is_archived: Some(archived), ..row }
        });
        let users =
            users.into_iter().map(|(name, email, active)| user(NAMES[name], EMAILS[email], active > 0));
        (members.collect(), users.collect(), csv, merges)
    })
}

const EMAILS: [&str; 5] = ["a@x.com", "A@x.com", "b@x.com", "c@x.com", ""];
const NAMES: [&str; 6] = ["a", "A", "b", "c", "d", "e"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_is_mapped_is_one_active_person_on_both_sides((members, users, csv, merges) in world()) {
        let rows: Vec<_> = csv.iter().filter(|(_, email)| *email < 4).map(|(n, e)| (NAMES[*n], EMAILS[*e])).collect();
        let mapping = Mapping::of(pairs(&rows), merges);
        for matching in [Matching::Email, Matching::Csv(&mapping)] {
            let found = reconcile(&members, &users, matching, Include::default());
            prop_assert_eq!(found.members.len(), members.len());
            prop_assert_eq!(found.catalog_users.len(), users.len());
            let mut taken = HashSet::new();
            for identity in found.members.iter().filter(|member| member.status == Status::Mapped) {
                let member = members.iter().find(|member| member.id == identity.member_id).expect("a member");
                prop_assert_eq!(member.is_archived, Some(false));
                prop_assert_eq!(member.user_kind.as_deref(), Some("internal"));
                let name = identity.catalog_user.clone().expect("a user");
                let alike: Vec<_> = users.iter().filter(|user| user.network_id.eq_ignore_ascii_case(&name)).collect();
                prop_assert_eq!(alike.len(), 1);
                prop_assert!(alike[0].active);
                let email = member.email.clone().expect("an address");
                match matching {
                    Matching::Csv(_) => prop_assert!(rows.iter().any(
                        |(id, to)| id.eq_ignore_ascii_case(&name) && to.eq_ignore_ascii_case(&email))),
                    _ => prop_assert!(alike[0].email.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(&email))),
                }
                let first = taken.insert(name.to_ascii_lowercase());
                let merged = merges && matches!(matching, Matching::Csv(_));
                prop_assert!(first || merged, "one user for two members");
                let twins = members.iter().filter(|other| {
                    other.user_kind.as_deref() == Some("internal")
                        && other.email.as_ref().is_some_and(|other| other.eq_ignore_ascii_case(&email))
                });
                prop_assert_eq!(twins.count(), 1);
            }
        }
    }
}
