//! The base URL of Sigma's API: where the client secret is sent, and therefore checked first of all.

use url::{Host, Url};

use super::error::Problem;

/// One cloud region of Sigma and the base URL of its API.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    /// The cloud and region, as Sigma's documentation calls them.
    pub name: &'static str,
    /// The base URL.
    pub base: &'static str,
}

const fn region(name: &'static str, base: &'static str) -> Region {
    Region { name, base }
}

/// The regions in Sigma's API reference at the time of writing. The list only helps people to choose: it
/// grows, so a host that is not on it is accepted as long as it belongs to sigmacomputing.com.
pub const REGIONS: &[Region] = &[
    region("GCP US", "https://api.sigmacomputing.com"),
    region("GCP KSA (Dammam)", "https://api.sa.gcp.sigmacomputing.com"),
    region("AWS US West (Oregon)", "https://aws-api.sigmacomputing.com"),
    region("AWS US East", "https://api.us-a.aws.sigmacomputing.com"),
    region("AWS Canada", "https://api.ca.aws.sigmacomputing.com"),
    region("AWS Europe (Frankfurt)", "https://api.eu.aws.sigmacomputing.com"),
    region("AWS Australia and APAC (Sydney)", "https://api.au.aws.sigmacomputing.com"),
    region("AWS UK", "https://api.uk.aws.sigmacomputing.com"),
    region("Azure US", "https://api.us.azure.sigmacomputing.com"),
    region("Azure Europe (Netherlands)", "https://api.eu.azure.sigmacomputing.com"),
    region("Azure Canada", "https://api.ca.azure.sigmacomputing.com"),
    region("Azure UK", "https://api.uk.azure.sigmacomputing.com"),
    region("Azure Australia", "https://api.au.azure.sigmacomputing.com"),
];

/// Checks a base URL and brings it to the form `scheme://host[:port]/`.
///
/// Only the host is ever repeated in a message: the rest of a pasted URL may hold a password or a token.
pub(crate) fn parse(text: &str, allow_host: Option<&str>) -> Result<Url, Problem> {
    let mut url = Url::parse(text).map_err(|error| refuse(format!("is not a URL: {error}")))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(refuse("must start with https://".to_owned()));
    }
    let host = url.host().map(|host| host.to_owned()).ok_or_else(|| refuse("names no host".to_owned()))?;
    let name = host.to_string();
    if is_app(&host) {
        let text = format!("`sigma.api_url` names {name}, which is Sigma's app for people, not its API");
        return Err(Problem::new("config.app_url", text, by_region()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("must not hold a user or password".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("must end with the host: no `?` and no `#`".to_owned()));
    }
    // Users of other connectors paste the version along; every path of ours names its own.
    if !matches!(url.path().trim_end_matches('/'), "" | "/v2") {
        return Err(refuse("must end with the host: no path".to_owned()));
    }
    let loopback = is_loopback(&host);
    if url.scheme() == "http" && !loopback {
        let text = format!("`sigma.api_url` would send the client secret to {name} unencrypted");
        let help = format!("write https://{name}; http is for a simulator on this machine only");
        return Err(Problem::new("config.insecure_url", text, help));
    }
    if !loopback && !is_sigma(&host) && allow_host != Some(name.as_str()) {
        let text = format!("`sigma.api_url` names {name}, which is not a host of sigmacomputing.com");
        let help =
            format!("{}\n      if {name} is a gateway you trust, set `sigma.allow_host` to it", by_region());
        return Err(Problem::new("config.foreign_host", text, help));
    }
    url.set_path("/");
    Ok(url)
}

fn is_loopback(host: &Host<String>) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

fn is_sigma(host: &Host<String>) -> bool {
    matches!(host, Host::Domain(name) if name.ends_with(".sigmacomputing.com"))
}

fn is_app(host: &Host<String>) -> bool {
    is_sigma(host) && matches!(host, Host::Domain(name) if name.starts_with("app."))
}

fn refuse(why: String) -> Problem {
    Problem::new("config.malformed_url", format!("`sigma.api_url` {why}"), by_region())
}

/// The advice to look up the region, with every region known.
pub(crate) fn by_region() -> String {
    let mut help = "use the API base of your organisation's cloud and region:".to_owned();
    for Region { name, base } in REGIONS {
        help.push_str(&format!("\n      {base:<42} {name}"));
    }
    help
}
