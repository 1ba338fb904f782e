//! Which files of a kernel's modules to load, and in which order.

use std::collections::BTreeMap;
use std::path::Path;

/// `modules.dep` of depmod: each module with those it needs, by file.
pub(super) struct Modules<'a> {
    needs: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Modules<'a> {
    pub(super) fn read(dep: &'a str) -> Self {
        let needs = dep
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(module, needed)| (module.trim(), needed.split_whitespace().collect()))
            .collect();
        Self { needs }
    }

    /// The files of the named modules, those needed before those that need them. A module that has
    /// no file is built in, or the interface that wants it will say so.
    pub(super) fn in_order(&self, wanted: &[&str]) -> Vec<&'a str> {
        let mut order = Vec::new();
        for module in self.needs.keys().filter(|file| wanted.iter().any(|name| is_named(file, name))) {
            self.place(module, &mut order);
        }
        order
    }

    fn place(&self, module: &'a str, order: &mut Vec<&'a str>) {
        if order.contains(&module) {
            return;
        }
        for needed in self.needs.get(module).into_iter().flatten() {
            self.place(needed, order);
        }
        order.push(module);
    }
}

/// Whether the file, compressed or not, holds the module; `-` and `_` are the same in a name.
fn is_named(file: &str, module: &str) -> bool {
    let name = Path::new(file).file_name().map(|name| name.to_string_lossy().replace('-', "_"));
    name.is_some_and(|name| name.split_once(".ko").is_some_and(|(stem, _)| stem == module))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEP: &str = "\
        kernel/net/bridge/br_netfilter.ko: kernel/net/bridge/bridge.ko kernel/net/802/stp.ko\n\
        kernel/net/bridge/bridge.ko: kernel/net/802/stp.ko kernel/net/llc/llc.ko\n\
        kernel/net/802/stp.ko: kernel/net/llc/llc.ko\n\
        kernel/net/llc/llc.ko:\n\
        kernel/drivers/net/veth.ko.xz:\n\
        kernel/drivers/net/my-veth.ko:\n";

    #[test]
    fn what_is_needed_comes_first_and_once() {
        let order = Modules::read(DEP).in_order(&["veth", "bridge", "tun"]);
        assert_eq!(
            order,
            [
                "kernel/drivers/net/veth.ko.xz",
                "kernel/net/llc/llc.ko",
                "kernel/net/802/stp.ko",
                "kernel/net/bridge/bridge.ko",
            ]
        );
    }

    #[test]
    fn dashes_are_underscores() {
        assert_eq!(Modules::read(DEP).in_order(&["my_veth"]), ["kernel/drivers/net/my-veth.ko"]);
    }
}
