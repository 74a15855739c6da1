//! Which of several runs first shows a change between the first and the last of them.

use std::collections::HashMap;

use super::drift::{Between, Side};
use crate::access::{Access, Asker, Change, Drift, Held, Users};
use crate::report::row::ReportError;
use crate::store::Catalog;

/// For each change between two runs, the first run that has what the later one has.
#[derive(Debug)]
pub struct FirstSeen {
    /// What it is of all changes that no run between shows; `None` where time runs backwards.
    later: Option<i64>,
    runs: Vec<i64>,
}

/// What is asked of the runs between.
struct Asked {
    member: u32,
    object: u32,
    after: Option<Held>,
    /// On the catalog's side: whose it is.
    user: Option<String>,
}

impl FirstSeen {
    /// Looks through the runs that lie between the two, one at a time.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub fn new(
        catalog: &Catalog,
        drift: &Drift<'_>,
        side: Side,
        between: &Between,
    ) -> Result<Self, ReportError> {
        let (from, to) = (between.from, between.to);
        let later = (from < to).then_some(to);
        if between.others.is_empty() {
            return Ok(Self { later, runs: Vec::new() });
        }
        let mut asked: Vec<Asked> = Vec::new();
        drift.each(|change: Change| -> Result<(), ReportError> {
            if side.tells(drift, &change) {
                let Change { member, object, after, user, .. } = change;
                asked.push(Asked { member, object, after, user });
            }
            Ok(())
        })?;
        let mut runs = vec![to; asked.len()];
        for run in &between.others {
            let access = Access::new(&catalog.facts(Some(*run))?.1);
            let users = match side {
                Side::Sigma => None,
                // Of a run that mirrored nothing known nobody stood for anybody.
                Side::Catalog => Some(catalog.mirrored_users(*run)?.unwrap_or_default()),
            };
            let mut state = State { drift, access: &access, users: users.as_ref(), askers: HashMap::new() };
            for (found, asked) in runs.iter_mut().zip(&asked).filter(|(found, _)| **found == to) {
                if state.shows(asked) {
                    *found = *run;
                }
            }
        }
        Ok(Self { later, runs })
    }

    /// The run that first shows the change of that number, in the order of the comparison.
    pub fn of(&self, place: usize) -> Option<i64> {
        self.runs.get(place).copied().or(self.later)
    }
}

/// One of the runs between.
struct State<'a> {
    drift: &'a Drift<'a>,
    access: &'a Access,
    users: Option<&'a Users>,
    askers: HashMap<u32, Asker>,
}

impl State<'_> {
    /// Whether the run has what the later one has.
    fn shows(&mut self, asked: &Asked) -> bool {
        let id = &self.drift.member(asked.member).id;
        let is_user = self.users.is_none_or(|users| users.get(id) == asked.user.as_ref());
        let held = if is_user { self.held(asked) } else { None };
        held == asked.after
    }

    fn held(&mut self, asked: &Asked) -> Option<Held> {
        let access = self.access;
        let member = access.member_of(&self.drift.member(asked.member).id)?;
        let object = access.place_of(&self.drift.object(asked.object).id)?;
        let asker = self.askers.entry(member).or_insert_with(|| access.asker(member));
        Held::of(access, member, &access.answer(asker, object))
    }
}
