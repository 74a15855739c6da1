//! The binary and a server whose certificate only a bundle vouches for.

use super::certificates::{authority, front, shown};
use crate::context::{Context, RUNTIME, run};

#[test]
fn a_certificate_is_refused_unless_the_bundle_vouches_for_it() {
    let (context, authority) = (Context::small(), authority());
    std::fs::write(context.folder.path().join("ca.pem"), authority.pem()).expect("a file");
    let simulator = context.simulator.url().parse().expect("a URL");
    for (until, bundle, code, said) in
        [(2100, true, 0, ""), (2100, false, 7, "UnknownIssuer"), (2021, true, 7, "expired")]
    {
        let shown = shown("localhost", until, Some(&authority));
        let port = RUNTIME.block_on(front(&simulator, shown)).expect("a server");
        let url = format!("https://localhost:{port}");
        let mut arguments = vec!["extract", "--api-url", &url, "--db", "catalog.db"];
        if bundle {
            arguments.extend(["--ca-bundle", "ca.pem"]);
        }
        let ran = run(&mut context.command(&arguments));
        assert_eq!(ran.code, code, "{ran}");
        if code != 0 {
            for part in ["error[network.tls]", "`localhost`", said, "help: ", "certificate bundle"] {
                assert!(ran.stderr.contains(part), "{part}: {ran}");
            }
        }
    }
}
