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

#[test]
fn a_user_without_a_home_gets_no_folder_that_is_for_everybody() {
    let none = Places::of_system(|_| None);
    // What the system itself knows of the user of this test, or nothing.
    match env::home_dir().filter(|home| home.is_absolute()) {
        Some(home) => assert!(none.unwrap().config.starts_with(home)),
        None => assert!(none.unwrap_err().message.contains("no home folder")),
    }
    let home = |name: &str| (name == "HOME").then(|| PathBuf::from("/home/ada"));
    assert_eq!(
        Places::of_system(home).unwrap().config,
        Path::new("/home/ada/.config/refold")
    );
}
