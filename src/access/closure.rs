//! The rules themselves: additive, the highest wins, no deny, downwards only.

use super::answer::{Answer, Cell, Path, Via};
use super::level::Level;
use super::people::{Member, People, Team};
use super::tree::{Object, Tree};
use crate::catalog::facts::Facts;

/// Effective access in an organisation, compiled to places in lists so that no text is touched while it is worked out.
///
/// Grants stay with whom they were made to: a team is one entry of an object, "All Members" ([`Principal::Everyone`])
/// is one whatever its size. [`Access::principals`] gives that, in the order of grants times depth; only
/// [`Access::expand`] and [`Access::answer`] turn principals into members, one object or one member at a time.
#[derive(Debug, Default)]
pub struct Access {
    pub(super) people: People,
    pub(super) tree: Tree,
    /// All grants that could give something, by object.
    grants: Vec<Grant>,
    /// Where the grants of each object begin; one more than there are objects.
    grants_from: Vec<u32>,
    /// The teams of each member, without "All Members".
    teams_of: Vec<Vec<u32>>,
    /// The owner of each object, as far as it is a member.
    owners: Vec<Option<u32>>,
    /// Everyone's rows are shown under the first team of that name.
    everyone: Option<u32>,
    words: Vec<String>,
    by_administrator: bool,
}

/// Whom a grant names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    /// A member.
    Member(u32),
    /// A team.
    Team(u32),
    /// Everybody but guests.
    Everyone,
}

/// What a principal has on an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Who.
    pub principal: Principal,
    /// How much on the object.
    pub level: Level,
    /// The object the winning grant is on.
    pub at: u32,
    /// How many steps above that is.
    pub depth: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Grant {
    object: u32,
    principal: Principal,
    word: u16,
    level: Level,
}

/// A grant as it reaches an object.
#[derive(Debug, Clone, Copy)]
struct Reaching {
    grant: Grant,
    depth: u32,
    level: Level,
}

/// A member, prepared for many questions.
#[derive(Debug)]
pub struct Asker {
    member: u32,
    teams: Vec<bool>,
}

/// Room to work in, to be used for one object after the other.
#[derive(Debug, Default)]
pub struct Scratch {
    cells: Vec<Cell>,
}

impl Access {
    /// Compiles the facts.
    pub fn new(facts: &Facts) -> Self {
        Self::with(Tree::new(facts.files.clone(), facts), facts)
    }

    /// The same, taking the files out of the facts instead of copying them.
    pub fn of(facts: &mut Facts) -> Self {
        let files = std::mem::take(&mut facts.files);
        Self::with(Tree::new(files, facts), facts)
    }

    /// `tree`: the objects of the facts.
    fn with(tree: Tree, facts: &Facts) -> Self {
        let people = People::new(facts);
        let mut words: Vec<String> = Vec::new();
        let mut grants: Vec<Grant> =
            facts.grants.iter().filter_map(|fact| compiled(fact, &people, &tree, &mut words)).collect();
        sort_words(&mut words, &mut grants);
        grants.sort_unstable();
        // The same grant may be listed more than once: it is one path.
        grants.dedup();
        let mut grants_from = vec![0; tree.objects.len() + 1];
        for grant in &grants {
            grants_from[grant.object as usize + 1] += 1;
        }
        for at in 1..grants_from.len() {
            grants_from[at] += grants_from[at - 1];
        }
        let mut teams_of = vec![Vec::new(); people.members.len()];
        for (team, members) in people.members_of.iter().enumerate() {
            for member in members.iter().filter(|_| !people.teams[team].archived) {
                teams_of[*member as usize].push(team as u32);
            }
        }
        let owner = |object: &Object| people.member_places.get(object.owner_id.as_ref()?).copied();
        let owners = tree.objects.iter().map(owner).collect();
        let everyone = people.teams.iter().position(|team| team.everyone && !team.archived);
        Self {
            grants,
            grants_from,
            teams_of,
            owners,
            everyone: everyone.map(|place| place as u32),
            words,
            by_administrator: facts.readings.by_administrator,
            people,
            tree,
        }
    }

    /// All members, sorted by e-mail address and id.
    pub fn members(&self) -> &[Member] {
        &self.people.members
    }

    /// All teams, sorted by name and id.
    pub fn teams(&self) -> &[Team] {
        &self.people.teams
    }

    /// All objects, sorted by path, name and id.
    pub fn objects(&self) -> &[Object] {
        &self.tree.objects
    }

    /// The object's path, unless the names of what it lies in make that.
    pub fn stated_path(&self, object: u32) -> Option<&str> {
        self.tree.stated_path(object)
    }

    /// The place of the object with that UUID.
    pub fn place_of(&self, id: &str) -> Option<u32> {
        self.tree.place_of(id)
    }

    /// The place of the member with that id.
    pub fn member_of(&self, id: &str) -> Option<u32> {
        self.people.member_places.get(id).copied()
    }

    /// The member who owns an object.
    pub fn owner(&self, object: u32) -> Option<u32> {
        self.owners[object as usize]
    }

    /// The teams a member belongs to, archived ones and "All Members" left out.
    pub fn teams_of(&self, member: u32) -> &[u32] {
        &self.teams_of[member as usize]
    }

    /// A grant's word.
    pub fn word(&self, word: u16) -> &str {
        &self.words[word as usize]
    }

    /// The words of all grants.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// Whether an administrator's token read the organisation.
    pub fn by_administrator(&self) -> bool {
        self.by_administrator
    }

    /// The team under which what is granted to "All Members" is shown.
    pub fn everyone(&self) -> Option<u32> {
        self.everyone
    }

    /// The members of a team, sorted.
    pub fn members_of(&self, team: u32) -> &[u32] {
        &self.people.members_of[team as usize]
    }

    /// The grants on an object itself: to whom, the level there, and the place of its word.
    pub fn grants_on(&self, object: u32) -> impl Iterator<Item = (Principal, Level, u16)> {
        let (from, to) = (self.grants_from[object as usize], self.grants_from[object as usize + 1]);
        let grants = &self.grants[from as usize..to as usize];
        grants.iter().map(|grant| (grant.principal, grant.level, grant.word))
    }

    /// The object and the containers whose grants reach it, nearest first.
    pub fn chain(&self, object: u32) -> impl Iterator<Item = u32> {
        self.tree.chain(object)
    }

    /// Whether all that access rests on was read, so that no answer is in doubt but for words of grants that have no
    /// established meaning. `facts`: those it was compiled from.
    pub fn is_settled(&self, facts: &Facts) -> bool {
        self.by_administrator
            && facts.readings.deficient().is_empty()
            && self.people.members.iter().all(|member| !member.unread && member.admin.is_some())
            && self.people.teams.iter().all(|team| !team.unread)
            // What is in the trash gives nothing, wherever it lies.
            && (self.tree.objects.iter().zip(0..))
                .all(|(object, place)| object.archived || !self.tree.is_doubtful(place))
    }

    /// Whether something that could give access to the object was not read.
    pub fn is_doubtful(&self, object: u32) -> bool {
        !self.by_administrator || self.tree.is_doubtful(object)
    }

    /// What the object lies in, where the catalog knows it.
    pub fn parent(&self, object: u32) -> Option<u32> {
        self.tree.parent(object)
    }

    /// Whether nothing lies above the object.
    pub fn is_top(&self, object: u32) -> bool {
        self.tree.is_top(object)
    }

    /// Whether the grants on this very object, or where it lies, were not read.
    pub fn is_unread(&self, object: u32) -> bool {
        self.tree.is_unread(object)
    }

    /// Whether grants on the object or on a container above it were not read.
    pub fn is_tree_doubtful(&self, object: u32) -> bool {
        self.tree.is_doubtful(object)
    }

    /// The principals with access to an object, each with its best level, sorted. Owner and administrators are apart.
    pub fn principals(&self, object: u32, entries: &mut Vec<Entry>) {
        entries.clear();
        let reaching = self.reaching(object);
        entries.extend(reaching.map(|Reaching { grant, depth, level }| Entry {
            principal: grant.principal,
            level,
            at: grant.object,
            depth,
        }));
        entries.sort_unstable_by_key(|entry| (entry.principal, std::cmp::Reverse(entry.level), entry.depth));
        entries.dedup_by_key(|entry| entry.principal);
    }

    /// Prepares questions about a member.
    pub fn asker(&self, member: u32) -> Asker {
        let mut teams = vec![false; self.people.teams.len()];
        for team in &self.teams_of[member as usize] {
            teams[*team as usize] = true;
        }
        Asker { member, teams }
    }

    /// What a member may do with an object.
    pub fn answer(&self, asker: &Asker, object: u32) -> Answer {
        self.ask(asker, object, true)
    }

    /// The same without what comes from being an administrator: what Sigma's file listings show.
    pub fn answer_without_admin(&self, asker: &Asker, object: u32) -> Answer {
        self.ask(asker, object, false)
    }

    fn ask(&self, asker: &Asker, object: u32, with_admin: bool) -> Answer {
        let mut cell = Cell::default();
        let hidden = self.visit_paths(asker, object, with_admin, |path| cell.offer(path));
        self.close(cell, asker.member, object, hidden, with_admin)
    }

    /// All paths from a member to an object, the winning one first.
    pub fn paths(&self, asker: &Asker, object: u32) -> Vec<Path> {
        let mut paths = Vec::new();
        self.visit_paths(asker, object, true, |path| paths.push(path));
        paths.sort_by_key(Path::rank);
        paths
    }

    /// Everybody with a path to an object, in the order of members.
    pub fn expand(&self, object: u32, scratch: &mut Scratch, mut each: impl FnMut(u32, Answer)) {
        let members = &self.people.members;
        if self.tree.objects[object as usize].archived {
            return;
        }
        scratch.cells.clear();
        scratch.cells.resize(members.len(), Cell::default());
        let cells = &mut scratch.cells;
        let mut hidden = None;
        for reaching in self.reaching(object) {
            match reaching.grant.principal {
                Principal::Member(member) => cells[member as usize].offer(self.path(reaching)),
                Principal::Team(team) => {
                    hidden = hidden.max(self.hidden_level(team, reaching.level));
                    let path = self.path(reaching);
                    for member in &self.people.members_of[team as usize] {
                        cells[*member as usize].offer(path);
                    }
                }
                Principal::Everyone => {
                    let path = self.path(reaching);
                    for (cell, _) in cells.iter_mut().zip(members).filter(|(_, member)| member.in_everyone())
                    {
                        cell.offer(path);
                    }
                }
            }
        }
        if let Some(owner) = self.owners[object as usize] {
            cells[owner as usize].offer(owner_path(object));
        }
        for (place, member) in members.iter().enumerate() {
            let cell = &mut cells[place];
            if member.admin == Some(true) {
                cell.offer(admin_path(object));
            }
            if !cell.is_empty() && member.inactive.is_none() {
                each(place as u32, self.close(*cell, place as u32, object, hidden, true));
            }
        }
    }

    /// Hands every path of a member to an object to `each`; answers the highest level given to a team that the member
    /// may belong to without its being known.
    fn visit_paths(
        &self,
        asker: &Asker,
        object: u32,
        with_admin: bool,
        mut each: impl FnMut(Path),
    ) -> Option<Level> {
        let member = &self.people.members[asker.member as usize];
        if member.inactive.is_some() || self.tree.objects[object as usize].archived {
            return None;
        }
        let mut hidden = None;
        for reaching in self.reaching(object) {
            let reaches = match reaching.grant.principal {
                Principal::Member(grantee) => grantee == asker.member,
                Principal::Team(team) => {
                    hidden = hidden.max(self.hidden_level(team, reaching.level));
                    asker.teams[team as usize]
                }
                Principal::Everyone => member.in_everyone(),
            };
            if reaches {
                each(self.path(reaching));
            }
        }
        if self.owners[object as usize] == Some(asker.member) {
            each(owner_path(object));
        }
        if with_admin && member.admin == Some(true) {
            each(admin_path(object));
        }
        hidden
    }

    /// The grants on an object and on the containers above it, as they reach it.
    fn reaching(&self, object: u32) -> impl Iterator<Item = Reaching> {
        let kind = self.tree.objects[object as usize].kind;
        self.tree.chain(object).zip(0..).flat_map(move |(at, depth)| {
            let from = self.grants_from[at as usize] as usize;
            let to = self.grants_from[at as usize + 1] as usize;
            self.grants[from..to].iter().map(move |grant| {
                let level = if depth == 0 { grant.level } else { grant.level.inherited_by(kind) };
                Reaching { grant: *grant, depth, level }
            })
        })
    }

    fn path(&self, reaching: Reaching) -> Path {
        let Reaching { grant, depth, level } = reaching;
        let (via, team) = match grant.principal {
            Principal::Member(_) => (Via::Direct, None),
            Principal::Team(team) => (Via::Team, Some(team)),
            Principal::Everyone => (Via::Everyone, self.everyone),
        };
        Path { level, via, team, at: grant.object, depth, granted: grant.level, word: Some(grant.word) }
    }

    fn hidden_level(&self, team: u32, level: Level) -> Option<Level> {
        self.people.teams[team as usize].unread.then_some(level)
    }

    fn close(&self, cell: Cell, member: u32, object: u32, hidden: Option<Level>, with_admin: bool) -> Answer {
        let member = &self.people.members[member as usize];
        if member.inactive.is_some() || self.tree.objects[object as usize].archived {
            return Answer::NOTHING;
        }
        let doubt = self.is_doubtful(object)
            || member.unread
            || (with_admin && member.admin.is_none())
            || hidden > cell.level();
        cell.answer(doubt)
    }
}

/// Which of two words is told first must not hang on the order of the facts, nor on facts about something else.
fn sort_words(words: &mut [String], grants: &mut [Grant]) {
    let mut order: Vec<u16> = (0..words.len() as u16).collect();
    order.sort_by_key(|place| &words[*place as usize]);
    let mut moved = order.clone();
    for (new, old) in (0..).zip(&order) {
        moved[*old as usize] = new;
    }
    words.sort_unstable();
    for grant in grants {
        grant.word = moved[grant.word as usize];
    }
}

fn owner_path(object: u32) -> Path {
    let level = Level::Owner;
    Path { level, via: Via::Owner, team: None, at: object, depth: 0, granted: level, word: None }
}

/// An administrator may see and edit all documents and share anything, says Sigma's help, whatever is granted.
fn admin_path(object: u32) -> Path {
    let level = Level::Edit;
    Path { level, via: Via::Admin, team: None, at: object, depth: 0, granted: level, word: None }
}

/// `None` where the object or the grantee does not exist, or the team is archived: such a grant gives nothing.
fn compiled(
    fact: &crate::catalog::facts::GrantFact,
    people: &People,
    tree: &Tree,
    words: &mut Vec<String>,
) -> Option<Grant> {
    let object = tree.place_of(&fact.object_id)?;
    let principal = if fact.member_id.is_empty() {
        let place = *people.team_places.get(&fact.team_id)?;
        let team = &people.teams[place as usize];
        if team.archived {
            return None;
        }
        if team.everyone { Principal::Everyone } else { Principal::Team(place) }
    } else {
        Principal::Member(*people.member_places.get(&fact.member_id)?)
    };
    let text = fact.permission.as_deref().unwrap_or_default();
    let word = match words.iter().position(|known| known == text) {
        Some(place) => place,
        None => {
            words.push(text.to_owned());
            words.len() - 1
        }
    };
    let level = Level::of_permission(Some(text));
    // There are a handful of words; an answer with more than that many different ones is no answer.
    Some(Grant { object, principal, word: u16::try_from(word).ok()?, level })
}
