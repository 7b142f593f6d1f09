//! Pictures of the documentation: each that a page shows is there, is one that the lane takes, and is small.

use std::collections::BTreeSet;
use std::path::PathBuf;

use refold_tests::{root, shown, sources};

/// A page is read over slow lines too.
const MOST_BYTES: u64 = 150_000;

#[test]
fn every_picture_of_a_page_is_taken_by_the_lane_and_no_other_is_kept() {
    let mut wanted = BTreeSet::new();
    let mut faults = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("pages are text");
        for name in pictures_of(&text) {
            if !root().join("docs/pictures").join(&name).is_file() {
                faults.push(format!("{} shows a picture that is not there: {name}", shown(&page)));
            }
            wanted.insert(name);
        }
    }
    let kept: BTreeSet<String> = std::fs::read_dir(root().join("docs/pictures"))
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be listed").file_name().to_string_lossy().into())
        .collect();
    let unnamed = kept
        .difference(&wanted)
        .map(|name| format!("no page shows the picture {name}"));
    faults.extend(unnamed);
    let lane = std::fs::read_to_string(root().join("tests/e2e/pictures.rs")).expect("the lane is there");
    for name in &kept {
        let is_taken = view_of(name).is_some_and(|view| lane.contains(&format!("\"{view}\"")));
        if !is_taken {
            faults.push(format!("tests/e2e/pictures.rs does not take the picture {name}"));
        }
        let bytes = std::fs::metadata(root().join("docs/pictures").join(name)).map_or(0, |it| it.len());
        if bytes > MOST_BYTES {
            faults.push(format!(
                "the picture {name} has {bytes} bytes, and may have {MOST_BYTES}"
            ));
        }
    }
    assert!(faults.is_empty(), "\n{}\n(cargo xtask pictures)", faults.join("\n"));
}

fn pages() -> Vec<PathBuf> {
    let mut pages = sources("docs", &[".md"]);
    pages.push(root().join("README.md"));
    pages
}

fn pictures_of(page: &str) -> Vec<String> {
    let links = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links
        .filter_map(|path| path.split_once("pictures/").map(|(_, name)| name.to_owned()))
        .collect()
}

/// `history-diff` of `history-diff-light-1440x900.png`.
fn view_of(name: &str) -> Option<&str> {
    let (rest, size) = name.strip_suffix(".png")?.rsplit_once('-')?;
    let (view, theme) = rest.rsplit_once('-')?;
    let is_size = matches!(size, "1440x900" | "1024x640");
    (is_size && matches!(theme, "light" | "dark")).then_some(view)
}
