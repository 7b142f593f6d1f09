//! What is advised where a server cannot be opened. The addresses of the tests for MySQL hold a password, which a person's may not.

use refold_app::{ErrorCode, Places, Session};
use refold_core::work::{CancelToken, Silent, Work};
use refold_tests::postgres::{Postgres, READER};

use crate::servers::Real as _;

#[test]
fn nobody_is_sent_looking_for_a_password_where_none_is_missing() {
    let server = Postgres::shared();
    let reading = server.store("advice", 1);
    let home = tempfile::tempdir().expect("a home");
    for address in [
        server.address(READER, "no_such_database"),
        format!("{reading}?sslmode=require"),
    ] {
        let token = CancelToken::default();
        let work = Work::new(&token, &Silent);
        let error = Session::open(&work, &address, None, &Places::below(home.path()));
        let error = error.err().expect("it cannot be opened");
        assert_eq!(error.code, ErrorCode::Unreachable, "{error:?}");
        assert!(!error.hint.contains("password"), "{error:?}");
    }
}
