//! Standard output for listings.

use std::io::{ErrorKind, Write, stdout};

use anyhow::anyhow;

/// Writes a line. True if nobody reads any more, which is no error.
pub(super) fn line(text: impl std::fmt::Display) -> anyhow::Result<bool> {
    let mut out = stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => Ok(false),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(true),
        Err(error) => Err(anyhow!(
            "cannot write to standard output: {error}; send it to a file or a program that takes it"
        )),
    }
}

/// Writes a table whose columns are as wide as their widest cell; the last is not filled up.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> anyhow::Result<()> {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        if line(cells.join("  ").trim_end())? {
            break;
        }
    }
    Ok(())
}
