//! Standard output, at which nobody may read any more: that is no error.

use std::io::{BufWriter, ErrorKind, Write, stdout};

/// Writes to standard output. True if nobody reads any more.
pub(super) fn all(write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>) -> anyhow::Result<bool> {
    let mut out = BufWriter::new(stdout().lock());
    let written = write(&mut out).and_then(|()| Ok(out.flush()?));
    // What is still in the buffer is written when it is dropped: to a closed pipe, in vain.
    match written {
        Err(error) if is_closed(&error) => Ok(true),
        Err(error) if error.is::<std::io::Error>() => {
            Err(error
                .context("cannot write to standard output; send it to a file or a program that takes it"))
        }
        done => done.map(|()| false),
    }
}

fn is_closed(error: &anyhow::Error) -> bool {
    let is_pipe = |error: &std::io::Error| error.kind() == ErrorKind::BrokenPipe;
    let csv = error.downcast_ref::<csv::Error>().map(csv::Error::kind);
    let csv = match csv {
        Some(csv::ErrorKind::Io(error)) => is_pipe(error),
        _ => false,
    };
    let json = error.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
    csv || json == Some(ErrorKind::BrokenPipe) || error.downcast_ref().is_some_and(is_pipe)
}

/// Writes a line. True if nobody reads any more.
pub(super) fn line(text: impl std::fmt::Display) -> anyhow::Result<bool> {
    all(|out| Ok(writeln!(out, "{text}")?))
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
