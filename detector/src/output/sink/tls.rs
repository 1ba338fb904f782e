use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::output::error::OutputError;

/// The certificates of a file in PEM, at least one.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, OutputError> {
    let wrong = |cause: String| OutputError::Certificates { path: path.to_owned(), cause };
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let certificates: Vec<_> = read.map_err(|cause| wrong(cause.to_string()))?;
    if certificates.is_empty() {
        return Err(wrong("it has no certificate in PEM".to_owned()));
    }
    Ok(certificates)
}

/// What a connection over TLS trusts: the certificates of a file, or those that the system trusts.
pub(crate) fn client(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, OutputError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca_file {
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|cause| OutputError::Certificates {
                path: path.to_owned(),
                cause: cause.to_string(),
            })?;
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(OutputError::NoCertificates);
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|cause| OutputError::Tls(cause.to_string()))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
