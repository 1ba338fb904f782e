//! The coasts of the world as dots, taken from the map that the crate for terminals draws.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::Color;
use ratatui_core::symbols::{DOT, Marker};
use ratatui_core::widgets::Widget as _;
use ratatui_widgets::canvas::{Canvas, Map, MapResolution};

use super::map::Window;

/// Where dots are in a picture of this size that shows a part of the world.
pub(super) fn dots(window: &Window, width: u16, height: u16) -> Vec<(u16, u16)> {
    let area = Rect::new(0, 0, width, height);
    let mut picture = Buffer::empty(area);
    Canvas::default()
        .marker(Marker::Dot)
        .x_bounds([window.west, window.east])
        .y_bounds([window.south, window.north])
        .paint(|context| context.draw(&Map { resolution: MapResolution::High, color: Color::White }))
        .render(area, &mut picture);
    (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .filter(|&at| picture.cell(at).is_some_and(|cell| cell.symbol() == DOT))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_coasts_where_the_world_has_them_and_none_where_it_has_not() {
        let window = |west, east, south, north| Window { west, east, south, north };
        assert!(dots(&window(-180.0, 180.0, -90.0, 90.0), 720, 360).len() > 2000);
        let shandong = dots(&window(112.0, 126.0, 32.0, 42.0), 700, 500);
        assert!(shandong.len() > 10, "{}", shandong.len());
        assert!(shandong.iter().all(|&(x, _)| x > 200), "none is inland, to the west");
        assert_eq!(dots(&window(-40.0, -30.0, 20.0, 30.0), 100, 100), [], "the open Atlantic");
    }
}
