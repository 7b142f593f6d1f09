//! What is advised in an error is read on a command line and in the window, where nobody can type an option: its words
//! hold in both places, and what to type stands apart (`AppError::typed`).
//!
//! It is looked for in the sources, so that no hint is left out because no test comes by it. What is filled into a hint
//! is data (a name, a script for an administrator), and not looked at.

use std::collections::BTreeMap;

use refold_tests::{root, shown, sources};

/// Where errors come from that a face shows.
const ROOMS: [&str; 5] = [
    "crates/refold-core/src",
    "crates/refold-stores/src",
    "crates/refold-app/src",
    "crates/refold-cli/src",
    "src-tauri/src",
];

/// What is called advice here is a page for whoever checks a folder with a terminal.
const PAGES: [&str; 2] = [
    "crates/refold-app/src/usecase/evidence/anchor.rs",
    "crates/refold-app/src/usecase/evidence/prove.rs",
];

/// So many are there at the least: whoever finds fewer reads the sources wrong.
const FEWEST: usize = 300;

#[test]
fn no_hint_speaks_as_a_command_line_does() {
    let commands = commands();
    let (mut found, mut faults) = (0, Vec::new());
    for path in ROOMS.iter().flat_map(|room| sources(room, &[".rs"])) {
        let name = shown(&path);
        if name.contains("/tests") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("sources are text");
        let (hints, unseen) = hints_of(&text, !PAGES.contains(&&*name));
        found += hints.len();
        let spoken = hints.iter().filter_map(|hint| Some((hint, fault(hint, &commands)?)));
        faults.extend(spoken.map(|(hint, why)| format!("{name}: {why}: {hint}")));
        faults.extend(
            unseen
                .iter()
                .map(|hint| format!("{name}: the words of a hint are elsewhere: {hint}")),
        );
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(found >= FEWEST, "only {found} hints were found");
}

#[test]
fn hints_are_found_wherever_they_are_said() {
    let source = r##"
        //! `AppError::invalid(message, "of a comment")`
        const HINT: &str = "one";
        struct Shape<'a> { hint: &'a str }
        fn told(what: &str, hint: &str) -> AppError { AppError::invalid(format!("{what}: `x`"), hint) }
        fn advice(code: u8) -> &'static str { match code { 1 => "two", _ => r#"th"ree"# } }
        fn all() {
            let sign = ['"', '\'', '('];
            let refused = |why: String, hint: &str| AppError::new(ErrorCode::Denied, why, hint);
            told("`--message`", "four");
            refused("--why".to_owned(), "five");
            AppError::not_found(text(f(1, 2), "--no"), match x { true => "six", false => "sev\
                en" }).typed("refold info --json");
            let (code, hint) = match error { A => (1, "eight"), B => (2, "nine") };
            error.hint = "twelve".to_owned();
            error.advised("ten").typed("--option");
            StoreError::Odd { detail: "--detail".to_owned(), advice: "eleven" };
            AppError::internal("--none");
            AppError::invalid(message, elsewhere);
        }
#[cfg(test)]
mod tests { fn it() { AppError::invalid("", "--of a test"); } }
    "##;
    let (mut hints, unseen) = hints_of(source, true);
    hints.sort();
    let mut wanted = [
        "one", "two", "th\"ree", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    ];
    wanted.sort_unstable();
    assert_eq!(hints, wanted);
    assert_eq!(unseen, ["elsewhere"]);
    assert!(!hints_of(source, false).0.contains(&"eleven".to_owned()));
}

#[test]
fn a_command_line_is_known_when_it_is_seen() {
    let commands = ["info".to_owned(), "new-handler".to_owned()];
    for spoken in [
        "see `it`",
        "name it with --layout",
        "name it (--layout)",
        "--layout names it",
        "refold info lists them",
        "ask refold new-handler",
    ] {
        assert!(fault(spoken, &commands).is_some(), "{spoken}");
    }
    for plain in [
        "write v12, or -2h for two hours ago",
        "Refold never needs the right to write",
        "set REFOLD_HOME to another folder",
        "that refold opens",
        "an information",
    ] {
        assert_eq!(fault(plain, &commands), None, "{plain}");
    }
}

/// As the guide to the command line has a section for each.
fn commands() -> Vec<String> {
    let guide = std::fs::read_to_string(root().join("docs/cli.md")).expect("the guide is text");
    let is_command = |title: &&str| title.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let titles = guide.lines().filter_map(|line| line.strip_prefix("## "));
    let commands: Vec<String> = titles.filter(is_command).map(str::to_owned).collect();
    assert!(commands.len() > 30, "{commands:?}");
    commands
}

/// What of it can only be typed.
fn fault(hint: &str, commands: &[String]) -> Option<&'static str> {
    let is_option = |(_, after): (&str, &str)| after.starts_with(|first: char| first.is_ascii_lowercase());
    let is_command = |after: &str| {
        let word = after
            .split(|letter: char| !letter.is_ascii_lowercase() && letter != '-')
            .next();
        commands.iter().any(|command| Some(command.as_str()) == word)
    };
    if hint.contains('`') {
        Some("it holds a backtick")
    } else if hint
        .match_indices("--")
        .any(|(at, mark)| is_option(hint.split_at(at + mark.len())))
    {
        Some("it names an option")
    } else if hint.split("refold ").skip(1).any(is_command) {
        Some("it names a command")
    } else {
        None
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Mark(char),
}

/// The words of all hints of a source, and hints of which it is not seen where their words are. `with_advice`: what is
/// called advice is one.
fn hints_of(source: &str, with_advice: bool) -> (Vec<String>, Vec<String>) {
    // In-file tests stand at the end, below their attribute.
    let tokens = tokens(source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default());
    let is_name = |word: &str| word == "hint" || with_advice && (word == "advice" || word == "advice_when_empty");
    let takers = takers(&tokens, &is_name);
    let (mut hints, mut unseen) = (Vec::new(), Vec::new());
    for at in 0..tokens.len() {
        let rest = tokens.get(at..).unwrap_or_default();
        match rest {
            [Token::Word(before), bound @ ..] if before == "let" => {
                let pattern = bound
                    .split(|token| matches!(token, Token::Mark('=' | ';')))
                    .next()
                    .unwrap_or_default();
                if pattern
                    .iter()
                    .any(|token| matches!(token, Token::Word(word) if is_name(word)))
                {
                    hints.extend(texts(upto(bound.get(pattern.len()..).unwrap_or_default(), &[';'])));
                }
            }
            [Token::Word(name), Token::Mark('('), inside @ ..] => {
                let before = tokens.get(..at).unwrap_or_default();
                let Some(&place) = takers.get(&called(before, name)) else {
                    continue;
                };
                let hint = parts(inside, &[',']).into_iter().nth(place).unwrap_or_default();
                let is_passed_on = hint.iter().any(|token| {
                    matches!(token, Token::Word(word) if is_name(word) || word.eq_ignore_ascii_case("hint") || word == "advice")
                });
                let texts = texts(hint);
                if texts.is_empty() && !is_passed_on {
                    unseen.push(written(hint));
                }
                hints.extend(texts);
            }
            // A declaration of a function that is called so, up to its end.
            [Token::Word(before), Token::Word(name), Token::Mark('('), inside @ ..]
                if before == "fn" && is_name(name) =>
            {
                let body = inside.iter().skip_while(|token| **token != Token::Mark('{')).skip(1);
                hints.extend(texts(upto(&body.cloned().collect::<Vec<_>>(), &[])));
            }
            [Token::Word(before), Token::Word(name), bound @ ..] if before == "const" && name.contains("HINT") => {
                hints.extend(texts(upto(bound, &[';'])));
            }
            // What is set of an error that was made before.
            [Token::Word(name), Token::Mark('='), said @ ..] if name == "hint" => {
                hints.extend(texts(upto(said, &[';'])));
            }
            [Token::Word(name), Token::Mark(':'), said @ ..] if is_name(name) && !begins_a_type(said) => {
                hints.extend(texts(upto(said, &[',', ';'])));
            }
            _ => {}
        }
    }
    (hints, unseen)
}

/// What takes a hint, and as which of its arguments: those of `AppError`, and what this source says of its own.
fn takers(tokens: &[Token], is_name: &dyn Fn(&str) -> bool) -> BTreeMap<String, usize> {
    let known = [
        ("AppError::new", 2),
        ("AppError::invalid", 1),
        ("AppError::not_found", 1),
        ("advised", 0),
    ];
    let mut takers: BTreeMap<String, usize> = known.map(|(name, place)| (name.to_owned(), place)).into();
    for at in 0..tokens.len() {
        let (name, inside) = match tokens.get(at..).unwrap_or_default() {
            [Token::Word(before), Token::Word(name), Token::Mark('('), inside @ ..] if before == "fn" => (name, inside),
            [
                Token::Word(before),
                Token::Word(name),
                Token::Mark('='),
                Token::Mark('|'),
                inside @ ..,
            ] if before == "let" => (name, inside),
            _ => continue,
        };
        let is_self = |part: &&[Token]| !part.contains(&Token::Word("self".to_owned()));
        let place = parts(inside, &[',', '|'])
            .into_iter()
            .filter(is_self)
            .position(|part| matches!(part, [Token::Word(word), Token::Mark(':'), ..] if is_name(word)));
        // Those of `AppError` itself are known, and called by its name.
        let is_of_error = ["new", "invalid", "not_found", "advised"].contains(&name.as_str());
        if let Some(place) = place.filter(|_| !is_of_error) {
            takers.insert(name.clone(), place);
        }
    }
    takers
}

/// The name by which something is called, of `AppError` with that; nothing where it is declared.
fn called(before: &[Token], name: &str) -> String {
    match before {
        [.., Token::Word(word)] if word == "fn" => String::new(),
        [.., Token::Word(of), Token::Mark(':'), Token::Mark(':')] if of == "AppError" => format!("AppError::{name}"),
        _ => name.to_owned(),
    }
}

/// The arguments of a call, or the parameters of a function, from behind its opening bracket. `ends`: what ends one;
/// those of a closure begin behind its first stroke, and the next one ends them all.
fn parts<'t>(inside: &'t [Token], ends: &[char]) -> Vec<&'t [Token]> {
    let mut parts = Vec::new();
    let mut rest = inside;
    loop {
        let part = upto(rest, ends);
        parts.push(part);
        rest = match rest.get(part.len()..) {
            Some([Token::Mark(','), rest @ ..]) => rest,
            _ => return parts,
        };
    }
}

/// A parameter or a field that is declared, and not one that is given.
fn begins_a_type(tokens: &[Token]) -> bool {
    match tokens.first() {
        Some(Token::Word(word)) => word == "impl" || word == "String",
        Some(Token::Mark(mark)) => *mark == '&',
        Some(Token::Text(_)) | None => false,
    }
}

/// Up to one of the marks, or to the bracket that closes what was open before.
fn upto<'t>(tokens: &'t [Token], ends: &[char]) -> &'t [Token] {
    let mut depth = 0_u32;
    let end = tokens.iter().position(|token| {
        match token {
            Token::Mark('(' | '[' | '{') => depth += 1,
            Token::Mark(')' | ']' | '}') if depth == 0 => return true,
            Token::Mark(')' | ']' | '}') => depth -= 1,
            Token::Mark(mark) => return depth == 0 && ends.contains(mark),
            Token::Word(_) | Token::Text(_) => {}
        }
        false
    });
    end.and_then(|end| tokens.get(..end)).unwrap_or(tokens)
}

fn texts(tokens: &[Token]) -> Vec<String> {
    let text = |token: &Token| match token {
        Token::Text(text) => Some(text.clone()),
        Token::Word(_) | Token::Mark(_) => None,
    };
    tokens.iter().filter_map(text).collect()
}

fn written(tokens: &[Token]) -> String {
    let word = |token: &Token| match token {
        Token::Word(text) | Token::Text(text) => text.clone(),
        Token::Mark(mark) => mark.to_string(),
    };
    tokens.iter().map(word).collect()
}

/// Words, texts and marks of Rust, without comments and letters.
fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let fences = rest
            .strip_prefix('r')
            .map(|raw| raw.len() - raw.trim_start_matches('#').len());
        let raw = fences.filter(|fences| rest.get(1 + fences..).is_some_and(|raw| raw.starts_with('"')));
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        } else if let Some(fences) = raw {
            let end = format!("\"{}", "#".repeat(fences));
            let (text, after) = rest
                .get(2 + fences..)
                .unwrap_or_default()
                .split_once(&end)
                .expect("it ends");
            tokens.push(Token::Text(text.to_owned()));
            rest = after;
        } else if first == '"' {
            let (text, after) = text_of(rest.get(1..).unwrap_or_default());
            tokens.push(Token::Text(text));
            rest = after;
        } else if first == '\'' {
            rest = behind_letter(rest.get(1..).unwrap_or_default());
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest
                .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            tokens.push(Token::Word(word.to_owned()));
            rest = after;
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Mark(first));
            }
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    tokens
}

/// A text from behind its first quote, as a program has it, and what follows its last.
fn text_of(source: &str) -> (String, &str) {
    let mut text = String::new();
    let mut rest = source;
    loop {
        let (said, after) = rest.split_at(rest.find(['"', '\\']).expect("it ends"));
        text.push_str(said);
        let mut letters = after.chars();
        if letters.next() == Some('"') {
            return (text, letters.as_str());
        }
        rest = match letters.next() {
            // It goes on where the next line begins to say something.
            Some('\n') => letters.as_str().trim_start(),
            escaped => {
                text.extend(escaped);
                letters.as_str()
            }
        };
    }
}

/// What follows a letter in quotes, or the name of a lifetime, from behind its first quote.
fn behind_letter(source: &str) -> &str {
    let behind = |from: usize| {
        source
            .get(from..)
            .and_then(|rest| rest.split_once('\''))
            .map(|(_, rest)| rest)
    };
    match (source.chars().next(), source.chars().nth(1)) {
        (Some('\\'), Some(escaped)) => behind(1 + escaped.len_utf8()).unwrap_or_default(),
        (Some(letter), Some('\'')) => behind(letter.len_utf8()).unwrap_or_default(),
        _ => source,
    }
}
