//! A handler that fails with what it was given in its message.

use super::*;
use crate::usecase::lab::kept::Keeping;
use crate::usecase::lab::{Scope, compare};

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
            text.contains("RF-HANDLER-THROW: what the handler said is hidden"),
            "{text}"
        );
        assert!(text.contains("(handler.js:4:"), "{text}");
    }
    session
        .mask()
        .reveal(Reveal::everywhere("all").unwrap(), "ticket 4711")
        .unwrap();
    for text in told(&session, folder.path()) {
        assert!(text.contains(SECRET), "{text}");
    }
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
