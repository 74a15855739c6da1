//! Text to tokens. Never fails: what is no token is left out and reported once.

use super::FormulaError;
use super::tree::Reference;

/// A piece of a formula.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    /// Where it begins, in bytes.
    pub at: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Number(String),
    Text(String),
    /// A function, a keyword or a field.
    Word(String),
    Reference(Reference),
    /// An operator or punctuation.
    Symbol(&'static str),
}

/// Symbols, the longer ones before those they begin with.
const SYMBOLS: [&str; 20] =
    ["!=", "<>", "<=", ">=", "==", "<", ">", "=", "+", "-", "*", "/", "%", "^", "&", "(", ")", ",", "{", "}"];

/// All tokens, and what was met that is none.
pub(super) fn lex(text: &str) -> (Vec<Token>, Option<FormulaError>) {
    let mut lexer = Lexer { text, at: 0, tokens: Vec::new(), error: None };
    while lexer.at < text.len() {
        lexer.step();
    }
    (lexer.tokens, lexer.error)
}

struct Lexer<'text> {
    text: &'text str,
    at: usize,
    tokens: Vec<Token>,
    error: Option<FormulaError>,
}

impl<'text> Lexer<'text> {
    fn rest(&self) -> &'text str {
        &self.text[self.at..]
    }

    fn push(&mut self, kind: Kind, length: usize) {
        self.tokens.push(Token { kind, at: self.at });
        self.at += length;
    }

    fn wrong(&mut self, at: usize, what: &'static str) {
        self.error.get_or_insert(FormulaError { at, what });
    }

    fn step(&mut self) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return };
        if first.is_whitespace() {
            self.at += first.len_utf8();
        } else if rest.starts_with("//") {
            self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
        } else if let Some(comment) = rest.strip_prefix("/*") {
            match comment.find("*/") {
                Some(end) => self.at += end + 4,
                None => {
                    self.wrong(self.at, "a comment without end");
                    self.at = self.text.len();
                }
            }
        } else if first == '"' || first == '\'' {
            self.quoted(first);
        } else if first == '[' {
            self.reference();
        } else if first.is_ascii_digit() || self.is_fraction(rest) {
            self.number();
        } else if first.is_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            self.push(Kind::Word(rest[..length].to_owned()), length);
        } else if let Some(symbol) =
            SYMBOLS.iter().chain(&[".", ":"]).find(|symbol| rest.starts_with(**symbol))
        {
            self.push(Kind::Symbol(symbol), symbol.len());
        } else {
            self.wrong(self.at, "a character that means nothing here");
            self.at += first.len_utf8();
        }
    }

    /// `.5` is a number unless it stands behind something that has fields.
    fn is_fraction(&self, rest: &str) -> bool {
        rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            && !self.tokens.last().is_some_and(|before| {
                matches!(before.kind, Kind::Reference(_) | Kind::Word(_) | Kind::Symbol(")" | "}"))
            })
    }

    fn number(&mut self) {
        let rest = self.rest();
        let digits = |from: usize| {
            from + rest[from..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - from)
        };
        let mut end = digits(0);
        // Digits behind a dot are a field's place, not a number with a fraction.
        let is_field = self.tokens.last().is_some_and(|before| before.kind == Kind::Symbol("."));
        if !is_field {
            if rest[end..].starts_with('.') {
                end = digits(end + 1);
            }
            if rest[end..].starts_with(['e', 'E']) {
                let sign = usize::from(rest[end + 1..].starts_with(['+', '-']));
                let exponent = digits(end + 1 + sign);
                if exponent > end + 1 + sign {
                    end = exponent;
                }
            }
        }
        self.push(Kind::Number(rest[..end].to_owned()), end);
    }

    fn quoted(&mut self, quote: char) {
        let rest = self.rest();
        let mut text = String::new();
        let mut chars = rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c == '\\' {
                match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, other)) => text.push(other),
                    None => break,
                }
            } else if c != quote {
                text.push(c);
            } else if chars.next_if(|(_, next)| *next == quote).is_some() {
                text.push(quote);
            } else {
                return self.push(Kind::Text(text), at + 1);
            }
        }
        self.wrong(self.at, "a text without end");
        self.push(Kind::Text(text), rest.len());
    }

    fn reference(&mut self) {
        let rest = self.rest();
        let mut parts = vec![String::new()];
        let mut chars = rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            let part = match c {
                ']' => {
                    let raw = rest[1..at].to_owned();
                    return self.push(Kind::Reference(Reference { parts, raw }), at + 1);
                }
                '/' => {
                    parts.push(String::new());
                    continue;
                }
                '\\' => match chars.next() {
                    Some((_, escaped)) => escaped,
                    None => break,
                },
                other => other,
            };
            if let Some(last) = parts.last_mut() {
                last.push(part);
            }
        }
        self.wrong(self.at, "a reference without end");
        self.at = self.text.len();
    }
}
