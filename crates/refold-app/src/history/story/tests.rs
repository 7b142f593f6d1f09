use std::ops::ControlFlow;

use refold_core::work::{CancelToken, Silent};
use refold_fixtures::orders::{self, Options};

use super::*;
use crate::history::News;
use crate::places::Places;
use crate::session::Session;
use crate::usecase::events::Events;

#[test]
fn pages_tell_what_the_command_line_tells() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        events: 2_000,
        ..Options::default()
    };
    let written = orders::write(&folder.path().join("shop"), &options, |_, _| ControlFlow::Continue(())).unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let store = written.store.display().to_string();
    let session = Arc::new(Session::open(&work, &store, None, &Places::below(folder.path())).unwrap());
    let package = written.handlers.join("order").display().to_string();
    let strict = folder.path().join("strict.yaml");
    let rules = "refold: reducer/1\nunhandled: error\non:\n  OrderPlaced:\n    - set: { id: event.data.orderId }\n";
    std::fs::write(&strict, rules).unwrap();
    let strict = strict.display().to_string();
    // With templates, without any, a stream of which one event cannot be read, and a handler that fails.
    for (stream, handler) in [
        ("order-4711", package.as_str()),
        ("order-4711", "builtin:merge"),
        ("order-4713", &package),
        ("order-4711", &strict),
    ] {
        let mut expected = Vec::new();
        let findings = crate::usecase::story::story(
            &work,
            &session,
            stream,
            &Events::default(),
            Some(handler),
            &mut |told| {
                expected.push(told);
                Ok(())
            },
        )
        .unwrap();
        let news = News::new(1, Arc::new(|_| {}));
        let history = OpenedHistory::open(&work, &session, stream, Some(handler), news).unwrap();
        let mut lines = Vec::new();
        while lines.len() < expected.len() {
            let page = history.story(lines.len() as u32, 4).unwrap();
            assert_eq!(page.total as usize, expected.len());
            assert_eq!(page.has_templates, handler == package);
            lines.extend(page.lines);
        }
        for (line, told) in lines.iter().zip(&expected) {
            assert_eq!(line.story, told.story);
            assert_eq!(Some(&line.version), told.version.as_ref());
            assert_eq!(line.changed_count as usize, told.changed.len());
            assert_eq!(line.changed, told.changed[..told.changed.len().min(NAMED_PATHS)]);
            assert_eq!(line.fault, told.fault);
            assert_eq!(line.undecodable.is_none(), told.readable);
        }
        // The first event has a rule; what the later ones change, a handler that failed does not say.
        let is_failed = |line: &StoryLine| line.fault.as_ref().is_some_and(|fault| fault.contains("at event 2: "));
        let failed = lines.iter().filter(|line| is_failed(line)).count();
        assert_eq!(failed, if handler == strict { lines.len() - 1 } else { 0 });
        let has_fault = findings.iter().any(|of| of.code == "RF-HANDLER-THROW");
        assert_eq!(has_fault, handler == strict, "{findings:?}");
        let is_unread = findings
            .iter()
            .any(|of| of.code == "RF-EVENT-UNDECODABLE" || of.code == "RF-EVENT-MALFORMED");
        assert_eq!(is_unread, stream == "order-4713", "{findings:?}");
        assert!(history.story(lines.len() as u32, 10).unwrap().lines.is_empty());
    }
}
