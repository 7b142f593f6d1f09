//! What the text of a handler tells of a fault that the engine leaves bare: which call was growing a text or a list when it
//! was stopped, and where it asks for a module.

/// Functions of JavaScript itself that make as long a text or list as they are told to.
const GROWING: [&str; 15] = [
    "repeat",
    "padStart",
    "padEnd",
    "fill",
    "from",
    "concat",
    "join",
    "split",
    "replaceAll",
    "stringify",
    "push",
    "unshift",
    "slice",
    "flat",
    "flatMap",
];

/// Places are lines and columns, from 1.
type Place = (usize, usize);

#[derive(Debug, Default)]
pub struct Advice {
    growing: Vec<(Place, &'static str)>,
    import: Option<Place>,
}

impl Advice {
    pub fn of(source: &str) -> Advice {
        let mut advice = Advice::default();
        let mut reading = Reading::new(source);
        // Whether an `export` is open that may be one of another module.
        let mut exported = None;
        let (mut before, mut before_at) = ("", (0, 0));
        while let Some((at, word)) = reading.next_token() {
            match word {
                "import" if before != "." && !matches!(reading.peek(), Some('(' | '.' | ':')) => {
                    advice.import.get_or_insert(at);
                }
                "export" if before != "." => exported = Some(at),
                "from" if exported.is_some() && matches!(reading.peek(), Some('\'' | '"')) => {
                    advice.import = advice.import.or(exported);
                }
                // What is exported from elsewhere is `*`, or names in braces.
                "default" | "const" | "let" | "var" | "function" | "class" | "async" | ";" => exported = None,
                _ => {}
            }
            // The engine says where the dot stands.
            if let Some(name) = GROWING.iter().find(|name| **name == word)
                && before == "."
                && reading.peek() == Some('(')
            {
                advice.growing.push((before_at, name));
            }
            (before, before_at) = (word, at);
        }
        advice
    }

    /// The function of the engine that was called there, where it makes a text or a list.
    pub fn growing_at(&self, place: Option<&str>) -> Option<&'static str> {
        let place = place_of(place?)?;
        let found = self.growing.iter().find(|(at, _)| *at == place);
        found.map(|(_, name)| *name)
    }

    /// Where it first asks for another module.
    pub fn import(&self) -> Option<Place> {
        self.import
    }
}

/// Of `handler.js:12:7`.
fn place_of(place: &str) -> Option<Place> {
    let mut parts = place.rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    Some((parts.next()?.parse().ok()?, column))
}

/// The words and signs of a source, without what stands in texts and comments.
struct Reading<'s> {
    source: &'s str,
    at: usize,
    line: usize,
    line_start: usize,
}

impl<'s> Reading<'s> {
    fn new(source: &'s str) -> Reading<'s> {
        Reading {
            source,
            at: 0,
            line: 1,
            line_start: 0,
        }
    }

    fn rest(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// Goes on by so many bytes.
    fn skip(&mut self, bytes: usize) {
        let end = (self.at + bytes).min(self.source.len());
        let passed = self.source.get(self.at..end).unwrap_or_default();
        if let Some(last) = passed.rfind('\n') {
            self.line += passed.matches('\n').count();
            self.line_start = self.at + last + 1;
        }
        self.at = end;
    }

    fn skip_to(&mut self, mark: &str) {
        let rest = self.rest();
        self.skip(rest.find(mark).map_or(rest.len(), |at| at + mark.len()));
    }

    /// What follows blanks and comments.
    fn peek(&mut self) -> Option<char> {
        loop {
            let rest = self.rest();
            if rest.starts_with("//") {
                self.skip(rest.find('\n').unwrap_or(rest.len()));
            } else if rest.starts_with("/*") {
                self.skip(2);
                self.skip_to("*/");
            } else {
                let next = rest.chars().next()?;
                if !next.is_whitespace() {
                    return Some(next);
                }
                self.skip(next.len_utf8());
            }
        }
    }

    /// The next word, or sign, and where it stands.
    fn next_token(&mut self) -> Option<(Place, &'s str)> {
        loop {
            let next = self.peek()?;
            let at = self.source.get(self.line_start..self.at).unwrap_or_default();
            let place = (self.line, at.chars().count() + 1);
            let rest = self.rest();
            if matches!(next, '\'' | '"' | '`') {
                self.skip_text(next);
                continue;
            }
            let is_of_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '$');
            let length = match is_of_word(next) {
                true => rest.find(|letter| !is_of_word(letter)).unwrap_or(rest.len()),
                false => next.len_utf8(),
            };
            self.skip(length);
            return Some((place, rest.get(..length).unwrap_or_default()));
        }
    }

    /// Past a text in quotes; in those of one line it ends with the line, whatever is in it.
    fn skip_text(&mut self, quote: char) {
        self.skip(1);
        while let Some(letter) = self.rest().chars().next() {
            self.skip(letter.len_utf8());
            match letter {
                '\\' => {
                    let escaped = self.rest().chars().next().map_or(0, char::len_utf8);
                    self.skip(escaped);
                }
                '\n' if quote != '`' => return,
                _ if letter == quote => return,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_where_they_are_asked_for_and_nowhere_else() {
        for (source, found) in [
            ("import fs from 'fs'", Some((1, 1))),
            ("// import a from 'a'\n  import 'b';", Some((2, 3))),
            ("/* import */ export * from \"c\"", Some((1, 14))),
            ("const a = 1\nexport { b } from 'd'", Some((2, 1))),
            ("const t = 'import x'; const u = `\nimport y from 'y'`", None),
            ("export default { on: { import(state) {}, from: 'x' } }", None),
            ("export const from = 'a'; const o = { x: a.import }", None),
            ("const m = import.meta; import('x')", None),
            ("const s = \"\\\"\"; import z from 'z'", Some((1, 17))),
        ] {
            assert_eq!(Advice::of(source).import(), found, "{source}");
        }
    }

    #[test]
    fn what_grows_is_known_by_its_place() {
        let advice = Advice::of("const a = 1\n  s.big = 'é'.repeat(9) // repeat(1)\n'repeat(2)'; repeat = 3");
        assert_eq!(advice.growing_at(Some("handler.js:2:14")), Some("repeat"));
        assert_eq!(advice.growing_at(Some("handler.js:2:3")), None);
        assert_eq!(advice.growing.len(), 1);
        assert_eq!(advice.growing_at(None), None);
    }
}
