use std::os::unix::net::UnixListener;
use std::sync::mpsc;

use super::platform::{listen, send};

#[test]
fn a_link_reaches_the_window_that_listens_and_nothing_else_does() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let socket = folder.path().join("refold.socket");
    assert!(send(&socket, "refold://orders.db").is_err(), "nobody listens yet");

    let (tell, told) = mpsc::sync_channel(8);
    listen(&socket, move |link| tell.send(link).expect("the test hears")).expect("it can be listened at");
    for link in ["refold://orders.db/order/order-4711@v9", "refold://bücher.db"] {
        assert!(send(&socket, link).expect("the window answers"));
        assert_eq!(told.recv().expect("the link came"), link);
    }
    for text in ["", "/tmp/orders.db", "https://example.org"] {
        assert!(!send(&socket, text).expect("the window answers"), "{text:?} is no link");
    }
    // Longer than any link: what was cut off would be another link.
    assert!(!send(&socket, &format!("refold://{}", "x".repeat(9_000))).unwrap_or(false));
    assert!(told.try_recv().is_err(), "only links are told");

    // A second window leaves the first one listening.
    listen(&socket, |_| panic!("the first window listens")).expect("that is no fault");
    assert!(send(&socket, "refold://orders.db").expect("the window answers"));
    assert_eq!(told.recv().expect("the link came"), "refold://orders.db");
}

#[test]
fn what_a_crashed_window_left_behind_is_in_nobodys_way() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let socket = folder.path().join("refold.socket");
    drop(UnixListener::bind(&socket).expect("a socket"));
    assert!(send(&socket, "refold://orders.db").is_err());
    let (tell, told) = mpsc::sync_channel(8);
    listen(&socket, move |link| tell.send(link).expect("the test hears")).expect("it can be listened at");
    assert!(send(&socket, "refold://orders.db").expect("the window answers"));
    assert_eq!(told.recv().expect("the link came"), "refold://orders.db");
}
