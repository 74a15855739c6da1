//! Workspaces, folders, and the ordinary grants on them.
use super::{
    Grant, Kind, Organization, Principal,
    generate::{numbered, stamps, stream},
    people::ALL_MEMBERS,
    warehouse, words,
};
use crate::simulator::{
    ids::{Dice, Uuid},
    options::Options,
};

/// Adds workspaces and folders; gives the places documents are put in.
pub fn add_containers(org: &mut Organization, options: &Options) -> Vec<usize> {
    let mut dice = Dice::new(&[options.seed, stream::PLACES]);
    let mut containers = Vec::new();
    for i in 0..options.workspaces.max(1) {
        let name = numbered(words::DEPARTMENTS[i % words::DEPARTMENTS.len()], i / words::DEPARTMENTS.len());
        let workspace = org.add_inode(&mut dice, Kind::Workspace, &name, None, 0);
        containers.push(workspace);
        for _ in 0..2 {
            let (name, owner) = (dice.pick(words::FOLDERS), org.some_author(&mut dice));
            let folder = org.add_inode(&mut dice, Kind::Folder, name, Some(workspace), owner);
            containers.push(folder);
            if dice.percent(60) {
                let name = dice.pick(words::SUBFOLDERS);
                containers.push(org.add_inode(&mut dice, Kind::Folder, name, Some(folder), owner));
            }
        }
    }
    containers
}

impl Organization {
    /// Adds a grant and gives its place.
    pub(super) fn grant(&mut self, dice: &mut Dice, inode: usize, to: Principal, permission: &str) -> usize {
        let (id, kind) = (self.inodes[inode].id, self.inodes[inode].kind);
        self.grant_on(dice, id, kind.grant_type(), to, permission, false)
    }

    pub(super) fn grant_on(
        &mut self,
        dice: &mut Dice,
        inode: Uuid,
        inode_type: &'static str,
        to: Principal,
        permission: &str,
        data: bool,
    ) -> usize {
        self.grants.push(Grant {
            id: dice.uuid(),
            inode,
            inode_type,
            to,
            permission: permission.to_owned(),
            data,
            stamps: stamps(dice, 0, 0),
        });
        self.grants.len() - 1
    }
}

/// The ordinary grants: the credential's admin on every workspace (as practice advises, so that its token sees them),
/// departments on workspaces, and a share of folders and documents given to someone directly.
pub fn add_grants(org: &mut Organization, options: &Options) {
    let mut dice = Dice::new(&[options.seed, stream::GRANTS]);
    let teams: Vec<usize> = (1..=options.teams).collect();
    let of_kind = |org: &Organization, wanted: fn(Kind) -> bool| -> Vec<usize> {
        (0..org.inodes.len())
            .filter(|i| wanted(org.inodes[*i].kind) && org.inodes[*i].parent != Some(*i))
            .collect()
    };
    let workspaces = of_kind(org, |kind| kind == Kind::Workspace);
    for (i, workspace) in workspaces.into_iter().enumerate() {
        org.grant(&mut dice, workspace, Principal::Member(0), "edit");
        if !teams.is_empty() {
            let level = dice.pick(&["view", "explore", "organize", "organize"]);
            org.grant(&mut dice, workspace, Principal::Team(teams[i % teams.len()]), level);
        }
        if i % 4 == 2 {
            org.grant(&mut dice, workspace, Principal::Team(ALL_MEMBERS), "view");
        }
        if i % 3 == 1 {
            org.grant(&mut dice, workspace, Principal::Member(1), "explore");
        }
    }
    for folder in of_kind(org, |kind| kind == Kind::Folder) {
        if dice.percent(25) {
            let (to, level) =
                (someone(org, &mut dice, &teams), dice.pick(&["view", "explore", "organize", "edit"]));
            org.grant(&mut dice, folder, to, level);
        }
    }
    for inode in of_kind(org, |kind| !kind.is_container()) {
        if dice.percent(25) && !org.inodes[inode].exploration {
            let levels: &[&str] = if org.inodes[inode].kind == Kind::Workbook {
                &["view", "explore", "edit"]
            } else {
                &["view", "edit"]
            };
            let (to, level) = (someone(org, &mut dice, &teams), dice.pick(levels));
            org.grant(&mut dice, inode, to, level);
        }
    }
    add_data_grants(org, &mut dice, &teams);
}

/// A team, the viewer, or any member.
fn someone(org: &Organization, dice: &mut Dice, teams: &[usize]) -> Principal {
    match dice.below(10) {
        0..4 if !teams.is_empty() => Principal::Team(teams[dice.below(teams.len())]),
        4 => Principal::Team(ALL_MEMBERS),
        5 => Principal::Member(2),
        _ => Principal::Member(dice.below(org.members.len())),
    }
}

/// Data permissions: on the warehouse connections, on one schema and on some tables.
fn add_data_grants(org: &mut Organization, dice: &mut Dice, teams: &[usize]) {
    for connection in [warehouse::SNOWFLAKE, warehouse::REDSHIFT] {
        let id = org.connections[connection].id;
        org.grant_on(dice, id, "scope", Principal::Team(ALL_MEMBERS), "usage", true);
        org.grant_on(dice, id, "scope", Principal::Member(1), "annotate", true);
    }
    let to = teams.first().map_or(Principal::Team(ALL_MEMBERS), |team| Principal::Team(*team));
    let schema = org.scopes.iter().find(|scope| scope.path.len() == 2).map(|scope| scope.id);
    if let Some(schema) = schema {
        org.grant_on(dice, schema, "scope", to, "annotate", true);
    }
    for table in (0..org.tables.len()).step_by(4) {
        let id = org.tables[table].id;
        org.grant_on(dice, id, "table", to, "usage", true);
    }
}
