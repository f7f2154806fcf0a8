//! Encryption with libpq's meaning of `sslmode`, through rustls.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::version::{TLS12, TLS13};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;

use super::wire::Wire;
use crate::live::connection::{Encryption, Roots, SslMode, TlsVersion};

/// How encryption begins at a host.
#[derive(Clone)]
pub(super) struct Handshake {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

/// The settings of all handshakes of a connection; or what is wrong with a file, in words.
pub(super) fn settings(encryption: &Encryption) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let versions = match (encryption.oldest, encryption.newest) {
        (TlsVersion::V12, TlsVersion::V12) => vec![&TLS12],
        (TlsVersion::V12, TlsVersion::V13) => vec![&TLS12, &TLS13],
        (TlsVersion::V13, _) => vec![&TLS13],
    };
    let trust = match (encryption.mode, &encryption.roots) {
        (SslMode::Disable | SslMode::Allow | SslMode::Prefer, _) => None,
        (_, Roots::None) => None,
        (SslMode::Require | SslMode::VerifyCa, roots) => Some(Trust::new(roots, false)?),
        (SslMode::VerifyFull, roots) => Some(Trust::new(roots, true)?),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { trust, algorithms }));
    let mut config = match &encryption.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder
            .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
            .map_err(|error| {
                let (certificate, key) = (certificate.display(), key.display());
                format!("the client certificate {certificate} and its key {key}: {error}")
            })?,
    };
    config.enable_sni = encryption.tells_host;
    if encryption.is_direct {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(Arc::new(config))
}

impl Handshake {
    /// The handshake with the host of this name, which may be an address.
    pub(super) fn new(config: Arc<ClientConfig>, host: &str) -> Self {
        // A name that no certificate can hold is compared with none, and told to nobody.
        let unnamed = || ServerName::from(std::net::IpAddr::from([0, 0, 0, 0]));
        let name = ServerName::try_from(host.to_owned()).unwrap_or_else(|_| unnamed());
        Handshake { config, name }
    }
}

impl TlsConnect<Wire> for Handshake {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

    fn connect(self, wire: Wire) -> Self::Future {
        Box::pin(async move {
            let connector = TlsConnector::from(self.config);
            connector.connect(self.name, wire).await.map(Encrypted)
        })
    }
}

/// An encrypted wire.
pub(super) struct Encrypted(tokio_rustls::client::TlsStream<Wire>);

impl TlsStream for Encrypted {
    /// A hash of the server's certificate, so that nobody between can pass the login on.
    fn channel_binding(&self) -> ChannelBinding {
        let certificates = self.0.get_ref().1.peer_certificates();
        certificates
            .and_then(|it| it.first())
            .and_then(|it| Some((it, hash_of_signature(it)?)))
            .map_or_else(ChannelBinding::none, |(certificate, hash)| {
                let digest = ring::digest::digest(hash, certificate);
                ChannelBinding::tls_server_end_point(digest.as_ref().to_vec())
            })
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, out)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Whom to trust.
#[derive(Debug)]
struct Trust {
    roots: RootCertStore,
    /// The certificates themselves, to know one that the server uses as its own.
    certificates: Vec<CertificateDer<'static>>,
    checks_name: bool,
}

impl Trust {
    fn new(roots: &Roots, checks_name: bool) -> Result<Self, String> {
        let certificates = match roots {
            Roots::None => Vec::new(),
            Roots::File(path) => certificates(path)?,
            Roots::System => {
                let found = rustls_native_certs::load_native_certs();
                if found.certs.is_empty() {
                    let errors: Vec<String> =
                        found.errors.iter().map(|it| it.to_string()).collect();
                    return Err(format!(
                        "the system has no root certificates {}",
                        errors.join(", ")
                    ));
                }
                found.certs
            }
        };
        let mut store = RootCertStore::empty();
        // One that is not understood trusts nobody, which is safe.
        let _ = store.add_parsable_certificates(certificates.iter().cloned());
        Ok(Trust {
            roots: store,
            certificates,
            checks_name,
        })
    }

    fn verify(
        &self,
        algorithms: &WebPkiSupportedAlgorithms,
        chain: (&CertificateDer<'_>, &[CertificateDer<'_>]),
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let (first, others) = chain;
        let certificate = ParsedCertificate::try_from(first)?;
        let signed = verify_server_cert_signed_by_trust_anchor(
            &certificate,
            &self.roots,
            others,
            now,
            algorithms.all,
        );
        match signed {
            Ok(()) => {}
            Err(error) if is_outdated(&error) => return Err(error),
            // A self-signed certificate, as the server's manual makes it, is its own root, which
            // only strict readers refuse. Its dates were looked at first.
            Err(_) if self.certificates.iter().any(|it| it == first) => {}
            Err(error) => return Err(error),
        }
        if !self.checks_name {
            return Ok(());
        }
        match verify_server_name(&certificate, name) {
            Err(error) if names_no_host(&error) && is_common_name(first, name) => Ok(()),
            verified => verified,
        }
    }
}

/// Whether a certificate was refused because it holds no name of a host where it should.
fn names_no_host(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            presented,
            ..
        }) if presented.is_empty()
    )
}

/// Whether the common name of a certificate is this host's, as libpq has it where no other name is
/// given: without regard to case, and `*.` stands for one label.
fn is_common_name(certificate: &[u8], name: &ServerName<'_>) -> bool {
    let host = match name {
        ServerName::DnsName(host) => host.as_ref(),
        _ => return false, // An address is no common name.
    };
    let Some(common) = common_name(certificate) else {
        return false;
    };
    match (common.strip_prefix("*."), host.split_once('.')) {
        (Some(domain), Some((_, rest))) => rest.eq_ignore_ascii_case(domain),
        (Some(_), None) => false,
        (None, _) => common.eq_ignore_ascii_case(host),
    }
}

fn is_outdated(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidCertificate(
            CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. }
        )
    )
}

#[derive(Debug)]
struct Verifier {
    /// Without it everybody is trusted: the wire is encrypted, to whomever it leads.
    trust: Option<Trust>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(trust) = &self.trust {
            let chain = (end_entity, intermediates);
            trust.verify(&self.algorithms, chain, server_name, now)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match self.trust {
            None => Ok(HandshakeSignatureValid::assertion()),
            Some(_) => verify_tls12_signature(message, certificate, signature, &self.algorithms),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match self.trust {
            None => Ok(HandshakeSignatureValid::assertion()),
            Some(_) => verify_tls13_signature(message, certificate, signature, &self.algorithms),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = read(path, "certificate")?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(format!("{} holds no certificate in PEM", path.display())),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let bytes = read(path, "key")?;
    if !is_kept_private(path) {
        let path = path.display();
        return Err(format!(
            "the key {path} is not used, because others have rights on it: chmod 600 {path}"
        ));
    }
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| {
        let path = path.display();
        format!("{path} holds no key in PEM; one with a passphrase is not supported")
    })
}

fn read(path: &Path, what: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path)
        .map_err(|error| format!("the {what} {} cannot be read: {error}", path.display()))
}

/// Whether nobody else may read a key; a key of root may be read by its group, as libpq has it.
#[cfg(unix)]
fn is_kept_private(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).is_ok_and(|it| {
        let forbidden = if it.uid() == 0 { 0o037 } else { 0o077 };
        it.mode() & forbidden == 0
    })
}

#[cfg(not(unix))]
fn is_kept_private(_path: &Path) -> bool {
    true
}

/// The hash that channel binding uses for a certificate: that of its signature, where MD5 and
/// SHA-1 are replaced by SHA-256. None for signatures without one, such as Ed25519.
///
/// Source: RFC 5929, section 4.1.
fn hash_of_signature(certificate: &[u8]) -> Option<&'static ring::digest::Algorithm> {
    // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OID, … }, … }
    let (certificate, _) = value(certificate)?;
    let (_, after) = value(certificate)?;
    let (algorithm, _) = value(after)?;
    let (identifier, _) = value(algorithm)?;
    match identifier {
        // 1.2.840.113549.1.1.x, RSA.
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, kind] => match kind {
            4 | 5 | 11 => Some(&ring::digest::SHA256),
            12 => Some(&ring::digest::SHA384),
            13 => Some(&ring::digest::SHA512),
            _ => None,
        },
        // 1.2.840.10045.4.x, ECDSA.
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01] => Some(&ring::digest::SHA256),
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, kind] => match kind {
            2 => Some(&ring::digest::SHA256),
            3 => Some(&ring::digest::SHA384),
            4 => Some(&ring::digest::SHA512),
            _ => None,
        },
        _ => None,
    }
}

/// The last common name of the certificate's subject, where it has one.
fn common_name(certificate: &[u8]) -> Option<&str> {
    const VERSION: u8 = 0xa0;
    const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03]; // 2.5.4.3
    let (certificate, _) = value(certificate)?;
    let (mut fields, _) = value(certificate)?;
    // The version may be left out; then serial number, signature, issuer, validity.
    let before = if fields.first() == Some(&VERSION) {
        5
    } else {
        4
    };
    for _ in 0..before {
        (_, fields) = value(fields)?;
    }
    let (mut subject, _) = value(fields)?;
    let mut found = None;
    while !subject.is_empty() {
        let (set, rest) = value(subject)?;
        let (attribute, _) = value(set)?;
        let (kind, text) = value(attribute)?;
        if kind == COMMON_NAME {
            found = std::str::from_utf8(value(text)?.0).ok();
        }
        subject = rest;
    }
    // A NUL in a name hides its end from some readers.
    found.filter(|it| !it.contains('\0'))
}

/// The content of the DER value that `bytes` begin with, and what comes after it.
fn value(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, rest) = bytes.get(1..)?.split_first()?;
    let (length, rest) = match length {
        short @ 0..0x80 => (usize::from(short), rest),
        long => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            let length = digits.iter().try_fold(0usize, |sum, digit| {
                sum.checked_mul(256)?.checked_add(usize::from(*digit))
            })?;
            (length, rest)
        }
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A DER value.
    fn der(kind: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        let length = match length {
            short @ 0..0x80 => vec![short],
            long => vec![0x81, long],
        };
        [&[kind], length.as_slice(), content].concat()
    }

    /// As much of a certificate as is read here.
    fn certificate(common_name: &str, signature: &[u8]) -> Vec<u8> {
        let name = [der(6, &[0x55, 4, 3]), der(0x0c, common_name.as_bytes())];
        let subject = der(0x30, &der(0x31, &der(0x30, &name.concat())));
        let empty = der(0x30, &[]);
        let fields = [
            der(0xa0, &der(2, &[2])),
            der(2, &[1]),
            empty.clone(),
            empty.clone(),
            empty,
            subject,
        ];
        let parts = [
            der(0x30, &fields.concat()),
            der(0x30, &der(6, signature)),
            der(3, &[0]),
        ];
        der(0x30, &parts.concat())
    }

    #[test]
    fn a_common_name_is_compared_as_libpq_does() {
        let fits = |common: &str, host: &str| {
            let name = ServerName::try_from(host.to_owned()).unwrap();
            is_common_name(&certificate(common, &[]), &name)
        };
        assert!(fits("db.example", "DB.example"));
        assert!(fits("*.example", "db.example"));
        assert!(!fits("*.example", "a.db.example"));
        assert!(!fits("*.example", "example"));
        assert!(!fits("db.example\0.evil", "db.example"));
        assert!(!fits("10.0.0.1", "10.0.0.1"));
    }

    #[test]
    fn the_hash_is_that_of_the_signature() {
        let hash = |signature: &[u8]| {
            hash_of_signature(&certificate("", signature)).map(|it| it.output_len() * 8)
        };
        let rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
        let ecdsa = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
        assert_eq!(hash(&[rsa.as_slice(), &[5]].concat()), Some(256));
        assert_eq!(hash(&[rsa.as_slice(), &[12]].concat()), Some(384));
        assert_eq!(hash(&[ecdsa.as_slice(), &[4]].concat()), Some(512));
        assert_eq!(hash(&[0x2b, 0x65, 0x70]), None);
    }

    #[test]
    fn broken_certificates_are_read_to_nothing() {
        let whole = certificate("db.example", &[0x2b]);
        for end in 0..whole.len() {
            let part = &whole[..end];
            assert_eq!((common_name(part), hash_of_signature(part)), (None, None));
        }
        for place in 0..whole.len() {
            let mut bent = whole.clone();
            bent[place] = 0xff;
            let _ = (common_name(&bent), hash_of_signature(&bent));
        }
    }
}
