//! From what a person types to the member or object meant.

use super::closure::Access;
use super::tree::Object;

/// What was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// A member.
    Member,
    /// An object.
    Object,
    /// A team.
    Team,
    /// A grant.
    Grant,
}

impl Thing {
    fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Object => "object",
            Self::Team => "team",
            Self::Grant => "grant",
        }
    }

    /// How to name one.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Member => "give the member's e-mail address or id",
            Self::Object => {
                "give the object's id, the last part of its address, its whole address, or its path such as `Sales/Q3/Forecast`"
            }
            Self::Team => "give the team's name or id; `SELECT name FROM team` lists them",
            Self::Grant => "give the grant's id; `SELECT id FROM object_grant` lists them",
        }
    }
}

/// Why nothing, or not one thing, was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// There is none of that name.
    #[error("the catalog has no {} `{text}`{}", thing.name(), similar(near))]
    Nothing {
        /// What was looked for.
        thing: Thing,
        /// What was typed.
        text: String,
        /// What looks like it.
        near: Vec<String>,
    },
    /// There are several, and guessing would be wrong.
    #[error("`{text}` names {} {}s: {}", ids.len(), thing.name(), listed(ids))]
    Several {
        /// What was looked for.
        thing: Thing,
        /// What was typed.
        text: String,
        /// The ids of all it may mean.
        ids: Vec<String>,
    },
}

impl NotFound {
    /// What to do.
    pub fn remedy(&self) -> String {
        match self {
            Self::Nothing { thing, .. } => thing.hint().to_owned(),
            Self::Several { .. } => "give the id of the one that is meant".to_owned(),
        }
    }
}

/// How many look-alikes are named.
const MOST_NEAR: usize = 3;
/// How many ids of an ambiguous name are named.
const MOST_IDS: usize = 5;
/// How many steps of a path are looked up one by one.
const MOST_STEPS: usize = 50;

fn similar(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean `{}`?", near.join("`, `")) }
}

fn listed(ids: &[String]) -> String {
    let shown = ids.iter().take(MOST_IDS).cloned().collect::<Vec<_>>().join(", ");
    if ids.len() > MOST_IDS { format!("{shown}, ...") } else { shown }
}

impl Access {
    /// The member with that id or, in whatever ASCII case, that e-mail address.
    ///
    /// # Errors
    /// If there is none, or several members share the address.
    pub fn find_member(&self, text: &str) -> Result<u32, NotFound> {
        let text = text.trim();
        if let Some(place) = self.people.member_places.get(text) {
            return Ok(*place);
        }
        let address = |place: &u32| self.members()[*place as usize].email.as_deref().unwrap_or_default();
        let all = 0..self.members().len() as u32;
        let found = all
            .clone()
            .filter(|place| !text.is_empty() && address(place).eq_ignore_ascii_case(text))
            .collect();
        one_of(
            Thing::Member,
            text,
            found,
            |place| self.members()[place as usize].id.clone(),
            || near(text, all.map(|place| address(&place).to_owned())),
        )
    }

    /// The object with that UUID, `urlId`, address, or path of names; names in whatever ASCII case where no other
    /// object is spelt exactly so.
    ///
    /// # Errors
    /// If there is none, or several objects share the path.
    pub fn find_object(&self, text: &str) -> Result<u32, NotFound> {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        if let Some(place) = self.place_of(&lower).or_else(|| self.place_of(text)) {
            return Ok(place);
        }
        let slug = slug_of(text);
        let objects = self.objects();
        let all = 0..objects.len() as u32;
        let whole = text.trim_matches('/');
        let with =
            |wanted: &dyn Fn(u32) -> bool| all.clone().filter(|place| wanted(*place)).collect::<Vec<u32>>();
        let mut found =
            with(&|place| !slug.is_empty() && objects[place as usize].url_id.as_deref() == Some(slug));
        if found.is_empty() && !whole.is_empty() {
            found = with(&|place| objects[place as usize].full_path() == whole);
        }
        if found.is_empty() && !whole.is_empty() {
            found = with(&|place| objects[place as usize].full_path().eq_ignore_ascii_case(whole));
        }
        one_of(
            Thing::Object,
            text,
            found,
            |place| objects[place as usize].id.clone(),
            || {
                let name = whole.rsplit('/').next().unwrap_or(whole);
                near(name, objects.iter().map(Object::full_path))
            },
        )
    }
}

/// Every object that [`Access::find_object`] may find for the text has one of these words for its id, for its id in
/// addresses or, in whatever ASCII case, for its name; or it has no name. `None`: that would be too many words.
pub fn words_for(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    // Names may hold slashes: each end of the path may be one.
    let whole = text.trim_matches('/');
    let ends = whole.match_indices('/').map(|(at, slash)| &whole[at + slash.len()..]);
    if ends.clone().count() > MOST_STEPS {
        return None;
    }
    let mut words: Vec<String> =
        [text, slug_of(text), whole].into_iter().chain(ends).map(str::to_owned).collect();
    words.push(text.to_ascii_lowercase());
    words.sort_unstable();
    words.dedup();
    Some(words)
}

/// The `urlId` in what may be an address (`https://.../workbook/<Name>-<urlId>?...`), a reference of lineage
/// (`inode-<urlId>`) or the bare id.
fn slug_of(text: &str) -> &str {
    let path = text.split(['?', '#']).next().unwrap_or(text).trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or(path);
    last.rsplit('-').next().unwrap_or(last)
}

pub(super) fn one_of(
    thing: Thing,
    text: &str,
    found: Vec<u32>,
    id: impl Fn(u32) -> String,
    near: impl FnOnce() -> Vec<String>,
) -> Result<u32, NotFound> {
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(NotFound::Nothing { thing, text: text.to_owned(), near: near() }),
        several => {
            let ids = several.iter().map(|place| id(*place)).collect();
            Err(NotFound::Several { thing, text: text.to_owned(), ids })
        }
    }
}

/// Names that hold the text, or that the part before the `@` is found in.
pub(super) fn near(text: &str, names: impl Iterator<Item = String>) -> Vec<String> {
    let wanted = text.split('@').next().unwrap_or(text).to_lowercase();
    if wanted.len() < 3 {
        return Vec::new();
    }
    names.filter(|name| name.to_lowercase().contains(&wanted)).take(MOST_NEAR).collect()
}
