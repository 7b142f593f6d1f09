use super::*;

#[test]
fn a_home_is_taken_as_it_is_or_below_the_present_folder() {
    let here = env::current_dir().unwrap();
    for (given, expected) in [
        (None, None),
        (Some(""), None),
        (Some("/somewhere/else"), Some(PathBuf::from("/somewhere/else"))),
        (Some("mine"), Some(here.join("mine"))),
        (Some("./mine"), Some(here.join("mine"))),
    ] {
        assert_eq!(home_of_ours(given.map(OsString::from)), expected, "{given:?}");
    }
}
