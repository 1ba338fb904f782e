//! The commands about the configuration.

use std::fs;

use anyhow::Result;

use crate::runs::{FAILURE, SUCCESS, USAGE, folder_with, outcome, text};

#[test]
fn a_configuration_that_is_printed_is_in_order() -> Result<()> {
    let printed = outcome(&["config", "init"])?;
    assert_eq!((printed.code, printed.err.as_str()), (Some(SUCCESS), ""));
    let folder = folder_with(&[])?;
    let path = folder.path().join("firedamp.toml");
    let path = text(&path)?;
    let made = outcome(&["config", "init", "--output", path])?;
    assert_eq!((made.code, made.out.as_str()), (Some(SUCCESS), ""));
    assert_eq!(fs::read_to_string(path)?, printed.out);
    let checked = outcome(&["check-config", path])?;
    assert_eq!(checked.code, Some(SUCCESS), "{checked:?}");
    Ok(())
}

#[test]
fn a_file_that_somebody_may_have_edited_is_left_as_it_is() -> Result<()> {
    let folder = folder_with(&[("firedamp.toml", b"# mine\n")])?;
    let path = folder.path().join("firedamp.toml");
    let refused = outcome(&["config", "init", "--output", text(&path)?])?;
    refused.fails(FAILURE, &[text(&path)?, "name a file that is not there yet"]);
    assert_eq!(fs::read(&path)?, b"# mine\n");
    Ok(())
}

#[test]
fn mistakes_of_a_configuration_are_told_with_their_lines() -> Result<()> {
    let folder = folder_with(&[("firedamp.toml", b"[ledger]\nfiel = 'a.db'\nkeep-days = 'many'\n")])?;
    let path = folder.path().join("firedamp.toml");
    let checked = outcome(&["check-config", text(&path)?])?;
    checked.fails(FAILURE, &["firedamp.toml:2", "firedamp.toml:3", "2 errors"]);
    outcome(&["config"])?.fails(USAGE, &["Usage"]);
    Ok(())
}
