//! The tree of a formula, and how it is written.

use std::fmt::{self, Display, Formatter, Write};

/// A name in brackets.
#[derive(Debug, Clone)]
pub struct Reference {
    /// The names between its slashes, unescaped: one for a column of the same element or a control, two for a column of a source,
    /// more behind links of a data model.
    pub parts: Vec<String>,
    /// What stands between the brackets, verbatim.
    pub raw: String,
}

impl Reference {
    /// A reference of those names.
    pub fn new<S: Into<String>>(parts: impl IntoIterator<Item = S>) -> Self {
        let parts: Vec<String> = parts.into_iter().map(Into::into).collect();
        let escaped = parts.iter().map(|part| escape(part, &['[', ']', '/', '\\']));
        Self { raw: escaped.collect::<Vec<_>>().join("/"), parts }
    }
}

/// References are the same when they name the same, however it is escaped.
impl PartialEq for Reference {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}
impl Eq for Reference {}
impl PartialOrd for Reference {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Reference {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.parts.cmp(&other.parts)
    }
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// `Null`.
    Null,
    /// `True` or `False`.
    Boolean(bool),
    /// A number, as it is written.
    Number(String),
    /// A text, unescaped.
    Text(String),
}

/// An operator between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their symbols say it")]
pub enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Join,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
}

/// Every operator: its spellings, the first of them ours, and how tightly it binds.
pub(super) const OPERATORS: &[(Operator, &[&str], u8)] = &[
    (Operator::Or, &["or"], 1),
    (Operator::And, &["and"], 2),
    (Operator::Equal, &["=", "=="], COMPARISON),
    (Operator::Unequal, &["!=", "<>"], COMPARISON),
    (Operator::Less, &["<"], COMPARISON),
    (Operator::LessOrEqual, &["<="], COMPARISON),
    (Operator::Greater, &[">"], COMPARISON),
    (Operator::GreaterOrEqual, &[">="], COMPARISON),
    (Operator::Join, &["&"], 5),
    (Operator::Add, &["+"], 6),
    (Operator::Subtract, &["-"], 6),
    (Operator::Multiply, &["*"], 7),
    (Operator::Divide, &["/"], 7),
    (Operator::Modulo, &["%"], 7),
    (Operator::Power, &["^"], POWER),
];
/// `not` binds looser than a comparison, a sign looser than a power.
const NOT: u8 = 3;
const COMPARISON: u8 = 4;
const SIGN: u8 = 8;
const POWER: u8 = 9;
const ATOM: u8 = 10;

impl Operator {
    fn row(self) -> (&'static str, u8) {
        OPERATORS
            .iter()
            .find(|(operator, ..)| *operator == self)
            .map_or(("", ATOM), |(_, spellings, binds)| (spellings[0], *binds))
    }
    /// How tightly it binds.
    pub fn binds(self) -> u8 {
        self.row().1
    }
}

/// An operator in front of its operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// `not`.
    Not,
    /// `-`.
    Minus,
    /// `+`.
    Plus,
}

impl Sign {
    fn binds(self) -> u8 {
        if self == Self::Not { NOT } else { SIGN }
    }
    /// How tightly an operand must bind.
    pub(super) fn operand(self) -> u8 {
        self.binds() + 1
    }
}

/// A formula, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// Nothing: an argument left out, or an empty formula.
    Nothing,
    /// A constant.
    Literal(Literal),
    /// A column, control or parameter.
    Reference(Reference),
    /// A word that is not followed by arguments.
    Name(String),
    /// A function with its arguments.
    Call(String, Vec<Expression>),
    /// A sign with its operand.
    Signed(Sign, Box<Expression>),
    /// Operands with operators of one strength between them, from left to right: a chain of any length is one node, so that the
    /// depth of a tree is bounded by its parentheses.
    Chain(Box<Expression>, Vec<(Operator, Expression)>),
    /// Fields of a structured value.
    Fields(Box<Expression>, Vec<String>),
    /// A structured value: keys with their values.
    Record(Vec<(String, Expression)>),
}

impl Expression {
    fn binds(&self) -> u8 {
        match self {
            Self::Signed(sign, _) => sign.binds(),
            Self::Chain(_, rest) => rest.first().map_or(ATOM, |(operator, _)| operator.binds()),
            _ => ATOM,
        }
    }

    /// Writes it where an operand must bind at least that tightly.
    fn operand(&self, least: u8, out: &mut Formatter<'_>) -> fmt::Result {
        if self.binds() < least { write!(out, "({self})") } else { write!(out, "{self}") }
    }
}

impl Display for Expression {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Literal(literal) => literal.fmt(out),
            Self::Reference(reference) => write!(out, "[{}]", reference.raw),
            Self::Name(name) => out.write_str(name),
            Self::Call(name, arguments) => {
                write!(out, "{name}(")?;
                for (place, argument) in arguments.iter().enumerate() {
                    write!(out, "{}{argument}", if place == 0 { "" } else { ", " })?;
                }
                out.write_char(')')
            }
            Self::Signed(sign, operand) => {
                out.write_str(match sign {
                    Sign::Not => "not ",
                    Sign::Minus => "-",
                    Sign::Plus => "+",
                })?;
                operand.operand(sign.operand(), out)
            }
            Self::Chain(first, rest) => {
                let least = self.binds() + 1;
                first.operand(least, out)?;
                rest.iter().try_for_each(|(operator, operand)| {
                    write!(out, " {} ", operator.row().0)?;
                    operand.operand(least, out)
                })
            }
            Self::Fields(of, fields) => {
                // A number would take the dot for its own.
                match **of {
                    Self::Literal(_) => write!(out, "({of})")?,
                    _ => of.operand(ATOM, out)?,
                }
                fields.iter().try_for_each(|field| write!(out, ".{}", key(field)))
            }
            Self::Record(entries) => {
                out.write_str("{")?;
                for (place, (name, value)) in entries.iter().enumerate() {
                    write!(out, "{}{}: {value}", if place == 0 { "" } else { ", " }, key(name))?;
                }
                out.write_str("}")
            }
        }
    }
}

impl Display for Literal {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("Null"),
            Self::Boolean(true) => out.write_str("True"),
            Self::Boolean(false) => out.write_str("False"),
            Self::Number(number) => out.write_str(number),
            Self::Text(text) => out.write_str(&quoted(text)),
        }
    }
}

/// A key of a record as it is written: a word, or quoted.
fn key(name: &str) -> String {
    let is_word = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_word { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escape(text, &['"', '\\']).replace('\n', "\\n").replace('\t', "\\t"))
}

fn escape(text: &str, special: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if special.contains(&c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
