//! Edits as a person typed them: each text is JSON, one edit or a list of them, and no file has them.

use refold_core::value::Value;
use refold_handlers::error::{Mark, PackageError, code};
use refold_handlers::lab::sandbox::Edits;

use crate::error::AppError;
use crate::handler::advice;

/// Says what the texts are written in; no message names it.
const NAME: &str = "edits.json";
/// Lines before the first edit.
const HEAD: &str = "{\"refold\": \"whatif/1\", \"edits\": [\n";

/// See the module.
pub struct Typed {
    pieces: Vec<Piece>,
}

/// One edit.
struct Piece {
    /// That of the text it stands in, from 1.
    number: usize,
    /// Where it begins in that text.
    start: Mark,
    text: String,
}

impl Typed {
    pub fn read(texts: &[String]) -> Result<Typed, AppError> {
        let mut pieces = Vec::with_capacity(texts.len());
        for (text, number) in texts.iter().zip(1..) {
            let read = Value::from_json(text.as_bytes(), Value::MAX_DEPTH).map_err(|wrong| {
                let place = place(number, Mark::from_offset(text, wrong.offset));
                let code = code::PKG_SYNTAX;
                AppError::invalid(
                    format!("{code}: this is not JSON: {} ({place})", wrong.message),
                    advice(code),
                )
            })?;
            match read {
                Value::Array(_) => pieces.extend(members(text).into_iter().map(|(at, member)| Piece {
                    number,
                    start: Mark::from_offset(text, at),
                    text: member.to_owned(),
                })),
                _ => pieces.push(Piece {
                    number,
                    start: Mark::START,
                    text: text.clone(),
                }),
            }
        }
        Ok(Typed { pieces })
    }

    /// Each as it was typed.
    pub fn texts(&self) -> Vec<String> {
        self.pieces.iter().map(|piece| piece.text.clone()).collect()
    }

    pub fn edits(&self) -> Result<Edits, AppError> {
        let texts: Vec<&str> = self.pieces.iter().map(|piece| piece.text.as_str()).collect();
        let file = format!("{HEAD}{}\n]}}", texts.join(",\n"));
        Edits::read(NAME, file.as_bytes()).map_err(|error| self.told(&error))
    }

    /// What is wrong with an edit, by its number: a person sees one edit, not the list of them.
    pub fn told(&self, error: &PackageError) -> AppError {
        let place = error.place.as_ref().and_then(|found| self.place(found.mark));
        let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
        AppError::invalid(format!("{}: {}{place}", error.code, error.message), advice(error.code))
    }

    /// Where a place of all edits lies in what was typed.
    fn place(&self, mark: Mark) -> Option<String> {
        let mut first = Mark::from_offset(HEAD, HEAD.len()).line;
        for piece in &self.pieces {
            let next = first.saturating_add(Mark::from_offset(&piece.text, piece.text.len()).line);
            if (first..next).contains(&mark.line) {
                let is_first = mark.line == first;
                let line = piece.start.line.saturating_add(mark.line - first);
                let before = if is_first { piece.start.column - 1 } else { 0 };
                let column = mark.column.saturating_add(before);
                return Some(place(piece.number, Mark { line, column }));
            }
            first = next;
        }
        None
    }
}

fn place(number: usize, Mark { line, column }: Mark) -> String {
    format!("edit {number}, line {line}, column {column}")
}

/// The members of an array that is known to be JSON, as they are written, and where each begins.
fn members(array: &str) -> Vec<(usize, &str)> {
    let is_between = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',');
    let mut members = Vec::new();
    let mut at = array.find('[').map_or(array.len(), |at| at + 1);
    loop {
        let rest = array.as_bytes().get(at..).unwrap_or_default();
        at += rest.iter().take_while(|byte| is_between(byte)).count();
        let Ok((_, end)) = Value::read_json(array.as_bytes(), at, Value::MAX_DEPTH) else {
            return members;
        };
        let Some(member) = array.get(at..end) else {
            return members;
        };
        members.push((at, member));
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(texts: &[&str]) -> String {
        let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        let edits = Typed::read(&texts).and_then(|typed| typed.edits());
        edits.unwrap_err().message
    }

    #[test]
    fn what_is_not_json_is_refused_where_it_is() {
        let good = r#"{"skip": "v1"}"#;
        for (text, place) in [
            (r#"{"edit":"v8","set":{"/amount": 012.5}}"#, "edit 2, line 1, column 33"),
            (r"{'edit': 'v8', 'set': {'/paid': yes,}}", "edit 2, line 1, column 2"),
            (r#"{"edit":"v8","set":{"/amount": }}"#, "edit 2, line 1, column 32"),
            ("{\"orderId\": 1,\n\"amount\": 012.5}", "edit 2, line 2, column 12"),
        ] {
            let told = wrong(&[good, text]);
            assert!(told.starts_with("RF-PKG-SYNTAX: this is not JSON: "), "{told}");
            assert!(told.ends_with(&format!("({place})")), "{text}: {told}");
        }
    }

    #[test]
    fn what_is_no_edit_is_told_where_it_was_typed() {
        let told = wrong(&[
            "{\n \"skip\": \"v1\"\n}",
            "\n[ {\"skip\": \"v2\"},\n  {\"leave\": \"v3\"} ]",
        ]);
        let expected = "RF-EDITS: an edit is exactly one of skip, edit, insert, move (edit 2, line 3, column 3)";
        assert_eq!(told, expected);
        let told = wrong(&["[{\"skip\": \"v2\"}, {\"leave\": \"v3\"}]"]);
        assert!(told.ends_with("(edit 1, line 1, column 18)"), "{told}");
    }

    #[test]
    fn a_list_of_edits_is_as_many_as_it_has() {
        let list = "[{\"edit\": \"v2\", \"set\": {\"/a\": 12.50}} , {\"skip\": \"v3\"}]";
        let typed = Typed::read(&["{\"skip\": \"v1\"}".to_owned(), list.to_owned(), "[ ]".to_owned()]).unwrap();
        assert_eq!(
            typed.texts(),
            [
                r#"{"skip": "v1"}"#,
                r#"{"edit": "v2", "set": {"/a": 12.50}}"#,
                r#"{"skip": "v3"}"#
            ]
        );
        assert_eq!(typed.edits().unwrap().edits.len(), 3);
    }
}
