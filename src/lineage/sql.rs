//! What the output columns of a query are computed from, through common table expressions, subqueries, aliases, joins and unions.
//!
//! Everything here is inferred: names are compared as they are written, whatever the case, and nothing is known of the tables.
//! A column that several tables may have has no origin. Custom SQL may hold parameters in double braces (help.sigmacomputing.com,
//! "Replace the #raw directive in custom SQL"): they stand for values, or with a directive for names.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::rc::Rc;

use sqlparser::ast::{
    Expr, Ident, ObjectName, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Statement,
    TableAlias, TableFactor, TableWithJoins, Visit, Visitor,
};
use sqlparser::dialect::{Dialect, dialect_from_str};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

/// Dialects in the order in which they are tried after that of the connection, whose type may be none that is known here.
const DIALECTS: [&str; 6] = ["generic", "snowflake", "bigquery", "databricks", "redshift", "mssql"];

/// How deep a query may nest, and how many operators it may have: each is a level of the tree, and the stack is finite.
const DEEPEST: usize = 40;
const MOST_OPERATORS: usize = 1_000;
/// Enough for that many levels, in bytes; only what is used of it is ever taken.
const STACK: usize = 64 << 20;
/// How many tokens a query may have.
const MOST_TOKENS: usize = 50_000;

/// What a parameter that stands for a name is replaced by.
const PARAMETER: &str = "sigma_parameter";

/// A column of a table, as a query spells them: the table by its dotted path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The dotted path of the table.
    pub table: String,
    /// The column.
    pub column: String,
}

/// One column of a query's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its name; none for an expression without alias, which each warehouse names in its own way.
    pub name: Option<String>,
    /// What it is computed from.
    pub origins: BTreeSet<Origin>,
}

/// What a query gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    /// The columns that it names.
    pub outputs: Vec<Output>,
    /// The tables of which it gives all columns.
    pub all_of: BTreeSet<String>,
    /// The tables that it names anywhere, by their dotted paths; of the whole query only.
    pub tables: BTreeSet<String>,
}

/// Why nothing is known of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// It is no query in any dialect that is known.
    #[error("it could not be parsed in any dialect")]
    Unparsed,
    /// It is too large to look at.
    #[error("it is too large to be parsed")]
    TooLarge,
}

/// Reads a query.
///
/// # Errors
/// [`SqlError`] when it is none, or too large.
///
/// `warehouse` is the type of the connection as Sigma calls it, where it is known: what one warehouse takes for a name another
/// takes for a text.
pub fn shape(text: &str, warehouse: Option<&str>) -> Result<Shape, SqlError> {
    // The parser's tree is as deep as its operators are many, and is walked and dropped recursively: that takes a stack of its own.
    std::thread::scope(|threads| {
        let reading = std::thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(threads, || shape_here(text, warehouse));
        reading.ok().and_then(|reading| reading.join().ok()).unwrap_or(Err(SqlError::TooLarge))
    })
}

fn shape_here(text: &str, warehouse: Option<&str>) -> Result<Shape, SqlError> {
    let text = without_parameters(text);
    let mut error = SqlError::Unparsed;
    let dialects = warehouse.into_iter().chain(DIALECTS);
    for dialect in dialects.filter_map(|name| dialect_from_str(name.to_lowercase())) {
        match parse(&*dialect, &text) {
            Ok(query) => {
                let tables = tables::of(&query);
                return Ok(Shape { tables, ..Scope::default().query(&query) });
            }
            Err(SqlError::TooLarge) => error = SqlError::TooLarge,
            Err(SqlError::Unparsed) => {}
        }
    }
    Err(error)
}

fn parse(dialect: &dyn Dialect, text: &str) -> Result<Box<Query>, SqlError> {
    let tokens = Tokenizer::new(dialect, text).tokenize_with_location().map_err(|_| SqlError::Unparsed)?;
    if is_too_large(&tokens) {
        return Err(SqlError::TooLarge);
    }
    let mut statements = Parser::new(dialect)
        .with_recursion_limit(DEEPEST)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(|_| SqlError::Unparsed)?;
    match (statements.pop(), statements.is_empty()) {
        (Some(Statement::Query(query)), true) => Ok(query),
        _ => Err(SqlError::Unparsed),
    }
}

fn is_too_large(tokens: &[TokenWithSpan]) -> bool {
    let (mut operators, mut depth, mut deepest) = (0, 0_usize, 0);
    for token in tokens {
        match &token.token {
            Token::LParen | Token::LBracket => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
            Token::Word(word) => {
                use Keyword as K;
                let chains =
                    [K::AND, K::OR, K::NOT, K::UNION, K::EXCEPT, K::INTERSECT, K::IS, K::IN, K::BETWEEN];
                operators += usize::from(chains.contains(&word.keyword));
            }
            Token::Whitespace(_) | Token::Comma | Token::Period | Token::Number(..) | Token::SemiColon => {}
            Token::SingleQuotedString(_) | Token::DoubleQuotedString(_) | Token::EOF => {}
            _ => operators += 1,
        }
    }
    operators > MOST_OPERATORS || deepest > DEEPEST || tokens.len() > MOST_TOKENS
}

/// Values are passed in quotes, so a text stands for one; directives make names.
fn without_parameters(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, parameter, after)) = rest.split_once("{{").and_then(|(before, after)| {
        let (parameter, after) = after.split_once("}}")?;
        Some((before, parameter, after))
    }) {
        plain += before;
        plain += if parameter.trim_start().starts_with('#') { PARAMETER } else { "''" };
        rest = after;
    }
    plain + rest
}

/// Something a query reads from.
#[derive(Debug, Clone)]
struct Relation {
    /// The names it can be called by, folded: its alias, or every end of its path.
    names: Vec<String>,
    what: Read,
}

#[derive(Debug, Clone)]
enum Read {
    Table(String),
    Query(Rc<Shape>),
    /// A function or anything else of which nothing is known.
    Other,
}

/// What names mean at a place of a query.
#[derive(Debug, Clone, Default)]
struct Scope {
    /// Common table expressions by folded name.
    ctes: BTreeMap<String, Rc<Shape>>,
    relations: Vec<Relation>,
}

fn fold(name: &str) -> String {
    name.to_lowercase()
}

impl Scope {
    fn query(&self, query: &Query) -> Shape {
        let mut scope = Self { ctes: self.ctes.clone(), relations: Vec::new() };
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            let shape = renamed(scope.query(&cte.query), &cte.alias);
            scope.ctes.insert(fold(&cte.alias.name.value), Rc::new(shape));
        }
        scope.body(&query.body)
    }

    fn body(&self, body: &SetExpr) -> Shape {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation { left, right, .. } => united(self.body(left), self.body(right)),
            _ => Shape::default(),
        }
    }

    fn select(&self, select: &Select) -> Shape {
        let mut scope = Self { ctes: self.ctes.clone(), relations: Vec::new() };
        for from in &select.from {
            scope.add(from);
        }
        let mut shape = Shape::default();
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let name = match expr {
                        Expr::Identifier(name) => Some(name),
                        Expr::CompoundIdentifier(parts) => parts.last(),
                        _ => None,
                    };
                    shape.outputs.push(scope.output(name, expr));
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    shape.outputs.push(scope.output(Some(alias), expr))
                }
                SelectItem::ExprWithAliases { expr, aliases } => {
                    shape.outputs.extend(aliases.iter().map(|alias| scope.output(Some(alias), expr)));
                }
                SelectItem::Wildcard(options) => {
                    // What an option leaves out or renames is not among the columns under its own name.
                    let options = fold(&options.to_string());
                    for relation in &scope.relations {
                        relation.add_all_to(&mut shape, &options);
                    }
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                    let options = fold(&options.to_string());
                    if let Some(relation) = scope.relation(&fold(&path(name))) {
                        relation.add_all_to(&mut shape, &options);
                    }
                }
                SelectItem::QualifiedWildcard(..) => {}
            }
        }
        shape
    }

    fn add(&mut self, from: &TableWithJoins) {
        self.add_factor(&from.relation);
        for join in &from.joins {
            self.add_factor(&join.relation);
        }
    }

    fn add_factor(&mut self, factor: &TableFactor) {
        let (what, alias, names) = match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let path = path(name);
                let what = match self.ctes.get(&fold(&path)) {
                    Some(cte) => Read::Query(cte.clone()),
                    None => Read::Table(path.clone()),
                };
                (what, alias, ends(&path))
            }
            TableFactor::Derived { subquery, alias, .. } => {
                // A lateral subquery sees what stands before it; its own output seldom shows that.
                (Read::Query(Rc::new(self.query(subquery))), alias, Vec::new())
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => return self.add(table_with_joins),
            TableFactor::Table { alias, .. }
            | TableFactor::TableFunction { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::UNNEST { alias, .. }
            | TableFactor::NestedJoin { alias, .. }
            | TableFactor::Pivot { alias, .. }
            | TableFactor::Unpivot { alias, .. } => (Read::Other, alias, Vec::new()),
            _ => (Read::Other, &None, Vec::new()),
        };
        let (what, names) = match alias {
            Some(alias) => {
                let what = match what {
                    Read::Query(shape) if !alias.columns.is_empty() => {
                        Read::Query(Rc::new(renamed((*shape).clone(), alias)))
                    }
                    // The aliases hide the names in the table.
                    Read::Table(_) if !alias.columns.is_empty() => Read::Other,
                    what => what,
                };
                (what, vec![fold(&alias.name.value)])
            }
            None => (what, names),
        };
        self.relations.push(Relation { names, what });
    }

    /// The one relation of that folded name.
    fn relation(&self, name: &str) -> Option<&Relation> {
        let mut named =
            self.relations.iter().filter(|relation| relation.names.iter().any(|known| known == name));
        named.next().filter(|_| named.next().is_none())
    }

    fn output(&self, name: Option<&Ident>, expr: &Expr) -> Output {
        let mut collector = Collector { scope: self, depth: 0, origins: BTreeSet::new() };
        let _ = expr.visit(&mut collector);
        let mut origins = collector.origins;
        origins.retain(|origin| origin.column != PARAMETER && !origin.table.contains(PARAMETER));
        Output { name: name.map(|name| name.value.clone()), origins }
    }

    /// What `name` alone means: a column of the one relation that may have it.
    fn unqualified(&self, name: &str) -> BTreeSet<Origin> {
        let certain: Vec<_> =
            self.relations.iter().filter(|relation| relation.has(name) == Some(true)).collect();
        let possible: Vec<_> =
            self.relations.iter().filter(|relation| relation.has(name).is_none()).collect();
        match (certain.as_slice(), possible.as_slice()) {
            ([relation], []) | ([], [relation]) => relation.origins(name),
            _ => BTreeSet::new(),
        }
    }

    /// What a dotted name means: a column behind the longest name of a relation, else a field of a column.
    fn qualified(&self, parts: &[Ident]) -> BTreeSet<Origin> {
        for length in (1..parts.len()).rev() {
            let qualifier: Vec<_> = parts[..length].iter().map(|part| part.value.as_str()).collect();
            if let Some(relation) = self.relation(&fold(&qualifier.join("."))) {
                return relation.origins(&parts[length].value);
            }
        }
        parts.first().map(|name| self.unqualified(&name.value)).unwrap_or_default()
    }
}

impl Relation {
    /// Whether it has a column of that name; `None` where that cannot be known.
    fn has(&self, name: &str) -> Option<bool> {
        match &self.what {
            Read::Query(shape) if shape.named(name).is_some() => Some(true),
            Read::Query(shape) if shape.all_of.is_empty() => Some(false),
            _ => None,
        }
    }

    fn origins(&self, name: &str) -> BTreeSet<Origin> {
        let of = |table: &String| BTreeSet::from([Origin { table: table.clone(), column: name.to_owned() }]);
        match &self.what {
            Read::Table(table) => of(table),
            Read::Query(shape) => match (shape.named(name), shape.all_of.iter().next()) {
                (Some(output), _) => output.origins.clone(),
                (None, Some(table)) if shape.all_of.len() == 1 => of(table),
                _ => BTreeSet::new(),
            },
            Read::Other => BTreeSet::new(),
        }
    }

    fn add_all_to(&self, shape: &mut Shape, options: &str) {
        match &self.what {
            Read::Table(table) if !table.contains(PARAMETER) => {
                shape.all_of.insert(table.clone());
            }
            Read::Query(inner) => {
                let left_out = |name: &String| options.contains(&fold(name));
                let kept = inner.outputs.iter().filter(|output| !output.name.as_ref().is_some_and(left_out));
                shape.outputs.extend(kept.cloned());
                shape.all_of.extend(inner.all_of.iter().cloned());
            }
            Read::Table(_) | Read::Other => {}
        }
    }
}

impl Shape {
    /// The one output of that name, whatever the case.
    fn named(&self, name: &str) -> Option<&Output> {
        let name = fold(name);
        let mut named =
            self.outputs.iter().filter(|output| output.name.as_deref().map(fold).as_ref() == Some(&name));
        named.next().filter(|_| named.next().is_none())
    }
}

/// The columns of a union, by position where all of them are known, else by name.
fn united(mut left: Shape, right: Shape) -> Shape {
    let by_position = left.all_of.is_empty() && right.all_of.is_empty();
    if by_position {
        for (output, other) in left.outputs.iter_mut().zip(right.outputs) {
            output.origins.extend(other.origins);
        }
        return left;
    }
    for output in &mut left.outputs {
        let other = output.name.as_deref().and_then(|name| right.named(name));
        output.origins.extend(other.into_iter().flat_map(|other| other.origins.clone()));
    }
    left.all_of.extend(right.all_of);
    left
}

/// Names the outputs as an alias does: `t (a, b)`.
fn renamed(mut shape: Shape, alias: &TableAlias) -> Shape {
    if !alias.columns.is_empty() && !shape.all_of.is_empty() {
        // Which column is which is not known.
        return Shape::default();
    }
    for (output, column) in shape.outputs.iter_mut().zip(&alias.columns) {
        output.name = Some(column.name.value.clone());
    }
    shape
}

fn path(name: &ObjectName) -> String {
    let part = |part: &sqlparser::ast::ObjectNamePart| match part.as_ident() {
        Some(ident) => ident.value.clone(),
        None => part.to_string(),
    };
    name.0.iter().map(part).collect::<Vec<_>>().join(".")
}

/// `a.b.c`, `b.c` and `c`, folded.
fn ends(path: &str) -> Vec<String> {
    let path = fold(path);
    let after = path.match_indices('.').map(|(at, _)| path[at + 1..].to_owned());
    std::iter::once(path.clone()).chain(after).collect()
}

/// Collects what an expression reads. A subquery in it is a query of its own.
struct Collector<'scope> {
    scope: &'scope Scope,
    depth: usize,
    origins: BTreeSet<Origin>,
}

impl Visitor for Collector<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if self.depth == 0 {
            let shape = self.scope.query(query);
            self.origins.extend(shape.outputs.into_iter().flat_map(|output| output.origins));
        }
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.depth == 0 {
            match expr {
                Expr::Identifier(name) => self.origins.extend(self.scope.unqualified(&name.value)),
                Expr::CompoundIdentifier(parts) => self.origins.extend(self.scope.qualified(parts)),
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }
}

mod tables;
#[cfg(test)]
mod tests;
