//! `cargo xtask pictures`: the pictures of the documentation, taken anew by the lane that drives the window.
//!
//! The pages say which they want by naming them; what no page names any more goes. `tests/suite/tidy/pictures.rs` holds
//! that none is missing and none is left over.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::step::Steps;
use crate::{Outcome, system, test};

/// `only_copy`: the lane took them before, they are in `target/pictures`.
pub fn run(only_copy: bool) -> Outcome {
    let mut steps = Steps::default();
    system::need(&[system::WINDOW, system::SCREENLESS, system::TESTS])?;
    if !only_copy {
        test::window_where(&mut steps, Some("pictures::"))?;
    }
    let root = crate::root();
    let (taken, kept) = (root.join("target/pictures"), root.join("docs/pictures"));
    let wanted = wanted(&root)?;
    for name in &wanted {
        shrink(&taken.join(name), &kept.join(name))?;
    }
    for entry in fs::read_dir(&kept)
        .map_err(|error| unreadable(&kept, &error))?
        .flatten()
    {
        if !wanted.contains(&*entry.file_name().to_string_lossy()) {
            fs::remove_file(entry.path()).map_err(|error| unreadable(&entry.path(), &error))?;
        }
    }
    println!("{} pictures in docs/pictures", wanted.len());
    Ok(())
}

/// The names of the pictures that pages show.
fn wanted(root: &Path) -> Outcome<BTreeSet<String>> {
    let mut pages = vec![root.join("README.md")];
    pages_below(&root.join("docs"), &mut pages)?;
    let mut names = BTreeSet::new();
    for page in pages {
        let text = fs::read_to_string(&page).map_err(|error| unreadable(&page, &error))?;
        let shown = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        names.extend(shown.filter_map(|path| path.split_once("pictures/").map(|(_, name)| name.to_owned())));
    }
    Ok(names)
}

fn pages_below(folder: &Path, pages: &mut Vec<PathBuf>) -> Outcome {
    for entry in fs::read_dir(folder)
        .map_err(|error| unreadable(folder, &error))?
        .flatten()
    {
        let path = entry.path();
        if path.is_dir() {
            pages_below(&path, pages)?;
        } else if path.extension().is_some_and(|it| it == "md") {
            pages.push(path);
        }
    }
    Ok(())
}

/// 256 colours are enough for a window, and a fifth of the bytes.
fn shrink(taken: &Path, kept: &Path) -> Outcome {
    let out = format!("png8:{}", kept.display());
    let shrunk = Command::new("convert")
        .arg(taken)
        .args([
            "-strip",
            "-dither",
            "None",
            "-colors",
            "256",
            "-define",
            "png:compression-level=9",
        ])
        .arg(&out)
        .status();
    match shrunk {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!(
            "the lane took no such picture, or it cannot be read: {}",
            taken.display()
        )),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("cannot read or change it ({error}): {}", path.display())
}
