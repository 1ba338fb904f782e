use std::io;
use std::path::PathBuf;

/// Why there is nowhere to write to.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The file cannot be opened.
    #[error("cannot write records to {}: {cause}; {remedy}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
        /// How to mend it.
        remedy: String,
    },
    /// Standard output is not open.
    #[error("cannot write records to standard output: {0}; start without closing it, or name a file")]
    Stdout(io::Error),
    /// A configuration that makes no sense.
    #[error("{0}")]
    Config(String),
    /// A file of certificates cannot be used.
    #[error("cannot use the certificates of {}: {cause}; name a file of certificates in PEM", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The file with the token cannot be read.
    #[error("cannot read the token in {}: {cause}; records wait until it can be read", path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// No certificates are known.
    #[error("this system trusts no certificates; name a file of them: `ca-file`")]
    NoCertificates,
    /// TLS cannot be used.
    #[error("cannot use TLS: {0}")]
    Tls(String),
    /// The thread could not be started.
    #[error("cannot start the thread that writes records: {0}; raise the limit of processes")]
    Thread(io::Error),
}

impl OutputError {
    pub(super) fn open(path: PathBuf, cause: io::Error) -> Self {
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = folder.map_or_else(|| ".".to_owned(), |parent| parent.display().to_string());
        let remedy = match cause.kind() {
            io::ErrorKind::NotFound => format!("create the directory {folder} first"),
            io::ErrorKind::PermissionDenied => {
                format!("let user {} write there, or choose another file", nix::unistd::geteuid())
            }
            io::ErrorKind::IsADirectory => "name a file in that directory".to_owned(),
            io::ErrorKind::ReadOnlyFilesystem => "choose a file on a writable file system".to_owned(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "free space, or choose another file".to_owned()
            }
            _ => "check the path, or choose another file".to_owned(),
        };
        Self::Open { path, cause, remedy }
    }
}
