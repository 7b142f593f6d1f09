use super::*;
use crate::server::powers::in_words;

fn grants(lines: &[&str]) -> Grants {
    Grants::of(lines.iter().map(|line| (*line).to_owned()), "shop", "r@%")
}

fn told(lines: &[&str]) -> Vec<String> {
    in_words(&grants(lines).powers)
}

#[test]
fn an_account_that_reads_has_no_powers() {
    let reader = grants(&[
        "GRANT USAGE ON *.* TO `r`@`%` IDENTIFIED BY PASSWORD '*ABC' WITH MAX_USER_CONNECTIONS 3",
        "GRANT SELECT ON `shop`.`events` TO `r`@`%`",
        "GRANT SELECT (`a`, `b`), SHOW VIEW ON `shop`.`others` TO `r`@`%`",
        "GRANT ALL PRIVILEGES ON `elsewhere`.* TO `r`@`%` WITH GRANT OPTION",
        "GRANT SELECT ON \"shop\".\"events\" TO \"r\"@\"%\"",
        "GRANT INSERT ON \"sh\"\"op\".* TO \"r\"@\"%\"",
        "REVOKE INSERT ON `shop`.* FROM `r`@`%`",
    ]);
    assert_eq!((reader.powers.as_slice(), reader.sees_writers), ([].as_slice(), false));
}

/// What may not be read is not shown: where only some columns are, a table may have more.
#[test]
fn what_is_read_in_part_is_told_from_what_is_read_whole() {
    let read = grants(&[
        "GRANT SELECT ON `shop`.`whole` TO `r`@`%`",
        "GRANT SELECT (`a`, `b`) ON `shop`.`part` TO `r`@`%`",
        "GRANT SELECT (`a`) ON \"shop\".\"wh\"\"ole\" TO \"r\"@\"%\"",
        "GRANT SELECT, SELECT (`a`) ON `shop`.`both` TO `r`@`%`",
        "GRANT SELECT (`a`) ON `shop`.`whole` TO `r`@`%`",
        "GRANT SELECT (`a`) ON `elsewhere`.`other` TO `r`@`%`",
        "GRANT SHOW VIEW ON `shop`.* TO `r`@`%`",
    ]);
    let in_part: Vec<&str> = read.read_in_part.iter().map(String::as_str).collect();
    assert_eq!(
        (in_part.as_slice(), read.reads_all),
        (["part", "wh\"ole"].as_slice(), false)
    );
    for all in [
        "GRANT SELECT ON `shop`.* TO `r`@`%`",
        "GRANT ALL PRIVILEGES ON *.* TO `r`@`%`",
    ] {
        assert!(grants(&[all]).reads_all, "{all}");
    }
}

#[test]
fn a_grant_names_the_account_as_the_server_does() {
    let lacking = |table: &str, columns: &[&str]| Lacking {
        table: ("sh`op".to_owned(), table.to_owned()),
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
    };
    let told = |table: &str, columns: &[&str]| grant("o'hara@10.%", &Lack::Of(&lacking(table, columns)));
    assert_eq!(
        told("events", &["a", "b"]),
        "GRANT SELECT (`a`, `b`) ON `sh``op`.`events` TO 'o''hara'@'10.%';"
    );
    assert_eq!(told("*", &[]), "GRANT SELECT ON `sh``op`.* TO 'o''hara'@'10.%';");
}

#[test]
fn whatever_could_change_something_is_a_power() {
    let powers = |line: &str| told(&[line]);
    assert_eq!(
        powers("GRANT SELECT, INSERT, UPDATE (`a`, `b`) ON `shop`.`t` TO `w`@`%`"),
        ["has INSERT, UPDATE (`a`, `b`) on `shop`.`t`"]
    );
    assert_eq!(
        powers("GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION"),
        ["has ALL PRIVILEGES on *.*", "may hand on its rights on *.*"]
    );
    assert_eq!(powers("GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `w`@`%`").len(), 1);
    assert_eq!(powers("GRANT LOCK TABLES ON `sh\\_p`.* TO `w`@`%`").len(), 0);
    assert_eq!(powers("GRANT LOCK TABLES ON `sh_p`.* TO `w`@`%`").len(), 1);
    assert_eq!(powers("GRANT LOCK TABLES ON `%`.* TO `w`@`%`").len(), 1);
    assert_eq!(powers("GRANT PROXY ON ''@'%' TO 'root'@'%' WITH GRANT OPTION").len(), 1);
    assert_eq!(powers("GRANT `writers`@`%` TO `w`@`%`").len(), 1);
}

#[test]
fn a_role_is_harmless_only_where_the_lines_tell_what_it_may() {
    let sleeping = "GRANT `readers` TO `r`@`%` WITH ADMIN OPTION";
    assert_eq!(
        told(&[sleeping]),
        ["is granted the role `readers`, whose rights are not looked at"]
    );
    let active = grants(&[
        sleeping,
        "GRANT USAGE ON *.* TO `readers`",
        "GRANT SELECT ON `shop`.* TO `readers`",
    ]);
    assert_eq!((active.powers.as_slice(), active.reads_all), ([].as_slice(), true));
    let others = grants(&[sleeping, "GRANT SELECT ON `shop`.* TO `readers_of_all`"]);
    assert_eq!(others.powers.len(), 1);
}

#[test]
fn everything_in_one_database_does_not_show_the_writers_of_the_server() {
    assert!(!grants(&["GRANT ALL PRIVILEGES ON `shop`.* TO `w`@`%`"]).sees_writers);
    assert!(grants(&["GRANT ALL PRIVILEGES ON *.* TO `w`@`%`"]).sees_writers);
}

#[test]
fn the_privilege_to_see_processes_is_noticed_and_harmless() {
    let seeing = grants(&["GRANT PROCESS ON *.* TO `r`@`%`"]);
    assert_eq!((seeing.powers.len(), seeing.sees_writers), (0, true));
}

#[test]
fn names_in_the_script_are_only_names() {
    let role = |name: &str| Role {
        name: name.to_owned(),
        powers: Vec::new(),
        is_standby: false,
        server: String::new(),
        host: String::new(),
        database: "shop".to_owned(),
        system: None,
    };
    let tables = [("a`; DROP".to_owned(), "events".to_owned())];
    let made = script(&role("app@%"), &tables);
    assert!(made.contains("`a``; DROP`.`events` TO 'refold_reader'@'%'"), "{made}");
    // It is there already.
    let other = script(&role("refold_reader@10.%"), &tables);
    assert!(other.starts_with("CREATE USER 'refold_reader_2'@'%'"), "{other}");
}

/// A right on the table in which rights are kept is one to all of them.
#[test]
fn writing_where_rights_are_kept_is_a_power_over_the_store() {
    assert_eq!(told(&["GRANT SELECT ON `mysql`.* TO `r`@`%`"]).len(), 0);
    assert!(!grants(&["GRANT SELECT ON `mysql`.* TO `r`@`%`"]).reads_all);
    assert_eq!(told(&["GRANT INSERT ON `mysql`.`global_priv` TO `r`@`%`"]).len(), 1);
}

#[test]
fn every_right_that_no_reader_needs_is_told_with_what_takes_it_away() {
    for right in [
        "ALTER",
        "DROP",
        "CREATE",
        "TRIGGER",
        "EVENT",
        "INDEX",
        "REFERENCES",
        "DELETE HISTORY",
        "CREATE TEMPORARY TABLES",
    ] {
        let found = grants(&[&format!("GRANT SELECT, {right} ON \"shop\".\"a\"\"b\" TO \"r\"@\"%\"")]).powers;
        let undo: Vec<Option<&str>> = found.iter().map(|power| power.undo.as_deref()).collect();
        assert_eq!(
            undo,
            [Some(format!("REVOKE {right} ON `shop`.`a\"b` FROM 'r'@'%';").as_str())],
            "{right}"
        );
    }
    let undone = |lines: &[&str]| crate::server::powers::undone(&grants(lines).powers);
    assert_eq!(
        undone(&["GRANT FILE ON *.* TO `r`@`%`"]),
        "REVOKE FILE ON *.* FROM 'r'@'%';"
    );
    assert_eq!(
        undone(&["GRANT SELECT ON `shop`.* TO `r`@`%` WITH GRANT OPTION"]),
        "REVOKE GRANT OPTION ON `shop`.* FROM 'r'@'%';"
    );
    let by_role = ["GRANT `writers` TO `r`@`%`", "GRANT DELETE ON `shop`.* TO `writers`"];
    assert_eq!(undone(&by_role), "REVOKE `writers` FROM 'r'@'%';");
    let public = grants(&["GRANT DELETE ON `shop`.* TO PUBLIC"]).powers;
    assert!(public.iter().all(|power| power.is_everybodys), "{public:?}");
    assert_eq!(
        crate::server::powers::undone(&public),
        "REVOKE DELETE ON `shop`.* FROM PUBLIC;"
    );
    // Nobody means to take everything from who may everything.
    assert_eq!(
        undone(&["GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION"]),
        ""
    );
}
