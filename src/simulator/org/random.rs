//! A change that somebody could have made: a pure function of the dice and of what there is.
use super::{Kind, Mutation, Organization, Principal, Team, people::ALL_MEMBERS};
use crate::simulator::ids::Dice;

impl Organization {
    /// Some change that makes sense here; `None` where the dice chose one that does not. With `gently` no page is
    /// taken out of a document: what somebody does who reads it at the same time cannot notice.
    pub fn some_change(&self, seed: u64, gently: bool) -> Option<Mutation> {
        let dice = &mut Dice::new(&[self.seed, seed, self.generation]);
        let document = self.some_inode(dice, |kind| !kind.is_container());
        let member = || -> Option<usize> {
            (1..self.members.len()).find(|m| self.members[*m].is_active() && !self.is_credential_owner(*m))
        };
        let name = format!("Renamed {}", dice.below(1000));
        let some_member = |dice: &mut Dice| self.members[dice.below(self.members.len())].id.clone();
        // Nobody leaves or joins All Members by hand.
        let teams: Vec<&Team> = self.teams.iter().skip(ALL_MEMBERS + 1).collect();
        let some_team = |dice: &mut Dice| teams.get(dice.below(teams.len())).map(|team| team.id.to_string());
        Some(match dice.below(if gently { 13 } else { 14 }) {
            0 => Mutation::RenameDocument { document: document?, name },
            1 => Mutation::RenameFolder { folder: self.some_inode(dice, Kind::is_container)?, name },
            2 => Mutation::DeleteDocument { document: document? },
            3 => Mutation::AddPage { document: self.some_inode(dice, is_paged)?, name: Some(name) },
            4 => {
                let permission = dice.pick(&["view", "explore", "organize", "edit"]).to_owned();
                let (member, team) = if dice.percent(50) {
                    (Some(some_member(dice)), None)
                } else {
                    (None, Some(some_team(dice)?))
                };
                Mutation::AddGrant { inode: document?, member, team, permission }
            }
            5 => {
                // Without its own grants an administrator's token no longer sees what is there.
                let of_administrator = Principal::Member(self.credential_owners[0]);
                let ordinary: Vec<_> =
                    self.grants.iter().filter(|grant| !grant.data && grant.to != of_administrator).collect();
                let grant = ordinary.get(dice.below(ordinary.len()))?;
                Mutation::RemoveGrant { grant: grant.id.to_string() }
            }
            6 => {
                let first = Some(format!("Nora{}", dice.below(100_000)));
                Mutation::AddMember { first, last: None, email: None, member_type: None }
            }
            7 => Mutation::ArchiveMember { member: self.members[member()?].id.clone() },
            8 => Mutation::AddTeamMember { team: some_team(dice)?, member: some_member(dice), admin: false },
            9 => {
                let team = teams.get(dice.below(teams.len()))?;
                let (member, _) = team.members.get(dice.below(team.members.len()))?;
                Mutation::RemoveTeamMember {
                    team: team.id.to_string(),
                    member: self.members[*member].id.clone(),
                }
            }
            10 => Mutation::MoveDocument {
                document: document?,
                folder: self.some_inode(dice, |kind| kind == Kind::Workspace)?,
            },
            11 => Mutation::TouchDocument { document: document? },
            12 => {
                let kind = dice.pick(&["workbook", "workbook", "report", "data-model"]).to_owned();
                Mutation::AddDocument { kind, name: Some(name), folder: None }
            }
            _ => {
                let document = self.some_inode(dice, is_paged)?;
                let place =
                    self.documents.iter().position(|d| self.inodes[d.inode].id.to_string() == document)?;
                let content = self.content(place);
                let page = content.pages.get(dice.below(content.pages.len()))?;
                Mutation::RemovePage { document, page: page.id.clone() }
            }
        })
    }

    fn is_credential_owner(&self, member: usize) -> bool {
        self.credential_owners.contains(&member)
    }

    /// The id of something live of a kind, outside of personal folders.
    fn some_inode(&self, dice: &mut Dice, wanted: fn(Kind) -> bool) -> Option<String> {
        let live: Vec<_> = (self.inodes.iter().enumerate())
            .filter(|(_, inode)| {
                wanted(inode.kind) && !inode.deleted && !inode.archived && !inode.exploration
            })
            .filter(|(place, inode)| {
                let top = self.ancestors(*place).last().copied();
                inode.kind != Kind::Symlink
                    && (inode.kind == Kind::Workspace
                        || top.is_some_and(|top| self.inodes[top].kind == Kind::Workspace))
            })
            .collect();
        live.get(dice.below(live.len())).map(|(_, inode)| inode.id.to_string())
    }
}

fn is_paged(kind: Kind) -> bool {
    matches!(kind, Kind::Workbook | Kind::Report)
}
