//! The configuration that packages bring: what `firedamp config init` prints, with a place for the ledger and for the
//! records. No interface is named, because nobody knows it before the operator does.

use anyhow::{Context, Result};

/// The first line that is each of these is an example to be made real.
const MADE_REAL: [&str; 4] = [
    "#> file = \"/var/lib/firedamp/ledger.db\"",
    "#> [[output]]",
    "#> to = \"file\"",
    "#> path = \"/var/log/firedamp/eve.json\"",
];

/// The configuration of a package.
pub(crate) fn packaged(initial: &str) -> Result<String> {
    let mut lines: Vec<_> = initial.lines().collect();
    for example in MADE_REAL {
        let line = lines
            .iter_mut()
            .find(|line| **line == example)
            .with_context(|| format!("`firedamp config init` does not print the line `{example}`"))?;
        *line = line.trim_start_matches("#> ");
    }
    Ok(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_of_like_lines_is_made_real() {
        let initial = format!("{}\n#> [[output]]\n", MADE_REAL.join("\n"));
        let made = packaged(&initial).unwrap();
        assert_eq!(made.lines().filter(|line| line.starts_with("#> ")).count(), 1);
        assert!(made.contains("[[output]]\nto = \"file\"\npath = "), "{made}");
    }

    #[test]
    fn an_example_that_is_gone_is_missed() {
        let error = packaged("# nothing").unwrap_err().to_string();
        assert!(error.contains("ledger.db"), "{error}");
    }
}
