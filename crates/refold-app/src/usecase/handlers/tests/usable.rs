//! Which handlers can be used for a scope, against the types of its events.

use super::*;
use crate::usecase::lab::Scope as Folded;

const INVOICES: &str = "refold: reducer/1\non:\n  InvoiceSent:\n    - inc: sent\n";

#[test]
fn what_takes_no_event_of_the_scope_and_what_does_not_open_is_told_with_its_reason() {
    let lab = shop();
    let write = |name: &str, text: &str| {
        let file = lab.folder.path().join(name);
        fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let order = format!("{FIXTURES}/handlers/order@1.1.0");
    let invoices = write("invoices.yaml", INVOICES);
    let broken = write("broken.yaml", "refold: [");
    let seldom = write(
        "seldom.yaml",
        "refold: reducer/1\non:\n  PaymentFailed: [ { inc: failed } ]\n",
    );
    let asked = [order, invoices, broken, handler::DEFAULT.to_owned(), seldom.clone()];
    let told = |scope: Folded<'_>| with_work(|work| usable(work, &lab.session, &asked, scope)).unwrap();

    let category = lab.session.index().unwrap().categories().unwrap()[0].0.to_vec();
    let category = text::shown(&category);
    for (scope, whose) in [
        (Folded::All, "this store"),
        (Folded::Category(&category), "this category"),
        (Folded::Stream("order-4711"), "this stream"),
    ] {
        let told = told(scope);
        let references: Vec<&str> = told.iter().map(|one| one.reference.as_str()).collect();
        assert_eq!(references, asked.iter().map(String::as_str).collect::<Vec<_>>());
        let reasons: Vec<Option<&str>> = told.iter().map(|one| one.why_not.as_deref()).collect();
        assert_eq!((reasons[0], reasons[3]), (None, None), "{reasons:?}");
        let none = reasons[1].unwrap();
        assert!(
            none.starts_with(&format!("it takes none of the events of {whose} (")),
            "{none}"
        );
        assert!(reasons[2].unwrap().contains("broken.yaml"), "{reasons:?}");
    }

    // Of each stream it is as folding it would be: only some have an event that the last one takes.
    let index = lab.session.index().unwrap();
    let failed = index.types().position(|(name, _)| name == b"PaymentFailed").unwrap();
    let mut outcomes = BTreeSet::new();
    for stream in (0..index.stream_count())
        .take(60)
        .map(refold_core::event::StreamOrdinal)
    {
        let id = text::shown(index.stream(stream).unwrap().id);
        let events = index.events_of(stream).unwrap();
        let has = events
            .iter()
            .any(|event| index.event(*event).unwrap().event_type.0 as usize == failed);
        let told =
            with_work(|work| usable(work, &lab.session, std::slice::from_ref(&seldom), Folded::Stream(&id))).unwrap();
        assert_eq!(told[0].why_not.is_none(), has, "{id}: {told:?}");
        outcomes.insert(has);
    }
    assert_eq!(outcomes.len(), 2, "the streams of the sample differ in it");

    // Of what is not there nothing is said but what does not open.
    let unknown = told(Folded::Stream("nobody-1"));
    assert_eq!(unknown.iter().filter(|one| one.why_not.is_some()).count(), 1);
}
