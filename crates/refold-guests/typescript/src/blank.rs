//! Finds what of a source is types and nothing else, and writes spaces over it.
//!
//! What TypeScript makes code of (enums, namespaces, parameter properties) is refused: it cannot be taken out, and what
//! it becomes would stand elsewhere.

use oxc_allocator::Allocator;
use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_parser::Parser;
use oxc_span::{GetSpan, SourceType, Span};

/// Why a source cannot be made JavaScript by taking its types out, and where. Lines and columns begin at 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub line: usize,
    pub column: usize,
    pub message: String,
}

/// The source with spaces in place of its types.
pub fn blanked(source: &str) -> Result<String, Refusal> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, SourceType::ts().with_module(true)).parse();
    if let Some(wrong) = parsed.diagnostics.iter().next() {
        let at = wrong.labels.first().map_or(0, |label| label.offset());
        return Err(refusal(source, at, format!("SyntaxError: {}", wrong.message)));
    }
    let mut blanker = Blanker {
        source,
        blanks: Vec::new(),
        puts: Vec::new(),
        refused: None,
    };
    blanker.visit_program(&parsed.program);
    match blanker.refused.take() {
        Some((at, message)) => Err(refusal(source, at, message)),
        None => Ok(blanker.written()),
    }
}

fn refusal(source: &str, at: u32, message: String) -> Refusal {
    let before = source.get(..at as usize).unwrap_or(source);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    Refusal {
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).map_or(0, |line| line.chars().count()) + 1,
        message,
    }
}

struct Blanker<'s> {
    source: &'s str,
    /// What becomes spaces. Spans may lie in each other.
    blanks: Vec<Span>,
    /// Single characters that are written over what is there, also over what became a space.
    puts: Vec<(u32, u8)>,
    /// The first thing that cannot be taken out.
    refused: Option<(u32, String)>,
}

impl Blanker<'_> {
    fn written(mut self) -> String {
        self.puts.sort_by_key(|(at, _)| *at);
        self.puts.dedup_by_key(|(at, _)| *at);
        let mut puts = self.puts.iter().peekable();
        let mut is_blank = vec![false; self.source.len()];
        for span in &self.blanks {
            if let Some(part) = is_blank.get_mut(span.start as usize..span.end as usize) {
                part.fill(true);
            }
        }
        let mut written = String::with_capacity(self.source.len());
        for (at, letter) in self.source.char_indices() {
            // One that falls into a letter of several bytes must not keep back those after it.
            while puts.next_if(|(place, _)| (*place as usize) < at).is_some() {}
            match puts.next_if(|(place, _)| *place as usize == at) {
                Some((_, put)) => written.push(char::from(*put)),
                None if is_blank[at] && !is_line_end(letter) => written.push(' '),
                None => written.push(letter),
            }
        }
        written
    }

    fn blank(&mut self, span: Span) {
        self.blanks.push(span);
    }

    /// A whole statement or member. What stands before it may have no semicolon, and then ended because it stood here.
    fn blank_whole(&mut self, span: Span) {
        self.blank(span);
        self.puts.push((span.start, b';'));
    }

    fn refuse(&mut self, at: u32, message: &str) {
        if self.refused.as_ref().is_none_or(|(first, _)| at < *first) {
            self.refused = Some((at, message.to_owned()));
        }
    }

    /// The place of the next character that is neither space nor comment, from `at` on.
    fn skipped(&self, at: u32) -> u32 {
        let mut at = at as usize;
        loop {
            let Some(rest) = self.source.get(at..) else {
                return at as u32;
            };
            let code = rest.trim_start();
            at += rest.len() - code.len();
            let comment = if code.starts_with("//") {
                code.find(is_line_end).unwrap_or(code.len())
            } else if code.starts_with("/*") {
                code.find("*/").map_or(code.len(), |end| end + 2)
            } else {
                return at as u32;
            };
            at += comment;
        }
    }

    /// Where this word stands between two places, with other words and comments before it at the most; else `until`.
    fn word(&self, word: &str, from: u32, until: u32) -> u32 {
        let mut at = self.skipped(from);
        while at < until {
            let rest = self.source.get(at as usize..until as usize).unwrap_or_default();
            let length = rest
                .find(|letter: char| !letter.is_alphanumeric())
                .unwrap_or(rest.len());
            if length == 0 {
                return until;
            }
            if rest.get(..length) == Some(word) {
                return at;
            }
            at = self.skipped(at + length as u32);
        }
        until
    }

    /// Where the last letter of a span begins.
    fn last_letter(&self, span: Span) -> u32 {
        let text = self
            .source
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default();
        let last = text.chars().next_back().map_or(1, char::len_utf8);
        span.end - last as u32
    }

    fn letter(&self, at: u32) -> Option<char> {
        self.source.get(at as usize..)?.chars().next()
    }

    fn has_line_end(&self, from: u32, to: u32) -> bool {
        self.source
            .get(from as usize..to as usize)
            .is_some_and(|part| part.contains(is_line_end))
    }

    /// Blanks the mark (`?` or `!`) that comes next after `at`.
    fn blank_mark(&mut self, at: u32, mark: char) {
        let at = self.skipped(at);
        if self.letter(at) == Some(mark) {
            self.blank(Span::new(at, at + 1));
        }
    }

    /// After a type that ended a statement without a semicolon, a bracket at the start of the next line would go on with
    /// what stands before the type.
    fn keep_end(&mut self, blanked: Span) {
        let next = self.skipped(blanked.end);
        if self.has_line_end(blanked.end, next) && matches!(self.letter(next), Some('(' | '[' | '`')) {
            self.puts.push((blanked.start, b';'));
        }
    }

    /// Blanks the words before `until` that say who may do what with a member.
    fn blank_modifiers(&mut self, from: u32, until: u32) {
        let words = [
            "public",
            "private",
            "protected",
            "readonly",
            "override",
            "abstract",
            "declare",
        ];
        let mut at = self.skipped(from);
        while at < until {
            let rest = self.source.get(at as usize..until as usize).unwrap_or_default();
            let word = rest
                .split(|letter: char| !letter.is_alphanumeric())
                .next()
                .unwrap_or_default();
            if word.is_empty() {
                return;
            }
            let end = at + word.len() as u32;
            let next = self.skipped(end);
            if words.contains(&word) {
                self.blank(Span::new(at, end));
                // Without its first word, a member may look like the rest of the one before.
                if at == from && matches!(self.letter(next), Some('[' | '*')) {
                    self.puts.push((at, b';'));
                }
            }
            at = next;
        }
    }

    fn is_type_only(&self, declaration: &Declaration<'_>) -> bool {
        match declaration {
            Declaration::TSTypeAliasDeclaration(_) | Declaration::TSInterfaceDeclaration(_) => true,
            Declaration::VariableDeclaration(it) => it.declare,
            Declaration::FunctionDeclaration(it) => it.declare || it.body.is_none(),
            Declaration::ClassDeclaration(it) => it.declare,
            Declaration::TSEnumDeclaration(it) => it.declare,
            Declaration::TSExternalModuleDeclaration(it) => it.declare,
            Declaration::TSNamespaceDeclaration(it) => it.declare,
            Declaration::TSGlobalDeclaration(it) => it.declare,
            Declaration::TSImportEqualsDeclaration(it) => it.import_kind.is_type(),
        }
    }

    /// Blanks the specifiers that are types, each with the comma after it.
    fn blank_specifiers(&mut self, types: impl Iterator<Item = Span>) {
        for span in types {
            let next = self.skipped(span.end);
            let end = if self.letter(next) == Some(',') {
                next + 1
            } else {
                span.end
            };
            self.blank(Span::new(span.start, end));
        }
    }
}

fn is_line_end(letter: char) -> bool {
    matches!(letter, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

const NO_DECORATORS: &str = "a decorator cannot be taken out with the types; call a function instead";
const NO_PROPERTIES: &str = "a parameter that is a property at once cannot be taken out with the types; \
                             declare the property, and set it in the constructor";
const NO_PREFIX: &str = "`<Type>value` cannot be taken out; write `value as Type`";

impl<'a> Visit<'a> for Blanker<'_> {
    fn visit_statement(&mut self, it: &Statement<'a>) {
        let is_type_only = match it {
            Statement::ImportDeclaration(it) => it.import_kind.is_type(),
            Statement::ExportAllDeclaration(it) => it.export_kind.is_type(),
            Statement::ExportNamedDeclaration(it) => it.export_kind.is_type(),
            Statement::ExportFromDeclaration(it) => it.export_kind.is_type(),
            Statement::ExportDeclaration(it) => self.is_type_only(&it.declaration),
            Statement::ExportDefaultDeclaration(it) => match &it.declaration {
                ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => true,
                ExportDefaultDeclarationKind::FunctionDeclaration(it) => it.body.is_none(),
                _ => false,
            },
            other => other.as_declaration().is_some_and(|it| self.is_type_only(it)),
        };
        match is_type_only {
            true => self.blank_whole(it.span()),
            false => walk::walk_statement(self, it),
        }
    }

    fn visit_ts_enum_declaration(&mut self, it: &TSEnumDeclaration<'a>) {
        self.refuse(
            it.span.start,
            "an enum cannot be taken out with the types; write an object (`const Status = { … } as const`) or a union of texts",
        );
    }

    fn visit_ts_namespace_declaration(&mut self, it: &TSNamespaceDeclaration<'a>) {
        self.refuse(
            it.span.start,
            "a namespace cannot be taken out with the types; write an object, or functions beside the handler",
        );
    }

    fn visit_ts_external_module_declaration(&mut self, it: &TSExternalModuleDeclaration<'a>) {
        self.refuse(
            it.span.start,
            "a module in a module cannot be taken out with the types; write `declare module`",
        );
    }

    fn visit_ts_global_declaration(&mut self, it: &TSGlobalDeclaration<'a>) {
        self.refuse(it.span.start, "write `declare global`");
    }

    fn visit_ts_import_equals_declaration(&mut self, it: &TSImportEqualsDeclaration<'a>) {
        self.refuse(
            it.span.start,
            "`import … =` cannot be taken out with the types; a handler has nothing to import",
        );
    }

    fn visit_ts_export_assignment(&mut self, it: &TSExportAssignment<'a>) {
        self.refuse(
            it.span.start,
            "`export =` cannot be taken out with the types; write `export default`",
        );
    }

    fn visit_ts_namespace_export_declaration(&mut self, it: &TSNamespaceExportDeclaration<'a>) {
        self.refuse(
            it.span.start,
            "`export as namespace` belongs to a file of declarations; take it out",
        );
    }

    fn visit_decorator(&mut self, it: &Decorator<'a>) {
        self.refuse(it.span.start, NO_DECORATORS);
    }

    fn visit_ts_type_assertion(&mut self, it: &TSTypeAssertion<'a>) {
        self.refuse(it.span.start, NO_PREFIX);
    }

    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        let named = it.specifiers.iter().flatten().filter_map(|specifier| match specifier {
            ImportDeclarationSpecifier::ImportSpecifier(it) if it.import_kind.is_type() => Some(it.span),
            _ => None,
        });
        let types: Vec<Span> = named.collect();
        self.blank_specifiers(types.into_iter());
    }

    fn visit_export_named_declaration(&mut self, it: &ExportNamedDeclaration<'a>) {
        self.blank_specifiers(
            it.specifiers
                .iter()
                .filter(|it| it.export_kind.is_type())
                .map(|it| it.span),
        );
    }

    fn visit_export_from_declaration(&mut self, it: &ExportFromDeclaration<'a>) {
        self.blank_specifiers(
            it.specifiers
                .iter()
                .filter(|it| it.export_kind.is_type())
                .map(|it| it.span),
        );
    }

    fn visit_ts_type_annotation(&mut self, it: &TSTypeAnnotation<'a>) {
        self.blank(it.span);
        self.keep_end(it.span);
    }

    fn visit_ts_type_parameter_declaration(&mut self, it: &TSTypeParameterDeclaration<'a>) {
        self.blank(it.span);
    }

    fn visit_ts_type_parameter_instantiation(&mut self, it: &TSTypeParameterInstantiation<'a>) {
        self.blank(it.span);
    }

    fn visit_ts_instantiation_expression(&mut self, it: &TSInstantiationExpression<'a>) {
        self.visit_expression(&it.expression);
        let types = Span::new(it.expression.span().end, it.span.end);
        self.blank(types);
        self.keep_end(types);
    }

    fn visit_ts_as_expression(&mut self, it: &TSAsExpression<'a>) {
        self.visit_expression(&it.expression);
        let types = Span::new(it.expression.span().end, it.span.end);
        self.blank(types);
        self.keep_end(types);
    }

    fn visit_ts_satisfies_expression(&mut self, it: &TSSatisfiesExpression<'a>) {
        self.visit_expression(&it.expression);
        let types = Span::new(it.expression.span().end, it.span.end);
        self.blank(types);
        self.keep_end(types);
    }

    fn visit_ts_non_null_expression(&mut self, it: &TSNonNullExpression<'a>) {
        self.visit_expression(&it.expression);
        self.blank(Span::new(it.span.end - 1, it.span.end));
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if it.definite {
            self.blank_mark(it.id.span().end, '!');
        }
        walk::walk_variable_declarator(self, it);
    }

    fn visit_ts_this_parameter(&mut self, it: &TSThisParameter<'a>) {
        self.blank_specifiers(std::iter::once(it.span));
    }

    fn visit_formal_parameter(&mut self, it: &FormalParameter<'a>) {
        if it.accessibility.is_some() || it.readonly || it.r#override {
            self.refuse(it.span.start, NO_PROPERTIES);
        }
        if it.optional {
            self.blank_mark(it.pattern.span().end, '?');
        }
        walk::walk_formal_parameter(self, it);
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        walk::walk_arrow_function_expression(self, it);
        let params = it.params.span;
        // Brackets must stand on the line of what they belong to: `async`, `return`, `yield` or `throw` before them, `=>`
        // behind.
        if let Some(types) = &it.type_parameters
            && self.has_line_end(types.span.start, params.start)
        {
            self.blank(Span::new(params.start, params.start + 1));
            self.puts.push((types.span.start, b'('));
        }
        if let Some(returned) = &it.return_type
            && self.has_line_end(params.end, returned.span.end)
        {
            self.blank(Span::new(params.end - 1, params.end));
            self.puts.push((self.last_letter(returned.span), b')'));
        }
    }

    fn visit_class(&mut self, it: &Class<'a>) {
        if it.r#abstract {
            self.blank_modifiers(it.span.start, it.body.span.start);
        }
        if let (Some(first), Some(last)) = (it.implements.first(), it.implements.last()) {
            let extends = it.heritage.as_ref().map(GetSpan::span);
            let named = it.type_parameters.as_ref().map(|it| it.span);
            let named = named.or_else(|| it.id.as_ref().map(|it| it.span));
            let from = extends.or(named).map_or(it.span.start, |before| before.end);
            let start = self.word("implements", from, first.span.start);
            self.blank(Span::new(start, last.span.end));
        }
        walk::walk_class(self, it);
    }

    fn visit_ts_class_implements(&mut self, _: &TSClassImplements<'a>) {}

    fn visit_ts_index_signature(&mut self, it: &TSIndexSignature<'a>) {
        self.blank_whole(it.span);
    }

    fn visit_method_definition(&mut self, it: &MethodDefinition<'a>) {
        if it.value.body.is_none() {
            return self.blank_whole(it.span);
        }
        self.blank_modifiers(it.span.start, it.key.span().start);
        if it.optional {
            self.blank_mark(key_end(self, it.computed, it.key.span()), '?');
        }
        walk::walk_method_definition(self, it);
    }

    fn visit_property_definition(&mut self, it: &PropertyDefinition<'a>) {
        if it.declare || it.r#type == PropertyDefinitionType::TSAbstractPropertyDefinition {
            return self.blank_whole(it.span);
        }
        self.blank_modifiers(it.span.start, it.key.span().start);
        let end = key_end(self, it.computed, it.key.span());
        if it.optional {
            self.blank_mark(end, '?');
        }
        if it.definite {
            self.blank_mark(end, '!');
        }
        walk::walk_property_definition(self, it);
    }

    fn visit_accessor_property(&mut self, it: &AccessorProperty<'a>) {
        self.refuse(
            it.span.start,
            "`accessor` is not known to the engine; write a getter and a setter",
        );
    }
}

/// Where a key ends, with the bracket of one that is computed.
fn key_end(blanker: &Blanker<'_>, is_computed: bool, key: Span) -> u32 {
    match is_computed {
        true => blanker.skipped(key.end) + 1,
        false => key.end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, left: &str) {
        let script = blanked(typed).unwrap_or_else(|refusal| panic!("{typed}: {}", refusal.message));
        assert_eq!(script, left, "{typed}");
    }

    #[test]
    fn a_function_stays_on_the_line_of_what_hands_it_on() {
        for word in ["return", "yield", "throw"] {
            check(
                &format!("function* f() {{ {word} <\nT,\n>(x: T) => x }}"),
                &format!("function* f() {{ {word} (\n  \n  x   ) => x }}"),
            );
        }
        check("f(async <\nT\n>(x: T) => x)", "f(async (\n \n  x   ) => x)");
        check("f(<T>(x: T) => x)", "f(   (x   ) => x)");
    }

    #[test]
    fn a_bracket_takes_the_place_of_a_whole_letter() {
        check(
            "f = (a):\n日本 => a\nlet b = c as T\n(1)",
            "f = (a  \n ) => a\nlet b = c;    \n(1)",
        );
    }

    #[test]
    fn only_the_word_implements_and_what_follows_goes() {
        check(
            "class A /* implements */ implements /* implements */ B, C {}",
            "class A /* implements */                                  {}",
        );
        check(
            "class A<T> extends b<T>(implementsC) implements D {}",
            "class A    extends b   (implementsC)              {}",
        );
        check("f(class implements B {})", "f(class              {})");
        check(
            "abstract class A extends B<C> implements D {}",
            "         class A extends B                 {}",
        );
    }
}
