//! The pages as a PDF: PDF/A-2a and PDF/UA-1, tagged, every font embedded, with the same bytes for the same pages.
//!
//! Lines are broken and tables laid out here, letter by letter; krilla writes the file and refuses one that is not what both
//! standards ask for.
//!
//! It must not know what a report says: it is given [`Pages`].

mod figure;
mod layout;
mod type_setting;

use std::num::NonZeroU16;

use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    ArtifactType, ContentTag, Identifier, ListNumbering, Node as TagNode, SpanTag, TableHeaderScope, Tag, TagGroup,
    TagKind, TagTree,
};
use krilla::{Document, SerializeSettings};

use self::layout::{HEIGHT, LaidOut, Mark, Node, Part, WIDTH, lay_out};
use self::type_setting::{Faces, Line};
use super::pages::Pages;
use super::visible;

/// A PDF that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the PDF could not be written: {0}")]
pub struct PdfError(String);

const BLACK: (u8, u8, u8) = (0x16, 0x18, 0x1d);
const GREY: (u8, u8, u8) = (0x50, 0x55, 0x5f);
const RULE: (u8, u8, u8) = (0xce, 0xd1, 0xd7);
const MARGIN: f32 = 48.0;

/// How many pages the file has.
pub fn page_count(pages: &Pages) -> Result<usize, PdfError> {
    let faces = Faces::new().ok_or_else(|| PdfError("a font is damaged".to_owned()))?;
    Ok(lay_out(&faces, pages).pages.len())
}

/// The whole file.
pub fn write(pages: &Pages) -> Result<Vec<u8>, PdfError> {
    let failed = |reason: &str| PdfError(reason.to_owned());
    let faces = Faces::new().ok_or_else(|| failed("a font is damaged"))?;
    let laid_out = lay_out(&faces, pages);
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| PdfError(format!("{error:?}")))?;
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    let mut drawn = Vec::with_capacity(laid_out.pages.len());
    for marks in &laid_out.pages {
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| failed("a page has no size"))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        let is_read = marks_of_tree(&laid_out, drawn.len(), marks.len());
        let identifiers: Vec<Option<Identifier>> = marks
            .iter()
            .zip(is_read)
            .map(|(mark, is_read)| draw(&mut surface, &faces, mark, is_read))
            .collect();
        surface.finish();
        page.finish();
        drawn.push(identifiers);
    }
    document.set_metadata(metadata(pages));
    document.set_outline(outline(&laid_out));
    let mut tree = TagTree::new().with_lang(Some("en".to_owned()));
    for node in &laid_out.tree {
        push(&mut |node| tree.push(node), node, &mut drawn);
    }
    document.set_tag_tree(tree);
    document.finish().map_err(|error| PdfError(format!("{error:?}")))
}

/// A text as it is drawn.
#[cfg(test)]
pub(super) fn drawn(text: &str) -> Option<String> {
    Some(Faces::new()?.drawable(type_setting::Style::Text, text))
}

/// Which marks of a page are in the tree; the others are decoration.
fn marks_of_tree(laid_out: &LaidOut, page: usize, count: usize) -> Vec<bool> {
    fn visit(node: &Node, page: usize, is_read: &mut [bool]) {
        match node {
            Node::Part(_, children) => children.iter().for_each(|child| visit(child, page, is_read)),
            Node::Mark(of, at) if *of == page => {
                if let Some(mark) = is_read.get_mut(*at) {
                    *mark = true;
                }
            }
            Node::Mark(..) => {}
        }
    }
    let mut is_read = vec![false; count];
    laid_out.tree.iter().for_each(|node| visit(node, page, &mut is_read));
    is_read
}

fn draw(surface: &mut Surface<'_>, faces: &Faces, mark: &Mark, is_read: bool) -> Option<Identifier> {
    let tag = match (mark, is_read) {
        (Mark::Line(_), true) => ContentTag::Span(SpanTag::empty()),
        (Mark::Bars { .. }, true) => ContentTag::Other,
        (_, _) => ContentTag::Artifact(krilla::tagging::Artifact::with_kind(ArtifactType::Other)),
    };
    let identifier = surface.start_tagged(tag);
    match mark {
        Mark::Line(line) => draw_line(surface, faces, line),
        Mark::Rule { y } => fill(surface, (MARGIN, *y, WIDTH - 2.0 * MARGIN, 0.5), RULE),
        Mark::Bars { bars, labels } => {
            for bar in bars {
                fill(surface, (bar.x, bar.y, bar.width, bar.height), bar.colour);
            }
            labels.iter().for_each(|label| draw_line(surface, faces, label));
        }
    }
    surface.end_tagged();
    is_read.then_some(identifier)
}

fn draw_line(surface: &mut Surface<'_>, faces: &Faces, line: &Line) {
    if line.text.is_empty() {
        return;
    }
    set_colour(surface, if line.is_grey { GREY } else { BLACK });
    let glyphs = faces.glyphs(line.style, &line.text);
    let (start, font) = (Point::from_xy(line.x, line.y), faces.font(line.style));
    surface.draw_glyphs(start, &glyphs, font, &line.text, line.size, false);
}

fn fill(surface: &mut Surface<'_>, (x, y, width, height): (f32, f32, f32, f32), colour: (u8, u8, u8)) {
    set_colour(surface, colour);
    let mut path = PathBuilder::new();
    if let Some(rect) = Rect::from_xywh(x, y, width, height) {
        path.push_rect(rect);
    }
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
}

fn set_colour(surface: &mut Surface<'_>, (red, green, blue): (u8, u8, u8)) {
    surface.set_fill(Some(Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        ..Fill::default()
    }));
}

/// Hands a node of the tree over with what was drawn for it. A part without a mark says nothing and is left away.
fn push(take: &mut dyn FnMut(TagNode), node: &Node, drawn: &mut [Vec<Option<Identifier>>]) {
    match node {
        Node::Mark(page, at) => {
            let identifier = drawn
                .get_mut(*page)
                .and_then(|marks| marks.get_mut(*at))
                .and_then(Option::take);
            if let Some(identifier) = identifier {
                take(identifier.into());
            }
        }
        Node::Part(part, children) => {
            let mut inside = Vec::new();
            for child in children {
                push(&mut |node| inside.push(node), child, drawn);
            }
            // An empty cell keeps the others in their columns.
            if inside.is_empty() && !matches!(part, Part::Cell) {
                return;
            }
            if matches!(part, Part::Item) {
                inside = vec![TagGroup::with_children(Tag::LBody, inside).into()];
            }
            take(TagGroup::with_children(kind(part), inside).into());
        }
    }
}

fn kind(part: &Part) -> TagKind {
    match part {
        Part::Heading(level, title) => {
            Tag::Hn(NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN), Some(title.clone())).into()
        }
        Part::Paragraph => Tag::P.into(),
        Part::List => Tag::L(ListNumbering::Disc).into(),
        Part::Item => Tag::LI.into(),
        Part::Table(summary) => Tag::Table
            .with_summary(Some(visible(summary)).filter(|summary| !summary.is_empty()))
            .into(),
        Part::Row => Tag::TR.into(),
        Part::HeadCell => Tag::TH(TableHeaderScope::Column).into(),
        Part::Cell => Tag::TD.into(),
        Part::Figure(words) => Tag::Figure(Some(words.clone())).into(),
    }
}

fn outline(laid_out: &LaidOut) -> Outline {
    let mut outline = Outline::new();
    for (title, page, y) in &laid_out.outline {
        let place = XyzDestination::new(*page, Point::from_xy(MARGIN, *y));
        outline.push_child(OutlineNode::new(title.clone(), place));
    }
    outline
}

fn metadata(pages: &Pages) -> Metadata {
    let number = |range: std::ops::Range<usize>| pages.made_at.get(range).and_then(|digits| digits.parse::<u16>().ok());
    let small = |range| {
        number(range)
            .and_then(|number| u8::try_from(number).ok())
            .unwrap_or_default()
    };
    let date = DateTime::new(number(0..4).unwrap_or(1970))
        .month(small(5..7).max(1))
        .day(small(8..10).max(1))
        .hour(small(11..13))
        .minute(small(14..16))
        .second(small(17..19))
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    Metadata::new()
        .title(visible(&pages.title))
        .language("en".to_owned())
        .creator("Refold".to_owned())
        .creation_date(date)
        .document_id(pages.id.clone())
}
