//! Members, teams, account types, user attributes.
use super::{
    AccountType, Attribute, Kind, Member, Organization, Team,
    generate::{numbered, stamps, stream},
    words,
};
use crate::simulator::{ids::Dice, options::Options};

/// The id of Sigma's own scheduler user, which every organisation lists among its members.
pub const ROBOT: &str = "SigmaSchedulerRobot";
/// The team everybody but guests belongs to.
pub const ALL_MEMBERS: usize = 0;
/// Domain of the members' e-mail addresses.
const DOMAIN: &str = "northwind-labs.example";

/// Places of the account types, in the order of [`account_types`].
const ADMIN: usize = 0;
const BUILD: usize = 1;
const ANALYZE: usize = 2;
const ACT: usize = 3;
const VIEW: usize = 4;
const CUSTOM: usize = 5;

/// The account types of the organisation.
pub fn account_types(seed: u64) -> Vec<AccountType> {
    let mut dice = Dice::new(&[seed, stream::PEOPLE, 1]);
    let every: &[&str] =
        &["view-worksheet", "explore-workbook", "export", "create-workbook", "view-connections", "admin"];
    [
        ("Admin", "Full access to the organization", false, every),
        ("Build", "Build data models and workbooks", false, &every[..5]),
        ("Analyze", "Create and edit workbooks", false, &every[..4]),
        ("Act", "Use workbooks and write back", false, &every[..3]),
        ("View", "View only", false, &every[..1]),
        ("Finance Reader", "View and export, for auditors", true, &["view-worksheet", "export"]),
    ]
    .into_iter()
    .map(|(name, description, custom, permissions)| AccountType {
        id: dice.uuid(),
        name,
        description,
        custom,
        permissions,
    })
    .collect()
}

/// How member rows spell an account type: in inconsistent case, with names of older licences.
fn spelling(account_type: usize, dice: &mut Dice, awkward: bool) -> &'static str {
    let spellings: &[&str] = match account_type {
        ADMIN => &["admin", "admin"],
        BUILD => &["Build", "build", "build"],
        ANALYZE => &["Analyze", "analyze", "Analyze"],
        ACT => &["Act", "act", "Act"],
        CUSTOM => &["Finance Reader"],
        _ => &["View", "view", "View"],
    };
    if awkward { dice.pick(spellings) } else { spellings[0] }
}

/// What [`add_member`] needs to know.
struct Person<'a> {
    first: &'a str,
    last: &'a str,
    email: Option<String>,
    kind: &'static str,
    account_type: usize,
    member_type: &'a str,
}

impl Organization {
    /// Adds a member with an own personal folder and gives its place. Without an address one is made up.
    pub(super) fn add_person(
        &mut self,
        dice: &mut Dice,
        first: &str,
        last: &str,
        email: Option<String>,
        member_type: &str,
    ) -> usize {
        let known = self.account_types.iter().position(|t| t.name.eq_ignore_ascii_case(member_type));
        let person =
            Person { first, last, email, kind: "internal", account_type: known.unwrap_or(VIEW), member_type };
        add_member(self, dice, person)
    }
}

fn add_member(org: &mut Organization, dice: &mut Dice, person: Person<'_>) -> usize {
    let place = org.members.len();
    let home = org.add_inode(dice, Kind::Folder, "My Documents", None, place);
    org.inodes[home].parent = Some(home);
    let email = person.email.unwrap_or_else(|| free_address(org, person.first, person.last));
    let creator = if person.kind == "embed" { place } else { 0 };
    org.members.push(Member {
        id: dice.letters(29),
        first: person.first.to_owned(),
        last: person.last.to_owned(),
        email,
        member_type: person.member_type.to_owned(),
        account_type: person.account_type,
        kind: person.kind,
        archived: false,
        inactive: false,
        home,
        home_id: org.inodes[home].id,
        stamps: stamps(dice, creator, 0),
    });
    place
}

/// `first.last@…`, numbered when taken.
fn free_address(org: &Organization, first: &str, last: &str) -> String {
    let plain = |text: &str| -> String {
        let lower = text.to_lowercase();
        let folded = lower.chars().map(|c| match c {
            'é' | 'ë' => 'e',
            'í' => 'i',
            'á' => 'a',
            other => other,
        });
        folded.filter(char::is_ascii_alphanumeric).collect()
    };
    let local = format!("{}.{}", plain(first), plain(last));
    let taken = |address: &String| org.members.iter().any(|m| m.email == *address);
    (1..)
        .map(|n| if n == 1 { format!("{local}@{DOMAIN}") } else { format!("{local}{n}@{DOMAIN}") })
        .find(|address| !taken(address))
        .unwrap_or_default()
}

/// The members: first the three that own credentials, then the others, then the awkward ones.
pub fn add_members(org: &mut Organization, options: &Options) {
    let mut dice = Dice::new(&[options.seed, stream::PEOPLE, 2]);
    for place in 0..options.members.max(3) {
        let account_type = match place {
            0 => ADMIN,
            1 => BUILD,
            2 => VIEW,
            _ => match dice.below(100) {
                0..4 => ADMIN,
                4..20 => BUILD,
                20..40 => ANALYZE,
                40..50 => ACT,
                50..54 => CUSTOM,
                _ => VIEW,
            },
        };
        let first = words::FIRST[place % words::FIRST.len()];
        let last = dice.pick(words::LAST);
        let member_type = spelling(account_type, &mut dice, options.awkward);
        add_member(
            org,
            &mut dice,
            Person { first, last, email: None, kind: "internal", account_type, member_type },
        );
    }
    if options.awkward {
        add_awkward_members(org, &mut dice);
    }
}

/// The people nobody thinks of: Sigma's robot, embed and guest users, those who left, odd addresses, old licences.
fn add_awkward_members(org: &mut Organization, dice: &mut Dice) {
    let rows: [(&str, &str, &str, &'static str, usize, &str); 10] = [
        ("Scheduler", "User", "scheduler-robot@sigmacomputing.com", "internal", ADMIN, "admin"),
        ("Build", "Embed", "build.embed@customer-portal.example", "embed", VIEW, "View"),
        ("Portal", "Visitor", "visitor+4711@customer-portal.example", "embed", VIEW, "view"),
        ("Gwen", "Auditor", "gwen@auditors.example", "guest", VIEW, "View"),
        ("Gus", "Contractor", "gus@contractors.example", "guest", VIEW, "viewer"),
        ("Archie", "Gone", "archie.gone@northwind-labs.example", "internal", BUILD, "build"),
        ("Ina", "Inactive", "ina.inactive@northwind-labs.example", "internal", ANALYZE, "analyze"),
        ("Olga", "Old", "Olga.Old+BI@Northwind-Labs.example", "internal", VIEW, "viewer"),
        ("Chris", "Creator", "chris.creator@northwind-labs.example", "internal", BUILD, "creator"),
        ("Second", "Admin", "second.admin@northwind-labs.example", "internal", ADMIN, "Admin"),
    ];
    for (first, last, email, kind, account_type, member_type) in rows {
        let email = Some(email.to_owned());
        let place = add_member(org, dice, Person { first, last, email, kind, account_type, member_type });
        let member = &mut org.members[place];
        match first {
            "Scheduler" => member.id = ROBOT.to_owned(),
            "Archie" => member.archived = true,
            "Ina" => member.inactive = true,
            _ => {}
        }
    }
}

/// "All Members", one team per department, and the awkward ones: archived, private and empty.
pub fn add_teams(org: &mut Organization, options: &Options) {
    let mut dice = Dice::new(&[options.seed, stream::PEOPLE, 3]);
    let everybody: Vec<(usize, bool)> = (0..org.members.len())
        .filter(|m| org.members[*m].is_active() && org.members[*m].kind != "guest")
        .map(|m| (m, false))
        .collect();
    add_team(org, &mut dice, "All Members", everybody.clone());
    for i in 0..options.teams {
        let name = numbered(words::DEPARTMENTS[i % words::DEPARTMENTS.len()], i / words::DEPARTMENTS.len());
        let size = (everybody.len() / (options.teams / 2 + 1)).clamp(2, 60);
        let mut members: Vec<(usize, bool)> = Vec::new();
        for _ in 0..size {
            // The viewer belongs to the first department only, so that some places stay closed to it.
            let member = everybody[dice.below(everybody.len())].0;
            if !members.iter().any(|(m, _)| *m == member) && member != 2 {
                members.push((member, members.is_empty()));
            }
        }
        if i == 0 {
            members.push((2, false));
        }
        let team = add_team(org, &mut dice, &name, members);
        org.teams[team].description = dice.percent(50).then(|| format!("Everyone in {name}"));
    }
    if options.awkward {
        let find = |org: &Organization, first: &str| org.members.iter().position(|m| m.first == first);
        let people = |names: &[&str]| {
            names.iter().filter_map(|n| find(org, n)).map(|m| (m, false)).collect::<Vec<_>>()
        };
        let (partners, former, old) =
            (people(&["Gwen", "Gus", "Build"]), people(&["Archie", "Ina"]), vec![(2, true), (1, false)]);
        let guests = add_team(org, &mut dice, "External Partners", partners);
        let archived = add_team(org, &mut dice, "Former Projects", old);
        let private = add_team(org, &mut dice, "Board Observers", former);
        let joining = find(org, "Second").map(|m| (m, true));
        org.teams[private].members.extend(joining);
        org.teams[guests].private = true;
        org.teams[private].private = true;
        org.teams[archived].archived = true;
        add_team(org, &mut dice, "Nobody Yet", Vec::new());
    }
}

fn add_team(org: &mut Organization, dice: &mut Dice, name: &str, members: Vec<(usize, bool)>) -> usize {
    org.teams.push(Team {
        id: dice.uuid(),
        name: name.to_owned(),
        description: None,
        private: false,
        archived: false,
        members,
        stamps: stamps(dice, 0, 0),
    });
    org.teams.len() - 1
}

/// Two user attributes, assigned to a member and to a team.
pub fn add_attributes(org: &mut Organization) {
    let mut dice = Dice::new(&[org.seed, stream::PEOPLE, 4]);
    let region = Attribute {
        id: dice.uuid(),
        name: "region",
        description: Some("Row-level security by sales region"),
        default: Some("none"),
        users: vec![(1, "EMEA"), (2, "APAC")],
        teams: org.teams.iter().enumerate().skip(1).take(2).map(|(place, _)| (place, "EMEA")).collect(),
        stamps: stamps(&mut dice, 0, 0),
    };
    let role = Attribute {
        id: dice.uuid(),
        name: "warehouse_role",
        description: None,
        default: None,
        users: Vec::new(),
        teams: vec![(ALL_MEMBERS, "REPORTER")],
        stamps: stamps(&mut dice, 0, 0),
    };
    org.attributes.extend([region, role]);
}
