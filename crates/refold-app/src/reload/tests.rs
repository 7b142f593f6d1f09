//! What counts as a change of the files of a handler.

use std::fs;
use std::path::Path;

use super::stamp::Stamp;

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn whatever_is_done_to_a_file_of_a_package_is_seen_and_what_is_no_part_of_it_is_not() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 5] = [
        ("written longer", |folder| {
            write(&folder.join("versions/1/reducer.yaml"), "on: {}\n")
        }),
        ("put in its place, of the same size and time", |folder| {
            let file = folder.join("versions/1/reducer.yaml");
            let modified = fs::metadata(&file).unwrap().modified().unwrap();
            write(&folder.join(".new"), "no");
            fs::File::options()
                .write(true)
                .open(folder.join(".new"))
                .unwrap()
                .set_modified(modified)
                .unwrap();
            fs::rename(folder.join(".new"), file).unwrap();
        }),
        ("added", |folder| write(&folder.join("tests/first.case.yaml"), "")),
        ("taken away", |folder| {
            fs::remove_file(folder.join("handler.toml")).unwrap()
        }),
        ("the whole folder", |folder| fs::remove_dir_all(folder).unwrap()),
    ];
    for (what, change) in changes {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("order");
        write(&package.join("handler.toml"), "format");
        write(&package.join("versions/1/reducer.yaml"), "on");
        let before = Stamp::of(&package);
        assert_eq!(before, Stamp::of(&package));
        change(&package);
        assert_ne!(before, Stamp::of(&package), "{what}");
    }

    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("handler.toml"), "format");
    let before = Stamp::of(folder.path());
    for other in [
        ".git/index",
        ".handler.toml.swp",
        "__pycache__/a.pyc",
        "node_modules/b/c.js",
        "target/d",
    ] {
        write(&folder.path().join(other), "other");
        assert_eq!(before, Stamp::of(folder.path()), "{other}");
    }
}

#[test]
fn a_bare_file_is_looked_at_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("order.yaml");
    assert_eq!(Stamp::of(&file), Stamp::default());
    write(&file, "on");
    let before = Stamp::of(&file);
    write(&folder.path().join("other.yaml"), "on");
    assert_eq!(before, Stamp::of(&file));
    write(&file, "on: {}");
    assert_ne!(before, Stamp::of(&file));
}
