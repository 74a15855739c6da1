//! What a mapping does once runs use it: whose view changes, and which objects somebody begins or ceases to see.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::files;
use crate::access::{Access, Scratch};
use crate::catalog::organisation::Member;
use crate::cli::error::CliError;
use crate::cli::output::thousands;
use crate::config::Settings;
use crate::identity::{CatalogUser, Include, Mapping, Matching, Status, UserKey, reconcile, users_named_by};
use crate::store::Catalog;

/// What a mapping changes for those who become or cease to be mapped, by what the published run found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effect {
    /// Catalog users that were nobody in Sigma and are somebody.
    users_gained: usize,
    /// Catalog users that are nobody any more.
    users_lost: usize,
    /// Catalog users that are somebody else.
    users_repointed: usize,
    /// Objects that a catalog user sees who did not.
    objects_gained: usize,
    /// Objects that a catalog user does not see any more.
    objects_lost: usize,
}

impl Effect {
    /// From one mapping to another; `None` where the members are not all known.
    pub fn between(
        catalog: &Catalog,
        settings: &Settings,
        before: &Mapping,
        after: &Mapping,
    ) -> Result<Option<Self>, CliError> {
        match catalog.published()? {
            Some(run) if catalog.members_are_complete(run.run_id)? => {}
            _ => return Ok(None),
        }
        let members = catalog.members()?;
        let (_, facts) = catalog.facts(None)?;
        let access = Access::new(&facts);
        let listed = files::users_if_any(&settings.permissions.catalog_users_csv)?;
        let who = |mapping| match &listed {
            Some(users) => mapped(&members, users, mapping, &access),
            None => mapped(&members, &users_named_by(mapping), mapping, &access),
        };
        Ok(Some(Self::of(&access, &who(before), &who(after))))
    }

    fn of(access: &Access, before: &Mapped, after: &Mapped) -> Self {
        let mut effect =
            Self { users_gained: 0, users_lost: 0, users_repointed: 0, objects_gained: 0, objects_lost: 0 };
        // The user that each member is, before and after, among those for whom something changes.
        let mut is = vec![[None; 2]; access.members().len()];
        let all: BTreeSet<&UserKey> = before.keys().chain(after.keys()).collect();
        for (number, user) in all.into_iter().enumerate() {
            let sides = [before.get(user), after.get(user)];
            match sides {
                [None, _] => effect.users_gained += 1,
                [_, None] => effect.users_lost += 1,
                [one, other] if one != other => effect.users_repointed += 1,
                _ => continue,
            }
            for (side, members) in sides.into_iter().enumerate() {
                for member in members.into_iter().flatten() {
                    is[*member as usize][side] = Some(number);
                }
            }
        }
        if is.iter().flatten().all(Option::is_none) {
            return effect;
        }
        let mut scratch = Scratch::default();
        for object in 0..access.objects().len() as u32 {
            let mut see = [BTreeSet::new(), BTreeSet::new()];
            access.expand(object, &mut scratch, |member, answer| {
                for (side, user) in is[member as usize].iter().enumerate() {
                    see[side].extend(user.filter(|_| answer.level().is_some()));
                }
            });
            effect.objects_gained += usize::from(!see[1].is_subset(&see[0]));
            effect.objects_lost += usize::from(!see[0].is_subset(&see[1]));
        }
        effect
    }

    /// In one sentence.
    pub fn told(&self) -> String {
        let count = |number: usize| thousands(number as u64);
        format!(
            "effect: {} users gain a view, {} lose theirs, {} get another one; somebody begins to see {} objects, and ceases \
             to see {}",
            count(self.users_gained),
            count(self.users_lost),
            count(self.users_repointed),
            count(self.objects_gained),
            count(self.objects_lost)
        )
    }
}

/// The members that each catalog user is, by place.
type Mapped = BTreeMap<UserKey, BTreeSet<u32>>;

fn mapped(members: &[Member], users: &[CatalogUser], mapping: &Mapping, access: &Access) -> Mapped {
    let found = reconcile(members, users, Matching::Csv(mapping), Include::default());
    let mut mapped = Mapped::new();
    for member in found.members.iter().filter(|member| member.status == Status::Mapped) {
        let user = member.catalog_user.as_deref().and_then(|user| UserKey::new(user).ok());
        if let (Some(user), Some(place)) = (user, access.member_of(&member.member_id)) {
            mapped.entry(user).or_default().insert(place);
        }
    }
    mapped
}
