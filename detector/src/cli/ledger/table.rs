//! Tables that fit: columns are left out and shortened until they do.

use comfy_table::presets::NOTHING as NO_LINES;
use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Row, Table, Width,
};

use super::format::{NOTHING, View};

/// Between columns.
const GAP: u16 = 2;

/// A column of a table of things.
pub(super) struct Column<T> {
    pub(super) title: &'static str,
    /// Numbers are aligned at their right.
    pub(super) number: bool,
    /// What has the highest rank is left out first; 0 never is.
    pub(super) rank: u8,
    /// How narrow it may become before others are left out; 0 if it is never shortened.
    pub(super) least: u16,
    pub(super) text: fn(&T, &View) -> String,
}

/// A column of text: its title, its rank and how narrow it may become.
pub(super) const fn column<T>(
    title: &'static str,
    rank: u8,
    least: u16,
    text: fn(&T, &View) -> String,
) -> Column<T> {
    Column { title, number: false, rank, least, text }
}

/// A column of numbers, which are never shortened: its title and its rank.
pub(super) const fn number<T>(title: &'static str, rank: u8, text: fn(&T, &View) -> String) -> Column<T> {
    Column { title, number: true, rank, least: 0, text }
}

/// The table of these things, a line each, without trailing spaces.
pub(super) fn table<T>(things: &[T], columns: &[Column<T>], view: &View) -> String {
    let mut table = Table::new();
    table.load_style(NO_LINES).set_content_arrangement(ContentArrangement::Disabled);
    if view.colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    let header = columns.iter().map(|column| Cell::new(column.title).add_attribute(Attribute::Bold));
    let mut header = Row::from(header.collect::<Vec<Cell>>());
    header.max_height(1);
    table.set_header(header);
    // Nothing is folded between words: what is too long is cut where the room ends.
    table.set_delimiter('\n');
    let mut is_empty = vec![true; columns.len()];
    for thing in things {
        let cells = columns.iter().zip(&mut is_empty).map(|(column, is_empty)| {
            let text = (column.text)(thing, view);
            *is_empty &= text == NOTHING;
            coloured(column.title, text)
        });
        let mut row = Row::from(cells.collect::<Vec<Cell>>());
        row.max_height(1);
        table.add_row(row);
    }
    let natural = table.column_max_content_widths();
    let widths = match view.width {
        Some(width) => fit(columns, &natural, &is_empty, width),
        None => natural.into_iter().map(Some).collect(),
    };
    let last = widths.iter().rposition(Option::is_some);
    for (place, ((column, width), definition)) in widths
        .iter()
        .zip(columns)
        .map(|(width, column)| (column, width))
        .zip(table.column_iter_mut())
        .enumerate()
    {
        let gap = if Some(place) == last { 0 } else { GAP };
        definition.set_padding((0, gap));
        definition.set_constraint(match width {
            Some(width) => ColumnConstraint::Absolute(Width::Fixed(width.saturating_add(gap))),
            None => ColumnConstraint::Hidden,
        });
        if column.number {
            definition.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

fn coloured(title: &str, text: String) -> Cell {
    let colour = match (title, text.as_str()) {
        ("VERDICT", "confirmed") => Some(Color::Red),
        ("VERDICT", "probable") => Some(Color::Yellow),
        ("STATE", "fixed" | "false-alarm") => Some(Color::Green),
        ("STATE", "new") => Some(Color::Cyan),
        _ => None,
    };
    let cell = Cell::new_owned(text);
    match colour {
        Some(colour) => cell.fg(colour),
        None => cell,
    }
}

/// The width of each column, or none if it is left out: first those that say nothing, then those of the highest rank.
fn fit<T>(columns: &[Column<T>], natural: &[u16], is_empty: &[bool], width: u16) -> Vec<Option<u16>> {
    let mut shown: Vec<bool> =
        columns.iter().zip(is_empty).map(|(column, is_empty)| column.rank == 0 || !is_empty).collect();
    loop {
        let mut widths: Vec<Option<u16>> =
            natural.iter().zip(&shown).map(|(&natural, &shown)| shown.then_some(natural)).collect();
        let mut excess = total(&widths).saturating_sub(width);
        let mut shrinking: Vec<usize> = (0..columns.len()).collect();
        shrinking.sort_by_key(|&place| std::cmp::Reverse(columns.get(place).map(|column| column.rank)));
        for place in shrinking {
            if let (Some(Some(width)), Some(column)) = (widths.get_mut(place), columns.get(place))
                && column.least > 0
            {
                let less = excess.min(width.saturating_sub(column.least));
                *width -= less;
                excess -= less;
            }
        }
        let droppable =
            columns.iter().zip(&shown).map(|(column, shown)| if *shown { column.rank } else { 0 });
        let next = droppable.enumerate().max_by_key(|&(_, rank)| rank).filter(|&(_, rank)| rank > 0);
        match next {
            Some((place, _)) if excess > 0 => {
                if let Some(shown) = shown.get_mut(place) {
                    *shown = false;
                }
            }
            _ => return widths,
        }
    }
}

fn total(widths: &[Option<u16>]) -> u16 {
    let shown = widths.iter().flatten();
    shown.fold(0_u16, |sum, width| sum.saturating_add(*width).saturating_add(GAP)).saturating_sub(GAP)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    struct Thing {
        name: &'static str,
        place: &'static str,
        size: u32,
    }

    const COLUMNS: &[Column<Thing>] = &[
        Column { title: "NAME", number: false, rank: 0, least: 0, text: |thing, _| thing.name.to_owned() },
        Column { title: "PLACE", number: false, rank: 2, least: 6, text: |thing, _| thing.place.to_owned() },
        Column { title: "NOTE", number: false, rank: 1, least: 0, text: |_, _| NOTHING.to_owned() },
        Column { title: "SIZE", number: true, rank: 3, least: 0, text: |thing, _| thing.size.to_string() },
    ];

    const THINGS: [Thing; 2] = [
        Thing { name: "one", place: "Shandong province", size: 7 },
        Thing { name: "另一个", place: "-", size: 1234 },
    ];

    fn drawn(width: Option<u16>) -> String {
        table(&THINGS, COLUMNS, &View { zone: TimeZone::UTC, width, colour: false })
    }

    #[test]
    fn all_is_told_if_there_is_room() {
        assert_eq!(
            drawn(None),
            "NAME    PLACE              NOTE  SIZE\none     Shandong province  -        7\n另一个  -                  -     1234"
        );
    }

    #[test]
    fn columns_that_say_nothing_go_first_then_texts_become_shorter_then_ranks_decide() {
        assert_eq!(
            drawn(Some(31)),
            "NAME    PLACE              SIZE\none     Shandong province     7\n另一个  -                  1234"
        );
        assert_eq!(drawn(Some(20)), "NAME    PLACE   SIZE\none     Shand…     7\n另一个  -       1234");
        assert_eq!(drawn(Some(19)), "NAME    PLACE\none     Shandong p…\n另一个  -");
        assert_eq!(drawn(Some(10)), "NAME\none\n另一个");
        assert_eq!(drawn(Some(1)), "NAME\none\n另一个", "what says who it is stays whole");
    }

    #[test]
    fn colours_are_only_used_if_they_are_wanted() {
        let draw = |colour| table(&THINGS, COLUMNS, &View { zone: TimeZone::UTC, width: None, colour });
        assert!(draw(true).contains('\x1b') && !draw(false).contains('\x1b'));
    }
}
