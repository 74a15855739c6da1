//! A fact of two states of an organisation, and which of the two a question is asked of.

use std::cell::RefCell;

/// A fact as the earlier and the later state have it. Where the two differ, the difference has a number: its atom.
#[derive(Debug)]
pub(super) struct Slot<T> {
    earlier: T,
    later: T,
    atom: Option<u32>,
}

impl<T> Slot<T> {
    /// The same in both states.
    pub fn same(value: T) -> Self
    where
        T: Clone,
    {
        Self { earlier: value.clone(), later: value, atom: None }
    }

    /// Different, by that atom.
    pub fn changed(earlier: T, later: T, atom: u32) -> Self {
        Self { earlier, later, atom: Some(atom) }
    }

    /// The fact as the view has it.
    pub fn get(&self, view: &View<'_>) -> &T {
        match self.atom {
            Some(atom) if view.is_later(atom) => &self.later,
            _ => &self.earlier,
        }
    }

    /// The fact in both states.
    pub fn both(&self) -> [&T; 2] {
        [&self.earlier, &self.later]
    }
}

/// One of the two states, with some atoms turned to the other one.
#[derive(Debug)]
pub(super) struct View<'a> {
    later: bool,
    turned: &'a [u32],
    /// The atoms whose facts were looked at: no other one can change the answer.
    met: Option<RefCell<Vec<u32>>>,
}

impl<'a> View<'a> {
    /// A state as it was, remembering what is looked at.
    pub fn watching(later: bool) -> Self {
        Self { later, turned: &[], met: Some(RefCell::default()) }
    }

    /// The earlier state (or the later one) but for some atoms.
    pub fn turning(later: bool, turned: &'a [u32]) -> Self {
        Self { later, turned, met: None }
    }

    fn is_later(&self, atom: u32) -> bool {
        if let Some(met) = &self.met {
            met.borrow_mut().push(atom);
        }
        self.later != self.turned.contains(&atom)
    }

    /// The atoms that were looked at.
    pub fn met(self) -> Vec<u32> {
        self.met.map(RefCell::into_inner).unwrap_or_default()
    }
}
