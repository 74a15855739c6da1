//! One question to the API: an endpoint with its parameters.

use std::fmt;

use url::Url;

use super::endpoints::{Endpoint, EndpointSpec};
use super::text::for_log;

/// A call to be made: `Endpoint::WorkbookPages.call().path("workbookId", id)`.
///
/// The paging engine adds page size and cursor itself; a `limit` or `pageSize` given here replaces the usual page
/// size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    endpoint: Endpoint,
    path: Vec<(&'static str, String)>,
    query: Vec<(&'static str, String)>,
    body: serde_json::Value,
}

impl Call {
    pub(crate) fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, path: Vec::new(), query: Vec::new(), body: serde_json::Value::Null }
    }

    /// Sets a parameter of the path template. Values are percent-encoded.
    pub fn path(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.path.push((name, value.into()));
        self
    }

    /// Adds a query parameter. Values are percent-encoded, once.
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// The body of a call that starts something.
    pub fn json(mut self, body: serde_json::Value) -> Self {
        self.body = body;
        self
    }

    pub(crate) fn body(&self) -> &serde_json::Value {
        &self.body
    }

    /// Which endpoint.
    pub fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    pub(crate) fn spec(&self) -> &'static EndpointSpec {
        self.endpoint.spec()
    }

    pub(crate) fn has_query(&self, name: &str) -> bool {
        self.query.iter().any(|(given, _)| *given == name)
    }

    /// The address to ask, below `base`. The error names the parameter that cannot be used.
    pub(crate) fn url(&self, base: &Url, extra: &[(&str, &str)]) -> Result<Url, String> {
        let mut url = base.clone();
        {
            let mut segments =
                url.path_segments_mut().map_err(|()| "the base address has no path".to_owned())?;
            segments.pop_if_empty();
            for part in self.spec().path.split('/').skip(1) {
                match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                    None => segments.push(part),
                    Some(name) => segments.push(self.parameter(name)?),
                };
            }
        }
        if !self.query.is_empty() || !extra.is_empty() {
            let mut pairs = url.query_pairs_mut();
            for (name, value) in &self.query {
                pairs.append_pair(name, value);
            }
            for (name, value) in extra {
                pairs.append_pair(name, value);
            }
        }
        Ok(url)
    }

    fn parameter(&self, name: &str) -> Result<&str, String> {
        let value = (self.path.iter().find(|(given, _)| *given == name))
            .map(|(_, value)| value.as_str())
            .ok_or_else(|| format!("`{name}` is missing"))?;
        // A dot segment would be resolved away and ask for something else.
        if matches!(value, "" | "." | "..") {
            return Err(format!("`{name}` cannot be `{value}`"));
        }
        Ok(value)
    }
}

/// The path asked for, without the query, which may hold an address.
impl fmt::Display for Call {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.spec().path.split('/').skip(1) {
            let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            let value = name.map_or(Ok(part), |name| self.parameter(name)).unwrap_or(part);
            write!(out, "/{}", for_log(value))?;
        }
        Ok(())
    }
}
