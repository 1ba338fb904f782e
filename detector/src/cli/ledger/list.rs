//! How a listing is written: as a table that fits, as JSON or as comma-separated values.

use std::io::Write;
use std::process::ExitCode;

use detector::legible::no_formula;
use detector::store::read::{Listing, Reader};
use jiff::Timestamp;
use serde::Serialize;

use super::super::print;
use super::filters::Filters;
use super::format::View;
use super::output::Output;
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

/// A line of JSON.
pub(super) fn json_line(out: &mut dyn Write, value: &impl Serialize) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}

/// A field of comma-separated values.
pub(super) type Field<T> = (&'static str, fn(&T) -> String);

/// A heading, then a line for each thing.
fn csv<T>(
    out: &mut dyn Write,
    fields: &[Field<T>],
    things: impl Iterator<Item = anyhow::Result<T>>,
) -> anyhow::Result<usize> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(fields.iter().map(|(name, _)| name))?;
    let mut count = 0;
    for thing in things {
        let thing = thing?;
        writer.write_record(fields.iter().map(|(_, text)| no_formula(text(&thing))))?;
        count += 1;
    }
    writer.flush()?;
    Ok(count)
}

/// What is not known is an empty field.
pub(super) fn field(value: Option<impl std::fmt::Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A time as a field.
pub(super) fn time_field(time: Timestamp) -> String {
    format!("{time:.3}")
}
