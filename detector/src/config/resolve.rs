use std::path::{Path, PathBuf};

use super::Config;
use crate::output::Destination;

impl Config {
    /// Makes paths that are relative to `directory` ones that are not.
    pub(super) fn resolve(&mut self, directory: &Path) {
        for path in self.paths() {
            *path = directory.join(&*path);
        }
    }

    /// All files that are named.
    fn paths(&mut self) -> Vec<&mut PathBuf> {
        let Self { capture, signatures, ledger, enrich, privacy, output, block, control, .. } = self;
        let mut paths: Vec<&mut PathBuf> = signatures.files.iter_mut().chain(&mut enrich.databases).collect();
        let single = [
            &mut capture.pin,
            &mut ledger.file,
            &mut privacy.salt_file,
            &mut enrich.prefixes,
            &mut enrich.pools,
            &mut enrich.leases,
            &mut block.audit,
            &mut control.socket,
        ];
        paths.extend(single.into_iter().flatten());
        for output in output {
            match &mut output.to {
                Destination::File(path) => paths.push(path),
                Destination::Journald(journald) => paths.push(&mut journald.path),
                Destination::Unix(unix) => paths.push(&mut unix.path),
                Destination::Syslog(syslog) => paths.extend(&mut syslog.ca_file),
                Destination::Http(http) => {
                    paths.extend(http.bearer_file.iter_mut().chain(&mut http.ca_file));
                }
                Destination::Stdout => {}
            }
        }
        paths
    }
}
