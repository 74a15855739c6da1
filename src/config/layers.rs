//! The layers put together: one value and one origin for every setting.

use std::collections::BTreeMap;

use super::error::{ConfigErrors, Origin, Problem};
use super::table::{self, Kind, Setting};
use super::value::{self, Value};

/// The winning value of every setting that has one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers(BTreeMap<&'static str, (Value, Origin)>);

impl Layers {
    /// The defaults of the table.
    pub(crate) fn of_defaults() -> Self {
        let mut layers = Layers::default();
        for setting in table::TABLE {
            // A default its own setting refuses is left out; `the_table_keeps_its_own_rules` tells.
            if let Some(Ok(value)) = setting.default.map(|default| value::from_text(setting, default)) {
                layers.0.insert(setting.key, (value, Origin::Default));
            }
        }
        layers
    }

    /// Puts a value in, over that of the layers put in before: the weakest layer comes first.
    pub(crate) fn put(&mut self, setting: &'static Setting, value: Value, origin: Origin) {
        self.0.insert(setting.key, (value, origin));
    }

    /// Puts the text of a flag or variable in, or says what is wrong with it.
    pub(crate) fn put_text(
        &mut self,
        setting: &'static Setting,
        text: &str,
        origin: Origin,
        errors: &mut ConfigErrors,
    ) {
        match value::from_text(setting, text) {
            Ok(value) => self.put(setting, value, origin),
            Err(problem) => errors.push(problem.at(setting, &origin)),
        }
    }

    /// Puts every environment variable of the table in. An empty one counts as not set, as container
    /// orchestrators cannot leave one out; only an empty secret is a mistake that nobody makes on purpose.
    pub(crate) fn put_environment(
        &mut self,
        environment: &dyn Fn(&str) -> Option<String>,
        errors: &mut ConfigErrors,
    ) {
        for setting in table::TABLE {
            let given = setting.env.iter().find_map(|name| {
                let text = environment(name)?;
                (setting.kind == Kind::Secret || !text.is_empty()).then_some((*name, text))
            });
            if let Some((name, text)) = given {
                self.put_text(setting, &text, Origin::Environment(name), errors);
            }
        }
    }

    /// The value and where it came from.
    pub(crate) fn get(&self, key: &str) -> Option<&(Value, Origin)> {
        self.0.get(key)
    }

    /// Where the value came from; [`Origin::Default`] if there is none.
    pub(crate) fn origin(&self, key: &str) -> Origin {
        self.get(key).map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    /// Of two settings that say the same thing keeps the one of the stronger layer.
    pub(crate) fn keep_stronger(
        &mut self,
        one: &'static str,
        other: &'static str,
        errors: &mut ConfigErrors,
    ) {
        let (Some((_, left)), Some((_, right))) = (self.get(one), self.get(other)) else { return };
        match left.rank().cmp(&right.rank()) {
            std::cmp::Ordering::Less => drop(self.0.remove(one)),
            std::cmp::Ordering::Greater => drop(self.0.remove(other)),
            std::cmp::Ordering::Equal => {
                let text = format!("`{one}` ({left}) and `{other}` ({right}) are both given");
                let problem = Problem::new("config.contradiction", text, "leave one of them out");
                if let Some(setting) = table::find(other) {
                    errors.push(problem.at(setting, right));
                }
            }
        }
    }

    /// The text of a setting.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some((Value::Text(text), _)) => Some(text),
            _ => None,
        }
    }

    /// The number of a setting.
    pub(crate) fn integer(&self, key: &str) -> Option<u32> {
        match self.get(key) {
            Some((Value::Integer(number), _)) => Some(*number),
            _ => None,
        }
    }

    /// The entries of a setting.
    pub(crate) fn list(&self, key: &str) -> Vec<String> {
        match self.get(key) {
            Some((Value::List(texts), _)) => texts.clone(),
            _ => Vec::new(),
        }
    }

    /// Whether a setting is on.
    pub(crate) fn is_on(&self, key: &str) -> bool {
        matches!(self.get(key), Some((Value::Switch(true), _)))
    }
}
