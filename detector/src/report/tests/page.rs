//! The page: complete, well formed, and alone.

use super::super::html::html;
use super::super::sample::{self, Size};
use super::shown::report;
use crate::advice::Language;

/// The names of tags, each with what is in it.
fn tags(page: &str) -> impl Iterator<Item = &str> {
    page.split('<').skip(1).filter_map(|rest| rest.split('>').next())
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    for miners in [0, 1, 3000] {
        let page = html(&report(miners), Language::En);
        for tag in tags(&page) {
            let name = tag.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
            let loads = [
                "script", "link", "img", "iframe", "object", "embed", "image", "use", "base", "audio",
                "video",
            ];
            assert!(!loads.contains(&name.as_str()), "{tag}");
            for word in [" src=", " href=", " srcset=", " onload=", " onclick=", " onerror="] {
                assert!(!tag.contains(word), "{tag}");
            }
        }
        for word in ["http://", "https://", "@import", "url(http", "url(//", "javascript:"] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("default-src 'none'"));
    }
}

#[test]
fn names_from_the_wire_stay_text() {
    let report = report(3000);
    assert!(report.top_pools.iter().any(|pool| pool.name.contains("<script>")), "the sample has such a pool");
    for language in [Language::En, Language::Zh] {
        let page = html(&report, language);
        assert!(page.contains("&lt;script&gt;alert(1)"));
        assert!(!page.contains("<script"));
        assert!(!page.contains('\u{202e}') && page.contains("\\u{202e}"));
    }
}

#[test]
fn tags_are_closed_in_order() {
    const VOID: [&str; 3] = ["meta", "br", "!doctype"];
    for (miners, language) in [(0, Language::En), (1, Language::Zh), (3000, Language::Zh)] {
        let page = html(&report(miners), language);
        let mut open = Vec::new();
        for tag in tags(&page) {
            let name = tag.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
            if let Some(closed) = name.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(closed));
            } else if !VOID.contains(&name.as_str()) {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
}

#[test]
fn ten_thousand_places_make_a_page_of_a_reasonable_size() {
    let mut connection = rusqlite::Connection::open_in_memory().unwrap();
    sample::empty(&connection);
    sample::fill(&mut connection, &Size { miners: 10_000, cases: 10_000, days: 2 });
    connection
        .execute_batch(
            "UPDATE miners SET city = 'City ' || id || ' ' || hex(zeroblob(200)), region = 'Region ' || id, \
                        as_org = 'AS ' || id, latitude = id % 160 - 80, longitude = id % 359 - 179; \
                        UPDATE cases SET coin = 'C' || id, algorithm = 'A' || id, protocol = 'P' || id;",
        )
        .unwrap();
    let day = super::shown::DAY;
    let report =
        super::super::Report::read(&mut connection, day, &jiff::tz::TimeZone::UTC, sample::now()).unwrap();
    assert!(report.places.len() > 5000, "{}", report.places.len());
    let page = html(&report, Language::En);
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
}
