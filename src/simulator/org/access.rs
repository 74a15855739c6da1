//! Who may do what with which file: additive, highest wins, inherited downwards only.
use std::collections::{BTreeSet, HashMap};

use super::{Kind, Organization, Principal};

/// What a member may do with an inode. On a container `Organize` is "Can Contribute" and `Edit` is "Can Manage".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    View,
    Explore,
    Organize,
    Edit,
    Owner,
}

impl Level {
    /// Reads the literal of a grant; the undocumented ones give nothing.
    pub fn of_permission(text: &str) -> Option<Self> {
        match text {
            "view" => Some(Self::View),
            "explore" => Some(Self::Explore),
            "organize" => Some(Self::Organize),
            "edit" => Some(Self::Edit),
            _ => None,
        }
    }

    /// The `permission` of file rows.
    pub fn permission(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Explore => "explore",
            Self::Organize => "organize",
            Self::Edit | Self::Owner => "edit",
        }
    }

    /// What this level on a container gives on something of `kind` inside it.
    fn inherited_by(self, kind: Kind) -> Self {
        match (kind, self) {
            (Kind::Workspace | Kind::Folder, Self::Owner) => Self::Edit,
            (Kind::Workspace | Kind::Folder, level) => level,
            (_, Self::Edit | Self::Owner) => Self::Edit,
            (Kind::Workbook, Self::Explore | Self::Organize) => Self::Explore,
            _ => Self::View,
        }
    }
}

/// The effective level of `member` on each inode, in the order of the inodes.
pub fn levels(org: &Organization, member: usize) -> Vec<Option<Level>> {
    let mut levels = vec![None; org.inodes.len()];
    if !org.members[member].is_active() {
        return levels;
    }
    let teams: BTreeSet<usize> = org
        .teams
        .iter()
        .enumerate()
        .filter(|(_, team)| !team.archived && team.members.iter().any(|(m, _)| *m == member))
        .map(|(place, _)| place)
        .collect();
    let mut direct: HashMap<usize, Level> = HashMap::new();
    for grant in org.grants.iter().filter(|grant| !grant.data) {
        let mine = match grant.to {
            Principal::Member(place) => place == member,
            Principal::Team(place) => teams.contains(&place),
        };
        let found =
            mine.then(|| org.inode(grant.inode)).flatten().zip(Level::of_permission(&grant.permission));
        if let Some((inode, level)) = found {
            let best = direct.entry(inode).or_insert(level);
            *best = level.max(*best);
        }
    }
    let mut granted = vec![None; org.inodes.len()];
    for (place, (inode, level)) in org.inodes.iter().zip(&mut levels).enumerate() {
        let owned = inode.owner == Some(member) && !inode.archived && !inode.deleted;
        *level = if owned { Some(Level::Owner) } else { granted_level(org, place, &direct, &mut granted) };
    }
    levels
}

/// The level from grants alone, on the inode itself or on a container above it. Ownership is left out because owning
/// a folder does not give what others keep in it.
fn granted_level(
    org: &Organization,
    place: usize,
    direct: &HashMap<usize, Level>,
    known: &mut [Option<Option<Level>>],
) -> Option<Level> {
    if let Some(level) = known[place] {
        return level;
    }
    let inode = &org.inodes[place];
    let level = if inode.archived || inode.deleted {
        None
    } else {
        let above = inode.parent.filter(|parent| *parent != place);
        let inherited = above
            .and_then(|parent| granted_level(org, parent, direct, known))
            .map(|l| l.inherited_by(inode.kind));
        direct.get(&place).copied().max(inherited)
    };
    known[place] = Some(level);
    level
}
