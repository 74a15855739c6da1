//! The catalog as the page carries it: lists instead of records, places instead of ids, steps instead of sorted places.
//!
//! Only facts and the tables of meaning go in; who reaches what is worked out in the page, by `rules.js`.

use serde::Serialize;

use crate::access::{Access, Kind, Level, Principal};

/// A member of "All Members": active and no guest.
const EVERYONE: u8 = 1;
const ADMIN: u8 = 2;
const INACTIVE: u8 = 4;
const ADMIN_UNKNOWN: u8 = 8;
const MEMBER_UNREAD: u8 = 16;
const TEAM_ARCHIVED: u8 = 1;
const TEAM_UNREAD: u8 = 2;
const OBJECT_ARCHIVED: u8 = 1;
const OBJECT_DOUBTFUL: u8 = 2;

const LEVELS: [Level; 6] =
    [Level::Unknown, Level::View, Level::Explore, Level::Organize, Level::Edit, Level::Owner];
const KINDS: [Kind; 7] = [
    Kind::Workspace,
    Kind::Folder,
    Kind::Workbook,
    Kind::DataModel,
    Kind::Report,
    Kind::Dataset,
    Kind::Other,
];

/// What the page knows.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Data<'a> {
    /// Names of levels, the lowest first.
    levels: [&'static str; 6],
    /// Names of kinds.
    kinds: [&'static str; 7],
    /// Sigma's words, by kind and level.
    labels: [[&'static str; 6]; 7],
    /// What a level on a container means, by kind of what lies inside and level.
    inherited: [[u8; 6]; 7],
    /// The words of grants.
    words: Vec<&'a str>,
    by_administrator: bool,
    /// The team under which "All Members" is shown.
    everyone: Option<u32>,
    members: Members<'a>,
    teams: Teams<'a>,
    objects: Objects<'a>,
    grants: Grants,
}

#[derive(Debug, Default, Serialize)]
struct Members<'a> {
    title: Vec<&'a str>,
    name: Vec<Option<&'a str>>,
    r#type: Vec<Option<&'a str>>,
    kind: Vec<&'static str>,
    /// Why it has no access at all.
    gone: Vec<Option<&'static str>>,
    /// Its status in the catalog's reconciliation.
    status: Vec<Option<&'static str>>,
    flags: Vec<u8>,
    /// The highest level its account type lets it use; -1: not known.
    most: Vec<i8>,
}

#[derive(Debug, Default, Serialize)]
struct Teams<'a> {
    name: Vec<&'a str>,
    flags: Vec<u8>,
    /// Places of members, as steps.
    members: Vec<Vec<u32>>,
}

#[derive(Debug, Default, Serialize)]
struct Objects<'a> {
    name: Vec<&'a str>,
    url: Vec<Option<&'a str>>,
    kind: Vec<u8>,
    /// The container above; -1: none that hands something down.
    parent: Vec<i64>,
    /// How many containers above hand something down.
    depth: Vec<usize>,
    /// Names of the containers above, where they do not follow from `parent`.
    path: Vec<Option<String>>,
    owner: Vec<i64>,
    flags: Vec<u8>,
}

#[derive(Debug, Default, Serialize)]
struct Grants {
    /// Places of objects, as steps.
    object: Vec<u32>,
    /// A member; beyond the members a team; -1: "All Members".
    to: Vec<i64>,
    level: Vec<u8>,
    word: Vec<u16>,
}

fn flag(condition: bool, bit: u8) -> u8 {
    if condition { bit } else { 0 }
}

/// Sorted places as the step from each to the next.
fn steps(places: &[u32]) -> Vec<u32> {
    let mut before = 0;
    places.iter().map(|place| *place - std::mem::replace(&mut before, *place)).collect()
}

impl<'a> Data<'a> {
    /// Of an organisation; `status` says what a member is in the catalog.
    pub fn new(access: &'a Access, status: impl Fn(&str) -> Option<&'static str>) -> Self {
        let place = |level: Level| level as u8;
        Self {
            levels: LEVELS.map(Level::name),
            kinds: KINDS.map(Kind::name),
            labels: KINDS.map(|kind| LEVELS.map(|level| level.label(kind))),
            inherited: KINDS.map(|kind| LEVELS.map(|level| place(level.inherited_by(kind)))),
            words: access.words().collect(),
            by_administrator: access.by_administrator(),
            everyone: access.everyone(),
            members: members(access, status),
            teams: teams(access),
            objects: objects(access),
            grants: grants(access),
        }
    }

    /// As JSON that can stand inside a `script` element: nothing in it ends the element or begins a comment.
    pub fn embedded(&self) -> serde_json::Result<String> {
        let json = serde_json::to_string(self)?;
        let mut safe = String::with_capacity(json.len());
        for sign in json.chars() {
            match sign {
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    safe.push_str(&format!("\\u{:04x}", sign as u32));
                }
                _ => safe.push(sign),
            }
        }
        Ok(safe)
    }
}

fn members<'a>(access: &'a Access, status: impl Fn(&str) -> Option<&'static str>) -> Members<'a> {
    let mut all = Members::default();
    for member in access.members() {
        all.title.push(member.title());
        all.name.push(member.name.as_deref().filter(|name| *name != member.title()));
        all.r#type.push(member.account_type.as_deref());
        all.kind.push(member.kind.name());
        all.gone.push(member.inactive);
        all.status.push(status(&member.id));
        all.flags.push(
            flag(member.in_everyone(), EVERYONE)
                | flag(member.admin == Some(true), ADMIN)
                | flag(member.inactive.is_some(), INACTIVE)
                | flag(member.admin.is_none(), ADMIN_UNKNOWN)
                | flag(member.is_unread(), MEMBER_UNREAD),
        );
        // No level is above an owner's, so that what is left of it is all that is ever left.
        all.most.push(member.usable(Level::Owner).map_or(-1, |most| most as i8));
    }
    all
}

fn teams(access: &Access) -> Teams<'_> {
    let mut all = Teams::default();
    for (place, team) in (0..).zip(access.teams()) {
        all.name.push(team.title());
        all.flags.push(flag(team.archived, TEAM_ARCHIVED) | flag(team.is_unread(), TEAM_UNREAD));
        all.members.push(steps(access.members_of(place)));
    }
    all
}

fn objects(access: &Access) -> Objects<'_> {
    let mut all = Objects::default();
    for (place, object) in (0..).zip(access.objects()) {
        let chain: Vec<u32> = access.chain(place).collect();
        let names: Vec<&str> =
            chain[1..].iter().rev().map(|above| access.objects()[*above as usize].title()).collect();
        let stated = (*object.path != *names.join("/")).then(|| object.path.replace('/', " / "));
        all.name.push(object.title());
        all.url.push(object.url_id.as_deref());
        all.kind.push(object.kind as u8);
        all.parent.push(chain.get(1).map_or(-1, |parent| i64::from(*parent)));
        all.depth.push(chain.len() - 1);
        all.path.push(stated);
        all.owner.push(access.owner(place).map_or(-1, i64::from));
        all.flags.push(
            flag(object.archived, OBJECT_ARCHIVED) | flag(access.is_tree_doubtful(place), OBJECT_DOUBTFUL),
        );
    }
    all
}

fn grants(access: &Access) -> Grants {
    let people = access.members().len() as i64;
    let mut all = Grants::default();
    let mut places = Vec::new();
    for object in 0..access.objects().len() as u32 {
        for (principal, level, word) in access.grants_on(object) {
            places.push(object);
            all.to.push(match principal {
                Principal::Everyone => -1,
                Principal::Member(member) => i64::from(member),
                Principal::Team(team) => people + i64::from(team),
            });
            all.level.push(level as u8);
            all.word.push(word);
        }
    }
    all.object = steps(&places);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::facts::{Facts, MemberFact, WorkspaceFact};

    #[test]
    fn the_places_of_levels_and_kinds_are_those_of_the_lists() {
        for (place, level) in LEVELS.iter().enumerate() {
            assert_eq!(*level as usize, place);
        }
        for (place, kind) in KINDS.iter().enumerate() {
            assert_eq!(*kind as usize, place);
        }
    }

    #[test]
    fn no_name_ends_the_element_it_stands_in() {
        let name = "</script><script>alert(1)</script><!-- & \u{2028}";
        let facts = Facts {
            members: vec![MemberFact { id: "m".into(), name: Some(name.into()), ..MemberFact::default() }],
            workspaces: vec![WorkspaceFact {
                id: "w".into(),
                name: Some(name.into()),
                ..WorkspaceFact::default()
            }],
            ..Facts::default()
        };
        let access = Access::new(&facts);
        let text = Data::new(&access, |_| None).embedded().unwrap();
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["members"]["title"][0], name);
        assert_eq!(read["objects"]["name"][0], name);
    }

    #[test]
    fn steps_lead_to_the_places() {
        assert_eq!(steps(&[0, 3, 3, 10]), [0, 3, 0, 7]);
    }
}
