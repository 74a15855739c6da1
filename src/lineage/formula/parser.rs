//! Tokens to a tree, by how tightly operators bind.

use super::FormulaError;
use super::lexer::{self, Kind, Token};
use super::tree::{Expression, Literal, OPERATORS, Operator, Sign};

/// How deep parentheses, arguments and signs may nest: far beyond what people write, far from the end of a stack.
const DEEPEST: usize = 200;

/// Parses a formula.
///
/// # Errors
/// The first place where the text stops being a formula.
pub fn parse(text: &str) -> Result<Expression, FormulaError> {
    let (tokens, error) = lexer::lex(text);
    match error {
        Some(error) => Err(error),
        None => parse_tokens(&tokens, text.len()),
    }
}

/// Parses tokens. `end` is where errors about the end of the text are.
pub(super) fn parse_tokens(tokens: &[Token], end: usize) -> Result<Expression, FormulaError> {
    let mut parser = Parser { tokens, next: 0, depth: 0, end };
    if tokens.is_empty() {
        return Ok(Expression::Nothing);
    }
    let found = parser.expression(0)?;
    if parser.peek().is_some() {
        return Err(parser.wrong("more text after the end of the formula"));
    }
    Ok(found)
}

struct Parser<'tokens> {
    tokens: &'tokens [Token],
    next: usize,
    depth: usize,
    end: usize,
}

impl<'tokens> Parser<'tokens> {
    fn peek(&self) -> Option<&'tokens Kind> {
        self.tokens.get(self.next).map(|token| &token.kind)
    }

    fn wrong(&self, what: &'static str) -> FormulaError {
        FormulaError { at: self.tokens.get(self.next).map_or(self.end, |token| token.at), what }
    }

    fn takes(&mut self, symbol: &str) -> bool {
        let there = self.is_next(symbol);
        self.next += usize::from(there);
        there
    }

    fn is_next(&self, symbol: &str) -> bool {
        matches!(self.peek(), Some(Kind::Symbol(found)) if *found == symbol)
    }

    /// The operator that comes next.
    fn operator(&self) -> Option<Operator> {
        let spelling = match self.peek()? {
            Kind::Symbol(symbol) => *symbol,
            Kind::Word(word) => word,
            _ => return None,
        };
        OPERATORS
            .iter()
            .find(|(_, spellings, _)| spellings.iter().any(|known| known.eq_ignore_ascii_case(spelling)))
            .map(|(operator, ..)| *operator)
    }

    /// An expression whose outermost operators bind at least that tightly.
    fn expression(&mut self, least: u8) -> Result<Expression, FormulaError> {
        if self.depth == DEEPEST {
            return Err(self.wrong("nested too deeply"));
        }
        self.depth += 1;
        let mut left = self.operand()?;
        while let Some(binds) = self.operator().map(Operator::binds).filter(|binds| *binds >= least) {
            let mut rest = Vec::new();
            while let Some(operator) = self.operator().filter(|operator| operator.binds() == binds) {
                self.next += 1;
                rest.push((operator, self.expression(binds + 1)?));
            }
            left = Expression::Chain(Box::new(left), rest);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operand(&mut self) -> Result<Expression, FormulaError> {
        let Some(kind) = self.peek() else { return Err(self.wrong("an operand is missing")) };
        let sign = match kind {
            Kind::Symbol("-") => Some(Sign::Minus),
            Kind::Symbol("+") => Some(Sign::Plus),
            Kind::Word(word) if word.eq_ignore_ascii_case("not") => Some(Sign::Not),
            _ => None,
        };
        if let Some(sign) = sign {
            self.next += 1;
            return Ok(Expression::Signed(sign, Box::new(self.expression(sign.operand())?)));
        }
        let atom = match kind {
            Kind::Number(number) => {
                self.next += 1;
                Expression::Literal(Literal::Number(number.clone()))
            }
            Kind::Text(text) => {
                self.next += 1;
                Expression::Literal(Literal::Text(text.clone()))
            }
            Kind::Reference(reference) => {
                self.next += 1;
                Expression::Reference(reference.clone())
            }
            Kind::Word(word) => self.word(word)?,
            Kind::Symbol("(") => {
                self.next += 1;
                let inner = self.expression(0)?;
                if !self.takes(")") {
                    return Err(self.wrong("a closing parenthesis is missing"));
                }
                inner
            }
            Kind::Symbol("{") => {
                self.next += 1;
                self.record()?
            }
            Kind::Symbol(_) => return Err(self.wrong("an operand is missing")),
        };
        self.fields(atom)
    }

    fn word(&mut self, word: &str) -> Result<Expression, FormulaError> {
        let is_operator = self.operator().is_some();
        self.next += 1;
        if is_operator && !self.is_next("(") {
            self.next -= 1;
            return Err(self.wrong("an operand is missing"));
        }
        if self.takes("(") {
            return Ok(Expression::Call(word.to_owned(), self.arguments()?));
        }
        Ok(match word.to_ascii_lowercase().as_str() {
            "null" => Expression::Literal(Literal::Null),
            "true" => Expression::Literal(Literal::Boolean(true)),
            "false" => Expression::Literal(Literal::Boolean(false)),
            _ => Expression::Name(word.to_owned()),
        })
    }

    fn arguments(&mut self) -> Result<Vec<Expression>, FormulaError> {
        let mut arguments = Vec::new();
        if self.takes(")") {
            return Ok(arguments);
        }
        loop {
            let left_out = self.is_next(",") || self.is_next(")");
            arguments.push(if left_out { Expression::Nothing } else { self.expression(0)? });
            if self.takes(")") {
                return Ok(arguments);
            }
            if !self.takes(",") {
                return Err(self.wrong("a comma or closing parenthesis is missing"));
            }
        }
    }

    fn record(&mut self) -> Result<Expression, FormulaError> {
        let mut entries = Vec::new();
        if self.takes("}") {
            return Ok(Expression::Record(entries));
        }
        loop {
            let Some(name) = self.key() else { return Err(self.wrong("a key is missing")) };
            if !self.takes(":") {
                return Err(self.wrong("a colon is missing"));
            }
            entries.push((name, self.expression(0)?));
            if self.takes("}") {
                return Ok(Expression::Record(entries));
            }
            if !self.takes(",") {
                return Err(self.wrong("a comma or closing brace is missing"));
            }
        }
    }

    fn fields(&mut self, of: Expression) -> Result<Expression, FormulaError> {
        let mut fields = Vec::new();
        while self.takes(".") {
            let Some(field) = self.key() else { return Err(self.wrong("a field is missing")) };
            fields.push(field);
        }
        Ok(if fields.is_empty() { of } else { Expression::Fields(Box::new(of), fields) })
    }

    fn key(&mut self) -> Option<String> {
        let (Kind::Word(key) | Kind::Text(key) | Kind::Number(key)) = self.peek()? else { return None };
        self.next += 1;
        Some(key.clone())
    }
}
