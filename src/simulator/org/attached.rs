//! What hangs on documents besides their contents: schedules, embeds, saved views, sources. All follow from the document's
//! seed, so that nothing of it need be stored.
use std::collections::{BTreeMap, BTreeSet};

use super::{
    Kind, Organization,
    content::{Content, Element, Source},
    generate::stream,
};
use crate::simulator::ids::{Dice, Uuid, mix};

const SCHEDULE: u64 = 1;
const MATERIALIZATION: u64 = 2;
const EMBED: u64 = 3;
const BOOKMARK: u64 = 4;

/// A scheduled export.
#[derive(Debug)]
pub struct Schedule {
    pub id: Uuid,
    pub title: String,
    pub cron: &'static str,
    pub timezone: &'static str,
    /// The format of each attachment.
    pub formats: &'static [&'static str],
    pub as_recipient: Option<bool>,
    pub suspended: bool,
}

/// A scheduled materialisation.
#[derive(Debug)]
pub struct Materialization<'c> {
    pub element: &'c Element,
    /// None: only on request.
    pub timed: Option<(&'static str, &'static str)>,
    pub paused: bool,
}

/// A published embed.
#[derive(Debug)]
pub struct Embed {
    pub id: Uuid,
    pub url: String,
    pub public: bool,
    /// `workbook`, `page` or `element`.
    pub of: &'static str,
    /// The page or element and its name.
    pub source: Option<(String, Option<String>)>,
}

/// A saved view.
#[derive(Debug)]
pub struct Bookmark {
    pub id: String,
    pub name: &'static str,
    pub shared: bool,
    pub key: String,
    pub default: bool,
}

/// What a document is built on, once each.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    Table(usize),
    Dataset(usize),
    /// A data model with the elements that are used, and the place of the tag it is pinned to.
    Model(usize, BTreeSet<String>, Option<usize>),
    /// Name, connection and text.
    CustomSql(String, usize, String),
}

impl Organization {
    /// Whether a document has some extra: the first of each kind, and `percent` of the others.
    fn has_extra(&self, document: usize, extra: u64, percent: u64) -> bool {
        let kind = self.inode_of(document).kind;
        (0..self.documents.len()).find(|d| self.inode_of(*d).kind == kind) == Some(document)
            || mix(&[self.documents[document].seed, stream::EXTRAS, extra]) % 100 < percent
    }

    fn extra_dice(&self, document: usize, extra: u64) -> Dice {
        Dice::new(&[self.documents[document].seed, stream::EXTRAS, extra, document as u64])
    }

    /// The scheduled exports of a workbook or report.
    pub fn schedules(&self, document: usize) -> Vec<Schedule> {
        let inode = self.inode_of(document);
        let pages = matches!(inode.kind, Kind::Workbook | Kind::Report);
        if !pages || !self.has_extra(document, SCHEDULE, 40) {
            return Vec::new();
        }
        let mut dice = self.extra_dice(document, SCHEDULE);
        let mut schedules = vec![Schedule {
            id: dice.uuid(),
            title: format!("Weekly: {}", inode.name),
            cron: "0 9 * * 1",
            timezone: "Europe/London",
            formats: &["PDF"],
            as_recipient: None,
            suspended: document.is_multiple_of(5),
        }];
        if inode.kind == Kind::Workbook && document.is_multiple_of(2) {
            schedules.push(Schedule {
                id: dice.uuid(),
                title: "Alert: orders fell".to_owned(),
                cron: "*/30 * * * *",
                timezone: "America/Los_Angeles",
                formats: &["PNG", "CSV", "CSV"],
                as_recipient: Some(document.is_multiple_of(4)),
                suspended: false,
            });
        }
        schedules
    }

    /// The scheduled materialisations of a workbook or data model.
    pub fn materializations<'c>(&self, document: usize, content: &'c Content) -> Vec<Materialization<'c>> {
        if self.inode_of(document).kind == Kind::Report || !self.has_extra(document, MATERIALIZATION, 40) {
            return Vec::new();
        }
        let element = content.elements.iter().find(|element| element.is_data());
        let row = |element| Materialization {
            element,
            timed: document.is_multiple_of(3).then_some(("0 6 * * *", "America/Los_Angeles")),
            paused: document.is_multiple_of(7),
        };
        element.map(row).into_iter().collect()
    }

    /// The embeds of a workbook: public ones are world-readable.
    pub fn embeds(&self, document: usize, content: &Content) -> Vec<Embed> {
        if self.inode_of(document).kind != Kind::Workbook || !self.has_extra(document, EMBED, 25) {
            return Vec::new();
        }
        let page = content.pages.first().map(|page| (page.id.clone(), page.name.clone()));
        let element = content.elements.first().map(|element| (element.id.clone(), element.name.clone()));
        let mut dice = self.extra_dice(document, EMBED);
        let mut embed = |of, source, public| Embed {
            id: dice.uuid(),
            url: format!("https://app.sigmacomputing.com/embed/1-{}", dice.letters(20)),
            public,
            of,
            source,
        };
        let mut embeds = vec![embed("workbook", None, document.is_multiple_of(2))];
        embeds.extend(page.map(|page| embed("page", Some(page), false)));
        embeds.extend(element.map(|element| embed("element", Some(element), true)));
        embeds
    }

    /// The saved views of a workbook.
    pub fn bookmarks(&self, document: usize) -> Vec<Bookmark> {
        if self.inode_of(document).kind != Kind::Workbook || !self.has_extra(document, BOOKMARK, 40) {
            return Vec::new();
        }
        let mut dice = self.extra_dice(document, BOOKMARK);
        let row =
            |(i, name)| Bookmark { id: dice.nano(), name, shared: i == 0, key: dice.nano(), default: i == 0 };
        ["EMEA only", "Last quarter"].into_iter().enumerate().map(row).collect()
    }

    /// The saved view of a tagged version of a workbook.
    pub fn tagged_bookmark(&self, document: usize) -> Bookmark {
        let mut dice = self.extra_dice(document, BOOKMARK + 1);
        Bookmark { id: dice.nano(), name: "As tagged", shared: true, key: dice.nano(), default: false }
    }

    /// The versions of a workbook or report with their times, the newest first. They are published by the owner, the newest
    /// when the document was last changed.
    pub fn versions(&self, document: usize) -> impl Iterator<Item = (u64, &str)> {
        let (latest, stamps) = (self.documents[document].version, &self.inode_of(document).stamps);
        let at = move |version| if version == latest { &stamps.updated_at } else { &stamps.created_at };
        (1..=latest).rev().map(move |version| (version, at(version).as_str()))
    }

    /// What a document is built on, as `…/sources` lists it: no uploads, nothing that is gone, and nothing at all if one
    /// of the tables lies in an archived connection.
    pub fn origins(&self, document: usize, content: &Content) -> Option<BTreeSet<Origin>> {
        if let Some(dataset) = &self.documents[document].dataset {
            return Some(BTreeSet::from([Origin::Table(dataset.table)]));
        }
        let is_live = |document: usize| !self.inode_of(document).deleted;
        let (mut origins, mut models) = (BTreeSet::new(), BTreeMap::<usize, BTreeSet<String>>::new());
        for source in content.elements.iter().flat_map(|element| &element.sources) {
            match source {
                Source::Table(table) if self.connections[self.tables[*table].connection].archived => {
                    return None;
                }
                Source::Table(table) => drop(origins.insert(Origin::Table(*table))),
                Source::Dataset(dataset) if is_live(*dataset) => {
                    origins.insert(Origin::Dataset(*dataset));
                }
                Source::Model(model, element) if is_live(*model) => {
                    models.entry(*model).or_default().insert(element.clone());
                }
                Source::CustomSql { name, connection, definition } => {
                    origins.insert(Origin::CustomSql(name.clone(), *connection, definition.clone()));
                }
                _ => {}
            }
        }
        // Every second document stays with the tagged version of a model that has one.
        let tag = |model: usize| {
            let tag = self.documents[model].tags.first().map(|used| used.tag);
            tag.filter(|_| document.is_multiple_of(2))
        };
        origins
            .extend(models.into_iter().map(|(model, elements)| Origin::Model(model, elements, tag(model))));
        Some(origins)
    }
}
