use super::*;

fn value(text: &str, key: &str) -> Option<String> {
    let lines = lines(text).unwrap();
    lines
        .into_iter()
        .find(|(known, _)| known == key)
        .map(|(_, value)| value)
}

#[test]
fn the_groups_of_all_clients_are_read_and_no_others() {
    let text = "# ours\n[client]\nuser = ada\npassword=\"a#b\\\"c\" # not this\nssl_ca=/a b\n!include /etc/x\n\
                [mysqld]\nuser=mysql\n[client-mariadb]\nport=3307\nuser=eve # later wins\n";
    assert_eq!(value(text, "user").as_deref(), Some("eve"));
    assert_eq!(value(text, "password").as_deref(), Some("a#b\"c"));
    assert_eq!(value(text, "ssl-ca").as_deref(), Some("/a b"));
    assert_eq!(value(text, "port").as_deref(), Some("3307"));
    assert_eq!(value("[mysql]\nuser=x", "user"), None);
    assert_eq!(
        value("[client]\npassword=a\\sb\\", "password").as_deref(),
        Some("a b\\")
    );
}

#[test]
fn what_is_wrong_is_said_without_the_line() {
    for text in ["[client]\npassword='geheim", "[client\n"] {
        let why = lines(text).unwrap_err();
        assert!(why.contains("line") && !why.contains("geheim"), "{why}");
    }
}
