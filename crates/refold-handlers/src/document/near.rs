//! Which of the words that are known somebody may have meant.

/// The nearest of `known`: in few letters another word, a third of them at most. `None` where none is near.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let letters = lowered(word);
    let most = (letters.len() / 3).max(1);
    let far = |name: &str| distance(&letters, &lowered(name));
    let near = known.into_iter().map(|name| (far(name), name));
    near.filter(|(far, name)| *far <= most && *far < name.chars().count())
        .min()
        .map(|(_, name)| name)
}

fn lowered(word: &str) -> Vec<char> {
    word.chars().flat_map(char::to_lowercase).collect()
}

/// How many letters must be put in, taken out, changed, or swapped with the next.
fn distance(from: &[char], to: &[char]) -> usize {
    // Each row has a cell more than `to` has letters, and the row before is full from the second on.
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, letter) in from.iter().enumerate() {
        let mut next = vec![at + 1];
        for (column, wanted) in to.iter().enumerate() {
            let is_other = usize::from(letter != wanted);
            let mut least = (row[column] + is_other).min(row[column + 1] + 1).min(next[column] + 1);
            let is_swapped = at > 0 && column > 0 && from[at - 1] == *wanted && *letter == to[column - 1];
            if is_swapped {
                least = least.min(before[column - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_meant() {
        for (word, meant) in [
            ("titel", Some("title")),
            ("Title", Some("title")),
            ("nme", Some("name")),
            ("versoin", Some("version")),
            ("color", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, ["name", "title", "version", "id"]), meant, "{word}");
        }
    }
}
