//! Which base URLs are accepted: the client secret is sent there.

use sigma_catalog::config::REGIONS;

use super::World;

#[test]
fn base_urls_of_sigma_and_of_this_machine_are_accepted_and_brought_to_one_form() {
    let accepted = [
        ("https://api.sigmacomputing.com", "https://api.sigmacomputing.com/"),
        ("https://api.sigmacomputing.com/", "https://api.sigmacomputing.com/"),
        ("https://aws-api.sigmacomputing.com/v2", "https://aws-api.sigmacomputing.com/"),
        ("https://aws-api.sigmacomputing.com/v2/", "https://aws-api.sigmacomputing.com/"),
        ("https://API.Us.Azure.SigmaComputing.com:443", "https://api.us.azure.sigmacomputing.com/"),
        ("https://api.nz.aws.sigmacomputing.com", "https://api.nz.aws.sigmacomputing.com/"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("http://127.9.9.9:8080/v2", "http://127.9.9.9:8080/"),
        ("http://[::1]:8080", "http://[::1]:8080/"),
        ("http://localhost:8080", "http://localhost:8080/"),
        ("https://localhost", "https://localhost/"),
        ("https://gateway.example.com", "https://gateway.example.com/"),
        ("https://GATEWAY.example.com:8443/v2", "https://gateway.example.com:8443/"),
    ];
    for (given, normal) in accepted {
        let world = World::new().flag("sigma.allow_host", "Gateway.example.com").flag("sigma.api_url", given);
        let url = world.loaded().settings.sigma.api_url.expect("it was given");
        assert_eq!(url.as_str(), normal, "{given}");
    }
}

#[test]
fn every_known_region_is_accepted_and_named_once() {
    assert_eq!(REGIONS.len(), 13);
    for region in REGIONS {
        let url = World::new().env("SIGMA_API_URL", region.base).loaded().settings.sigma.api_url;
        assert_eq!(url.map(String::from), Some(format!("{}/", region.base)));
        assert_eq!(
            REGIONS.iter().filter(|other| other.base == region.base || other.name == region.name).count(),
            1
        );
    }
}

#[test]
fn any_other_base_url_is_refused_by_the_rule_it_breaks() {
    let refused = [
        ("api.sigmacomputing.com", "config.malformed_url"),
        ("localhost:8080", "config.malformed_url"),
        ("ftp://api.sigmacomputing.com", "config.malformed_url"),
        ("https://", "config.malformed_url"),
        ("https://me:pw@api.sigmacomputing.com", "config.malformed_url"),
        ("https://me@api.sigmacomputing.com", "config.malformed_url"),
        ("https://api.sigmacomputing.com?x=1", "config.malformed_url"),
        ("https://api.sigmacomputing.com#x", "config.malformed_url"),
        ("https://api.sigmacomputing.com/v3", "config.malformed_url"),
        ("https://api.sigmacomputing.com/v2/workbooks", "config.malformed_url"),
        ("https://app.sigmacomputing.com/acme/workbook/Sales-1a2b", "config.app_url"),
        ("https://app.eu.aws.sigmacomputing.com", "config.app_url"),
        ("http://api.sigmacomputing.com", "config.insecure_url"),
        ("http://gateway.example.com", "config.insecure_url"),
        ("http://localhost.example.com", "config.insecure_url"),
        ("http://192.168.0.1", "config.insecure_url"),
        ("https://192.168.0.1", "config.foreign_host"),
        ("https://sigmacomputing.com", "config.foreign_host"),
        ("https://evilsigmacomputing.com", "config.foreign_host"),
        ("https://api.sigmacomputing.com.example.com", "config.foreign_host"),
        ("https://sub.gateway.example.com", "config.foreign_host"),
        ("https://example.com/api.sigmacomputing.com", "config.malformed_url"),
    ];
    for (given, code) in refused {
        let world = World::new().flag("sigma.allow_host", "gateway.example.com").flag("sigma.api_url", given);
        let errors = world.errors();
        assert_eq!(errors.codes(), [code], "{given}");
        let error = errors.iter().next().expect("one error");
        assert_eq!(error.setting(), Some("sigma.api_url"), "{given}");
        assert!(!error.to_string().contains("pw"), "{error}");
    }
}

#[test]
fn a_wrong_or_foreign_url_is_answered_with_every_region() {
    for given in ["https://example.com", "https://app.sigmacomputing.com/acme", "api.sigmacomputing.com"] {
        let text = World::new().env("SIGMA_API_URL", given).refusal();
        assert!(
            REGIONS.iter().all(|region| text.contains(region.base) && text.contains(region.name)),
            "{text}"
        );
    }
}

#[test]
fn the_host_to_allow_is_one_plain_host() {
    for given in ["https://gateway.example.com", "gateway.example.com:8443", "*.example.com", "a/b", "a b"] {
        let errors = World::new().flag("sigma.allow_host", given).errors();
        assert_eq!(errors.codes(), ["config.malformed"], "{given}");
    }
}

#[test]
fn a_proxy_is_a_url_of_a_known_kind_without_a_path() {
    for given in
        ["http://proxy:3128", "https://proxy", "socks5://127.0.0.1:1080", "socks5h://me:pw@proxy:1080/"]
    {
        let proxy =
            World::new().flag("sigma.proxy", given).loaded().settings.sigma.proxy.expect("it was given");
        assert_eq!(proxy.expose().as_str().trim_end_matches('/'), given.trim_end_matches('/'));
    }
    for given in ["proxy:3128", "ftp://proxy", "http://proxy/path", "http://proxy?x", "http://me:pw@/"] {
        let errors = World::new().flag("sigma.proxy", given).errors();
        assert_eq!(errors.codes(), ["config.malformed"], "{given}");
        assert!(!errors.to_string().contains("pw"), "{errors}");
    }
}
