//! The proxy's URL, whose password must not be printed.

use std::fmt;

use url::Url;

use super::error::Problem;

/// A checked proxy URL. `Debug` and `Display` leave the password out; [`ProxyUrl::expose`] does not.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl(Url);

const SCHEMES: &[&str] = &["http", "https", "socks5", "socks5h"];

impl ProxyUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let help = "write scheme, host and port, e.g. \"http://proxy.example.com:3128\"";
        // The text is never repeated: it may hold a password.
        let refuse =
            |why: String| Err(Problem::new("config.malformed", format!("`sigma.proxy` {why}"), help));
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(error) => return refuse(format!("is not a URL: {error}")),
        };
        if !SCHEMES.contains(&url.scheme()) {
            return refuse(format!("must start with one of {}://", SCHEMES.join("://, ")));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return refuse("names no host".to_owned());
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return refuse("has something after its host and port".to_owned());
        }
        Ok(ProxyUrl(url))
    }

    /// The URL with its password, for the HTTP client.
    pub fn expose(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = if self.0.username().is_empty() && self.0.password().is_none() { "" } else { "***@" };
        write!(f, "{}://{user}{}", self.0.scheme(), self.0.host_str().unwrap_or_default())?;
        self.0.port().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyUrl({self})")
    }
}
