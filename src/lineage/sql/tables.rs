//! The tables that a query names anywhere in its text: read, joined, or only asked in a condition.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{Query, TableFactor, Visit, Visitor};

use super::{PARAMETER, fold, path};

/// The dotted paths of the tables, as the query spells them. Names of common table expressions are none.
pub(super) fn of(query: &Query) -> BTreeSet<String> {
    let mut collector = Collector::default();
    let _ = query.visit(&mut collector);
    collector.found
}

type Names = BTreeSet<String>;

#[derive(Default)]
struct Collector {
    /// The folded names of common table expressions that each open query sees.
    visible: Vec<Names>,
    /// The same for the bodies of common table expressions that are still to come, by where they stand in memory: one that
    /// is not recursive does not see itself.
    bodies: Vec<(*const Query, Names)>,
    found: BTreeSet<String>,
}

impl Visitor for Collector {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let here: *const Query = query;
        let body = self.bodies.iter().find(|(body, _)| *body == here).map(|(_, names)| names.clone());
        let mut names = body.or_else(|| self.visible.last().cloned()).unwrap_or_default();
        if let Some(with) = &query.with {
            let own = with.cte_tables.iter().map(|cte| fold(&cte.alias.name.value));
            if with.recursive {
                names.extend(own.clone());
            }
            for (cte, name) in with.cte_tables.iter().zip(own) {
                self.bodies.push((&raw const *cte.query, names.clone()));
                names.insert(name);
            }
        }
        self.visible.push(names);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.visible.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, args: None, .. } = factor {
            let path = path(name);
            let is_named_here = self.visible.last().is_some_and(|names| names.contains(&fold(&path)));
            if !is_named_here && !path.contains(PARAMETER) {
                self.found.insert(path);
            }
        }
        ControlFlow::Continue(())
    }
}
