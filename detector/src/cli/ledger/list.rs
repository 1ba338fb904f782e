//! How a listing is written: as a table that fits, as JSON or as comma-separated values.

use std::process::ExitCode;

use detector::store::read::{Listing, Reader};
use serde::Serialize;

use super::super::print;
use super::format::View;
use super::options::{Field, Filters, Output, csv, json_line};
use super::table::{Column, table};

/// What a listing is made of.
pub(super) struct Shape<T: 'static> {
    /// One of the things.
    pub(super) noun: &'static str,
    pub(super) columns: &'static [Column<T>],
    pub(super) fields: &'static [Field<T>],
}

impl<T: Serialize> Shape<T> {
    /// Writes the things. As JSON and CSV each is written when it is read, so that a ledger of any size takes no memory.
    pub(super) fn write(
        &self,
        (output, view): (&Output, &View),
        (filters, reader): (&Filters, &Reader),
        mut things: impl Iterator<Item = anyhow::Result<T>>,
        listing: Listing,
    ) -> anyhow::Result<ExitCode> {
        if listing.found == 0 {
            filters.hints(reader)?.iter().for_each(|hint| eprintln!("note: {hint}"));
        }
        print::all(|out| {
            let shown = if output.json {
                let mut count = 0;
                things.try_for_each(|thing| {
                    count += 1;
                    json_line(out, &thing?)
                })?;
                count
            } else if output.csv {
                csv(out, self.fields, things)?
            } else {
                let things = things.collect::<anyhow::Result<Vec<T>>>()?;
                if !things.is_empty() {
                    writeln!(out, "{}", table(&things, self.columns, view))?;
                }
                things.len()
            };
            output.footnotes(out, view, (shown, self.noun), listing)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
