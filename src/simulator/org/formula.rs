//! Columns and their formulas, in Sigma's formula language.
use super::{Table, content::Element};
use crate::simulator::ids::Dice;

/// A column of an element.
#[derive(Debug, Clone)]
pub struct Column {
    pub id: String,
    pub name: String,
    pub formula: String,
    /// The `type` inside the row's type object; `error` for a formula that does not resolve.
    pub kind: &'static str,
    /// What it is computed from; nothing for warehouse columns, whose id says it.
    pub reads: Vec<Read>,
}

/// One column that another is computed from.
#[derive(Debug, Clone)]
pub enum Read {
    /// A column of the same element, by name and id.
    Own(String, String),
    /// A column of the element's first source, by name, and by id where it has one.
    First(String, Option<String>),
    /// Something that is nowhere, as the formula writes it.
    Nowhere(&'static str),
}

fn own(column: &Column) -> Read {
    Read::Own(column.name.clone(), column.id.clone())
}

fn first(column: &Column) -> Read {
    Read::First(column.name.clone(), Some(column.id.clone()))
}

impl Column {
    /// The warehouse's name of a warehouse column.
    pub fn native(&self) -> Option<&str> {
        self.id.strip_prefix("inode-")?.split_once('/').map(|(_, native)| native)
    }
}

/// A name as a formula writes it between brackets.
pub(super) fn escaped(name: &str) -> String {
    if !name.contains(['[', ']', '/']) {
        return name.to_owned();
    }
    name.chars().flat_map(|c| "[]/".contains(c).then_some('\\').into_iter().chain([c])).collect()
}

/// The columns of a warehouse table.
pub fn of_table(table: &Table) -> Vec<Column> {
    let inode = table.id.url_id();
    let row = |column: &super::TableColumn| Column {
        id: format!("inode-{inode}/{}", column.native),
        name: column.name.clone(),
        formula: format!("[{}/{}]", table.name(), escaped(&column.name)),
        kind: column.kind,
        reads: Vec::new(),
    };
    table.columns.iter().map(row).collect()
}

/// Columns shaped like a table's, but of a source with another name.
pub fn of_named(dice: &mut Dice, source: &str, table: &Table) -> Vec<Column> {
    let source = escaped(source);
    let row = |column: &super::TableColumn| Column {
        id: dice.nano(),
        name: column.name.clone(),
        formula: format!("[{source}/{}]", escaped(&column.name)),
        kind: column.kind,
        reads: vec![Read::First(column.name.clone(), None)],
    };
    table.columns.iter().map(row).collect()
}

/// The columns of a source element, carried over unchanged.
pub fn carried(dice: &mut Dice, parent: &Element) -> Vec<Column> {
    let source = escaped(parent.name.as_deref().unwrap_or(&parent.id));
    let row = |column: &Column| Column {
        id: dice.nano(),
        name: column.name.clone(),
        formula: format!("[{source}/{}]", escaped(&column.name)),
        kind: column.kind,
        reads: vec![first(column)],
    };
    parent.columns.iter().map(row).collect()
}

/// A grouping of a source element and figures over it, with the title of such a chart.
pub fn summarized(dice: &mut Dice, parent: &Element) -> (Vec<Column>, String) {
    let source = escaped(parent.name.as_deref().unwrap_or(&parent.id));
    let of_kind =
        |wanted: &[&str]| parent.columns.iter().filter(|c| wanted.contains(&c.kind)).collect::<Vec<_>>();
    let (dimensions, dates, mut figures) =
        (of_kind(&["text"]), of_kind(&["datetime"]), of_kind(&["number", "integer"]));
    figures.retain(|column| is_figure(column));
    let mut columns = Vec::new();
    let reference = |column: &Column| format!("[{source}/{}]", escaped(&column.name));
    let grouping = if dice.percent(40) && !dates.is_empty() {
        let date = dates[dice.below(dates.len())];
        let unit = dice.pick(&["month", "quarter", "week"]);
        columns.push(Column {
            id: dice.nano(),
            name: format!("{} of {}", capitalized(unit), date.name),
            formula: format!("DateTrunc(\"{unit}\", {})", reference(date)),
            kind: "datetime",
            reads: vec![first(date)],
        });
        capitalized(unit)
    } else if !dimensions.is_empty() {
        let dimension = dimensions[dice.below(dimensions.len())];
        let (id, formula) = (dice.nano(), reference(dimension));
        let reads = vec![first(dimension)];
        columns.push(Column { id, name: dimension.name.clone(), formula, kind: "text", reads });
        dimension.name.clone()
    } else {
        "Total".to_owned()
    };
    let mut title = format!("Count by {grouping}");
    for (i, figure) in figures.iter().take(3).enumerate() {
        let (function, word) = [("Sum", "Total"), ("Avg", "Average"), ("Max", "Highest")][dice.below(3)];
        let name = format!("{word} {}", figure.name);
        if i == 0 {
            title = format!("{name} by {grouping}");
        }
        columns.push(Column {
            id: dice.nano(),
            name,
            formula: format!("{function}({})", reference(figure)),
            kind: "number",
            reads: vec![first(figure)],
        });
    }
    columns.push(Column {
        id: dice.nano(),
        name: "Count".to_owned(),
        formula: "Count()".to_owned(),
        kind: "integer",
        reads: Vec::new(),
    });
    make_names_unique(&mut columns);
    (columns, title)
}

/// Whether a person would calculate with a column: nobody adds up identifiers.
fn is_figure(column: &Column) -> bool {
    !["Id", "Band", "Label", "Rank"].iter().any(|word| column.name.ends_with(word))
}

fn capitalized(word: &str) -> String {
    word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect()
}

/// A column computed from the columns before it in the same element.
pub fn calculated(dice: &mut Dice, before: &[Column]) -> Column {
    let some = |dice: &mut Dice, wanted: &[&str]| {
        let plain = |c: &&Column| wanted.contains(&c.kind) && is_figure(c) && c.name.split(' ').count() < 4;
        let found: Vec<&Column> = before.iter().filter(plain).collect();
        (!found.is_empty()).then(|| found[dice.below(found.len())])
    };
    let (text, number, date) =
        (some(dice, &["text"]), some(dice, &["number", "integer"]), some(dice, &["datetime"]));
    let of = |column: &Column| format!("[{}]", escaped(&column.name));
    let (name, formula, kind, reads) = match (dice.below(10), text, number, date) {
        (0, Some(t), Some(n), _) => (
            format!("Won {}", n.name),
            format!("If({} = \"Won\", {}, 0)", of(t), of(n)),
            "number",
            vec![own(t), own(n)],
        ),
        (1, _, _, Some(d)) => (
            format!("Month of {}", d.name),
            format!("DateTrunc(\"month\", {})", of(d)),
            "datetime",
            vec![own(d)],
        ),
        (2, _, Some(n), _) => (
            format!("Share of {}", n.name),
            format!("Round({0} / Nullif(GrandTotal(Sum({0})), 0) * 100, 2)", of(n)),
            "number",
            vec![own(n)],
        ),
        (3, _, _, Some(d)) => (
            format!("Days since {}", d.name),
            format!("DateDiff(\"day\", {}, Today())", of(d)),
            "integer",
            vec![own(d)],
        ),
        (4, Some(t), Some(n), _) => (
            format!("{} Label", t.name),
            format!("Concat(Upper({}), \" - \", Text({}))", of(t), of(n)),
            "text",
            vec![own(t), own(n)],
        ),
        (5, Some(t), _, _) => (
            format!("Is EMEA {}", t.name),
            format!("Contains(Lower(Coalesce({}, \"\")), \"emea\")", of(t)),
            "boolean",
            vec![own(t)],
        ),
        (6, _, Some(n), Some(d)) => {
            let formula = format!("CumulativeSum(If(Year({}) = Year(Today()), {}, 0))", of(d), of(n));
            (format!("{} to Date", n.name), formula, "number", vec![own(n), own(d)])
        }
        (7, _, Some(n), _) => {
            (format!("{} Rank", n.name), format!("Rank({}, \"desc\")", of(n)), "integer", vec![own(n)])
        }
        (8, Some(t), Some(n), _) => {
            let formula = format!("Lookup([TARGETS/Amount], {}, [TARGETS/Key]) - {}", of(t), of(n));
            (
                format!("{} vs Target", n.name),
                formula,
                "number",
                vec![own(t), own(n), Read::Nowhere("TARGETS/Amount"), Read::Nowhere("TARGETS/Key")],
            )
        }
        (_, _, Some(n), _) => (
            format!("{} Band", n.name),
            format!("Switch(True, {0} > 10000, \"High\", {0} > 1000, \"Medium\", \"Low\")", of(n)),
            "text",
            vec![own(n)],
        ),
        _ => ("Row Number".to_owned(), "RowNumber()".to_owned(), "integer", Vec::new()),
    };
    let name = free_name(name, |candidate| before.iter().any(|c| c.name == candidate));
    Column { id: dice.nano(), name, formula, kind, reads }
}

/// A column whose formula refers to nothing.
pub fn broken(dice: &mut Dice) -> Column {
    Column {
        id: dice.nano(),
        name: "Broken".to_owned(),
        formula: "Sum([Gone/Amount])".to_owned(),
        kind: "error",
        reads: vec![Read::Nowhere("Gone/Amount")],
    }
}

/// Numbers repeated names, as Sigma does: `Status`, `Status 2`.
pub fn make_names_unique(columns: &mut [Column]) {
    for i in 1..columns.len() {
        let (before, rest) = columns.split_at_mut(i);
        let name = std::mem::take(&mut rest[0].name);
        rest[0].name = free_name(name, |candidate| before.iter().any(|c| c.name == candidate));
    }
}

fn free_name(name: String, taken: impl Fn(&str) -> bool) -> String {
    if !taken(&name) {
        return name;
    }
    (2..).map(|n| format!("{name} {n}")).find(|candidate| !taken(candidate)).unwrap_or(name)
}
