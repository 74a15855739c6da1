//! Sigma's formula language: text to tokens to a tree and back, and the columns that a formula names.
//!
//! Operators and literals are those of Sigma's "Operators overview", record literals those of "Generate and access structured
//! objects" (help.sigmacomputing.com); how names are escaped in brackets and which comments exist is not written down there,
//! so a backslash takes any character after it, and both `//` and `/* */` are taken.

mod lexer;
mod parser;
mod tree;

#[cfg(test)]
mod cases;

use std::collections::BTreeSet;

pub use parser::parse;
pub use tree::{Expression, Literal, Operator, Reference, Sign};

/// Why a text is no formula.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct FormulaError {
    /// Where in the text, in bytes.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// What a formula refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct References {
    /// Each reference once.
    pub all: BTreeSet<Reference>,
    /// Why the formula could not be parsed: the references are then those that look like ones.
    pub error: Option<FormulaError>,
}

/// The columns, controls and parameters that a formula names.
pub fn references(text: &str) -> References {
    let (tokens, lexical) = lexer::lex(text);
    let all = tokens
        .iter()
        .filter_map(|token| match &token.kind {
            lexer::Kind::Reference(reference) => Some(reference.clone()),
            _ => None,
        })
        .collect();
    let error = lexical.or_else(|| parser::parse_tokens(&tokens, text.len()).err());
    References { all, error }
}
