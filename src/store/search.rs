//! Full-text search over the published catalog: ranked, with what matched.
//!
//! What a person types is words, never a query language: each is looked for as the beginning of a word of the text, in
//! whatever case and with or without accents, and all of them must be there.

use rusqlite::{Connection, Row};
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::error::StoreError;
use super::find::Wanted;
use super::objects::{Described, Describer, Key};
use super::reader::Catalog;

/// How much a match counts in the name, description, column names, formulas and SQL.
const WEIGHTS: &str = "16.0, 8.0, 4.0, 2.0, 1.0";

/// The first run writes entries before anything is published.
const IS_PUBLISHED: &str = "(SELECT published_run FROM catalog_state) > 0";

/// How many elements are looked at for the columns in them that match.
const MOST_ELEMENTS: usize = 2_000;

/// What is shown of a long text around its match, in characters.
const SNIPPET: usize = 60;

/// How many look-alikes of a name are told.
const NEAR: usize = 3;

/// An object that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// The object.
    #[serde(flatten)]
    pub object: Described,
    /// Where the words are.
    pub matched: Vec<Match>,
}

/// A text that holds some of the words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Match {
    /// `name`, `description`, `column`, `formula` or `sql`.
    pub field: &'static str,
    /// The text, or the part of it around the first match.
    pub text: String,
}

/// A word of a question.
#[derive(Debug, Clone)]
struct Word {
    /// As it was typed.
    typed: String,
    /// Cut into its parts: signs separate them, and they must follow each other.
    parts: Vec<String>,
    /// Whether the catalog has it and no longer word that begins with it.
    is_whole: bool,
}

/// The words of a question, separated by spaces.
#[derive(Debug, Clone)]
struct Words(Vec<Word>);

impl Words {
    fn of(text: &str) -> Self {
        let words = text.split_whitespace().map(|word| word.replace('\0', ""));
        let words = words.map(|typed| Word { parts: parts(&typed), typed, is_whole: false });
        Self(words.filter(|word| !word.parts.is_empty()).collect())
    }

    /// Those of a question to a catalog. A word that begins no other is looked for as a whole, which finds the same in a
    /// fraction of the time that a beginning takes. Only of ASCII it is sure that the index cuts and folds it as we do.
    fn in_catalog(db: &Connection, text: &str) -> Result<Self, StoreError> {
        let mut words = Self::of(text);
        let mut is_whole = db.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM search_word WHERE term = ?1) AND NOT EXISTS \
             (SELECT 1 FROM search_word WHERE term >= ?1 || char(1) AND term <= ?1 || char(0x10ffff))",
        )?;
        for word in words.0.iter_mut().filter(|word| word.typed.is_ascii()) {
            word.is_whole = is_whole.query_row([word.parts.last()], |row| row.get(0))?;
        }
        Ok(words)
    }

    /// The question in the index's own language, in which everything typed is quoted; the index cuts it itself.
    fn expression(&self, fields: &str) -> String {
        let words: Vec<String> = self
            .0
            .iter()
            .map(|word| {
                let beginning = if word.is_whole { "" } else { " *" };
                format!("\"{}\"{beginning}", word.typed.replace('"', "\"\""))
            })
            .collect();
        format!("{fields}({})", words.join(" AND "))
    }

    /// Whether a text holds one of the words at least.
    fn any_in(&self, text: &str) -> bool {
        let found = parts(text);
        self.0.iter().any(|word| holds(&found, &word.parts))
    }

    fn all_in(&self, texts: &[Option<&str>]) -> bool {
        let found: Vec<Vec<String>> = texts.iter().flatten().map(|text| parts(text)).collect();
        self.0.iter().all(|word| found.iter().any(|found| holds(found, &word.parts)))
    }
}

/// Whether the parts of a word follow each other in a text, the last one as a beginning.
fn holds(text: &[String], word: &[String]) -> bool {
    let Some((last, before)) = word.split_last() else { return false };
    text.windows(word.len())
        .any(|window| window[..before.len()] == *before && window[before.len()].starts_with(last.as_str()))
}

/// The text in lower case without accents, cut at everything that is no letter or digit, as the index cuts it.
fn parts(text: &str) -> Vec<String> {
    let accents = '\u{300}'..='\u{36f}';
    let plain: String =
        text.nfd().filter(|c| !accents.contains(c)).nfc().flat_map(char::to_lowercase).collect();
    plain.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

impl Catalog {
    /// The kinds of objects that this catalog can find.
    ///
    /// # Errors
    /// [`StoreError::OlderSchema`] where the catalog has no index yet.
    pub fn searchable_kinds(&self) -> Result<Vec<String>, StoreError> {
        self.require_current_schema()?;
        let mut kinds = self
            .connection()
            .prepare(&format!("SELECT DISTINCT kind FROM search_object WHERE {IS_PUBLISHED}"))?;
        let kinds = kinds.query_map([], |row| row.get(0))?;
        Ok(kinds.collect::<Result<_, _>>()?)
    }

    /// The objects that hold all the words, the best first. `kinds` are those of [`Key::kind`]; empty means all but
    /// columns, which are told as matches of their elements.
    ///
    /// # Errors
    /// [`StoreError::OlderSchema`] where the catalog has no index yet.
    pub fn search(&self, text: &str, kinds: &[String], limit: usize) -> Result<Vec<Hit>, StoreError> {
        self.require_current_schema()?;
        let db = self.connection();
        // One state of the file for all the statements, whatever a run publishes meanwhile.
        let _reading = db.unchecked_transaction()?;
        let words = Words::in_catalog(db, text)?;
        if words.0.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let mut describer = Describer::new(self);
        if kinds.len() == 1 && kinds[0] == "column" {
            return self.search_columns(&words, limit, &mut describer);
        }
        // A name outweighs all else, so what is called so comes first and mostly is all: ranking every text that holds a
        // frequent word takes longer.
        let mut keys = ranked(db, &words.expression("name : "), kinds, limit)?;
        if keys.len() < limit {
            let others = ranked(db, &words.expression(""), kinds, limit)?;
            let others: Vec<Key> = others.into_iter().filter(|key| !keys.contains(key)).collect();
            keys.extend(others);
            keys.truncate(limit);
        }
        keys.into_iter()
            .map(|key| {
                let object = describer.describe(&key)?;
                let matched = matches(db, &words, &object)?;
                Ok(Hit { object, matched })
            })
            .collect()
    }

    /// The columns that hold all the words in their name or formula, those of the best elements first.
    fn search_columns(
        &self,
        words: &Words,
        limit: usize,
        describer: &mut Describer<'_>,
    ) -> Result<Vec<Hit>, StoreError> {
        let db = self.connection();
        let expression = words.expression("{columns formulas} : ");
        let kinds = ["element".to_owned()];
        // Ranking all that hold a word which is everywhere takes long and tells little: then any of them do.
        let mut elements = matching(db, &expression, &kinds, MOST_ELEMENTS + 1, false)?;
        if elements.len() <= MOST_ELEMENTS {
            elements = matching(db, &expression, &kinds, MOST_ELEMENTS, true)?;
        }
        let mut hits = Vec::new();
        for element in elements {
            for (id, name, formula) in columns(db, &element)? {
                if !words.all_in(&[name.as_deref(), formula.as_deref()]) {
                    continue;
                }
                let matched =
                    [("name", name), ("formula", formula)].into_iter().filter_map(|(field, text)| {
                        let text = text.filter(|text| words.any_in(text))?;
                        Some(Match { field, text: snippet(&text, words) })
                    });
                let matched = matched.collect();
                hits.push(Hit { object: describer.describe(&element.clone().with_column(&id))?, matched });
                if hits.len() == limit {
                    return Ok(hits);
                }
            }
        }
        Ok(hits)
    }

    /// What is called similarly to something that was not found.
    pub(super) fn near(&self, text: &str, wanted: Wanted) -> Result<Vec<Described>, StoreError> {
        let last = text.rsplit(['/', ':']).next().unwrap_or(text);
        let words = Words::in_catalog(self.connection(), last)?;
        if words.0.is_empty() {
            return Ok(Vec::new());
        }
        let found = ranked(self.connection(), &words.expression("name : "), &[], NEAR * 8)?;
        let mut describer = Describer::new(self);
        let near = found.iter().filter(|key| (wanted.is)(&key.kind)).take(NEAR);
        near.map(|key| describer.describe(key)).collect()
    }
}

/// The keys of the best matches of an expression.
fn ranked(db: &Connection, expression: &str, kinds: &[String], limit: usize) -> Result<Vec<Key>, StoreError> {
    matching(db, expression, kinds, limit, true)
}

/// The keys of the best matches of an expression, or of any.
fn matching(
    db: &Connection,
    expression: &str,
    kinds: &[String],
    limit: usize,
    best: bool,
) -> Result<Vec<Key>, StoreError> {
    let order = if best { format!("ORDER BY bm25(search_text, {WEIGHTS}), o.entry") } else { String::new() };
    let filter = if kinds.is_empty() {
        String::new()
    } else {
        format!("AND o.kind IN ({})", vec!["?"; kinds.len()].join(", "))
    };
    let sql = format!(
        "SELECT o.kind, coalesce(k.id, ''), o.id FROM search_text \
         JOIN search_object o ON o.entry = search_text.rowid LEFT JOIN document_key k ON k.document = o.document \
         WHERE search_text MATCH ? {filter} AND {IS_PUBLISHED} {order} LIMIT ?"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut parameters: Vec<&dyn rusqlite::ToSql> = vec![&expression];
    parameters.extend(kinds.iter().map(|kind| kind as &dyn rusqlite::ToSql));
    parameters.push(&limit);
    let key = |row: &Row<'_>| {
        Ok(Key { kind: row.get(0)?, document: row.get(1)?, id: row.get(2)?, column: String::new() })
    };
    let mut statement = db.prepare_cached(&sql)?;
    let keys = statement.query_map(parameters.as_slice(), key)?.collect::<Result<_, _>>()?;
    Ok(keys)
}

type ColumnRow = (String, Option<String>, Option<String>);

fn columns(db: &Connection, element: &Key) -> Result<Vec<ColumnRow>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT column_id, name, formula FROM element_column WHERE document_id = ? AND element_id = ? ORDER BY name",
    )?;
    let rows = statement
        .query_map([&element.document, &element.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many columns or formulas of one element are told.
const TOLD: usize = 5;

/// Where in an object the words are.
fn matches(db: &Connection, words: &Words, object: &Described) -> Result<Vec<Match>, StoreError> {
    let key = &object.key;
    let mut texts: Vec<(&'static str, String)> = Vec::new();
    texts.extend(object.name.clone().map(|name| ("name", name)));
    let one = |sql: &str, parameters: &[&str]| -> Result<Option<String>, StoreError> {
        let mut statement = db.prepare_cached(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(parameters))?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?.flatten())
    };
    let description = match key.kind.as_str() {
        "member" => one("SELECT email FROM member WHERE id = ?", &[&key.id])?,
        "team" => one("SELECT description FROM team WHERE id = ?", &[&key.id])?,
        _ if key.document.is_empty() => one(
            "SELECT coalesce((SELECT description FROM document WHERE id = ?1), (SELECT description FROM file WHERE id = ?1))",
            &[&key.id],
        )?,
        _ => None,
    };
    texts.extend(description.map(|text| ("description", text)));
    if key.kind == "element" {
        let columns = columns(db, key)?;
        texts.extend(columns.iter().filter_map(|(_, name, _)| Some(("column", name.clone()?))));
        texts.extend(columns.into_iter().filter_map(|(_, _, formula)| Some(("formula", formula?))));
        let sql = "SELECT sql FROM element_query WHERE document_id = ? AND element_id = ?";
        texts.extend(one(sql, &[&key.document, &key.id])?.map(|sql| ("sql", sql)));
    } else if key.kind == "customSQL" {
        let sql =
            "SELECT definition FROM lineage_node WHERE document_id = ? AND type = 'customSQL' AND id = ?";
        texts.extend(one(sql, &[&key.document, &key.id])?.map(|sql| ("sql", sql)));
    }
    let mut matched: Vec<Match> = Vec::new();
    for (field, text) in texts {
        let already = matched.iter().filter(|known| known.field == field).count();
        if already < TOLD && words.any_in(&text) {
            let found = Match { field, text: snippet(&text, words) };
            if !matched.contains(&found) {
                matched.push(found);
            }
        }
    }
    Ok(matched)
}

/// The text in one line, or the part of it around the first match.
fn snippet(text: &str, words: &Words) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ");
    if line.chars().count() <= SNIPPET {
        return line;
    }
    // The first place from which a match can be read; words that start there are whole.
    let starts = line.char_indices().scan(' ', |before, (at, c)| {
        let starts = !before.is_alphanumeric() && c.is_alphanumeric();
        *before = c;
        Some(starts.then_some(at))
    });
    let at = starts
        .flatten()
        .find(|at| {
            words.0.iter().any(|word| {
                let ahead: String = line[*at..].chars().take(SNIPPET).collect();
                let (found, word) = (parts(&ahead), &word.parts);
                found.len() >= word.len() && holds(&found[..word.len()], word)
            })
        })
        .unwrap_or(0);
    let before = line[..at].chars().count();
    let from = before.saturating_sub(SNIPPET / 4);
    let shown: String = line.chars().skip(from).take(SNIPPET).collect();
    let (open, close) =
        (if from > 0 { "…" } else { "" }, if from + SNIPPET < line.chars().count() { "…" } else { "" });
    format!("{open}{}{close}", shown.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_words_and_never_a_query() {
        for (typed, expression) in [
            ("Revenue", r#"("Revenue" *)"#),
            ("net  revenue", r#"("net" * AND "revenue" *)"#),
            ("a\" OR b*", r#"("a""" * AND "OR" * AND "b*" *)"#),
            ("name:x -y ^z (w", r#"("name:x" * AND "-y" * AND "^z" * AND "(w" *)"#),
            ("NEAR(a b, 2)", r#"("NEAR(a" * AND "b," * AND "2)" *)"#),
            ("x\0y - *", r#"("xy" *)"#),
        ] {
            assert_eq!(Words::of(typed).expression(""), expression, "{typed}");
        }
        for nothing in ["", " ", "\"", "* - :", "()"] {
            assert!(Words::of(nothing).0.is_empty(), "{nothing}");
        }
    }

    #[test]
    fn only_a_word_that_begins_no_other_is_looked_for_as_a_whole() {
        let mut db = Connection::open_in_memory().unwrap();
        crate::store::schema::migrate(&mut db, std::path::Path::new("memory")).unwrap();
        for name in ["Revenue 2024 of customer_id", "Rev", "Net", "Nett", "Zürich", "Churn-Idx", "idé"] {
            db.execute("INSERT INTO search_text (name) VALUES (?)", [name]).unwrap();
        }
        for (typed, expression) in [
            ("Revenue", r#"("Revenue")"#),
            ("rev churn", r#"("rev" * AND "churn")"#),
            ("reven margin", r#"("reven" * AND "margin" *)"#),
            ("net nett", r#"("net" * AND "nett")"#),
            ("customer_id", r#"("customer_id" *)"#),
            ("Churn-IDX. 20", r#"("Churn-IDX." AND "20" *)"#),
            ("zurich Zürich", r#"("zurich" AND "Zürich" *)"#),
            ("ide", r#"("ide")"#),
            ("id", r#"("id" *)"#),
        ] {
            assert_eq!(Words::in_catalog(&db, typed).unwrap().expression(""), expression, "{typed}");
        }
    }

    #[test]
    fn a_word_is_found_at_the_start_of_a_word_in_any_case_and_accent() {
        for (typed, text, found) in [
            ("rev", "Net Revenue", true),
            ("venue", "Net Revenue", false),
            ("customer_id", "sum([CUSTOMER_ID])", true),
            ("customer_id", "customer name, id", false),
            ("zurich", "Zürich", true),
            ("ÜBER", "u\u{308}berall", true),
            ("売上", "売上高", true),
            ("매출", "매출액", true),
        ] {
            assert_eq!(Words::of(typed).any_in(text), found, "{typed} in {text}");
        }
    }

    #[test]
    fn a_long_text_is_cut_around_its_first_match() {
        let sql = format!("select {} from T where REGION = 'x' and {}", "a, ".repeat(50), "b ".repeat(50));
        let shown = snippet(&sql, &Words::of("region"));
        assert!(shown.starts_with('…') && shown.ends_with('…') && shown.contains("REGION = 'x'"), "{shown}");
        assert_eq!(snippet("short\n text", &Words::of("text")), "short text");
    }
}
