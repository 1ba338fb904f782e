//! A map of places, with circles whose area grows with the number of addresses.

use std::fmt::Write as _;

use maud::{Markup, html};
use unicode_width::UnicodeWidthStr as _;

use super::coast;
use super::figures::{Place, Report};
use super::format::{float, shortened};
use super::words::Words;
use crate::legible::{thousands, visible};

/// The size of the picture.
const WIDTH: u16 = 760;
const HEIGHT: u16 = 420;
/// More circles than these are not to be told apart.
const CIRCLES: usize = 1000;
/// The largest places have their names beside them.
const LABELS: usize = 12;
/// The radius of the largest circle.
const LARGEST: f64 = 24.0;

/// A part of the world in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Window {
    pub(super) west: f64,
    pub(super) east: f64,
    pub(super) south: f64,
    pub(super) north: f64,
}

impl Window {
    /// What holds all places, with margins, in the shape of the picture. Longitudes are drawn as long as they are on the
    /// middle latitude.
    fn around(places: &[Place]) -> Self {
        let mut window = Self { west: f64::MAX, east: f64::MIN, south: f64::MAX, north: f64::MIN };
        for place in places {
            window.west = window.west.min(place.longitude);
            window.east = window.east.max(place.longitude);
            window.south = window.south.min(place.latitude);
            window.north = window.north.max(place.latitude);
        }
        let (longitude, latitude) =
            (f64::midpoint(window.west, window.east), f64::midpoint(window.south, window.north));
        let shrinking = latitude.to_radians().cos().max(0.2);
        let shape = f64::from(WIDTH) / f64::from(HEIGHT);
        let tall = ((window.north - window.south) * 1.3).max(9.0);
        let wide = ((window.east - window.west) * 1.3).max(9.0) * shrinking;
        let tall = tall.max(wide / shape);
        let wide = tall * shape / shrinking;
        if wide >= 360.0 || tall >= 175.0 {
            return Self { west: -180.0, east: 180.0, south: -87.0, north: 87.0 };
        }
        let west = (longitude - wide / 2.0).clamp(-180.0, 180.0 - wide);
        let south = (latitude - tall / 2.0).clamp(-90.0, 90.0 - tall);
        Self { west, east: west + wide, south, north: south + tall }
    }

    fn x(&self, longitude: f64) -> f64 {
        (longitude - self.west) / (self.east - self.west) * f64::from(WIDTH)
    }

    fn y(&self, latitude: f64) -> f64 {
        (self.north - latitude) / (self.north - self.south) * f64::from(HEIGHT)
    }

    /// Lines of longitude and latitude, as far apart as leaves a handful of them.
    fn graticule(&self) -> (Vec<f64>, Vec<f64>) {
        let span = (self.north - self.south).max((self.east - self.west) / 2.0);
        let step = [1.0, 2.0, 5.0, 10.0, 15.0].into_iter().find(|step| span / step <= 6.0).unwrap_or(30.0);
        let lines = |from: f64, to: f64| -> Vec<f64> {
            let first = (from / step).ceil();
            (0..40).map(|place| (first + f64::from(place)) * step).take_while(|&line| line <= to).collect()
        };
        (lines(self.west, self.east), lines(self.south, self.north))
    }
}

/// Degrees with the letter of the half of the world.
fn degrees(value: f64, positive: char, negative: char) -> String {
    if value == 0.0 {
        return "0°".to_owned();
    }
    format!("{:.0}°{}", value.abs(), if value > 0.0 { positive } else { negative })
}

/// A box on the picture, to keep labels apart.
#[derive(Clone, Copy)]
struct Area {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Area {
    fn meets(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn is_within_the_picture(&self) -> bool {
        self.left > 2.0
            && self.top > 2.0
            && self.right < f64::from(WIDTH) - 2.0
            && self.bottom < f64::from(HEIGHT) - 2.0
    }
}

struct Circle<'a> {
    place: &'a Place,
    x: f64,
    y: f64,
    radius: f64,
}

struct Label {
    text: String,
    x: f64,
    y: f64,
    anchor: &'static str,
}

/// The name alone, without region and country.
fn short(place: &Place) -> String {
    let name = place.name.split(", ").next().unwrap_or_default();
    format!("{} {}", shortened(&visible(name), 18), thousands(place.addresses))
}

/// Names beside the largest circles, where there is room.
fn labels(circles: &[Circle<'_>]) -> Vec<Label> {
    let mut taken: Vec<Area> = circles
        .iter()
        .take(LABELS)
        .map(|it| Area {
            left: it.x - it.radius,
            top: it.y - it.radius,
            right: it.x + it.radius,
            bottom: it.y + it.radius,
        })
        .collect();
    let mut labels = Vec::new();
    for it in circles.iter().take(LABELS) {
        let text = short(it.place);
        let width = float(text.width() as u64) * 6.6 + 4.0;
        let beside = it.radius + 4.0;
        let tries = [
            (it.x + beside, it.y + 4.0, "start", it.x + beside),
            (it.x - beside, it.y + 4.0, "end", it.x - beside - width),
            (it.x, it.y - beside - 2.0, "middle", it.x - width / 2.0),
            (it.x, it.y + beside + 9.0, "middle", it.x - width / 2.0),
            (it.x + beside * 0.7, it.y - beside * 0.7, "start", it.x + beside * 0.7),
            (it.x + beside * 0.7, it.y + beside * 0.7 + 8.0, "start", it.x + beside * 0.7),
        ];
        for (x, y, anchor, left) in tries {
            let area = Area { left, top: y - 11.0, right: left + width, bottom: y + 3.0 };
            if area.is_within_the_picture() && !taken.iter().any(|other| other.meets(&area)) {
                taken.push(area);
                labels.push(Label { text, x, y, anchor });
                break;
            }
        }
    }
    labels
}

/// The map, or nothing if no place is known.
pub(super) fn map(report: &Report, words: &Words) -> Option<Markup> {
    let places = report.places.get(..CIRCLES).unwrap_or(&report.places);
    let most = float(places.first()?.addresses.max(1));
    let window = Window::around(places);
    let circles: Vec<Circle<'_>> = places
        .iter()
        .map(|place| Circle {
            place,
            x: window.x(place.longitude),
            y: window.y(place.latitude),
            radius: ((float(place.addresses) / most).sqrt() * LARGEST).max(2.5),
        })
        .collect();
    let coast = coast::pieces(&window).into_iter().fold(String::new(), |mut path, (from, to)| {
        let [(x1, y1), (x2, y2)] =
            [from, to].map(|(longitude, latitude)| (window.x(longitude), window.y(latitude)));
        let _ = write!(path, "M{} {}L{} {}", tenth(x1), tenth(y1), tenth(x2), tenth(y2));
        path
    });
    let (meridians, parallels) = window.graticule();
    let told: Vec<String> = report.places.iter().take(5).map(short).collect();
    Some(html! {
        svg class="chart" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-labelledby="map-title map-desc" {
            title id="map-title" { (words.map) }
            desc id="map-desc" { (told.join("; ")) }
            rect class="sea" width=(WIDTH) height=(HEIGHT) {}
            @for line in meridians {
                @let x = window.x(line);
                line class="graticule" x1=(tenth(x)) x2=(tenth(x)) y1="0" y2=(HEIGHT) {}
                text class="tick" x=(tenth(x + 3.0)) y=(HEIGHT - 5) { (degrees(line, 'E', 'W')) }
            }
            @for line in parallels {
                @let y = window.y(line);
                line class="graticule" x1="0" x2=(WIDTH) y1=(tenth(y)) y2=(tenth(y)) {}
                text class="tick" x="4" y=(tenth(y - 3.0)) { (degrees(line, 'N', 'S')) }
            }
            path class="coast" d=(coast) {}
            @for it in circles.iter() {
                circle class="place" cx=(tenth(it.x)) cy=(tenth(it.y)) r=(tenth(it.radius)) {
                    title { (visible(&it.place.name)) ": " (thousands(it.place.addresses)) }
                }
            }
            @for label in labels(&circles) {
                text class="label" x=(tenth(label.x)) y=(tenth(label.y)) text-anchor=(label.anchor) { (label.text) }
            }
        }
    })
}

/// Tenths of a point are fine enough.
pub(super) fn tenth(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: f64, longitude: f64) -> Place {
        Place { name: "A, B".to_owned(), latitude, longitude, addresses: 1 }
    }

    #[test]
    fn the_window_holds_all_places_wherever_they_are() {
        let far = [-180.0, -179.9, -90.0, 0.0, 36.6, 117.0, 179.9, 180.0];
        for &one in &far {
            for &other in &far {
                let places = [place(one / 2.0, one), place(other / 2.1, other)];
                let window = Window::around(&places);
                for it in &places {
                    let (x, y) = (window.x(it.longitude), window.y(it.latitude));
                    assert!((0.0..=f64::from(WIDTH)).contains(&x), "{one} {other} {window:?}");
                    assert!((-10.0..=f64::from(HEIGHT) + 10.0).contains(&y), "{one} {other} {window:?}");
                }
                assert!(window.west >= -180.0 && window.east <= 180.001, "{window:?}");
                let (meridians, parallels) = window.graticule();
                assert!(meridians.len() < 20 && parallels.len() < 20);
            }
        }
    }

    #[test]
    fn labels_do_not_lie_on_each_other() {
        let places: Vec<Place> = (0..12).map(|at| place(36.0, 117.0 + f64::from(at) / 10.0)).collect();
        let window = Window::around(&places);
        let circles: Vec<Circle<'_>> = places
            .iter()
            .map(|place| Circle {
                place,
                x: window.x(place.longitude),
                y: window.y(place.latitude),
                radius: 24.0,
            })
            .collect();
        let labels = labels(&circles);
        assert!(!labels.is_empty() && labels.len() < 12);
    }
}
