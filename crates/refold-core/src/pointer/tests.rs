//! Pointers against their written form and against plain walking.

use proptest::prelude::*;

use super::*;

fn any_segments() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[a~/0-9\u{e9}]{0,3}|[0-9]{1,12}", 0..6)
}

fn pointer(segments: &[String]) -> Pointer {
    segments.iter().fold(Pointer::ROOT, |pointer, segment| {
        pointer.push_key(&Text::from(segment.as_str()))
    })
}

proptest! {
    #[test]
    fn the_written_form_comes_back(segments in any_segments()) {
        let pointer = pointer(&segments);
        prop_assert_eq!(Pointer::parse(&pointer.to_string()).unwrap(), pointer.clone());
        prop_assert_eq!(pointer.depth(), segments.len());
        let keys: Vec<_> = pointer.segments().iter().map(|segment| segment.to_key()).collect();
        prop_assert_eq!(keys, segments.iter().map(|segment| Text::from(segment.as_str())).collect::<Vec<_>>());
    }

    #[test]
    fn order_and_equality_are_those_of_the_segments(a in any_segments(), b in any_segments()) {
        let (a, b) = (pointer(&a), pointer(&b));
        prop_assert_eq!(a.cmp(&b), a.segments().cmp(&b.segments()));
        prop_assert_eq!(a == b, a.to_string() == b.to_string());
        prop_assert_eq!(a.contains(&b), b.segments().starts_with(&a.segments()));
    }
}

#[test]
fn a_place_is_found_in_objects_and_arrays() {
    let state = Value::from_json(br#"{"a":[{"7":1,"x/y~":2}],"7":3}"#, 8).unwrap();
    for (path, found) in [
        ("/a/0/7", Some("1")),
        ("/a/0/x~1y~0", Some("2")),
        ("/7", Some("3")),
        ("/a/1", None),
        ("/a/x", None),
    ] {
        let value = Pointer::parse(path).unwrap().find(&state).map(Value::display_json);
        assert_eq!(value.as_deref(), found, "{path}");
    }
}

#[test]
fn what_is_written_wrongly_says_how_to_write_it() {
    assert!(matches!(Pointer::parse("a"), Err(PointerError::NoSlash(_))));
    for text in ["/~", "/~2", "/a~"] {
        assert!(
            matches!(Pointer::parse(text), Err(PointerError::WrongEscape(_))),
            "{text}"
        );
    }
}

#[test]
fn a_name_that_is_no_index_is_a_key() {
    for (name, is_index) in [
        ("0", true),
        ("12", true),
        ("4294967295", true),
        ("4294967296", false),
        ("01", false),
        ("", false),
        ("-1", false),
    ] {
        assert_eq!(
            matches!(Segment::from_key(&Text::from(name)), Segment::Index(_)),
            is_index,
            "{name}"
        );
    }
}
