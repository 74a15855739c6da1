//! What is inside a document: a pure function of the document's seed, size and list of pages, so that half a million
//! elements need not be stored.
use super::{
    Document, Flavour, Kind, Organization, PageKey, formula::Column, generate::stream, recipe, words,
};
use crate::simulator::ids::Dice;

/// Everything inside one document.
#[derive(Debug)]
pub struct Content {
    pub pages: Vec<Page>,
    pub elements: Vec<Element>,
}

/// A page of a workbook or report.
#[derive(Debug)]
pub struct Page {
    pub id: String,
    pub name: Option<String>,
    pub hidden: Option<bool>,
}

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Table,
    Pivot,
    InputTable,
    Visualization,
    Text,
    Image,
    Control,
    /// A type that the API's reference does not have.
    Unheard,
}

impl Sort {
    /// The `type` of element rows.
    pub fn name(self) -> &'static str {
        match self {
            Sort::Table => "table",
            Sort::Pivot => "pivot-table",
            Sort::InputTable => "input-table",
            Sort::Visualization => "visualization",
            Sort::Text => "text",
            Sort::Image => "image",
            Sort::Control => "control",
            Sort::Unheard => "sticky-note",
        }
    }

    pub fn is_data(self) -> bool {
        !matches!(self, Sort::Text | Sort::Image | Sort::Control | Sort::Unheard)
    }
}

/// What a data element is built on.
#[derive(Debug, Clone)]
pub enum Source {
    /// A warehouse table, by its place.
    Table(usize),
    /// A dataset, by its place among the documents.
    Dataset(usize),
    /// An element of a data model: place of the document, id of the element.
    Model(usize, String),
    /// An element of the same document, and the name by which formulas know it, also when it is gone.
    Element {
        id: String,
        name: String,
    },
    CustomSql {
        name: String,
        connection: usize,
        definition: String,
    },
    Csv {
        id: String,
        name: String,
    },
    /// Something that the document's lineage does not explain.
    Missing(String),
}

impl Source {
    /// How `sourceIds` writes it.
    pub fn raw(&self, org: &Organization) -> String {
        match self {
            Source::Table(table) => format!("inode-{}", org.tables[*table].id.url_id()),
            Source::Dataset(dataset) => format!("inode-{}", org.inode_of(*dataset).id.url_id()),
            Source::Model(model, element) => format!("{}/{element}", org.inode_of(*model).id.url_id()),
            Source::Element { id, .. } | Source::Missing(id) => id.clone(),
            Source::CustomSql { name, .. } => name.clone(),
            Source::Csv { id, .. } => id.clone(),
        }
    }
}

/// An element of a page, or of a data model.
#[derive(Debug)]
pub struct Element {
    pub id: String,
    /// Place of its page; none in a data model, and for what lies behind the pages of a workbook.
    pub page: Option<usize>,
    /// None: the row has nothing but an id.
    pub sort: Option<Sort>,
    pub name: Option<String>,
    pub chart: Option<&'static str>,
    pub columns: Vec<Column>,
    pub sources: Vec<Source>,
    pub error: Option<&'static str>,
    pub control: Option<(&'static str, &'static str)>,
    /// Place of the table its data come from in the end.
    pub table: usize,
}

impl Element {
    pub fn is_data(&self) -> bool {
        self.sort.is_some_and(Sort::is_data)
    }

    /// The identifier of its node in an element lineage graph, which is not the element's id.
    pub fn node_id(&self, document: &Document) -> String {
        let letters =
            self.id.bytes().fold(document.seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        Dice::new(&[letters, stream::ELEMENT]).nano()
    }
}

/// Makes up the contents of a document.
pub fn build(org: &Organization, document: usize) -> Content {
    let doc = &org.documents[document];
    let mut content = Content { pages: Vec::new(), elements: Vec::new() };
    if org.inodes[doc.inode].kind == Kind::Dataset {
        return content;
    }
    let has_pages = org.inodes[doc.inode].kind != Kind::DataModel;
    for (place, page) in doc.pages.iter().enumerate() {
        let empty = doc.flavour == Flavour::EmptyPage && place + 1 == doc.pages.len();
        let from = content.elements.len();
        if !empty {
            let count =
                if doc.flavour == Flavour::Showcase { recipe::showcase_size(page.key) } else { doc.elements };
            for i in 0..count {
                let made = recipe::element(org, document, page.key, i, &content.elements[from..]);
                content.elements.push(Element { page: has_pages.then_some(place), ..made });
            }
        }
        if has_pages {
            content.pages.push(make_page(doc, place, page, empty));
        }
    }
    if doc.flavour == Flavour::Showcase {
        let from = content.elements.len();
        for i in 0..recipe::showcase_size(recipe::BEHIND) {
            let made = recipe::element(org, document, recipe::BEHIND, i, &content.elements[from..]);
            content.elements.push(made);
        }
    }
    content
}

fn make_page(doc: &Document, place: usize, page: &PageKey, empty: bool) -> Page {
    let mut dice = Dice::new(&[doc.seed, stream::PAGE, page.key]);
    let id = dice.nano();
    let ordinary = || {
        let named = dice.percent(50);
        if named {
            words::PAGES[place % words::PAGES.len()].to_owned()
        } else {
            format!("Page {}", place + 1)
        }
    };
    let nameless = doc.flavour == Flavour::Showcase && page.key == 1;
    let name = page.name.clone().or_else(|| (!nameless).then(ordinary));
    let hidden = if empty { Some(true) } else { (place == 0).then_some(false) };
    Page { id, name, hidden }
}
