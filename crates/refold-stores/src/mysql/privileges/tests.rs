use super::*;

fn grants(lines: &[&str]) -> Grants {
    Grants::of(lines.iter().map(|line| (*line).to_owned()), "shop")
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
    let powers = |line: &str| grants(&[line]).powers;
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
        grants(&[sleeping]).powers,
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
    let script = script(&[("a`; DROP".to_owned(), "events".to_owned())]);
    assert!(script.contains("`a``; DROP`.`events`"), "{script}");
}
