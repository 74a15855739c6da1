//! Following lineage through the published catalog, from document to document, up to the warehouse or down to the last reader.
//!
//! Breadth first with a set of what was met, because lineage has cycles: joins of an element with itself, models that read
//! each other. What Sigma names without telling about it stays in the answer as `unresolved`; nothing is matched by name.

mod columns;
mod entities;

use std::collections::HashMap;

use serde::Serialize;

use super::error::StoreError;
use super::objects::{Described, Describer, Key};
use super::reader::Catalog;
use columns::Columns;
pub(super) use entities::Entities;

/// Which way to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To what it is built from.
    Upstream,
    /// To what is built from it.
    Downstream,
}

/// A step of lineage: the target reads the source. Both are places in [`Graph::nodes`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Link {
    /// What is read.
    pub source: usize,
    /// What reads it.
    pub target: usize,
    /// `source`, `lookup`, `dependency`; `part` between a data model read as a whole and its elements; `column` for columns.
    pub kind: String,
    /// What says so: the endpoint, or `columnId`, `formula`, `sql`; `document` for parts.
    pub evidence: String,
    /// Whether it was read from text rather than told by Sigma.
    pub inferred: bool,
}

/// An object of a graph.
#[derive(Debug, Clone, Serialize)]
pub struct Node {
    /// The object.
    #[serde(flatten)]
    pub object: Described,
    /// Steps from the nearest object that was asked about.
    pub depth: usize,
}

/// Everything that is reached.
#[derive(Debug, Clone, Serialize)]
pub struct Graph {
    /// Which way.
    pub direction: Direction,
    /// The objects asked about, as places in `nodes`.
    pub roots: Vec<usize>,
    /// What was reached, nearest first.
    pub nodes: Vec<Node>,
    /// The steps between them.
    pub links: Vec<Link>,
    /// Whether more lies beyond the depth that was asked for.
    pub is_cut: bool,
}

/// A step to a neighbour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub to: Key,
    pub kind: String,
    pub evidence: String,
    pub inferred: bool,
}

/// What is next to a node.
pub(super) trait Neighbours {
    fn of(&mut self, key: &Key, direction: Direction) -> Result<Vec<Step>, StoreError>;
}

impl Catalog {
    /// What an object is built from, or what is built from it, at most `depth` steps away. A document stands for all its
    /// elements, a page for those on it; a column is followed by columns.
    pub fn lineage(&self, key: &Key, direction: Direction, depth: usize) -> Result<Graph, StoreError> {
        self.follow(key, direction, depth, !key.column.is_empty())
    }

    /// As [`lineage`](Self::lineage), by the columns of an object.
    pub fn column_lineage(&self, key: &Key, direction: Direction, depth: usize) -> Result<Graph, StoreError> {
        self.follow(key, direction, depth, true)
    }

    /// The direct neighbours of an object in that direction.
    pub fn neighbours(&self, key: &Key, direction: Direction) -> Result<Vec<Described>, StoreError> {
        let graph = self.lineage(key, direction, 1)?;
        Ok(graph.nodes.into_iter().filter(|node| node.depth == 1).map(|node| node.object).collect())
    }

    fn follow(
        &self,
        key: &Key,
        direction: Direction,
        depth: usize,
        by_column: bool,
    ) -> Result<Graph, StoreError> {
        self.require_current_schema()?;
        // One state of the file for all the statements, whatever a run publishes meanwhile.
        let _reading = self.connection().unchecked_transaction()?;
        let roots = entities::roots(self.connection(), key)?;
        let walk = if by_column {
            let mut columns = Columns::new(self);
            let mut named = Vec::new();
            for root in roots {
                named.append(&mut columns.roots(root)?);
            }
            Walk::through(&mut columns, named, direction, depth)?
        } else {
            Walk::through(&mut Entities::new(self), roots, direction, depth)?
        };
        let mut describer = Describer::new(self);
        let nodes = walk
            .keys
            .iter()
            .zip(&walk.depths)
            .map(|(key, depth)| Ok(Node { object: describer.describe(key)?, depth: *depth }));
        Ok(Graph {
            direction,
            roots: (0..walk.roots).collect(),
            nodes: nodes.collect::<Result<_, StoreError>>()?,
            links: walk.links,
            is_cut: walk.is_cut,
        })
    }
}

/// A walk in breadth through the neighbours of neighbours.
#[derive(Default)]
struct Walk {
    roots: usize,
    keys: Vec<Key>,
    depths: Vec<usize>,
    places: HashMap<Key, usize>,
    links: Vec<Link>,
    is_cut: bool,
}

impl Walk {
    fn through(
        neighbours: &mut impl Neighbours,
        roots: Vec<Key>,
        direction: Direction,
        depth: usize,
    ) -> Result<Self, StoreError> {
        let mut walk = Self::default();
        for root in roots {
            walk.place(root, 0);
        }
        walk.roots = walk.keys.len();
        let mut at = 0;
        while at < walk.keys.len() {
            let steps = neighbours.of(&walk.keys[at].clone(), direction)?;
            if walk.depths[at] == depth {
                walk.is_cut |= steps.iter().any(|step| !walk.places.contains_key(&step.to));
                at += 1;
                continue;
            }
            for step in steps {
                let there = walk.place(step.to, walk.depths[at] + 1);
                let (source, target) =
                    if direction == Direction::Upstream { (there, at) } else { (at, there) };
                let Step { kind, evidence, inferred, .. } = step;
                walk.links.push(Link { source, target, kind, evidence, inferred });
            }
            at += 1;
        }
        walk.links.sort();
        walk.links.dedup();
        Ok(walk)
    }

    fn place(&mut self, key: Key, depth: usize) -> usize {
        *self.places.entry(key.clone()).or_insert_with(|| {
            self.keys.push(key);
            self.depths.push(depth);
            self.keys.len() - 1
        })
    }
}
