use super::*;

fn role(name: &str, database: &str) -> Role {
    Role {
        name: name.to_owned(),
        powers: Vec::new(),
        is_standby: false,
        server: String::new(),
        host: String::new(),
        database: database.to_owned(),
        system: None,
    }
}

/// Of the role `r"r`.
fn held(kind: &str, thing: &str, holder: Option<&str>, right: &str, is_grantable: bool, through: &[&str]) -> Held {
    Held {
        kind: kind.to_owned(),
        things: vec![thing.to_owned()],
        holder: holder.map(str::to_owned),
        rights: vec![(right.to_owned(), is_grantable)],
        through: through.iter().map(|&role| role.to_owned()).collect(),
        signed_in: "r\"r".to_owned(),
    }
}

/// A script that makes the very role that is refused is of no use: it is there.
#[test]
fn a_role_is_never_made_in_its_own_place() {
    let tables = [("es".to_owned(), "events".to_owned())];
    let script = script(&role("refold_reader", "shop"), &tables, false);
    assert!(script.starts_with("CREATE ROLE refold_reader_2 "), "{script}");
    assert_eq!(
        script.matches("refold_reader").count(),
        script.matches("refold_reader_2").count()
    );
}

#[test]
fn what_a_role_could_do_is_told_with_what_takes_it_away() {
    let own = Some("r\"r");
    let rows = vec![
        held("SCHEMA", "es", own, "CREATE", false, &[]),
        held("SEQUENCE", "es.a_seq", own, "UPDATE", false, &[]),
        held("SEQUENCE", "es.a_seq", own, "USAGE", true, &[]),
        held("TABLE", "es.a", own, "INSERT", false, &[]),
        held("TABLE", "es.a", own, "SELECT", true, &[]),
        held("TABLE", "es.b", own, "INSERT", false, &[]),
        held("TABLE", "es.b", own, "SELECT", true, &[]),
        held("SEQUENCE", "es.a_seq", None, "UPDATE", false, &[]),
        held("TABLE", "es.a", Some("writers"), "UPDATE (x)", false, &["staff"]),
        held("ROLE", "staff", Some("staff"), "CREATEROLE", false, &["staff"]),
        held(
            "ROLE",
            "pg_maintain",
            Some("pg_maintain"),
            "MEMBER",
            false,
            &["pg_maintain"],
        ),
        held("ROLE", "\"r\"\"r\"", own, "CREATEDB", false, &[]),
        held("ROLE", "readers", own, "ADMIN", false, &[]),
    ];
    let powers: Vec<Power> = grouped(rows).iter().map(Held::power).collect();
    let told: Vec<(&str, &str)> = powers
        .iter()
        .map(|power| (power.could.as_str(), power.undo.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(
        told,
        [
            (
                "has CREATE on the schema es",
                "REVOKE CREATE ON SCHEMA es FROM \"r\"\"r\";"
            ),
            (
                "has UPDATE, USAGE WITH GRANT OPTION on the sequence es.a_seq",
                "REVOKE UPDATE, USAGE ON SEQUENCE es.a_seq FROM \"r\"\"r\";"
            ),
            (
                "has INSERT, SELECT WITH GRANT OPTION on the table es.a, es.b",
                "REVOKE INSERT ON TABLE es.a, es.b FROM \"r\"\"r\"; \
                 REVOKE GRANT OPTION FOR SELECT ON TABLE es.a, es.b FROM \"r\"\"r\";"
            ),
            (
                "has UPDATE on the sequence es.a_seq, as everybody has",
                "REVOKE UPDATE ON SEQUENCE es.a_seq FROM PUBLIC;"
            ),
            (
                "has UPDATE (x) on the table es.a as the role writers",
                "REVOKE \"staff\" FROM \"r\"\"r\";"
            ),
            ("may make roles as the role staff", "REVOKE \"staff\" FROM \"r\"\"r\";"),
            ("is a member of pg_maintain", "REVOKE \"pg_maintain\" FROM \"r\"\"r\";"),
            ("may make databases", "ALTER ROLE \"r\"\"r\" NOCREATEDB;"),
            (
                "may hand on the role readers",
                "REVOKE ADMIN OPTION FOR readers FROM \"r\"\"r\";"
            ),
        ]
    );
}

/// What is owned is not given, and nobody is told to take a right from a superuser.
#[test]
fn what_cannot_be_taken_away_is_told_without_a_statement() {
    for (row, could) in [
        (
            held("TABLE", "es.a", Some("r\"r"), "OWNER", false, &[]),
            "owns the table es.a",
        ),
        (
            held("SCHEMA", "es", Some("pg_database_owner"), "OWNER", false, &[]),
            "owns the schema es",
        ),
        (
            held("ROLE", "\"r\"\"r\"", Some("r\"r"), "SUPERUSER", false, &[]),
            "is a superuser",
        ),
    ] {
        let power = row.power();
        assert_eq!((power.could.as_str(), &power.undo), (could, &None));
    }
}

#[test]
fn the_script_names_exactly_what_is_read() {
    let table = |schema: &str, name: &str| (schema.to_owned(), name.to_owned());
    let script = script(
        &role("app", "sh\"op"),
        &[
            table("es", "events"),
            table("es", "Odd name"),
            table("public", "streams"),
        ],
        false,
    );
    assert_eq!(
        script,
        "CREATE ROLE refold_reader LOGIN PASSWORD '…' CONNECTION LIMIT 3; \
         ALTER ROLE refold_reader SET default_transaction_read_only = on; \
         ALTER ROLE refold_reader SET statement_timeout = '30s'; \
         GRANT CONNECT ON DATABASE \"sh\"\"op\" TO refold_reader; \
         GRANT USAGE ON SCHEMA \"es\" TO refold_reader; \
         GRANT USAGE ON SCHEMA \"public\" TO refold_reader; \
         GRANT SELECT ON \"es\".\"events\" TO refold_reader; \
         GRANT SELECT ON \"es\".\"Odd name\" TO refold_reader; \
         GRANT SELECT ON \"public\".\"streams\" TO refold_reader;"
    );
}

/// Else it would be refused for the rows that are hidden from it.
#[test]
fn a_role_for_tables_that_hide_rows_is_shown_all_of_them() {
    let tables = [("es".to_owned(), "events".to_owned())];
    let [plain, seeing] = [false, true].map(|hides_rows| script(&role("app", "shop"), &tables, hides_rows));
    assert!(!plain.contains("BYPASSRLS"));
    assert_eq!(seeing.replace("ALTER ROLE refold_reader BYPASSRLS; ", ""), plain);
    assert_ne!(seeing, plain);
    assert_eq!(grant("a\"b", &Lack::Rows), "ALTER ROLE \"a\"\"b\" BYPASSRLS;");
}
