//! A comparison as a file, against the line that is made of it at once.

use super::*;
use crate::answer::json_line;

fn is_the_line(left: Vec<MemoryEvent>, right: Vec<MemoryEvent>, asked: &StoresAsked, most: usize) -> StoresAnswer {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("comparison.json");
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let found = comparison(left, right, asked, EVENTS_AT_ONCE);
    found.export(&work, &file, most).unwrap();
    let answer = found.answer(&work, most).unwrap();
    let line = json_line(&answer).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{line}\n"));
    answer
}

fn with(payloads: [&str; 3]) -> Vec<MemoryEvent> {
    let mut events = store(2);
    for (event, payload) in events.iter_mut().zip(payloads) {
        event.payload = Some(payload.as_bytes().to_vec());
    }
    events
}

#[test]
fn stream_by_stream_it_is_the_same_line() {
    // A text that looks as the place does where the streams stand, and letters that are hidden.
    let odd = "{\"a\":\"\\\"differing\\\":[]\u{202e}\"}";
    let plain = ["{\"a\":1}"; 3];
    for (right, most, form_only, told) in [
        (plain, usize::MAX, false, 0),
        (["{ \"a\":1}"; 3], usize::MAX, true, 3),
        (["{ \"a\":1}", odd, "{ \"a\":1}"], usize::MAX, false, 3),
        (["{ \"a\":1}", odd, odd], 1, true, 1),
        ([odd; 3], 2, false, 2),
        ([odd; 3], 0, false, 0),
    ] {
        let answer = is_the_line(with(plain), with(right), &BYTES, most);
        assert_eq!(
            (answer.form_only, answer.differing.len()),
            (form_only, told),
            "{right:?}"
        );
    }
    is_the_line(Vec::new(), with(plain), &BYTES, usize::MAX);
}
