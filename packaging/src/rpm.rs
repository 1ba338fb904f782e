//! The format of Fedora, RHEL, openSUSE and their relatives.

use std::path::Path;

use anyhow::Result;
use rpm::{BuildConfig, CompressionType, Dependency, FileOptions, PackageBuilder, Scriptlet};

use crate::binary::Needs;
use crate::layout::{Content, Entry, Owner};
use crate::{DESCRIPTION, LICENSE, MAINTAINER, NAME, SUMMARY, Sources, USER, VERSION, read_text};

/// Where zsh looks for completions, on Debian and elsewhere.
const ZSH: [&str; 2] = ["zsh/vendor-completions", "zsh/site-functions"];

pub(crate) fn write(path: &Path, sources: &Sources, needs: &Needs, entries: Vec<Entry>) -> Result<()> {
    let script = |name: &str| read_text(sources, &format!("deploy/rpm/{name}")).map(Scriptlet::new);
    let mut builder = PackageBuilder::new(NAME, VERSION, LICENSE, needs.machine.rpm, SUMMARY);
    builder
        // The oldest format is read everywhere.
        .using_config(BuildConfig::v4().compression(CompressionType::Gzip).source_date(sources.time))
        .build_host("localhost")
        .release("1")
        .description(DESCRIPTION)
        .packager(MAINTAINER)
        .pre_install_script(script("pre")?)
        .post_install_script(script("post")?)
        .pre_uninstall_script(script("preun")?)
        .post_uninstall_script(script("postun")?)
        .requires(Dependency::script_pre("/usr/sbin/useradd"))
        .recommends(Dependency::any("ca-certificates"))
        .recommends(Dependency::any("logrotate"))
        .suggests(Dependency::any("nftables"));
    // The script before the installation makes them.
    for kind in ["user", "group"] {
        builder.provides(Dependency::any(format!("{kind}({USER})")));
    }
    for (library, versions) in &needs.libraries {
        builder.requires(Dependency::any(format!("{library}()(64bit)")));
        for version in versions {
            builder.requires(Dependency::any(format!("{library}({version})(64bit)")));
        }
    }
    for entry in entries {
        add(&mut builder, entry)?;
    }
    Ok(builder.build()?.write_file(path)?)
}

fn add(builder: &mut PackageBuilder, entry: Entry) -> Result<()> {
    let [debian, elsewhere] = ZSH;
    let path = format!("/{}", entry.path.replace(debian, elsewhere));
    let options = match entry.content {
        Content::Directory => FileOptions::dir(path),
        _ => FileOptions::new(path),
    };
    let options = options.permissions(entry.mode);
    let options = match entry.owner {
        Owner::Root => options,
        Owner::Service => options.group(USER),
        Owner::ServiceAlone => options.user(USER).group(USER),
    };
    match entry.content {
        Content::Directory => builder.with_dir_entry(options)?,
        Content::Configuration(bytes) => builder.with_file_contents(bytes, options.config().noreplace())?,
        Content::Documentation(bytes) => builder.with_file_contents(bytes, options.doc())?,
        Content::File(bytes) => builder.with_file_contents(bytes, options)?,
    };
    Ok(())
}
