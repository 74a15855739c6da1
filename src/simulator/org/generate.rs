//! From options to an organisation: a pure function of the seed and the sizes.
use super::{
    DatasetFacts, Document, Flavour, Inode, Kind, Organization, PageKey, Stamps, awkward, people, places,
    warehouse, words,
};
use crate::simulator::{
    ids::{Dice, Uuid},
    options::Options,
};

/// The first moment of the organisation, 2023-07-22, in milliseconds since 1970.
const FOUNDED: i64 = 1_690_000_000_000;
/// The moment it was generated as of, 2026-10-01: nothing is younger, until it is changed.
pub const TODAY: i64 = 1_790_812_800_000;

/// Words that keep the dice of one part of the organisation apart from those of the others.
pub mod stream {
    pub const PEOPLE: u64 = 1;
    pub const WAREHOUSE: u64 = 2;
    pub const PLACES: u64 = 3;
    pub const GRANTS: u64 = 4;
    pub const AWKWARD: u64 = 5;
    pub const ELEMENT: u64 = 6;
    pub const PAGE: u64 = 7;
    pub const EXTRAS: u64 = 8;
    pub const CHANGE: u64 = 9;
}

/// A moment in Sigma's notation.
pub fn moment(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds)
        .map(|time| time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
        .unwrap_or_default()
}

/// Some time between founding and today, and some time after that.
pub fn stamps(dice: &mut Dice, creator: usize, editor: usize) -> Stamps {
    let range = |dice: &mut Dice, from: i64| from + dice.below((TODAY - from) as usize) as i64;
    let created = range(dice, FOUNDED);
    let updated = range(dice, created);
    Stamps {
        created_by: creator,
        updated_by: editor,
        created_at: moment(created),
        updated_at: moment(updated),
    }
}

impl Organization {
    /// Generates an organisation.
    pub(in crate::simulator) fn generate(options: &Options) -> Self {
        let seed = options.seed;
        let mut org = Self {
            seed,
            id: Dice::new(&[seed]).uuid(),
            slug: "northwind-labs",
            members: Vec::new(),
            teams: Vec::new(),
            account_types: people::account_types(seed),
            inodes: Vec::new(),
            documents: Vec::new(),
            grants: Vec::new(),
            connections: Vec::new(),
            scopes: Vec::new(),
            tables: Vec::new(),
            tags: Vec::new(),
            attributes: Vec::new(),
            tenants: Vec::new(),
            page_elements: options.elements,
            credential_owners: [0, 1, 2],
            usable_tables: Vec::new(),
            usable_models: Vec::new(),
            usable_datasets: Vec::new(),
            archived_table: None,
            generation: 0,
            deletions: 0,
            index: super::Index::default(),
            cache: std::sync::Mutex::default(),
        };
        people::add_members(&mut org, options);
        people::add_teams(&mut org, options);
        warehouse::add(&mut org, options);
        let containers = places::add_containers(&mut org, options);
        let mut dice = Dice::new(&[seed, stream::PLACES, 1]);
        if options.awkward {
            awkward::add_datasets(&mut org, &mut dice, &containers);
        }
        add_documents(&mut org, options, &containers, &mut dice);
        if options.awkward {
            awkward::add_documents(&mut org, options, &containers);
        }
        people::add_attributes(&mut org);
        places::add_grants(&mut org, options);
        if options.awkward {
            awkward::add_grants(&mut org);
        }
        org.changed();
        org
    }

    /// Adds an inode and gives its place.
    pub(super) fn add_inode(
        &mut self,
        dice: &mut Dice,
        kind: Kind,
        name: &str,
        parent: Option<usize>,
        owner: usize,
    ) -> usize {
        let editor = if dice.percent(70) { owner } else { 0 };
        let inode = Inode {
            id: dice.uuid(),
            kind,
            name: name.to_owned(),
            parent,
            owner: (kind != Kind::Workspace).then_some(owner),
            badge: None,
            description: None,
            archived: false,
            deleted: false,
            exploration: false,
            document: None,
            stamps: stamps(dice, owner, editor),
        };
        self.inodes.push(inode);
        self.inodes.len() - 1
    }

    /// Adds a document with an inode of its own and gives its place among the documents.
    pub(super) fn add_document(&mut self, dice: &mut Dice, made: Made<'_>) -> usize {
        let inode = self.add_inode(dice, made.kind, made.name, Some(made.parent), made.owner);
        let place = self.documents.len();
        self.inodes[inode].document = Some(place);
        self.documents.push(Document {
            inode,
            version: 1 + dice.below(9) as u64,
            flavour: made.flavour,
            seed: crate::simulator::ids::mix(&[self.seed, stream::PAGE, place as u64]),
            elements: made.size.1,
            columns: made.size.2,
            pages: (0..made.size.0 as u64).map(|key| PageKey { key, name: None }).collect(),
            tags: Vec::new(),
            tagged_source: None,
            dataset: None,
        });
        place
    }

    /// A member that owns documents: a person who is active and belongs to the organisation.
    pub(super) fn some_author(&self, dice: &mut Dice) -> usize {
        let eligible =
            |m: &usize| self.members[*m].is_active() && self.members[*m].kind == "internal" && *m != 2;
        let authors: Vec<usize> = (0..self.members.len())
            .filter(eligible)
            .filter(|m| self.members[*m].id != people::ROBOT)
            .collect();
        authors[dice.below(authors.len())]
    }
}

/// What [`Organization::add_document`] needs to know.
pub struct Made<'a> {
    pub kind: Kind,
    pub name: &'a str,
    pub parent: usize,
    pub owner: usize,
    pub flavour: Flavour,
    /// Pages, elements per page, columns per element.
    pub size: (usize, usize, usize),
}

/// The ordinary documents: as many as asked for.
fn add_documents(org: &mut Organization, options: &Options, containers: &[usize], dice: &mut Dice) {
    let flavour = if options.awkward { Flavour::Mixed } else { Flavour::Uniform };
    for i in 0..options.data_models {
        let name = numbered(words::MODELS[i % words::MODELS.len()], i / words::MODELS.len());
        let (parent, owner) = (containers[dice.below(containers.len())], org.some_author(dice));
        let size = (1, options.elements.max(2), options.columns);
        let place =
            org.add_document(dice, Made { kind: Kind::DataModel, name: &name, parent, owner, flavour, size });
        org.usable_models.push(place);
        decorate(org, place, dice);
    }
    for i in 0..options.workbooks {
        let name = workbook_name(i, dice);
        let (parent, owner) = (containers[dice.below(containers.len())], org.some_author(dice));
        let size = (options.pages, options.elements, options.columns);
        let place =
            org.add_document(dice, Made { kind: Kind::Workbook, name: &name, parent, owner, flavour, size });
        decorate(org, place, dice);
    }
}

/// Gives some documents a description and a badge.
pub fn decorate(org: &mut Organization, document: usize, dice: &mut Dice) {
    let inode = &mut org.inodes[org.documents[document].inode];
    if dice.percent(50) {
        inode.description = Some(dice.pick(words::DESCRIPTIONS).to_owned());
    }
    if dice.percent(25) {
        inode.badge = Some(dice.pick(&["Endorsed", "Endorsed", "Warning", "Deprecated"]));
    }
}

/// "Revenue by Region", then "Churn Risk Monitor", then "Q3 Pipeline Review".
fn workbook_name(i: usize, dice: &mut Dice) -> String {
    let metric = dice.pick(words::METRICS);
    match i % 3 {
        0 => format!("{metric} by {}", dice.pick(words::DIMENSIONS)),
        1 => format!("{metric} {}", dice.pick(words::ENDINGS)),
        _ => format!("Q{} {metric} Review", 1 + dice.below(4)),
    }
}

/// `name`, or `name 2` and so on once the words are used up.
pub fn numbered(name: &str, round: usize) -> String {
    if round == 0 { name.to_owned() } else { format!("{name} {}", round + 1) }
}

/// What a dataset needs besides the document it is.
pub fn dataset_facts(table: usize, migrated_to: Option<usize>, needs_migration: bool) -> DatasetFacts {
    DatasetFacts { table, migrated_to, needs_migration }
}

/// A UUID whose first byte is zero: its urlId has a leading zero digit.
pub fn with_leading_zero(id: Uuid) -> Uuid {
    Uuid(id.0 & (u128::MAX >> 8))
}
