//! TLS: libpq's `sslmode` and certificates, for rustls. Called by `dial`.
//!
//! | `sslmode` | encrypted | who signed the certificate | made out to this host |
//! | --- | --- | --- | --- |
//! | `prefer`, `require` | yes | not asked | not asked |
//! | `verify-ca` | yes | checked | not asked |
//! | `verify-full` | yes | checked | checked |

use std::error::Error as StdError;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::url::{Address, RootCert, SslMode};
use crate::error::{Error, Result};

/// What the driver needs for TLS with this address; `None` where TLS is never used.
pub(super) fn connector(address: &Address) -> Result<Option<MakeRustlsConnect>> {
    let ssl = &address.ssl;
    if ssl.mode == SslMode::Disable || !address.has_tcp_host() {
        return Ok(None);
    }
    // A provider of our own, so that the application need not install one for the process.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::config(format!("TLS cannot be set up: {error}")))?;
    let builder = if ssl.mode == SslMode::VerifyFull {
        builder.with_root_certificates(roots(ssl.root_cert.as_ref())?)
    } else {
        let roots = match ssl.mode {
            SslMode::VerifyCa => Some(roots(ssl.root_cert.as_ref())?),
            _ => None,
        };
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyHost { roots, provider }))
    };
    let mut config = match (&ssl.cert, &ssl.key) {
        (Some(cert), Some(key)) => {
            let key = PrivateKeyDer::from_pem_file(key)
                .map_err(|error| unreadable("sslkey", key, &error))?;
            builder
                .with_client_auth_cert(certificates("sslcert", cert)?, key)
                .map_err(|error| Error::config(format!("sslcert and sslkey do not fit: {error}")))?
        }
        _ => builder.with_no_client_auth(),
    };
    if ssl.direct {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(Some(MakeRustlsConnect::new(config)))
}

/// Whom to trust: a file, or the operating system's list.
fn roots(from: Option<&RootCert>) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    match from {
        Some(RootCert::File(file)) => {
            for certificate in certificates("sslrootcert", file)? {
                roots
                    .add(certificate)
                    .map_err(|error| unreadable("sslrootcert", file, &error))?;
            }
        }
        Some(RootCert::System) | None => {
            let system = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(system.certs);
            if roots.is_empty() {
                return Err(Error::config(
                    "the operating system has no list of trusted certificates: name the file of your CA with \
                     `sslrootcert=` in the URL",
                ));
            }
        }
    }
    Ok(roots)
}

fn certificates(option: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable(option, file, &error))?;
    if certificates.is_empty() {
        return Err(Error::config(format!(
            "{option}: {} has no certificate in PEM form",
            file.display()
        )));
    }
    Ok(certificates)
}

fn unreadable(option: &str, file: &Path, error: &dyn StdError) -> Error {
    Error::config(format!(
        "{option}: {} cannot be read: {error}",
        file.display()
    ))
}

/// Believes certificates whatever host they were made out to; with `roots`, only those that these have signed.
#[derive(Debug)]
struct AnyHost {
    roots: Option<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyHost {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            verify_server_cert_signed_by_trust_anchor(
                &ParsedCertificate::try_from(certificate)?,
                roots,
                intermediates,
                now,
                self.provider.signature_verification_algorithms.all,
            )?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Why a handshake failed, where that is about certificates.
pub(super) fn explain(error: &(dyn StdError + 'static)) -> Option<String> {
    let error = error.downcast_ref::<rustls::Error>()?;
    let rustls::Error::InvalidCertificate(why) = error else {
        return Some(format!("the TLS handshake failed: {error}"));
    };
    Some(match why {
        CertificateError::UnknownIssuer => {
            "the server's certificate is signed by nobody whom this machine trusts: name the CA's file with \
             `sslrootcert=` in the URL"
                .to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => format!(
            "the server's certificate is made out to another host ({why}): use the name that it was made out to, or \
             sslmode=verify-ca to leave the name unchecked"
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("the server's certificate has expired ({why})")
        }
        why => format!("the server's certificate was not accepted: {why}"),
    })
}
