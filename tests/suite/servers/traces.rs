//! What a server can see of us: only statements of the catalogue, and nothing that was changed.

use refold_core::event::Position;
use refold_core::time::Timestamp;
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::index::{self, BuildOptions};

use super::{Real, opened, over_each, read_all};

over_each! { reading_leaves_the_server_as_it_was_and_says_only_what_the_catalogue_holds }

/// Words of SQL that no statement of ours holds outside quotes and comments.
const NEVER: [&str; 30] = [
    "INSERT", "UPDATE", "DELETE", "TRUNCATE", "CREATE", "ALTER", "DROP", "COPY", "LOAD", "LOCK", "FLUSH", "INTO",
    "OUTFILE", "NOTIFY", "LISTEN", "VACUUM", "ANALYZE", "EXPLAIN", "CALL", "DO", "GRANT", "PREPARE", "EXECUTE",
    "DECLARE", "COMMIT", "HANDLER", "GLOBAL", "SLEEP", "SET", "REPLACE",
];

/// No statement of the catalogue does anything but read.
pub fn reads_only(text: &str) {
    // A plan is only shown, and of what is in the catalogue itself.
    let explained = ["EXPLAIN (FORMAT JSON) ", "EXPLAIN FORMAT=TRADITIONAL "];
    let text = explained
        .iter()
        .find_map(|plan| text.strip_prefix(plan))
        .unwrap_or(text);
    let begins = [
        "SELECT ",
        "WITH RECURSIVE family",
        "WITH own AS (SELECT ",
        "WITH RECURSIVE own AS (SELECT ",
    ];
    assert!(begins.iter().any(|begin| text.starts_with(begin)), "{text}");
    let outside: String = text
        .split('\'')
        .step_by(2)
        .flat_map(|part| part.split('"').step_by(2))
        .collect::<Vec<_>>()
        .join(" ")
        // Variables that are only read.
        .replace("@@global.", " ");
    assert!(!outside.contains(';') && !outside.contains("--"), "{outside}");
    let words = outside.split(|c: char| !c.is_alphanumeric() && c != '_');
    for word in words.map(str::to_uppercase) {
        assert!(!NEVER.contains(&word.as_str()), "{word}: {outside}");
    }
}

fn reading_leaves_the_server_as_it_was_and_says_only_what_the_catalogue_holds<R: Real>() {
    let server = R::alone();
    let database = "traces";
    server.store(database, 1_000);
    server.tidy_up(database);
    // As one to whom everything is allowed.
    let [owner, ..] = R::OWNER;
    let address = format!("{}?allow_elevated={owner}", server.address(owner, database));
    read_all(&*opened(&address), None, 300, || {});
    let folder = tempfile::tempdir().expect("a folder for the index");
    let before = server.fingerprint(database);
    let store = opened(&address);
    assert_eq!(read_all(&*store, None, 300, || {}).len(), 1_000);
    let token = CancelToken::default();
    let options = BuildOptions {
        threads: 2,
        now: Timestamp(0),
        numbering: store.describe().numbering(),
        segment_rows: BuildOptions::SEGMENT_ROWS,
    };
    let index = index::build(&Work::new(&token, &Silent), &*store, folder.path(), &options);
    assert_eq!(index.unwrap_or_else(|error| panic!("{error}")).event_count(), 1_000);
    assert!(store.raw(Position(7)).expect("it can be asked").is_some() && store.is_current().expect("it can be asked"));
    drop(store);
    let statements = server.statements();
    assert!(statements.len() > 20, "{}", statements.len());
    statements.iter().for_each(|said| reads_only(said));
    assert_eq!(server.fingerprint(database), before);
}
