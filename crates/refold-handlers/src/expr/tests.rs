use std::sync::Arc;

use proptest::prelude::*;
use refold_core::value::{Number, Value};

use super::compile::compile;
use super::eval::{Inputs, Seen, evaluate};
use super::ir::Ir;
use super::meter::Meter;
use super::scope::Scope;
use super::types::Type;
use super::{number, parser};
use crate::error::Mark;
use crate::limits::Limits;
use crate::path::{ArrayKeys, Pattern};

/// The value of an expression over a state, as JSON; or why there is none.
fn evaluated(text: &str, state: &str) -> Result<String, String> {
    let state = Value::from_json(state.as_bytes(), 64).unwrap();
    let mut keys = ArrayKeys::default();
    keys.declare(Pattern::parse("/lines").unwrap(), "sku".into());
    let mark = |index| Mark {
        line: 1,
        column: u32::try_from(index).unwrap() + 1,
    };
    let place = |at| format!("{}: ", mark(at).column);
    let expression = parser::parse(text).map_err(|error| place(error.at) + &error.message)?;
    let mut ir = Ir::new(&Arc::from("x"), false);
    let mut scope = Scope::new(None, Some(Type::Any), &keys);
    let (id, _) = compile(&mut ir, &mut scope, &expression, &mark)
        .map_err(|error| format!("{}: {}", error.place.unwrap().mark.column, error.message))?;
    let inputs = Inputs {
        data: &[],
        meta: &[],
        event: None,
        state: &state,
        this: None,
    };
    evaluate(&ir, id, &inputs, &mut Vec::new(), &mut Meter::new(&Limits::DEFAULT))
        .map(|seen: Seen<'_>| String::from_utf8(seen.into_value().to_canonical()).unwrap())
        .map_err(|fault| format!("{} {}", fault.code, fault.message))
}

#[track_caller]
fn check(text: &str, state: &str, expected: &str) {
    assert_eq!(evaluated(text, state).as_deref(), Ok(expected), "{text}");
}

#[track_caller]
fn check_refused(text: &str, expected: &str) {
    assert_eq!(evaluated(text, "{}"), Err(expected.to_owned()), "{text}");
}

#[test]
fn what_is_missing_reads_as_null() {
    let state = r#"{"a":{"b":null,"n":-0},"l":[1,2],"t":"x","dup":1,"dup":2}"#;
    check("state.a.b.c.d", state, "null");
    check("state.t.length", state, "null");
    check("state.l[7]", state, "null");
    check("state.l[-1]", state, "null");
    check("state.l['0']", state, "null");
    check("state['a'].n", state, "-0");
    check("state.dup", state, "2");
    check(
        "[has(state.a.b), has(state.a.c), has(state.x.y)]",
        state,
        "[true,false,false]",
    );
    check("state.a.`n` == 0 && state.a['n'] == 0.0", state, "true");
}

#[test]
fn a_keyed_array_is_indexed_by_its_key() {
    let state = r#"{"lines":[{"sku":"A","qty":1},{"sku":7,"qty":2}],"others":[{"sku":"A"}]}"#;
    check("state.lines['A'].qty", state, "1");
    check("state.lines[7.0].qty", state, "2");
    check("state.lines['Z']", state, "null");
    check("state.others['A']", state, "null");
}

#[test]
fn operators_bind_as_they_do_in_cel() {
    check("1 + 2 * 3 - 4 / 2", "{}", "5");
    check("-2 * -3", "{}", "6");
    check("!true || true && false == false", "{}", "true");
    check("true ? 1 : false ? 2 : 3", "{}", "1");
    check("2 in [1, 2] == true", "{}", "true");
    check("(1 + 2) * 3", "{}", "9");
    check("10 % 4 % 3", "{}", "2");
}

#[test]
fn only_what_is_needed_is_evaluated() {
    check("false && state.x + 1 == 2", "{}", "false");
    check("true || state.x + 1 == 2", "{}", "true");
    check("true ? 1 : state.x + 1", "{}", "1");
}

#[test]
fn texts_are_counted_in_characters_and_keep_lone_surrogates() {
    check("state.t.size()", r#"{"t":"aé\ud83d\ude00"}"#, "3");
    check("state.t.substring(1, 2) + '!'", r#"{"t":"a\ud800b"}"#, r#""\ud800!""#);
    check("state.t.split('')", r#"{"t":"aé"}"#, r#"["a","é"]"#);
    check(
        "'\\u00e9\\x41\\U0001f600\\n' + r'\\n' + '''a'b'''",
        "{}",
        r#""éA😀\n\\na'b""#,
    );
}

#[test]
fn text_that_is_no_expression() {
    check_refused("", "1: an expression is missing here; for an empty text write `''`");
    check_refused(
        "a",
        "1: nothing is named `a` here (known: state); a text is written `'a'`",
    );
    check_refused("state.a b", "9: expected an operator or the end but found `b`");
    check_refused("1 = 2", "3: `=` is not an operator; compare with `==`");
    check_refused("'abc", "1: the closing quote is missing");
    check_refused("'\\q'", "2: this escape does not exist; a backslash is written `\\\\`");
    check_refused("if", "1: `if` is a reserved word and cannot be a name");
    check_refused(
        "1u",
        "1: the suffix `u` does not exist here: there is one kind of number",
    );
    check_refused("event.data", "1: there is no event here; only `state` is known");
    check_refused(
        "size(1)",
        "6: `size` needs text, an array or an object here, but this is a number",
    );
    check_refused("'a'.sum()", "1: `sum` is written `sum(…)`, not after a dot");
    check_refused("trim('a')", "1: `trim` is written after a dot: `x.trim(…)`");
    check_refused("[1].map(1, 2)", "9: the first argument of `map` must be a name");
    check_refused(
        "1 < 2 < 3",
        "1: `<` needs two numbers or two texts, but has a boolean and a number",
    );
    check_refused("1 == 'a'", "1: `==` needs two of a kind, but has a number and text");
    check_refused(
        &"(".repeat(40),
        "33: the expression nests deeper than 32 levels; split it with `let`",
    );
    let long = vec!["1"; 200].join("+");
    check_refused(
        &long,
        "1: the expression is built of more than 160 steps in a row; split it with `let`",
    );
    let vast = "1".repeat(20_000);
    check_refused(
        &vast,
        "1: the expression is longer than 16384 characters; split it with `let`",
    );
}

proptest! {
    #[test]
    fn any_text_is_an_expression_or_refused(text in "[a-c.()\\[\\]{}'\"0-9+*/%<>=!&|?:, -]{0,40}|state[.a-c\\[\\]0-9+]{0,20}") {
        let _ = evaluated(&text, r#"{"a":[1,{"b":2}],"b":"x","c":null}"#);
    }

    #[test]
    fn a_literal_is_as_long_as_it_says(mantissa in any::<i64>(), scale in 0_usize..25) {
        let digits = format!("{:0width$}", mantissa.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if mantissa < 0 { "-" } else { "" };
        let literal = if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") };
        let read = Number::parse(&literal).unwrap();
        prop_assert_eq!(number::literal_length(&read), literal.len(), "{}", literal);
    }

    #[test]
    fn rounding_to_whole_numbers_is_that_of_integers(mantissa in -1_000_000_i64..1_000_000) {
        let hundredths = Number::Decimal { mantissa, scale: 2 };
        prop_assert_eq!(hundredths.floor().unwrap().to_i64(), Some(mantissa.div_euclid(100)));
        prop_assert_eq!(number::ceil(&hundredths).unwrap().to_i64(), Some(-(-mantissa).div_euclid(100)));
        prop_assert_eq!(number::truncate(&hundredths).unwrap().to_i64(), Some(mantissa / 100));
    }
}
