//! Handlers in TypeScript: everything that is no type stays where it stands, and what cannot be taken out is refused.

use std::sync::OnceLock;

use super::*;
use crate::js::types;
use crate::worker::Worker;

fn without_types(source: &str) -> Result<String, HandlerFault> {
    static WORKER: OnceLock<Worker> = OnceLock::new();
    let worker = WORKER.get_or_init(|| Worker::start(GuestLimits::DEFAULT).unwrap());
    worker.without_types(&types::code().unwrap(), source)
}

fn stripped(source: &str) -> String {
    without_types(source).unwrap_or_else(|error| panic!("{error}: {source}"))
}

fn load_typed(source: &str) -> Result<JsProgram, LoadError> {
    let script = Script {
        file: "handler.ts".to_owned(),
        source: source.to_owned(),
        language: Language::TypeScript,
        dialect: Dialect::Module,
    };
    JsProgram::load(identity(JS_ENGINE_ID), script, GuestLimits::DEFAULT)
}

/// Sources with what has to be left of them. Runs of spaces are one space here; that nothing moves is looked at for each.
#[test]
fn types_are_taken_out_and_nothing_moves() {
    for (typed, left) in [
        ("let x: number = 1 as number", "let x = 1"),
        (
            "let [a, b]: [number, T] = c, { d }: { d?: string } = e",
            "let [a, b] = c, { d } = e",
        ),
        (
            "const f = <T,>(a?: T, ...r: T[]): a is T => true",
            "const f = (a , ...r ) => true",
        ),
        ("function f(this: A, b: number): asserts b {}", "function f( b ) {}"),
        ("function g(this: A) {}", "function g( ) {}"),
        (
            "f<T>(1); new F<T>; new F<T>(1); t<T>`x`; a!.b![0]!()",
            "f (1); new F ; new F (1); t `x`; a .b [0] ()",
        ),
        ("let a = b! as unknown as C, d = e satisfies F", "let a = b , d = e"),
        ("class A<T> extends B<T> implements C, D<T> {}", "class A extends B {}"),
        (
            "class A { private readonly x?: T = 1; static override m<T>(a: T): void {} get b(): T { return 1 } }",
            "class A { x = 1; static m (a ) {} get b() { return 1 } }",
        ),
        ("import type { A } from 'a'; export type { B } from 'b'", "; ;"),
        ("import { type A, b, type C } from 'd'", "import { b, } from 'd'"),
        ("export { type A, b }", "export { b }"),
        ("interface A { b: 1 }\ntype C = 1\ndeclare const d: 1", ";\n;\n;"),
        (
            "declare global { interface W {} }\ndeclare enum E { A }\ndeclare namespace N { const x: 1 }",
            ";\n;\n;",
        ),
        (
            "function h(a: string): void\nfunction h(a: any) {}",
            ";\nfunction h(a ) {}",
        ),
        (
            "abstract class A { abstract m(): void; abstract x: T; declare y: T; [k: string]: T }",
            "class A { ; ; ; ; }",
        ),
        (
            "class A { constructor(x: T); constructor(x?: any) {} }",
            "class A { ; constructor(x ) {} }",
        ),
        (
            "try {} catch (e: unknown) {}\nfor (const x of y as T[]) {}",
            "try {} catch (e ) {}\nfor (const x of y ) {}",
        ),
        ("a ? (b) : c => d", "a ? (b) : c => d"),
        ("a ? (b): c => d : e", "a ? (b) => d : e"),
        ("let x = a < b || c > (d)", "let x = a < b || c > (d)"),
        (
            "let type = 1, declare = 2, as = type as any; type\n= 3",
            "let type = 1, declare = 2, as = type ; type\n= 3",
        ),
        (
            "let s = 'x: number' as T, r = /a: b/ as T, t = `${a as T}: T`",
            "let s = 'x: number' , r = /a: b/ , t = `${a }: T`",
        ),
        // A statement that ended with a type does not go on with the next line.
        ("let x = y as T\n(1)", "let x = y;\n(1)"),
        ("let x: T\n[1].map(f)", "let x;\n[1].map(f)"),
        ("let x = y satisfies T // why\n`a`", "let x = y; // why\n`a`"),
        ("class A { x: T\n['y'] = 1 }", "class A { x;\n['y'] = 1 }"),
        (
            "class A { x = 1\nprivate ['y'] = 2\npublic *g() {} }",
            "class A { x = 1\n; ['y'] = 2\n; *g() {} }",
        ),
        ("const a = 1\ninterface B {}\n(2)", "const a = 1\n;\n(2)"),
        // Brackets stay on the line of what they belong to.
        ("const f = (a): Promise<\nT\n> => a", "const f = (a\n\n) => a"),
        ("const f = async <\nT\n>(a: T) => a", "const f = async (\n\na ) => a"),
        (
            "function* f() { return <\nT,\n>(x: T) => x }",
            "function* f() { return (\n\nx ) => x }",
        ),
        (
            "function* f() { yield <\nT,\n>(x: T) => x }",
            "function* f() { yield (\n\nx ) => x }",
        ),
        (
            "function* f() { throw <\nT,\n>(x: T) => x }",
            "function* f() { throw (\n\nx ) => x }",
        ),
        // One of them, also where a letter of several bytes stood; and what follows is not lost.
        (
            "const f = (a):\n日本 => a\nlet x = y as T\n(1)",
            "const f = (a\n) => a\nlet x = y;\n(1)",
        ),
        (
            "class A /* implements */ implements /* implements */ B {}",
            "class A /* implements */ {}",
        ),
        ("let s = 'ä𝒳' as 日本, e = f()", "let s = 'ä𝒳' , e = f()"),
    ] {
        let script = stripped(typed);
        let squeezed: Vec<String> = script
            .split('\n')
            .map(|line| {
                line.split(' ')
                    .filter(|word| !word.is_empty())
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        assert_eq!(squeezed.join("\n"), left, "{typed}");
        let (before, after): (Vec<char>, Vec<char>) = (typed.chars().collect(), script.chars().collect());
        assert_eq!(before.len(), after.len(), "{typed}");
        for (was, is) in before.iter().zip(after) {
            assert!(
                is == *was || [' ', ';', '(', ')'].contains(&is) && *was != '\n',
                "{typed}: {was} became {is}"
            );
        }
    }
}

#[test]
fn what_cannot_be_taken_out_is_refused_with_its_place_and_what_to_do() {
    for (source, place, word) in [
        ("enum A { B }", "1:1", "`const Status = { … } as const`"),
        ("\n  export const enum A { B }", "2:10", "an enum"),
        (
            "let x = 1\nnamespace A { export const b = 1 }",
            "2:1",
            "write an object",
        ),
        (
            "class A {\n  constructor(\n    private x: number) {} }",
            "3:5",
            "set it in the constructor",
        ),
        (
            "class A { constructor(readonly x: number) {} }",
            "1:23",
            "property at once",
        ),
        ("@dec class A {}", "1:1", "a decorator"),
        ("class A { @dec m() {} }", "1:11", "a decorator"),
        ("class A { m(@dec x: T) {} }", "1:13", "a decorator"),
        ("let x = <T>y", "1:9", "`value as Type`"),
        ("import x = require('x')", "1:1", "import"),
        ("export = 1", "1:1", "`export default`"),
        ("class A { accessor x = 1 }", "1:11", "getter"),
        ("module 'x' {}", "1:8", "SyntaxError"),
        ("let ü = '日本', x: = 1", "1:18", "SyntaxError"),
        ("let x = {\n  a: 1,\n", "4:16", "SyntaxError"),
        ("const x: number = 'a\nb'", "1:", "SyntaxError"),
        ("}", "1:1", "SyntaxError"),
        ("\u{0}", "1:1", "SyntaxError"),
        ("/*", "1:", "SyntaxError"),
        ("let a = <div>text</div>", "1:", ""),
    ] {
        let error = load_typed(&format!("{source}\nexport default {{ on: {{}} }}")).err();
        let error = error.unwrap_or_else(|| panic!("it was loaded: {source}"));
        assert_eq!(error.code, "RF-PKG-SCRIPT", "{source}: {error}");
        let found = error.place.clone().unwrap_or_default();
        let found = found
            .strip_prefix("handler.ts:")
            .unwrap_or_else(|| panic!("{source}: {error}"));
        assert!(found.starts_with(place), "{source}: {error}");
        assert!(error.message.contains(word), "{source}: {error}");
    }
}

#[test]
fn faults_name_line_and_column_of_the_typescript() {
    let source = "type State = { n: number }\nexport default {\n  initial: (): State => ({ n: 0 }),\n  on: {\n    \
                  E(state: State, { data }: { data: { of: string } }) {\n      state.n = 1\n      \
                  const ünit: '日本' = data.of as '日本'; (data as any).lines.forEach((line: any) => line)\n    },\n  },\n}\n";
    let program = load_typed(source).unwrap_or_else(|error| panic!("{error}"));
    let (state, fault) = folded(&program, &events(&[("E", "{}")]));
    let fault = fault.unwrap().1;
    assert_eq!(state, r#"{"n":0}"#);
    let line = source.lines().nth(6).unwrap();
    let in_script = stripped(source).lines().nth(6).unwrap().to_owned();
    // The engine says where `lines` is asked for what it is; the same script without types says the same.
    let untyped = stripped(source);
    let (_, plain) = folded(&super::program(&untyped), &events(&[("E", "{}")]));
    let place = fault.place.unwrap();
    assert_eq!(place.replace(".ts", ".js"), plain.unwrap().1.place.unwrap());
    let column: usize = place.strip_prefix("handler.ts:7:").unwrap().parse().unwrap();
    let rest = |line: &str| line.chars().skip(column - 1).collect::<String>();
    assert!(
        rest(&in_script).starts_with('.') || rest(line).contains("lines"),
        "{place}: {line}"
    );
    assert!(line.chars().nth(column - 1).is_some());
    let refused = load_typed("const n: number = 1\nexport default {\n  on: { E: (n as any) },\n}")
        .err()
        .unwrap();
    assert_eq!(refused.message, "`on.E` must be a function, or null to ignore the type");
}

/// Each nests once more with every repetition, which the engine could not stand and an application must not fall over.
#[test]
fn hostile_typescript_ends_in_an_error() {
    let many = 100_000;
    let nested = |open: &str, middle: &str, close: &str| format!("{}{middle}{}", open.repeat(many), close.repeat(many));
    for (what, source) in [
        ("brackets", nested("(", "1", ")")),
        ("lists", nested("[", "", "]")),
        ("objects", format!("x = {}", nested("{a:", "1", "}"))),
        ("blocks", nested("{", "", "}")),
        ("types", format!("let x: {}", nested("[", "", "]"))),
        ("type arguments", format!("let x: {}", nested("A<", "B", ">"))),
        ("function types", format!("type A = {}1", "() => ".repeat(many))),
        (
            "conditional types",
            format!("type A = {}1", "B extends C ? D : ".repeat(many)),
        ),
        ("arrows", format!("x = {}1", "a => ".repeat(many))),
        ("typed arrows", format!("x = {}1", "(a: T = (b): T => ".repeat(many))),
        ("maybe arrows", format!("x = {}", "(a = ".repeat(many))),
        ("negations", format!("x = {}1", "!".repeat(many))),
        ("assignments", format!("{}1", "a = ".repeat(many))),
        ("conditions", format!("x = {}1", "a ? b : ".repeat(many))),
        ("sums", format!("x = 1{}", " + 1".repeat(many))),
        ("members", format!("x = a{}", ".b".repeat(many))),
        ("calls", format!("x = a{}", "()".repeat(many))),
        ("assertions", format!("x = a{}", " as T".repeat(many))),
        ("marks", format!("x = a{}", "!".repeat(many))),
        ("templates", nested("`${", "1", "}`")),
        ("ifs", format!("{};", "if (a) ".repeat(many))),
        ("classes", nested("class A { static { ", "", "} }")),
        ("unclosed", "<".repeat(many)),
        ("unclosed generics", "a<".repeat(many)),
        ("declarations", "type A = 1\n".repeat(many)),
        ("one long line", "let x: number = 1;".repeat(600_000)),
        ("one long name", "x".repeat(10 << 20)),
        ("one long comment", format!("/*{}*/", "*".repeat(10 << 20))),
        ("one long text", format!("'{}'", "\\u{1F600}".repeat(1 << 20))),
    ] {
        // Some are merely long: these may be stripped.
        match without_types(&source) {
            Ok(script) => assert_eq!(script.matches('\n').count(), source.matches('\n').count(), "{what}"),
            Err(fault) => assert!(
                ["RF-LIMIT-STACK", "RF-LIMIT-COMPILE", "RF-LIMIT-MEMORY", "RF-PKG-SCRIPT"].contains(&fault.code),
                "{what}: {fault}"
            ),
        }
        // And the next one is.
        assert_eq!(stripped("let x: T"), "let x   ");
    }
}

#[test]
fn the_module_is_the_one_that_was_built_and_asks_for_nothing() {
    use sha2::{Digest as _, Sha256};
    let hash: String = Sha256::digest(crate::js::types::MODULE)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let kept = include_str!("../../../engine/types.wasm.sha256");
    assert_eq!(kept, format!("{hash}  types.wasm\n"));
    let module = wasmtime::Module::new(crate::engine::engine().unwrap(), crate::js::types::MODULE).unwrap();
    assert_eq!(module.imports().count(), 0);
}
