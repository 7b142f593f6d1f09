//! A handler that fails with what it was given in its message.

use super::*;
use crate::usecase::lab::kept::Keeping;
use crate::usecase::lab::{Scope, check, compare};

const SECRET: &str = "CANARY9007199254740993";
const LOUD: &str = r#"
export default {
  initial: () => ({}),
  on: { Typed(state, event) { throw new Error(`no such customer: ${JSON.stringify(event)}`) } },
};
"#;

/// What a state, a difference, a blame, a history and two handlers side by side say of the stream, with its findings.
fn told(session: &Arc<Session>, folder: &Path) -> Vec<String> {
    let file = folder.join("loud.js");
    std::fs::write(&file, LOUD).unwrap();
    let file = file.display().to_string();
    let (stream, handler) = ("order-1", Some(file.as_str()));
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let opened = OpenedHistory::open(&work, session, stream, handler, News::new(1, Arc::new(|_| {}))).unwrap();
    let frame = opened.state_frame(&StateQuery {
        seq: 1,
        lens: Lens::State,
        moment: 1,
        base: None,
        open_depth: 2,
        toggled: Vec::new(),
        only_changes: false,
        part: 0,
        first_row: 0,
        row_count: 500,
        is_whole: false,
        asked: None,
    });
    let compared = compare::compare(&work, session, Scope::Stream(stream), handler, None, Keeping::Anew);
    vec![
        format!("{:?}", frame.unwrap().fault),
        format!("{:?}", opened.finding_groups()),
        format!("{:?}", state::state(&work, session, stream, "v1", handler).unwrap()),
        format!(
            "{:?}",
            diff::diff(&work, session, stream, "start", "v1", handler).unwrap()
        ),
        format!(
            "{:?}",
            blame::blame(&work, session, stream, "v1", None, handler).unwrap()
        ),
        format!("{:?}", compared.unwrap().answer),
    ]
}

#[test]
fn what_a_handler_says_is_hidden_with_what_it_may_quote_and_code_and_line_stay() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(&[SECRET.to_owned()], folder.path());
    for text in told(&session, folder.path()) {
        assert!(!text.contains(SECRET), "{text}");
        assert!(
            text.contains("RF-HANDLER-THROW") && text.contains("what the handler said is hidden"),
            "{text}"
        );
        assert!(text.contains("(loud.js:4:"), "{text}");
    }
    session
        .mask()
        .reveal(Reveal::everywhere("all").unwrap(), "ticket 4711")
        .unwrap();
    for text in told(&session, folder.path()) {
        assert!(text.contains(SECRET), "{text}");
    }
}

/// An invariant in code that fails quotes the state as it likes.
#[test]
fn what_an_invariant_says_is_hidden_with_what_it_may_quote() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("loud.js");
    let source = "export default { initial: () => ({}), on: { Typed: (state, { data }) => data },\n\
                  invariants: { loud(state) { throw new Error(`no: ${JSON.stringify(state)}`) },\n\
                                long(state) { for (;;) {} } } }";
    std::fs::write(&file, source).unwrap();
    let session = session(&[SECRET.to_owned()], folder.path());
    let unclear = || -> Vec<String> {
        let cancel = CancelToken::default();
        let work = Work::new(&cancel, &Silent);
        let (scope, handler) = (Scope::Stream("order-1"), file.display().to_string());
        let checked = check::check(&work, &session, scope, Some(&handler), None, Keeping::Anew).unwrap();
        let invariants = checked.answer.invariants;
        invariants
            .into_iter()
            .map(|it| it.unclear.unwrap_or_default())
            .collect()
    };
    let [loud, long] = unclear().try_into().unwrap();
    assert_eq!(
        loud,
        "what the handler said is hidden by the masking rules: it may quote the event"
    );
    assert!(long.starts_with("RF-LIMIT-FUEL: the handler worked too long"), "{long}");
    session
        .mask()
        .reveal(Reveal::everywhere("all").unwrap(), "ticket 4711")
        .unwrap();
    assert!(unclear()[0].contains(SECRET), "{:?}", unclear());
}

#[test]
fn where_no_rule_speaks_of_the_category_nothing_is_hidden() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(&[SECRET.to_owned()], folder.path());
    let session = Arc::into_inner(session).unwrap();
    let session = session.masked_by(mask(
        "refold = \"mask/1\"\n[[hide]]\ncategory = \"cart\"\npaths = [\"/a\"]\n",
        folder.path(),
    ));
    for text in told(&Arc::new(session), folder.path()) {
        assert!(text.contains(SECRET), "{text}");
    }
}

/// What a handler takes of a store is no value of an event.
#[test]
fn what_a_handler_takes_is_told_under_masks_as_without_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("loud.js");
    std::fs::write(&file, LOUD).unwrap();
    let session = session(&[SECRET.to_owned()], folder.path());
    let plain = crate::handler::open(Some(&file.display().to_string())).unwrap();
    let hidden = masked(Arc::clone(&plain), session.mask());
    assert_eq!(plain.event_types(), Some(vec![b"Typed".to_vec()]));
    assert_eq!(hidden.event_types(), plain.event_types());
    for event_type in [b"Typed".as_slice(), b"Sold"] {
        assert!(plain.takes(event_type).is_some());
        assert_eq!(hidden.takes(event_type), plain.takes(event_type));
        assert_eq!(hidden.types_made(event_type), plain.types_made(event_type));
    }
}
