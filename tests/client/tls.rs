//! Whom the client believes to be Sigma.

use std::io;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use sigma_catalog::sigma::model::Whoami;
use sigma_catalog::sigma::{Endpoint, ErrorKind, SigmaError};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::support::*;

/// A certificate authority of our own.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "an authority of our own");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

/// What a server shows: its certificate for a name, valid until the end of that year, signed by the authority or by itself.
fn shown(
    name: &str,
    until: i32,
    by: Option<&CertifiedIssuer<'static, KeyPair>>,
) -> (rcgen::Certificate, KeyPair) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(until, 12, 31));
    let key = KeyPair::generate().expect("a key");
    let certificate = match by {
        Some(authority) => params.signed_by(&key, authority),
        None => params.self_signed(&key),
    };
    (certificate.expect("a certificate"), key)
}

/// Speaks TLS with that certificate and passes on what it hears; answers its port.
async fn front(server: &Server, (certificate, key): (rcgen::Certificate, KeyPair)) -> io::Result<u16> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .map_err(io::Error::other)?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let behind = server.url.socket_addrs(|| None)?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move {
                // A client that does not believe the certificate ends the handshake.
                let mut shown = acceptor.accept(stream).await?;
                let mut behind = TcpStream::connect(&behind[..]).await?;
                tokio::io::copy_bidirectional(&mut shown, &mut behind).await
            });
        }
    });
    Ok(port)
}

/// Asks over TLS, with more authorities than the system's if there are any.
async fn ask(
    server: &Server,
    shown: (rcgen::Certificate, KeyPair),
    bundle: Option<String>,
) -> Result<Whoami, SigmaError> {
    let port = front(server, shown).await.expect("a server");
    let client = client_with(server, |options| {
        options.api_url = format!("https://localhost:{port}").parse().expect("a URL");
        options.ca_bundle = bundle.map(String::into_bytes);
    });
    client.one(&Endpoint::Whoami.call()).await
}

#[tokio::test]
async fn a_certificate_that_is_not_sigmas_is_refused_with_its_fault_and_asked_for_once() {
    let authority = authority();
    let bundle = Some(authority.pem());
    for (shown, bundle, fault) in [
        (shown("localhost", 2021, Some(&authority)), &bundle, "expired"),
        (shown("other.example.com", 2100, Some(&authority)), &bundle, "not valid for name"),
        (shown("localhost", 2100, None), &None, "UnknownIssuer"),
        (shown("localhost", 2100, None), &bundle, "UnknownIssuer"),
        (shown("localhost", 2100, Some(&authority)), &None, "UnknownIssuer"),
    ] {
        let server = Server::data(|_| whoami()).await;
        let error = ask(&server, shown, bundle.clone()).await.expect_err(fault);
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "network.tls"), "{error}");
        let said = error.to_string();
        assert!(said.contains(fault) && said.contains("`localhost`"), "{fault}: {said}");
        assert!(error.remedy().contains("certificate bundle"), "{}", error.remedy());
        assert_eq!(error.call().expect("a call").attempts, 1, "{error}");
        assert!(server.seen().is_empty(), "nothing was said to it");
    }
}

#[tokio::test]
async fn a_certificate_that_the_bundle_vouches_for_is_accepted() {
    let server = Server::data(|_| whoami()).await;
    let authority = authority();
    ask(&server, shown("localhost", 2100, Some(&authority)), Some(authority.pem())).await.expect("an answer");
    let own = shown("localhost", 2100, None);
    let bundle = format!("{}{}", authority.pem(), own.0.pem());
    ask(&server, own, Some(bundle)).await.expect("an answer");
}
