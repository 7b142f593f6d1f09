//! What an account could do beside reading, and what takes it away.
//!
//! It must not know any server: which rights there are, and how one is taken away, an adapter says.

/// Something that an account could do beside reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Power {
    /// In words that follow its name: `is a superuser`.
    pub could: String,
    /// What takes it away and nothing else: statements on one line. `None`: nothing does.
    pub undo: Option<String>,
    /// Whoever signs in has it, so that another account would have it too.
    pub is_everybodys: bool,
}

/// What an account could do, in words.
pub fn in_words(powers: &[Power]) -> Vec<String> {
    powers.iter().map(|power| power.could.clone()).collect()
}

/// What takes all of these away, on one line; empty where something would be left.
pub fn undone(powers: &[Power]) -> String {
    let undone: Option<Vec<&str>> = powers.iter().map(|power| power.undo.as_deref()).collect();
    undone.unwrap_or_default().join(" ")
}

/// What takes from everybody what another account would have too, on one line.
pub fn undone_for_everybody(powers: &[Power]) -> String {
    let everybodys = powers.iter().filter(|power| power.is_everybodys);
    let undone: Vec<&str> = everybodys.filter_map(|power| power.undo.as_deref()).collect();
    undone.join(" ")
}

/// What an account is called that is made in the place of one: never as that one.
pub fn other_name(account: &str) -> &'static str {
    match account {
        "refold_reader" => "refold_reader_2",
        _ => "refold_reader",
    }
}
