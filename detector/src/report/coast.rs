//! The coasts of the world, from the dots of the map that the crate for terminals draws. It does not say which dots are
//! neighbours on a coast, so the nearest are joined: a rough outline to find one's way by.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::Color;
use ratatui_core::symbols::{DOT, Marker};
use ratatui_core::widgets::Widget as _;
use ratatui_widgets::canvas::{Canvas, Map, MapResolution};

use super::map::Window;

/// A longitude and a latitude, in degrees.
type Point = (f64, f64);

/// Dots that are further apart are not joined. The map has one every degree, and every few where a coast is straight.
const REACH: f64 = 2.6;

/// How fine the grid is on which dots are read: of the larger side.
const GRID: f64 = 900.0;

/// The dots that are in a part of the world.
fn dots(window: &Window) -> Vec<Point> {
    let (wide, tall) = (window.east - window.west, window.north - window.south);
    let cell = wide.max(tall) / GRID;
    let (width, height) = (cells(wide / cell), cells(tall / cell));
    let area = Rect::new(0, 0, width, height);
    let mut picture = Buffer::empty(area);
    Canvas::default()
        .marker(Marker::Dot)
        .x_bounds([window.west, window.east])
        .y_bounds([window.south, window.north])
        .paint(|context| context.draw(&Map { resolution: MapResolution::High, color: Color::White }))
        .render(area, &mut picture);
    let place = |at: u16, all: u16, from: f64, to: f64| {
        from + f64::from(at) / f64::from(all.max(2) - 1) * (to - from)
    };
    (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .filter(|&at| picture.cell(at).is_some_and(|cell| cell.symbol() == DOT))
        .map(|(x, y)| {
            (place(x, width, window.west, window.east), place(y, height, window.north, window.south))
        })
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast keeps to the limits of u16"
)]
fn cells(count: f64) -> u16 {
    count.round().max(1.0) as u16
}

/// The pieces of coasts that are in a part of the world, or just beyond it.
pub(super) fn pieces(window: &Window) -> Vec<(Point, Point)> {
    let beyond = Window {
        west: window.west - REACH,
        east: window.east + REACH,
        south: window.south - REACH,
        north: window.north + REACH,
    };
    joined(&dots(&beyond))
}

/// Joins the nearest first, each with two others at most, so that lines come about and no nets.
fn joined(dots: &[Point]) -> Vec<(Point, Point)> {
    // Dots come by latitude, from north to south.
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (place, one) in dots.iter().enumerate() {
        let shrinking = one.1.to_radians().cos();
        for (other_place, other) in dots.iter().enumerate().skip(place + 1) {
            if one.1 - other.1 > REACH {
                break;
            }
            let distance = ((one.0 - other.0) * shrinking).hypot(one.1 - other.1);
            if distance <= REACH {
                pairs.push((distance, place, other_place));
            }
        }
    }
    pairs.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut ends = vec![0_u8; dots.len()];
    let mut pieces = Vec::new();
    for (_, one, other) in pairs {
        let free = |place: usize| ends.get(place).is_some_and(|&ends| ends < 2);
        if free(one)
            && free(other)
            && let (Some(&from), Some(&to)) = (dots.get(one), dots.get(other))
        {
            for place in [one, other] {
                if let Some(ends) = ends.get_mut(place) {
                    *ends += 1;
                }
            }
            pieces.push((from, to));
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn window(west: f64, east: f64, south: f64, north: f64) -> Window {
        Window { west, east, south, north }
    }

    #[test]
    fn there_are_coasts_where_the_world_has_them_and_none_where_it_has_not() {
        assert!(dots(&window(-180.0, 180.0, -90.0, 90.0)).len() > 2000);
        let shandong = dots(&window(112.0, 126.0, 32.0, 42.0));
        assert!(shandong.len() > 10, "{}", shandong.len());
        assert!(shandong.iter().all(|&(longitude, _)| longitude > 116.0), "none is inland, to the west");
        assert_eq!(pieces(&window(-40.0, -30.0, 20.0, 30.0)), [], "the open Atlantic");
    }

    #[test]
    fn dots_along_a_line_become_one_line() {
        let dots: Vec<Point> =
            (0..10).map(|at| (100.0 + f64::from(at), 30.0 - f64::from(at) / 10.0)).collect();
        assert_eq!(joined(&dots).len(), 9);
    }
}
