use std::collections::BTreeMap;

/// What an interface received, as the network stack counts it, since the interface was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) bytes: u64,
    pub(super) packets: u64,
}

/// What the interfaces of this process's network namespace received; nothing if that cannot be read.
pub(super) fn received() -> BTreeMap<String, Received> {
    std::fs::read_to_string("/proc/thread-self/net/dev")
        .map_or_else(|_| BTreeMap::new(), |table| read(&table))
}

/// Each line of the table is a name with a colon, then bytes and packets received, and more.
fn read(table: &str) -> BTreeMap<String, Received> {
    let row = |line: &str| {
        let (name, counts) = line.rsplit_once(':')?;
        let mut counts = counts.split_ascii_whitespace().map(str::parse);
        let (bytes, packets) = (counts.next()?.ok()?, counts.next()?.ok()?);
        Some((name.trim().to_owned(), Received { bytes, packets }))
    };
    table.lines().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_kernel_is_read() {
        let table = "Inter-|   Receive                            |  Transmit\n face |bytes    packets errs drop fifo|bytes\n    \
                     lo:     100       2    0    0    0\n  eth0:1234567890 4321 0 0 0 9 9\n";
        let found = read(table);
        assert_eq!(found.len(), 2);
        assert_eq!(found["eth0"], Received { bytes: 1_234_567_890, packets: 4321 });
    }

    #[test]
    fn every_machine_has_such_a_table() {
        assert!(received().contains_key("lo"));
    }
}
