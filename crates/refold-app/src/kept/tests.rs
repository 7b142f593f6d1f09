use super::*;
use crate::wire::{
    Axis, Clock, ComparedPlace, ComparedPreset, ComparisonSide, DensityBy, DocumentPlace, LanesPlace, PanelSize,
    StreamSelection, StreamSort, TimelineLook,
};

fn places() -> (tempfile::TempDir, Places) {
    let folder = tempfile::tempdir().unwrap();
    let places = Places::below(folder.path());
    (folder, places)
}

fn recent(location: &str) -> Recent {
    Recent {
        location: location.to_owned(),
        layout_title: "Emmett".to_owned(),
        events: None,
        opened_at: "2026-08-03T14:00:00Z".to_owned(),
    }
}

#[test]
fn recents_are_latest_first_without_doubles() {
    let (_folder, places) = places();
    for location in ["/a.db", "/b.db", "/a.db"] {
        remember_recent(&places, recent(location)).unwrap();
    }
    let locations: Vec<String> = load_recents(&places)
        .into_iter()
        .map(|recent| recent.location)
        .collect();
    assert_eq!(locations, ["/a.db", "/b.db"]);
    forget_recent(&places, "/a.db").unwrap();
    assert_eq!(load_recents(&places).len(), 1);
    for number in 0..30 {
        remember_recent(&places, recent(&number.to_string())).unwrap();
    }
    assert_eq!(load_recents(&places).len(), RECENT_COUNT);
}

#[test]
fn a_store_that_was_forgotten_comes_back_where_it_stood() {
    let (_folder, places) = places();
    let at = |location: &str, hour: u32| Recent {
        opened_at: format!("2026-08-03T{hour}:00:00Z"),
        ..recent(location)
    };
    for (location, hour) in [("/a.db", 10), ("/b.db", 11), ("/c.db", 12)] {
        remember_recent(&places, at(location, hour)).unwrap();
    }
    forget_recent(&places, "/b.db").unwrap();
    restore_recent(&places, at("/b.db", 11)).unwrap();
    let locations: Vec<String> = load_recents(&places).into_iter().map(|known| known.location).collect();
    assert_eq!(locations, ["/c.db", "/b.db", "/a.db"]);
}

#[test]
fn what_the_window_showed_comes_back() {
    let (_folder, places) = places();
    assert_eq!(load_window(&places), None);
    let side = |at: &str| ComparisonSide {
        stream: "order-4711".to_owned(),
        at: at.to_owned(),
        handler: Some("/srv/shop/handlers/order@1.1.0".to_owned()),
    };
    let document = DocumentPlace {
        view: "history".to_owned(),
        store: Some("/srv/shop/orders.db".to_owned()),
        layout: Some("emmett".to_owned()),
        stream: Some("order \"4711\"\n".to_owned()),
        category: Some("order".to_owned()),
        handler: None,
        a: 734_201,
        b: Some(0),
        lens: "diff".to_owned(),
        axis: Axis::Time,
        from: Some("1786700000000000000".to_owned()),
        to: Some("1786800000000000000".to_owned()),
        focus: Some("/totals/gross".to_owned()),
        types: vec!["PaymentFailed".to_owned()],
        as_of: Some("2026-08-14T09:31:07Z".to_owned()),
        asked: Some("v734202".to_owned()),
        lanes: Some(LanesPlace {
            streams: vec!["order-4711".to_owned(), "payment-4711".to_owned()],
            clock: Clock::Occurred,
            chosen: 1,
            instant: Some("1786700000000000000".to_owned()),
            from: None,
            to: None,
        }),
        streams: Some(StreamSelection {
            matching: "4711".to_owned(),
            category: None,
            last_type: Some("PaymentFailed".to_owned()),
            from: String::new(),
            to: "2026-08-14T09:31:07Z".to_owned(),
            sort: StreamSort::Events,
            descending: true,
        }),
        compared: Some(ComparedPlace {
            preset: ComparedPreset::Points,
            base: side("v7"),
            current: side("head"),
            ignores_order: true,
        }),
        sandbox: None,
        look: Some(TimelineLook {
            is_folded: false,
            height: "log".to_owned(),
            by: DensityBy::Category,
            pinned: vec!["/totals/gross".to_owned(), "/a\"b\n".to_owned()],
        }),
    };
    let window = WindowPlaces {
        shown: 1,
        documents: vec![document.clone(), document],
        panels: vec![PanelSize {
            name: "history".to_owned(),
            per_mille: 340,
        }],
        is_list_hidden: true,
    };
    save_window(&places, &window).unwrap();
    assert_eq!(load_window(&places), Some(window));
    fs::write(window_file(&places), "documents = 3").unwrap();
    assert_eq!(load_window(&places), None, "what cannot be read counts as absent");
    assert_eq!(
        fs::read_dir(&places.config).unwrap().count(),
        1,
        "nothing half-written is left"
    );
}
