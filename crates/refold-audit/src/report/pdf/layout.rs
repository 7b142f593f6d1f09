//! Where everything of the pages stands, before anything is drawn: only then it is known how many pages there are.
//!
//! Lengths are points, from the upper left corner. What is drawn is said in two ways: the marks of each page in order, and a
//! tree of parts by which a program that reads aloud finds its way. A mark that is in no part is decoration.

use super::super::model::Fact;
use super::super::pages::{Block, Pages, Table};
use super::super::visible;
use super::figure::{self, Bar};
use super::type_setting::{Faces, Line, Style};

pub(super) const WIDTH: f32 = 595.28;
pub(super) const HEIGHT: f32 = 841.89;
const MARGIN: f32 = 48.0;
const TOP: f32 = 64.0;
const BOTTOM: f32 = HEIGHT - 60.0;
const BODY: f32 = WIDTH - 2.0 * MARGIN;
const SIZE: f32 = 9.0;
const CODE_SIZE: f32 = 7.5;
const LEADING: f32 = 1.35;
/// Between the text of two columns.
const GUTTER: f32 = 8.0;

/// A mark on a page.
pub(super) enum Mark {
    Line(Line),
    /// A rule across the body.
    Rule {
        y: f32,
    },
    Bars {
        bars: Vec<Bar>,
        labels: Vec<Line>,
    },
}

/// A part of the document, as it would be read aloud.
pub(super) enum Part {
    /// Level and title.
    Heading(u16, String),
    Paragraph,
    List,
    Item,
    Table(String),
    Row,
    HeadCell,
    Cell,
    /// What it shows, in words.
    Figure(String),
}

pub(super) enum Node {
    Part(Part, Vec<Node>),
    /// Page and index of a mark on it.
    Mark(usize, usize),
}

#[derive(Default)]
pub(super) struct LaidOut {
    pub pages: Vec<Vec<Mark>>,
    pub tree: Vec<Node>,
    /// Title, page and height of each heading.
    pub outline: Vec<(String, usize, f32)>,
}

pub(super) fn lay_out(faces: &Faces, pages: &Pages) -> LaidOut {
    let mut layout = Layout {
        faces,
        out: LaidOut {
            pages: vec![Vec::new()],
            ..LaidOut::default()
        },
        y: TOP,
    };
    layout.heading(1, &pages.title, 18.0);
    for block in &pages.blocks {
        layout.block(block);
    }
    layout.head_and_foot(pages);
    layout.out
}

struct Layout<'a> {
    faces: &'a Faces,
    out: LaidOut,
    y: f32,
}

impl Layout<'_> {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(text) => self.heading(2, text, 12.0),
            Block::Text(text) => {
                let node = self.paragraph(Part::Paragraph, text, MARGIN, BODY);
                self.out.tree.push(node);
                self.y += 4.0;
            }
            Block::Facts(facts) => self.facts(facts),
            Block::List(lines) => self.list(lines),
            Block::Table(table) | Block::Events(table) => self.table(table),
            Block::Figure(over_time) => {
                let height = figure::height(self.faces, over_time, BODY);
                self.room(height);
                let (bars, labels) = figure::draw(self.faces, over_time, MARGIN, self.y, BODY);
                let mark = self.mark(Mark::Bars { bars, labels });
                let words = super::super::pages::in_words(over_time);
                self.out.tree.push(Node::Part(Part::Figure(words), vec![mark]));
                self.y += height + 8.0;
            }
        }
    }

    fn page(&self) -> usize {
        self.out.pages.len().saturating_sub(1)
    }

    fn break_page(&mut self) {
        self.out.pages.push(Vec::new());
        self.y = TOP;
    }

    /// Goes on on the next page where `height` does not fit on this one.
    fn room(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > TOP {
            self.break_page();
        }
    }

    fn mark(&mut self, mark: Mark) -> Node {
        let page = self.page();
        let marks = self.out.pages.last_mut();
        let at = marks.map_or(0, |marks| {
            marks.push(mark);
            marks.len() - 1
        });
        Node::Mark(page, at)
    }

    /// A line at the present height, `size` high with its leading.
    fn line(&mut self, x: f32, style: Style, size: f32, text: String, is_grey: bool) -> Node {
        let y = self.y + size;
        self.mark(Mark::Line(Line {
            x,
            y,
            style,
            size,
            is_grey,
            text,
        }))
    }

    fn heading(&mut self, level: u16, text: &str, size: f32) {
        if level > 1 {
            self.y += 10.0;
        }
        // Not at the foot of a page, with nothing below it.
        self.room(size * LEADING + 40.0);
        let text = self.faces.drawable(Style::Strong, &visible(text));
        self.out.outline.push((text.clone(), self.page(), self.y));
        let lines = self.faces.lines(Style::Strong, size, &text, BODY);
        let mut children = Vec::new();
        for line in lines {
            children.push(self.line(MARGIN, Style::Strong, size, line, false));
            self.y += size * LEADING;
        }
        self.out.tree.push(Node::Part(Part::Heading(level, text), children));
        if level > 1 {
            let y = self.y;
            self.mark(Mark::Rule { y });
        }
        self.y += 4.0;
    }

    fn paragraph(&mut self, part: Part, text: &str, x: f32, width: f32) -> Node {
        let text = self.faces.drawable(Style::Text, &visible(text));
        let mut children = Vec::new();
        for line in self.faces.lines(Style::Text, SIZE, &text, width) {
            self.room(SIZE * LEADING);
            children.push(self.line(x, Style::Text, SIZE, line, false));
            self.y += SIZE * LEADING;
        }
        Node::Part(part, children)
    }

    fn list(&mut self, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        let mut items = Vec::new();
        for text in lines {
            self.room(SIZE * LEADING);
            // The bullet says nothing: it is in no part.
            self.line(MARGIN, Style::Text, SIZE, "•".to_owned(), false);
            items.push(self.paragraph(Part::Item, text, MARGIN + 12.0, BODY - 12.0));
            self.y += 2.0;
        }
        self.out.tree.push(Node::Part(Part::List, items));
        self.y += 4.0;
    }

    fn facts(&mut self, facts: &[Fact]) {
        const NAME: f32 = 130.0;
        let mut rows = Vec::new();
        for fact in facts {
            let (style, size) = style_of(fact.is_code);
            let cells = [
                self.cell(Style::Text, SIZE, &fact.name, NAME - GUTTER),
                self.cell(style, size, &fact.value, BODY - NAME),
            ];
            let columns = [(MARGIN, Style::Text, SIZE, true), (MARGIN + NAME, style, size, false)];
            let mut parts = self.row(&cells, &columns, None, 2.0).into_iter();
            let head = parts.next().unwrap_or_default();
            let value = parts.next().unwrap_or_default();
            rows.push(Node::Part(
                Part::Row,
                vec![Node::Part(Part::Cell, head), Node::Part(Part::Cell, value)],
            ));
        }
        self.out.tree.push(Node::Part(Part::Table(String::new()), rows));
        self.y += 6.0;
    }

    fn cell(&self, style: Style, size: f32, text: &str, width: f32) -> Vec<String> {
        let lines = text.split('\n').map(visible).collect::<Vec<_>>().join("\n");
        let text = self.faces.drawable(style, &lines);
        self.faces.lines(style, size, &text, width)
    }

    fn table(&mut self, table: &Table) {
        self.room(60.0);
        let caption = self.paragraph(Part::Paragraph, &table.caption, MARGIN, BODY);
        self.out.tree.push(caption);
        self.y += 2.0;
        let mut x = MARGIN;
        let mut columns = Vec::new();
        let mut widths = Vec::new();
        for column in &table.columns {
            let (style, size) = style_of(column.is_code);
            let width = BODY * f32::from(column.share) / 100.0;
            columns.push((x, style, size, false));
            widths.push(width - GUTTER);
            x += width;
        }
        let heads: Vec<(f32, String)> = columns
            .iter()
            .zip(&table.columns)
            .map(|((x, ..), column)| (*x, self.faces.drawable(Style::Strong, &visible(&column.name))))
            .collect();
        let head = self.head_row(&heads);
        let cells = head.into_iter().map(|mark| Node::Part(Part::HeadCell, vec![mark]));
        let mut rows = vec![Node::Part(Part::Row, cells.collect())];
        for row in &table.rows {
            let cells: Vec<Vec<String>> = row
                .iter()
                .zip(columns.iter().zip(&widths))
                .map(|(text, ((_, style, size, _), width))| self.cell(*style, *size, text, *width))
                .collect();
            let parts = self.row(&cells, &columns, Some(&heads), 3.0);
            rows.push(Node::Part(
                Part::Row,
                parts.into_iter().map(|marks| Node::Part(Part::Cell, marks)).collect(),
            ));
            let y = self.y - 1.5;
            self.mark(Mark::Rule { y });
        }
        self.out.tree.push(Node::Part(Part::Table(table.caption.clone()), rows));
        self.y += 8.0;
    }

    fn head_row(&mut self, heads: &[(f32, String)]) -> Vec<Node> {
        let marks = heads
            .iter()
            .map(|(x, name)| self.line(*x, Style::Strong, CODE_SIZE, name.clone(), false))
            .collect();
        self.y += CODE_SIZE * LEADING + 2.0;
        let y = self.y - 1.0;
        self.mark(Mark::Rule { y });
        self.y += 2.0;
        marks
    }

    /// A row of a table: the marks of each cell. One that does not fit begins on the next page, one that fits on none goes
    /// on there; `heads` stand above it again.
    fn row(
        &mut self,
        cells: &[Vec<String>],
        columns: &[(f32, Style, f32, bool)],
        heads: Option<&[(f32, String)]>,
        space: f32,
    ) -> Vec<Vec<Node>> {
        let step = columns.iter().map(|(_, _, size, _)| *size).fold(CODE_SIZE, f32::max) * LEADING;
        let count = cells.iter().map(Vec::len).max().unwrap_or_default();
        let fits_on_a_page = step * count as f32 <= BOTTOM - TOP - 40.0;
        let next_page = |layout: &mut Self| {
            layout.break_page();
            if let Some(heads) = heads {
                // Said once: here it is decoration.
                layout.head_row(heads);
            }
        };
        if self.y + step > BOTTOM || (fits_on_a_page && self.y + step * count as f32 > BOTTOM) {
            next_page(self);
        }
        let mut parts: Vec<Vec<Node>> = cells.iter().map(|_| Vec::new()).collect();
        for at in 0..count {
            if self.y + step > BOTTOM {
                next_page(self);
            }
            for ((cell, part), (x, style, size, is_grey)) in cells.iter().zip(&mut parts).zip(columns) {
                if let Some(text) = cell.get(at).filter(|text| !text.is_empty()) {
                    part.push(self.line(*x, *style, *size, text.clone(), *is_grey));
                }
            }
            self.y += step;
        }
        self.y += space;
        parts
    }

    /// Stands on every page: what it is of, which page of how many.
    fn head_and_foot(&mut self, pages: &Pages) {
        let count = self.out.pages.len();
        let title = self.faces.drawable(Style::Text, &visible(&pages.title));
        let title = self
            .faces
            .lines(Style::Text, 8.0, &title, BODY * 0.6)
            .into_iter()
            .next();
        let classification = self.faces.drawable(Style::Strong, &visible(&pages.classification));
        let line = |x, y, style, text: String| {
            Mark::Line(Line {
                x,
                y,
                style,
                size: 8.0,
                is_grey: true,
                text,
            })
        };
        for (at, marks) in self.out.pages.iter_mut().enumerate() {
            let right = |style, text: &str| WIDTH - MARGIN - self.faces.width(style, 8.0, text);
            marks.push(line(MARGIN, 40.0, Style::Text, title.clone().unwrap_or_default()));
            if !classification.is_empty() {
                let x = right(Style::Strong, &classification);
                marks.push(line(x, 40.0, Style::Strong, classification.clone()));
            }
            let foot = format!("report {} · {}", pages.id, pages.made_at);
            marks.push(line(MARGIN, HEIGHT - 32.0, Style::Text, foot));
            let number = format!("page {} of {count}", at + 1);
            let x = right(Style::Text, &number);
            marks.push(line(x, HEIGHT - 32.0, Style::Text, number));
        }
    }
}

fn style_of(is_code: bool) -> (Style, f32) {
    match is_code {
        true => (Style::Code, CODE_SIZE),
        false => (Style::Text, SIZE),
    }
}
