//! With servers that are made here: one that speaks as MySQL 8 does, and ones that lie.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use super::*;

/// The other end of a connection.
struct Peer {
    stream: TcpStream,
    sequence: u8,
}

impl Peer {
    fn send(&mut self, payload: &[u8]) {
        let mut packet = u32::try_from(payload.len()).unwrap().to_le_bytes()[..3].to_vec();
        packet.push(self.sequence);
        packet.extend_from_slice(payload);
        self.sequence = self.sequence.wrapping_add(1);
        // Whoever lies may be hung up on.
        let _ = self.stream.write_all(&packet);
    }

    /// `None`: nobody is there any more.
    fn receive(&mut self) -> Option<Vec<u8>> {
        let mut head = [0; 4];
        self.stream.read_exact(&mut head).ok()?;
        self.sequence = head[3].wrapping_add(1);
        let mut payload = vec![0; u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize];
        self.stream.read_exact(&mut payload).ok()?;
        Some(payload)
    }

    fn greet(&mut self, version: &str, plugin: &str) {
        let mut greeting = vec![10];
        greeting.extend_from_slice(version.as_bytes());
        greeting.extend_from_slice(b"\0\x07\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15");
        greeting.extend_from_slice(&[0; 10]);
        greeting.extend_from_slice(b"ijklmnopqrst\0");
        greeting.extend_from_slice(plugin.as_bytes());
        greeting.push(0);
        self.send(&greeting);
    }

    /// Answers as a server that holds what it is set to, until the other end leaves; what it was asked to run.
    fn serve(&mut self) -> Vec<String> {
        self.serve_in("utf8mb4", "0")
    }

    /// As one that takes what it is sent for texts in this character set, and calls itself read-only so.
    fn serve_in(&mut self, charset: &str, read_only: &str) -> Vec<String> {
        let (mut asked, mut is_standby_asked) = (Vec::new(), false);
        while let Some(packet) = self.receive() {
            let text = String::from_utf8_lossy(&packet[1..]).into_owned();
            match packet[0] {
                QUERY => {
                    asked.push(text);
                    self.send(OK);
                }
                PREPARE => {
                    is_standby_asked = text.contains("/* refold standby */");
                    asked.push(text);
                    self.send(&[0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0]);
                    (0..6).for_each(|_| self.send(TEXT_COLUMN));
                    self.send(END);
                }
                EXECUTE => {
                    self.send(&[6]);
                    (0..6).for_each(|_| self.send(TEXT_COLUMN));
                    self.send(END);
                    let mut row = vec![0, 0];
                    let mode = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES";
                    let first = if mem::take(&mut is_standby_asked) {
                        read_only
                    } else {
                        "1"
                    };
                    for value in [first, mode, "+00:00", "7", charset, charset] {
                        crate::mysql::wire::put_counted(value.as_bytes(), &mut row);
                    }
                    self.send(&row);
                    self.send(END);
                }
                _ => break,
            }
        }
        asked
    }
}

const OK: &[u8] = &[0, 0, 0, 2, 0, 0, 0];
const END: &[u8] = &[0xfe, 0, 0, 2, 0];
const TEXT_COLUMN: &[u8] = b"\x03def\0\0\0\0\0\x0c\x2d\0\0\0\0\0\xfd\0\0\0\0\0";

/// A server that does `act` with whoever comes, and the options that lead there.
fn server<T: Send + 'static>(
    query: &str,
    act: impl FnOnce(&mut Peer) -> T + Send + 'static,
) -> (Options, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let running = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        act(&mut Peer { stream, sequence: 0 })
    });
    let url = format!("mysql://ada:geheim@127.0.0.1:{port}/shop?{query}");
    (Options::parse(&url).unwrap(), running)
}

fn open(options: &Options) -> Result<Connection, StoreError> {
    Connection::open(options, None, None, &CancelToken::default())
}

/// Why `act` is not connected to, which is never that a store is damaged.
fn refusal(act: impl FnOnce(&mut Peer) + Send + 'static) -> String {
    let (options, running) = server("", act);
    let refused = open(&options).map(drop).unwrap_err();
    assert!(!matches!(refused, StoreError::Corrupt { .. }), "{refused:?}");
    let refused = refused.to_string();
    running.join().unwrap();
    assert!(!refused.contains("geheim"), "{refused}");
    refused
}

#[test]
fn a_server_that_speaks_as_mysql_8_does_is_set_up_as_such() {
    let (options, running) = server("", |peer| {
        peer.greet("8.0.36", "caching_sha2_password");
        let answer = peer.receive().unwrap();
        assert!(!answer.windows(6).any(|part| part == b"geheim"));
        // It had seen the password before.
        peer.send(&[1, 3]);
        peer.send(OK);
        peer.serve()
    });
    let connection = open(&options).unwrap();
    assert_eq!((connection.version(), connection.is_mariadb()), ("8.0.36", false));
    drop(connection);
    let asked = running.join().unwrap();
    assert!(
        asked
            .iter()
            .any(|sql| sql.contains("LEAST(@@session.max_execution_time, 30000)")),
        "{asked:?}"
    );
    assert!(!asked.iter().any(|sql| sql.contains("max_statement_time")), "{asked:?}");
    for variable in ["character_set_client", "character_set_connection"] {
        let set = format!("{variable} = 'utf8mb4'");
        assert!(asked.iter().any(|sql| sql.contains(&set)), "{asked:?}");
    }
    assert!(asked.last().unwrap().contains("@@session.transaction_read_only"));
}

#[test]
fn the_password_itself_is_not_told_in_the_clear() {
    let refused = refusal(|peer| {
        peer.greet("8.0.36", "caching_sha2_password");
        peer.receive().unwrap();
        peer.send(&[1, 4]);
        assert_eq!(peer.receive(), None, "nothing more is said");
    });
    assert!(refused.contains("asks for the password itself"), "{refused}");
    let refused = refusal(|peer| {
        peer.greet("8.0.36", "mysql_native_password");
        peer.receive().unwrap();
        peer.send(b"\xfemysql_clear_password\0");
        assert_eq!(peer.receive(), None, "nothing more is said");
    });
    assert!(refused.contains("asks for the password itself"), "{refused}");
}

#[test]
fn another_method_is_taken_where_the_account_has_one() {
    let (options, running) = server("", |peer| {
        peer.greet("8.4.0", "caching_sha2_password");
        peer.receive().unwrap();
        peer.send(b"\xfemysql_native_password\0tsrqponmlkjihgfedcba\0");
        let proof = peer.receive().unwrap();
        peer.send(OK);
        peer.serve();
        proof
    });
    drop(open(&options).unwrap());
    assert_eq!(running.join().unwrap().len(), 20);
    let refused = refusal(|peer| {
        peer.greet("5.5.5-11.4.2-MariaDB", "mysql_native_password");
        peer.receive().unwrap();
        peer.send(b"\xfeclient_ed25519\0abcdefghijklmnopqrstuvwxyzabcdef\0");
    });
    assert!(refused.contains("client_ed25519"), "{refused}");
}

#[test]
fn whoever_offers_no_encryption_is_told_nothing_where_it_is_wanted() {
    let (options, running) = server("sslmode=require", |peer| {
        let mut plain = Vec::from(*b"\x0a8.0.36\0\x07\0\0\0abcdefgh\0\xff\xf7\xff\x02\0\xff\xdf\x15");
        plain.extend_from_slice(&[0; 10]);
        plain.extend_from_slice(b"ijklmnopqrst\0mysql_native_password\0");
        peer.send(&plain);
        assert_eq!(peer.receive(), None, "not even who comes");
    });
    let tls = crate::server::tls::config(options.encryption, None, None, options.location())
        .unwrap()
        .map(Arc::new);
    let refused = Connection::open(&options, tls.as_ref(), None, &CancelToken::default())
        .map(drop)
        .unwrap_err();
    assert!(refused.to_string().contains("offers no encryption"), "{refused}");
    running.join().unwrap();
}

#[test]
fn a_server_that_asks_for_a_file_gets_none() {
    let refused = refusal(|peer| {
        peer.greet("8.0.36", "mysql_native_password");
        peer.receive().unwrap();
        peer.send(OK);
        peer.receive().unwrap();
        peer.send(b"\xfb/etc/passwd");
        assert_eq!(peer.receive(), None, "nothing is sent");
    });
    assert!(refused.contains("does not speak as it should"), "{refused}");
}

#[test]
fn what_no_server_says_is_an_error() {
    let greeted = |more: &'static [u8]| {
        refusal(move |peer| {
            peer.greet("8.0.36", "mysql_native_password");
            peer.receive().unwrap();
            let _ = peer.stream.write_all(more);
        })
    };
    for (what, more) in [
        ("out of order", b"\x01\0\0\x09\0".as_slice()),
        ("is none", b"\x01\0\0\x02\x42"),
        ("cut short", b"\x02\0\0\x02\xff\x15"),
        ("closed", b"\x07\0\0\x02\0\0"),
        ("no longer safe", b"\x01\0\0\x02\xfe"),
    ] {
        let refused = greeted(more);
        assert!(refused.contains(what), "{what}: {refused}");
    }
    assert!(refusal(|peer| peer.send(b"\x09old")).contains("greeting is cut short"));
    assert!(refusal(|peer| peer.send(b"\xff\x10\x04Too many connections")).contains("Too many connections"));
    assert!(refusal(|_| {}).contains("closed"));
    // Two megabytes, from somebody who has let nobody in.
    let large = refusal(|peer| drop(peer.stream.write_all(&[0, 0, 0x20, 0])));
    assert!(large.contains("larger than any can be"), "{large}");
}

#[test]
fn a_session_that_somebody_changed_is_not_used() {
    let (options, running) = server("", |peer| {
        peer.greet("8.0.36", "mysql_native_password");
        peer.receive().unwrap();
        peer.send(OK);
        while let Some(packet) = peer.receive() {
            match packet[0] {
                QUERY => peer.send(OK),
                PREPARE => {
                    peer.send(&[0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
                    peer.send(TEXT_COLUMN);
                    peer.send(END);
                }
                _ => {
                    peer.send(&[1]);
                    peer.send(TEXT_COLUMN);
                    peer.send(END);
                    // Not read-only.
                    peer.send(b"\0\0\x010");
                    peer.send(END);
                }
            }
        }
    });
    let refused = open(&options).map(drop).unwrap_err();
    assert!(refused.to_string().contains("read-only"), "{refused}");
    running.join().unwrap();
}

#[test]
fn a_host_that_says_nothing_leaves_the_next_its_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (next, running) = server("", |peer| {
        // Slow enough to be waited for.
        thread::sleep(Duration::from_millis(100));
        peer.greet("8.0.36", "mysql_native_password");
        peer.receive().unwrap();
        peer.send(OK);
        peer.serve();
    });
    let hosts = format!("{},{}", silent.local_addr().unwrap(), next.to.hosts[0]);
    let both = Options::parse(&format!("mysql://ada:geheim@{hosts}/shop")).unwrap();
    let wait = Duration::from_secs(1);
    let connection = Connection::chosen(&both, None, None, (&CancelToken::default(), wait)).unwrap();
    assert_eq!(connection.version(), "8.0.36");
    drop(connection);
    running.join().unwrap();

    let alone = Options::parse(&format!("mysql://ada:geheim@{}/shop", silent.local_addr().unwrap())).unwrap();
    let fault = Connection::chosen(&alone, None, None, (&CancelToken::default(), wait))
        .map(drop)
        .unwrap_err();
    assert!(fault.to_string().ends_with("within 1 seconds"), "{fault}");
    assert!(fault.is_of_connection(), "{fault}");
}

#[test]
fn a_server_that_takes_our_texts_for_others_is_not_used() {
    let (options, running) = server("", |peer| {
        peer.greet("8.0.36", "mysql_native_password");
        peer.receive().unwrap();
        peer.send(OK);
        peer.serve_in("latin1", "0");
    });
    let refused = open(&options).map(drop).unwrap_err();
    assert!(refused.to_string().contains("changes the settings"), "{refused}");
    running.join().unwrap();
}

#[test]
fn what_comes_without_end_is_not_waited_for_without_end() {
    let drip = || {
        server("", |peer| {
            peer.stream.set_nodelay(true).unwrap();
            let _ = peer.stream.write_all(&[0xff, 0xff, 0, 0]);
            // So long that whoever waits for the end of it is seen to.
            for _ in 0..4_000 {
                if peer.stream.write_all(&[10]).is_err() {
                    return true;
                }
                thread::sleep(Duration::from_millis(5));
            }
            false
        })
    };
    let (options, running) = drip();
    let fault = Connection::chosen(
        &options,
        None,
        None,
        (&CancelToken::default(), Duration::from_millis(300)),
    );
    assert!(fault.is_err_and(|fault| fault.is_of_connection()));
    assert!(running.join().unwrap(), "hung up on by its time");

    let (options, running) = drip();
    let cancel = CancelToken::default();
    let canceller = cancel.clone();
    let later = thread::spawn(move || {
        thread::sleep(Duration::from_millis(200));
        canceller.cancel();
    });
    let fault = Connection::chosen(&options, None, None, (&cancel, Duration::from_secs(60)));
    assert!(matches!(fault, Err(Fault::Cancelled)));
    assert!(running.join().unwrap(), "hung up on by a cancel");
    later.join().unwrap();
}

/// A server that lets us in, and calls itself read-only so: where it is, and what it was asked to run.
fn calling_itself(read_only: &'static str) -> (String, JoinHandle<Vec<String>>) {
    let (options, running) = server("", move |peer| {
        peer.greet("8.0.36", "mysql_native_password");
        peer.receive().unwrap();
        peer.send(OK);
        peer.serve_in("utf8mb4", read_only)
    });
    (options.to.hosts[0].to_string(), running)
}

/// As of PostgreSQL: one that follows another has less to do.
#[test]
fn of_several_servers_the_replica_is_read_and_others_where_that_is_said() {
    for (word, wanted) in [
        ("", "1"),
        ("prefer-standby", "ON"),
        ("standby", "1"),
        ("read-only", "1"),
        ("primary", "0"),
    ] {
        let ((first, other), (second, chosen)) = match wanted {
            "0" => (calling_itself("1"), calling_itself("0")),
            read_only => (calling_itself("0"), calling_itself(read_only)),
        };
        let query = if word.is_empty() {
            String::new()
        } else {
            format!("?target_session_attrs={word}")
        };
        let options = Options::parse(&format!("mysql://ada:geheim@{first},{second}/shop{query}")).unwrap();
        let connection = open(&options).unwrap();
        assert_eq!(connection.host(), second, "{word}");
        drop(connection);
        let asked = other.join().unwrap();
        let is_known = |sql: &&String| sql.contains("refold standby");
        assert_eq!(asked.iter().filter(is_known).count(), 1, "{word}: {asked:?}");
        assert!(!asked.iter().any(|sql| sql.contains("refold role")), "{asked:?}");
        chosen.join().unwrap();
    }
    // The first that lets us in, where it is asked for, and where there is no replica.
    for (word, is_asked) in [("?target_session_attrs=any", false), ("", true)] {
        let ((first, running), (second, other)) = (calling_itself("0"), calling_itself("0"));
        let options = Options::parse(&format!("mysql://ada:geheim@{first},{second}/shop{word}")).unwrap();
        let connection = open(&options).unwrap();
        assert_eq!(connection.host(), first, "{word}");
        drop(connection);
        let asked = running.join().unwrap();
        assert_eq!(
            asked.iter().any(|sql| sql.contains("refold standby")),
            is_asked,
            "{asked:?}"
        );
        if is_asked {
            other.join().unwrap();
        }
    }
    let (alone, running) = calling_itself("0");
    let options = format!("mysql://ada:geheim@{alone}/shop?target_session_attrs=standby");
    let refused = open(&Options::parse(&options).unwrap())
        .map(drop)
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains(&format!("{alone} is no standby, and target_session_attrs asks for one")),
        "{refused}"
    );
    running.join().unwrap();
}

/// What a server tells of its machine is no part of what tells a store on several from others.
#[test]
fn a_session_goes_on_where_it_was_opened_and_the_store_is_one_on_all_of_them() {
    // The standby stands first, is there, and is not asked.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let standby = nobody.local_addr().unwrap().to_string();
    let (primary, running) = calling_itself("0");
    let options = Options::parse(&format!("mysql://ada:geheim@{standby},{primary}/shop")).unwrap();
    let connection = Connection::open(&options, None, Some(&primary), &CancelToken::default()).unwrap();
    assert_eq!(connection.host(), primary);
    let servers = connection.servers();
    drop(connection);
    running.join().unwrap();
    nobody.set_nonblocking(true).unwrap();
    assert!(nobody.accept().is_err(), "the standby was asked");
    let (alone, running) = calling_itself("0");
    let connection = open(&Options::parse(&format!("mysql://ada:geheim@{alone}/shop")).unwrap()).unwrap();
    assert_eq!(connection.servers(), None);
    drop(connection);
    running.join().unwrap();
    let mut both = [standby, primary];
    both.sort_unstable();
    assert_eq!(servers, Some(both.join(",")));
}

/// Why a server is not connected to that says nothing for as long as it is waited for, and answers the first word of another
/// protocol so. Whether anybody else came meanwhile.
fn silent(answer: &'static [u8]) -> (Fault, bool) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let running = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut first = [0; 8];
        stream.read_exact(&mut first).unwrap();
        stream.write_all(answer).unwrap();
        // Until the other end has heard enough.
        let _ = stream.read(&mut [0]);
        listener.set_nonblocking(true).unwrap();
        listener.accept().is_ok()
    });
    let options = Options::parse(&format!("mysql://ada:geheim@{address}/shop")).unwrap();
    let wait = (&CancelToken::default(), Duration::from_millis(300));
    let fault = Connection::chosen(&options, None, None, wait).map(drop).unwrap_err();
    (fault, running.join().unwrap())
}

#[test]
fn a_server_of_postgres_is_told_from_one_of_mysql_that_takes_its_time() {
    let (fault, has_others) = silent(b"N");
    assert!(
        matches!(
            fault,
            Fault::Said {
                blame: Blame::Mistaken,
                ..
            }
        ) && fault.to_string().contains("is one of PostgreSQL"),
        "{fault}"
    );
    assert!(!has_others, "one connection is enough");
    // The length of a greeting begins with the same byte.
    let (fault, _) = silent(b"N\0\0\0\x0a8.0.36\0\x07\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15");
    assert!(fault.is_of_connection(), "{fault}");
}

/// It looks up who comes, and a second connection would be one more that it has to.
#[test]
fn a_server_that_takes_its_time_is_asked_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let running = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut peer = Peer { stream, sequence: 0 };
        thread::sleep(Duration::from_millis(2_500));
        peer.greet("8.0.36", "mysql_native_password");
        peer.receive().unwrap();
        peer.send(OK);
        peer.serve();
        listener.set_nonblocking(true).unwrap();
        listener.accept().is_ok()
    });
    let options = Options::parse(&format!("mysql://ada:geheim@{address}/shop")).unwrap();
    assert_eq!(open(&options).unwrap().version(), "8.0.36");
    assert!(!running.join().unwrap(), "somebody else came meanwhile");
}
