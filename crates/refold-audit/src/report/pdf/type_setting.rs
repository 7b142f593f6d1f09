//! Letters on a page: which glyphs a text has, how wide they are, and where its lines break.

use krilla::text::{Font, GlyphId, KrillaGlyph};

/// The fonts of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Text,
    Strong,
    Code,
}

/// One line of text where it is drawn.
pub(super) struct Line {
    pub x: f32,
    /// Of the base line.
    pub y: f32,
    pub style: Style,
    pub size: f32,
    pub is_grey: bool,
    pub text: String,
}

/// A font whose glyphs are looked up one by one. Nothing is joined or kerned: a report is read letter by letter.
struct Face {
    parsed: ttf_parser::Face<'static>,
    font: Font,
}

pub(super) struct Faces {
    text: Face,
    strong: Face,
    code: Face,
}

/// Where a line may end: behind these, unless they stand within a number or a time.
const BREAKS: [char; 9] = [' ', ',', ';', '/', '-', '_', '}', ']', ':'];

impl Faces {
    /// `None`: a font of this program is damaged.
    pub fn new() -> Option<Faces> {
        Some(Faces {
            text: Face::new(include_bytes!("fonts/Inter-Regular.ttf"))?,
            strong: Face::new(include_bytes!("fonts/Inter-SemiBold.ttf"))?,
            code: Face::new(include_bytes!("fonts/JetBrainsMono-Regular.ttf"))?,
        })
    }

    fn face(&self, style: Style) -> &Face {
        match style {
            Style::Text => &self.text,
            Style::Strong => &self.strong,
            Style::Code => &self.code,
        }
    }

    pub fn font(&self, style: Style) -> Font {
        self.face(style).font.clone()
    }

    /// The text as it can be drawn: a letter that the font lacks becomes its number, `[U+4E2D]`. Nothing is left out.
    pub fn drawable(&self, style: Style, text: &str) -> String {
        let face = self.face(style);
        let mut out = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter {
                // Our own lines stay lines.
                '\n' => out.push('\n'),
                '⟦' => out.push('['),
                '⟧' => out.push(']'),
                letter if face.parsed.glyph_index(letter).is_some() => out.push(letter),
                letter => out.push_str(&format!("[U+{:04X}]", u32::from(letter))),
            }
        }
        out
    }

    /// In points.
    pub fn width(&self, style: Style, size: f32, text: &str) -> f32 {
        text.chars().map(|letter| self.face(style).advance(letter)).sum::<f32>() * size
    }

    pub fn glyphs(&self, style: Style, text: &str) -> Vec<KrillaGlyph> {
        let face = self.face(style);
        let glyph = |(at, letter): (usize, char)| {
            let id = face.parsed.glyph_index(letter).unwrap_or_default();
            let range = at..at + letter.len_utf8();
            KrillaGlyph::new(
                GlyphId::new(id.0.into()),
                face.advance(letter),
                0.0,
                0.0,
                0.0,
                range,
                None,
            )
        };
        text.char_indices().map(glyph).collect()
    }

    /// The lines of a text that is drawable: its own, and what is too wide broken where it may, else anywhere.
    pub fn lines(&self, style: Style, size: f32, text: &str, width: f32) -> Vec<String> {
        text.split('\n')
            .flat_map(|line| self.broken(style, size, line, width))
            .collect()
    }

    fn broken(&self, style: Style, size: f32, text: &str, width: f32) -> Vec<String> {
        let face = self.face(style);
        let (mut lines, mut rest) = (Vec::new(), text);
        loop {
            let (mut end, mut may_end, mut at_width) = (rest.len(), None, 0.0);
            for (at, letter) in rest.char_indices() {
                at_width += face.advance(letter) * size;
                if at_width > width && at > 0 {
                    end = may_end.unwrap_or(at);
                    break;
                }
                if may_break(rest, at, letter) {
                    may_end = Some(at + letter.len_utf8());
                }
            }
            let (line, later) = rest.split_at(end);
            lines.push(line.trim_end_matches(' ').to_owned());
            if later.is_empty() {
                return lines;
            }
            rest = later;
        }
    }
}

/// Whether a line may end behind this letter. A time is one word to the letter between its day and its time of day.
fn may_break(text: &str, at: usize, letter: char) -> bool {
    let (before, behind) = text.as_bytes().split_at(at);
    let is_behind_digit = before.last().is_some_and(u8::is_ascii_digit);
    match (letter, behind) {
        ('T', [_, first, second, b':', ..]) => is_behind_digit && first.is_ascii_digit() && second.is_ascii_digit(),
        ('-' | ':' | ',', [_, next, ..]) => !(is_behind_digit && next.is_ascii_digit()),
        _ => BREAKS.contains(&letter),
    }
}

impl Face {
    fn new(bytes: &'static [u8]) -> Option<Face> {
        Some(Face {
            parsed: ttf_parser::Face::parse(bytes, 0).ok()?,
            font: Font::new(bytes.into(), 0)?,
        })
    }

    /// In parts of the size.
    fn advance(&self, letter: char) -> f32 {
        let glyph = self.parsed.glyph_index(letter).unwrap_or_default();
        let units = self.parsed.glyph_hor_advance(glyph).unwrap_or_default();
        f32::from(units) / f32::from(self.parsed.units_per_em())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_numbers_break_where_they_may_alone() {
        let faces = Faces::new().unwrap();
        for text in [
            "recorded 2024-06-01T12:00:00.123456789Z and 2016-12-31T23:59:60Z of 12,345,678 events",
            "its recorded time cannot be read: the text 2024-13-01 00:00:00",
        ] {
            // Narrow, and wide enough for each part.
            for width in 120..200 {
                let lines = faces.lines(Style::Text, 9.0, text, width as f32);
                let is_broken = |pair: &[String]| {
                    let (before, behind) = (pair[0].as_bytes(), pair[1].as_bytes());
                    let [.., digit, mark] = before else { return false };
                    b"-:,".contains(mark) && digit.is_ascii_digit() && behind[0].is_ascii_digit()
                };
                assert!(!lines.windows(2).any(is_broken), "{width}: {lines:?}");
            }
        }
    }
}
