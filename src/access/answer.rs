//! What the rules answer: how much, by which path, how surely.

use super::level::Level;

/// How surely an answer is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Everything it rests on was read.
    Exact,
    /// There is access; something that could raise its level was not read.
    LowerBound,
    /// Something that could give access was not read, so that its absence proves nothing.
    Unknown,
}

impl Confidence {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::LowerBound => "lower_bound",
            Self::Unknown => "unknown",
        }
    }
}

/// The kind of a path. The order is the order of preference between paths that are equal otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// The member owns the object.
    Owner,
    /// A grant to the member.
    Direct,
    /// A grant to a team of the member's.
    Team,
    /// A grant to "All Members".
    Everyone,
    /// The member is an administrator: may see and edit all documents, and share anything.
    Admin,
}

impl Via {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Direct => "direct",
            Self::Team => "team",
            Self::Everyone => "everyone",
            Self::Admin => "admin",
        }
    }
}

/// One way in which a member reaches an object. Members, teams and objects are places in their lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Path {
    /// What it gives on the object.
    pub level: Level,
    /// Its kind.
    pub via: Via,
    /// The team, for [`Via::Team`] and [`Via::Everyone`].
    pub team: Option<u32>,
    /// The object the grant is on: the object itself, or a container above it.
    pub at: u32,
    /// How many steps above the object that is.
    pub depth: u32,
    /// The level granted there, before it is inherited.
    pub granted: Level,
    /// The grant's word, as a place in [`super::Access::word`]; `None` for owners and administrators.
    pub word: Option<u16>,
}

impl Path {
    /// The smallest is the winner: highest level; being an administrator only where nothing else gives as much; the
    /// nearest grant; then by kind and by the team's name.
    pub(super) fn rank(&self) -> impl Ord + use<> {
        let admin = self.via == Via::Admin;
        (
            std::cmp::Reverse(self.level),
            admin,
            self.depth,
            self.via,
            self.team,
            std::cmp::Reverse(self.granted),
        )
    }
}

/// What a member may do with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Answer {
    /// The winning path; `None`: there is none. One of [`Level::Unknown`] gives no access.
    pub best: Option<Path>,
    /// How many different paths there are, those of unknown words included.
    pub paths: u32,
    /// How surely.
    pub confidence: Confidence,
}

impl Answer {
    /// There is nothing, surely.
    pub(super) const NOTHING: Self = Self { best: None, paths: 0, confidence: Confidence::Exact };

    /// The level, where there is access.
    pub fn level(&self) -> Option<Level> {
        self.best.map(|path| path.level).filter(|level| *level > Level::Unknown)
    }
}

/// Collects the paths of one member to one object.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cell {
    best: Option<Path>,
    paths: u32,
    unknown: bool,
}

impl Cell {
    pub fn is_empty(&self) -> bool {
        self.paths == 0
    }

    pub fn level(&self) -> Option<Level> {
        self.best.map(|best| best.level)
    }

    pub fn offer(&mut self, path: Path) {
        self.paths += 1;
        self.unknown |= path.level == Level::Unknown;
        if self.best.is_none_or(|best| path.rank() < best.rank()) {
            self.best = Some(path);
        }
    }

    /// Closes the collection. `doubt`: something that could add a path was not read.
    pub fn answer(self, doubt: bool) -> Answer {
        let doubt = doubt || self.unknown;
        let confidence = match self.best.map(|best| best.level) {
            None | Some(Level::Unknown) if doubt => Confidence::Unknown,
            None | Some(Level::Unknown) => Confidence::Exact,
            // No grant gives more than this, and owners are known.
            Some(Level::Edit | Level::Owner) => Confidence::Exact,
            Some(_) if doubt => Confidence::LowerBound,
            Some(_) => Confidence::Exact,
        };
        Answer { best: self.best, paths: self.paths, confidence }
    }
}
