//! A report hangs on the store, the question and the report time, and on nothing else of the machine.

use refold_fixtures::orders::{self, Options};

use super::*;

/// The same report of the sample store, made in another way each time.
struct Shop {
    folder: TempDir,
}

impl Shop {
    fn new() -> Shop {
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options {
            events: 1_500,
            ..Options::default()
        };
        let written = orders::write(&folder.path().join("shop"), &options, |_, _| {
            std::ops::ControlFlow::Continue(())
        });
        written.expect("a store");
        Shop { folder }
    }

    fn touched(&self, time: std::time::SystemTime) {
        let store = std::fs::File::options()
            .write(true)
            .open(self.folder.path().join("shop/orders.db"));
        store
            .expect("it is there")
            .set_modified(time)
            .expect("its time can be set");
    }

    /// `prepare`: what is done with the store before.
    fn made(
        &self,
        store: &str,
        how: &ReportAsked,
        prepare: impl FnOnce(&Work<'_>, &Session),
    ) -> BTreeMap<String, Vec<u8>> {
        let (home, out) = (
            tempfile::tempdir().expect("a folder"),
            tempfile::tempdir().expect("a folder"),
        );
        let token = CancelToken::default();
        let work = Work::new(&token, &Silent);
        let store = self.folder.path().join(store);
        let session = Session::open(&work, &store.to_string_lossy(), None, &Places::below(home.path()));
        let session = session.expect("a store");
        prepare(&work, &session);
        let asked = ReportAsked {
            out: out.path().to_owned(),
            formats: vec![ReportFormat::Html, ReportFormat::Csv, ReportFormat::Json],
            time: Some("2026-11-21T14:30:00Z".to_owned()),
            ..how.clone()
        };
        bytes_of(&report(&work, &session, &asked, None).expect("a report").dir)
    }
}

#[test]
fn neither_paths_nor_clocks_nor_copies_change_a_report() {
    let shop = Shop::new();
    let handler = |path: &str| Some(shop.folder.path().join(path).display().to_string());
    for question in [None, Some(Question::Invariants { condition: None })] {
        let asked = |path: &str| ReportAsked {
            streams: vec!["order-4711".to_owned()]
                .into_iter()
                .filter(|_| question.is_none())
                .collect(),
            handler: handler(path),
            question: question.clone(),
            ..ReportAsked::default()
        };
        let plain = asked("shop/handlers/order@1.0.0");
        shop.touched(std::time::UNIX_EPOCH);
        let first = shop.made("shop/orders.db", &plain, |_, _| {});
        let spelled = asked("shop/../shop/./handlers/order@1.0.0");
        assert_eq!(shop.made("shop/../shop/./orders.db", &spelled, |_, _| {}), first);
        let with_copies = |work: &Work<'_>, session: &Session| {
            session.build_index(work).expect("an index");
            session.build_arena(work).expect("a copy of the payloads");
        };
        assert_eq!(shop.made("shop/orders.db", &plain, with_copies), first);
        // In use, as far as anybody can tell: a copy is read.
        shop.touched(std::time::SystemTime::now());
        assert_eq!(shop.made("shop/orders.db", &plain, |_, _| {}), first);
        #[cfg(unix)]
        {
            let link = shop.folder.path().join("link");
            let _ = std::fs::remove_file(&link);
            std::os::unix::fs::symlink(shop.folder.path().join("shop/orders.db"), &link).expect("a link");
            assert_eq!(shop.made("link", &plain, |_, _| {}), first);
        }
    }
}
