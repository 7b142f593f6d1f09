use super::*;

#[test]
fn the_script_names_exactly_what_is_read() {
    let table = |schema: &str, name: &str| (schema.to_owned(), name.to_owned());
    let script = script(
        "sh\"op",
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
    let [plain, seeing] = [false, true].map(|hides_rows| script("shop", &tables, hides_rows));
    assert!(!plain.contains("BYPASSRLS"));
    assert_eq!(seeing.replace("ALTER ROLE refold_reader BYPASSRLS; ", ""), plain);
    assert_ne!(seeing, plain);
    assert_eq!(grant("a\"b", &Lack::Rows), "ALTER ROLE \"a\"\"b\" BYPASSRLS;");
}
