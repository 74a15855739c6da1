//! Certificates made for a test, and a server that shows them.

use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use url::Url;

/// Who signs certificates.
pub type Authority = CertifiedIssuer<'static, KeyPair>;

/// A certificate authority of our own.
pub fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "an authority of our own");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

/// What a server shows: its certificate for a name, valid until the end of that year, signed by the authority or by itself.
pub fn shown(name: &str, until: i32, by: Option<&Authority>) -> (Certificate, KeyPair) {
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
pub async fn front(server: &Url, (certificate, key): (Certificate, KeyPair)) -> io::Result<u16> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .map_err(io::Error::other)?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let behind = server.socket_addrs(|| None)?;
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
