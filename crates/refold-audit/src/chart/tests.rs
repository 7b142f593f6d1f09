use super::*;

#[test]
fn a_timeline_names_its_types_and_escapes_what_the_store_holds() {
    let figure = TimelineFigure {
        caption: "orders <script>alert(1)</script>: 1,003 events".to_owned(),
        types: vec!["A&B".to_owned(), "C".to_owned()],
        columns: vec![
            FigureColumn {
                label: "2026-06-02".to_owned(),
                counts: vec![1_000, 0],
            },
            FigureColumn {
                label: "2026-06-03".to_owned(),
                counts: vec![1, 2],
            },
        ],
    };
    let svg = timeline(&figure).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    assert!(svg.contains("A&amp;B") && !svg.contains("<script>"));
    let bars = svg.matches("<rect").count();
    // The ground, three bars, a key for each type, the box of the legend and its border.
    assert!((6..=9).contains(&bars), "{bars} rectangles");
}

#[test]
fn an_empty_timeline_is_still_a_figure() {
    let figure = TimelineFigure {
        caption: String::new(),
        types: Vec::new(),
        columns: Vec::new(),
    };
    assert!(timeline(&figure).unwrap().contains("</svg>"));
}

#[test]
fn more_types_than_colours_are_drawn_together() {
    let types: Vec<String> = (0..20).map(|of| format!("T{of}")).collect();
    let column = FigureColumn {
        label: String::new(),
        counts: vec![1; 20],
    };
    let svg = timeline(&TimelineFigure {
        caption: String::new(),
        types,
        columns: vec![column],
    })
    .unwrap();
    assert!(svg.contains("other types") && svg.contains("T7") && !svg.contains("T8"));
}
