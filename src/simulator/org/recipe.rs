//! How elements are made: what they are built on, what they are called, which columns they have.
use super::{
    Flavour, Kind, Organization,
    content::{Element, Sort, Source},
    formula,
    generate::stream,
    words,
};
use crate::simulator::ids::Dice;

/// How one element is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recipe {
    Root,
    /// From an earlier data element of the page.
    Derived,
    /// From the first element of the first page.
    CrossPage,
    Join,
    Model,
    Dataset,
    CustomSql,
    Csv,
    MissingElement,
    MissingTable,
    Unsourced,
    Broken,
    Nameless,
    Text,
    Image,
    Control,
    Unheard,
}

/// The first page of the showcase.
const SHOWCASE: &[Recipe] = &[
    Recipe::Root,
    Recipe::Derived,
    Recipe::Join,
    Recipe::CustomSql,
    Recipe::Csv,
    Recipe::Dataset,
    Recipe::Model,
    Recipe::MissingElement,
    Recipe::MissingTable,
    Recipe::Unsourced,
    Recipe::Broken,
    Recipe::Nameless,
    Recipe::Text,
    Recipe::Image,
    Recipe::Control,
    Recipe::Unheard,
];
/// Its other pages.
const MORE: &[Recipe] = &[Recipe::Root, Recipe::CrossPage, Recipe::Derived, Recipe::Control, Recipe::Control];
/// What no page of it shows, as the source of a chart in a closed dialogue.
const HIDDEN: &[Recipe] = &[Recipe::Root, Recipe::Derived];

/// Stands for the key of a page where elements are on none.
pub const BEHIND: u64 = u64::MAX;

/// How many elements a page of the showcase has.
pub fn showcase_size(key: u64) -> usize {
    recipes(key).len()
}

fn recipes(key: u64) -> &'static [Recipe] {
    match key {
        0 => SHOWCASE,
        BEHIND => HIDDEN,
        _ => MORE,
    }
}

/// Makes one element. `before` are the elements made before it on the same page.
pub fn element(org: &Organization, document: usize, key: u64, i: usize, before: &[Element]) -> Element {
    let doc = &org.documents[document];
    let mut dice = Dice::new(&[doc.seed, stream::ELEMENT, key, i as u64]);
    let id = dice.nano();
    let recipe = choose(org, document, key, i, &mut dice);
    let mut made = Element {
        id,
        page: None,
        sort: Some(Sort::Table),
        name: None,
        chart: Some("levelTable"),
        columns: Vec::new(),
        sources: Vec::new(),
        error: None,
        control: None,
        table: 0,
    };
    let wanted = match doc.flavour {
        Flavour::Uniform => doc.columns,
        _ => 1 + dice.below(2 * doc.columns.max(1) - 1),
    };
    fill(org, document, recipe, &mut made, before, &mut dice);
    if made.is_data() && recipe != Recipe::Unsourced {
        made.columns.truncate(wanted);
        while made.columns.len() < wanted {
            let column = formula::calculated(&mut dice, &made.columns);
            made.columns.push(column);
        }
        if recipe == Recipe::Broken {
            made.columns.push(formula::broken(&mut dice));
        }
    }
    made
}

/// Decides how an element is made.
fn choose(org: &Organization, document: usize, key: u64, i: usize, dice: &mut Dice) -> Recipe {
    let doc = &org.documents[document];
    let wish = match doc.flavour {
        Flavour::TextOnly => Recipe::Text,
        Flavour::Showcase => *recipes(key).get(i).unwrap_or(&Recipe::Derived),
        _ if i == 0 => Recipe::Root,
        _ if org.inodes[doc.inode].kind == Kind::DataModel => match i {
            1 => Recipe::Model,
            2 => Recipe::Dataset,
            _ => [Recipe::Derived, Recipe::Root, Recipe::Join, Recipe::CustomSql][dice.below(4)],
        },
        Flavour::Uniform => {
            [Recipe::Derived, Recipe::Model, Recipe::Derived, Recipe::CrossPage][dice.below(4)]
        }
        _ => match dice.below(100) {
            0..36 => Recipe::Derived,
            36..46 => Recipe::Root,
            46..58 => Recipe::Model,
            58..66 => Recipe::CrossPage,
            66..72 => Recipe::Join,
            72..78 => Recipe::CustomSql,
            78..82 => Recipe::Dataset,
            82..84 => Recipe::Csv,
            84..90 => Recipe::Text,
            90..98 => Recipe::Control,
            _ => Recipe::Image,
        },
    };
    match wish {
        Recipe::Model if upstream_model(org, document, dice).is_none() => Recipe::Derived,
        Recipe::Dataset if org.usable_datasets.is_empty() => Recipe::Derived,
        Recipe::CrossPage if key == 0 => Recipe::Derived,
        wish => wish,
    }
}

/// A data model to build on; for a data model only one that was made before it, so that chains end.
fn upstream_model(org: &Organization, document: usize, dice: &mut Dice) -> Option<usize> {
    let is_model = org.inode_of(document).kind == Kind::DataModel;
    let eligible = org.usable_models.iter().filter(|m| !is_model || **m < document).count();
    let chosen = org.usable_models.get(dice.clone().below(eligible))?;
    (eligible > 0).then_some(*chosen)
}

/// Gives an element its sources, its name and its first columns.
fn fill(
    org: &Organization,
    document: usize,
    recipe: Recipe,
    made: &mut Element,
    before: &[Element],
    dice: &mut Dice,
) {
    let doc = &org.documents[document];
    let table_place = match (doc.flavour, org.archived_table) {
        (Flavour::ArchivedSource, Some(archived)) => archived,
        _ => org.usable_tables[dice.below(org.usable_tables.len())],
    };
    let table = &org.tables[table_place];
    made.table = table_place;
    let same_page = || {
        before
            .iter()
            .filter(|e| e.is_data() && !e.columns.is_empty())
            .nth(dice.clone().below(before.len().min(3)))
    };
    match recipe {
        Recipe::Root | Recipe::Broken | Recipe::MissingTable => {
            made.name = Some(table.name().to_owned());
            made.columns = formula::of_table(table);
            made.sources = vec![Source::Table(table_place)];
            if recipe == Recipe::MissingTable {
                made.sources.push(Source::Missing(format!("inode-{}", dice.uuid().url_id())));
            }
            if recipe == Recipe::Broken {
                made.error = Some("Unknown column \"[Gone/Amount]\"");
            }
            if recipe == Recipe::Root && doc.flavour != Flavour::Uniform && dice.percent(8) {
                made.sort = Some(Sort::InputTable);
            }
        }
        Recipe::Derived | Recipe::CrossPage | Recipe::Join | Recipe::MissingElement => {
            let first = (recipe == Recipe::CrossPage).then(|| element(org, document, 0, 0, &[]));
            let Some(parent) = first.as_ref().or_else(same_page).or_else(|| before.first()) else {
                return fill(org, document, Recipe::Root, made, before, dice);
            };
            made.table = parent.table;
            made.sources = vec![Source::Element {
                id: parent.id.clone(),
                name: parent.name.clone().unwrap_or_else(|| parent.id.clone()),
            }];
            if recipe == Recipe::Join {
                made.sources.push(Source::Table(table_place));
                made.name =
                    Some(format!("{} + {}", parent.name.as_deref().unwrap_or("Source"), table.name()));
                made.columns = formula::carried(dice, parent);
                made.columns.extend(formula::of_table(table).into_iter().take(2));
                formula::make_names_unique(&mut made.columns);
            } else {
                let (columns, title) = formula::summarized(dice, parent);
                (made.columns, made.name) = (columns, Some(title));
                let pivot = dice.percent(15);
                made.sort = Some(if pivot { Sort::Pivot } else { Sort::Visualization });
                made.chart = Some(if pivot { "pivotTable" } else { dice.pick(words::CHARTS) });
            }
            if recipe == Recipe::MissingElement {
                made.sources.push(Source::Missing(dice.nano()));
            }
        }
        Recipe::Model => {
            let Some(model) = upstream_model(org, document, dice) else {
                return fill(org, document, Recipe::Root, made, before, dice);
            };
            let source = element(org, model, 0, 0, &[]);
            made.table = source.table;
            made.name.clone_from(&source.name);
            made.columns = formula::carried(dice, &source);
            made.sources = vec![Source::Model(model, source.id)];
        }
        Recipe::Dataset => {
            let dataset = org.usable_datasets[dice.below(org.usable_datasets.len())];
            let name = org.inode_of(dataset).name.clone();
            made.columns = formula::of_named(dice, &name, table);
            made.name = Some(name);
            made.sources = vec![Source::Dataset(dataset)];
        }
        Recipe::CustomSql => {
            let definition = super::sql::custom(table);
            made.columns = formula::of_named(dice, "Custom SQL", table);
            made.name = Some("Custom SQL".to_owned());
            made.sources =
                vec![Source::CustomSql { name: dice.nano(), connection: table.connection, definition }];
        }
        Recipe::Csv => {
            let name = format!("{} targets.csv", table.name().to_lowercase());
            made.columns = formula::of_named(dice, &name, table);
            made.sources = vec![Source::Csv { id: dice.uuid().to_string(), name: name.clone() }];
            made.name = Some(name);
        }
        Recipe::Unsourced => {
            made.sort = Some(Sort::Visualization);
            made.chart = None;
            made.name = Some("New Chart".to_owned());
        }
        Recipe::Nameless => (made.sort, made.chart) = (None, None),
        Recipe::Text | Recipe::Image | Recipe::Unheard => {
            made.sort = Some(match recipe {
                Recipe::Text => Sort::Text,
                Recipe::Image => Sort::Image,
                _ => Sort::Unheard,
            });
            made.chart = None;
        }
        Recipe::Control => {
            // Those of the showcase share their name, and two of them all that the API says.
            let one_name = doc.flavour == Flavour::Showcase;
            let odd = (words::CONTROLS[0].0, "text");
            let control = match (one_name, before.iter().any(|e| e.control.is_some())) {
                (true, true) => odd,
                (true, false) => words::CONTROLS[0],
                _ => words::CONTROLS[dice.below(words::CONTROLS.len())],
            };
            (made.sort, made.chart) = (Some(Sort::Control), None);
            made.name = Some(control.0.to_owned());
            made.control = Some(control);
        }
    }
}
