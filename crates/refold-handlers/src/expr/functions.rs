//! The closed set of functions: their names and signatures, and what they compute.

use refold_core::value::{Array, Number, Text, Value};

use super::meter::{Exhausted, Meter};
use super::number;
use super::types::Type;
use crate::error::code;

/// A function that takes evaluated arguments. Macros and `has` are no functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    LowerAscii,
    UpperAscii,
    Split,
    Join,
    Trim,
    Substring,
    Replace,
    Keys,
    Values,
    Sum,
    Min,
    Max,
    Abs,
    Round,
    Floor,
    Ceil,
    Div,
    Int,
    Float,
    Number,
    String,
    Type,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    Any,
    Number,
    Text,
    List,
    Object,
    /// Text, a list or an object.
    Sized,
}

impl Parameter {
    pub fn accepts(self, given: &Type) -> bool {
        match self {
            Parameter::Any => true,
            Parameter::Number => given.may_be(&Type::Number),
            Parameter::Text => given.may_be(&Type::Text),
            Parameter::List => given.may_be(&Type::any_list()),
            Parameter::Object => given.may_be(&Type::any_object()),
            Parameter::Sized => {
                given.may_be(&Type::Text) || given.may_be(&Type::any_list()) || given.may_be(&Type::any_object())
            }
        }
    }

    pub fn wanted(self) -> &'static str {
        match self {
            Parameter::Any => "a value",
            Parameter::Number => "a number",
            Parameter::Text => "text",
            Parameter::List => "an array",
            Parameter::Object => "an object",
            Parameter::Sized => "text, an array or an object",
        }
    }
}

/// How a function is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `f(a, b)`
    Plain,
    /// `a.f(b)`
    Method,
    Either,
}

pub struct Signature {
    pub function: Function,
    name: &'static str,
    form: Form,
    pub parameters: &'static [Parameter],
    /// How many of the parameters must be given.
    pub required: usize,
    pub result: fn() -> Type,
}

const fn plain(
    function: Function,
    name: &'static str,
    parameters: &'static [Parameter],
    result: fn() -> Type,
) -> Signature {
    Signature {
        function,
        name,
        form: Form::Plain,
        parameters,
        required: parameters.len(),
        result,
    }
}

const fn method(
    function: Function,
    name: &'static str,
    parameters: &'static [Parameter],
    required: usize,
    result: fn() -> Type,
) -> Signature {
    Signature {
        function,
        name,
        form: Form::Method,
        parameters,
        required,
        result,
    }
}

use Parameter as P;

const SIGNATURES: [Signature; 26] = [
    Signature {
        function: Function::Size,
        name: "size",
        form: Form::Either,
        parameters: &[P::Sized],
        required: 1,
        result: || Type::Number,
    },
    method(Function::Contains, "contains", &[P::Text, P::Text], 2, || Type::Bool),
    method(Function::StartsWith, "startsWith", &[P::Text, P::Text], 2, || {
        Type::Bool
    }),
    method(Function::EndsWith, "endsWith", &[P::Text, P::Text], 2, || Type::Bool),
    method(Function::LowerAscii, "lowerAscii", &[P::Text], 1, || Type::Text),
    method(Function::UpperAscii, "upperAscii", &[P::Text], 1, || Type::Text),
    method(Function::Split, "split", &[P::Text, P::Text], 2, || {
        Type::List(std::sync::Arc::new(Type::Text))
    }),
    method(Function::Join, "join", &[P::List, P::Text], 1, || Type::Text),
    method(Function::Trim, "trim", &[P::Text], 1, || Type::Text),
    method(
        Function::Substring,
        "substring",
        &[P::Text, P::Number, P::Number],
        2,
        || Type::Text,
    ),
    method(Function::Replace, "replace", &[P::Text, P::Text, P::Text], 3, || {
        Type::Text
    }),
    plain(Function::Keys, "keys", &[P::Object], || {
        Type::List(std::sync::Arc::new(Type::Text))
    }),
    plain(Function::Values, "values", &[P::Object], Type::any_list),
    plain(Function::Sum, "sum", &[P::List], || Type::Number),
    Signature {
        function: Function::Min,
        name: "min",
        form: Form::Plain,
        parameters: &[P::Any; 8],
        required: 1,
        result: || Type::Any,
    },
    Signature {
        function: Function::Max,
        name: "max",
        form: Form::Plain,
        parameters: &[P::Any; 8],
        required: 1,
        result: || Type::Any,
    },
    plain(Function::Abs, "abs", &[P::Number], || Type::Number),
    plain(Function::Round, "round", &[P::Number, P::Number], || Type::Number),
    plain(Function::Floor, "floor", &[P::Number], || Type::Number),
    plain(Function::Ceil, "ceil", &[P::Number], || Type::Number),
    plain(Function::Div, "div", &[P::Number, P::Number, P::Number], || {
        Type::Number
    }),
    plain(Function::Int, "int", &[P::Number], || Type::Number),
    plain(Function::Float, "float", &[P::Number], || Type::Number),
    plain(Function::Number, "number", &[P::Text], || Type::Number),
    plain(Function::String, "string", &[P::Any], || Type::Text),
    plain(Function::Type, "type", &[P::Any], || Type::Text),
];

/// The function of that name and form, or what to write instead.
pub fn find(name: &str, is_method: bool) -> Result<&'static Signature, String> {
    let Some(signature) = SIGNATURES.iter().find(|signature| signature.name == name) else {
        let known = SIGNATURES
            .iter()
            .map(|signature| signature.name)
            .collect::<Vec<_>>()
            .join(", ");
        return Err(format!(
            "there is no function `{name}`; known: {known}, has, all, exists, exists_one, filter, map"
        ));
    };
    match (signature.form, is_method) {
        (Form::Either, _) | (Form::Plain, false) | (Form::Method, true) => Ok(signature),
        (Form::Plain, true) => Err(format!("`{name}` is written `{name}(…)`, not after a dot")),
        (Form::Method, false) => Err(format!("`{name}` is written after a dot: `x.{name}(…)`")),
    }
}

/// Why a function gave no value.
#[derive(Debug)]
pub enum Failure {
    Exhausted(Exhausted),
    Fault { code: &'static str, message: String },
}

impl From<Exhausted> for Failure {
    fn from(exhausted: Exhausted) -> Failure {
        Failure::Exhausted(exhausted)
    }
}

fn type_failure(message: impl Into<String>) -> Failure {
    Failure::Fault {
        code: code::HANDLER_TYPE,
        message: message.into(),
    }
}

pub fn number_failure(error: &refold_core::value::NumberError) -> Failure {
    Failure::Fault {
        code: code::HANDLER_THROW,
        message: error.to_string(),
    }
}

/// Computes a function. `arguments` has as many values as the call has, which the compiler has counted.
pub fn call(function: Function, arguments: &[&Value], meter: &mut Meter) -> Result<Value, Failure> {
    let name = SIGNATURES
        .iter()
        .find(|signature| signature.function == function)
        .map_or("?", |found| found.name);
    let arguments = Arguments {
        name,
        values: arguments,
    };
    match function {
        Function::Size => size(&arguments),
        Function::Contains => {
            let (text, part) = (arguments.text(0)?, arguments.text(1)?);
            meter.text_steps(text.as_wtf8().len())?;
            Ok(Value::Bool(
                memchr::memmem::find(text.as_wtf8(), part.as_wtf8()).is_some(),
            ))
        }
        Function::StartsWith => Ok(Value::Bool(
            arguments.text(0)?.as_wtf8().starts_with(arguments.text(1)?.as_wtf8()),
        )),
        Function::EndsWith => Ok(Value::Bool(
            arguments.text(0)?.as_wtf8().ends_with(arguments.text(1)?.as_wtf8()),
        )),
        Function::LowerAscii => text_of(arguments.text(0)?.as_wtf8().to_ascii_lowercase(), meter),
        Function::UpperAscii => text_of(arguments.text(0)?.as_wtf8().to_ascii_uppercase(), meter),
        Function::Split => split(&arguments, meter),
        Function::Join => join(&arguments, meter),
        Function::Trim => trim(arguments.text(0)?, meter),
        Function::Substring => substring(&arguments, meter),
        Function::Replace => replace(&arguments, meter),
        Function::Keys => {
            let object = arguments.object(0)?;
            meter.steps(object.len())?;
            meter.allocate(object.len() * 32)?;
            Ok(Value::Array(
                object.iter().map(|(key, _)| Value::Text(key.clone())).collect(),
            ))
        }
        Function::Values => {
            let object = arguments.object(0)?;
            meter.steps(object.len())?;
            meter.allocate(object.len() * 32)?;
            Ok(Value::Array(
                object.iter().map(|(_, value)| value.resolved().clone()).collect(),
            ))
        }
        Function::Sum => {
            let values = arguments.list(0)?;
            meter.steps(values.len())?;
            let mut total = Number::from(0);
            for (at, value) in values.iter().enumerate() {
                let Value::Number(number) = value.resolved() else {
                    return Err(type_failure(format!(
                        "sum needs numbers, but element {at} is {}",
                        value.kind()
                    )));
                };
                total = total.add(number).map_err(|error| number_failure(&error))?;
            }
            Ok(Value::Number(total))
        }
        Function::Min => extreme(&arguments, std::cmp::Ordering::Less, meter),
        Function::Max => extreme(&arguments, std::cmp::Ordering::Greater, meter),
        Function::Abs => {
            let number = arguments.number(0)?;
            let is_negative = number.cmp_exact(&Number::from(0)) == std::cmp::Ordering::Less;
            Ok(Value::Number(if is_negative {
                number.neg().map_err(|e| number_failure(&e))?
            } else {
                number.clone()
            }))
        }
        Function::Round => {
            arguments.rounded(|number, _| number.round(arguments.digits(1)?).map_err(|e| number_failure(&e)))
        }
        Function::Floor => arguments.rounded(|number, _| number.floor().map_err(|e| number_failure(&e))),
        Function::Ceil => arguments.rounded(|number, _| number::ceil(number).map_err(|e| number_failure(&e))),
        Function::Int => arguments.rounded(|number, _| number::truncate(number).map_err(|e| number_failure(&e))),
        Function::Div => {
            let (dividend, divisor, digits) = (arguments.number(0)?, arguments.number(1)?, arguments.digits(2)?);
            dividend
                .div(divisor, digits)
                .map(Value::Number)
                .map_err(|error| number_failure(&error))
        }
        Function::Float => number::float(arguments.number(0)?)
            .map(Value::Number)
            .ok_or_else(|| type_failure("float: the number is outside the range of a double")),
        Function::Number => {
            let text = arguments.text(0)?;
            text.as_str()
                .and_then(Number::parse)
                .map(Value::Number)
                .ok_or_else(|| type_failure("number: the text is no JSON number"))
        }
        Function::String => string(arguments.value(0), meter),
        Function::Type => Ok(Value::Text(Text::from(match arguments.value(0) {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            // No handler is given a redacted value.
            Value::Text(_) | Value::Redacted(_) => "string",
            Value::Array(_) | Value::Repeated(_) => "list",
            Value::Object(_) => "map",
        }))),
    }
}

struct Arguments<'a> {
    name: &'static str,
    values: &'a [&'a Value],
}

impl<'a> Arguments<'a> {
    fn value(&self, at: usize) -> &'a Value {
        self.values.get(at).map_or(&Value::Null, |value| value.resolved())
    }

    fn text(&self, at: usize) -> Result<&'a Text, Failure> {
        match self.value(at) {
            Value::Text(text) => Ok(text),
            other => Err(self.wrong(at, "text", other)),
        }
    }

    fn number(&self, at: usize) -> Result<&'a Number, Failure> {
        match self.value(at) {
            Value::Number(number) => Ok(number),
            other => Err(self.wrong(at, "a number", other)),
        }
    }

    fn list(&self, at: usize) -> Result<&'a Array, Failure> {
        match self.value(at) {
            Value::Array(values) => Ok(values),
            other => Err(self.wrong(at, "an array", other)),
        }
    }

    fn object(&self, at: usize) -> Result<&'a refold_core::value::Object, Failure> {
        match self.value(at) {
            Value::Object(object) => Ok(object),
            other => Err(self.wrong(at, "an object", other)),
        }
    }

    /// Fractional digits to round to: 0 to 1,000.
    fn digits(&self, at: usize) -> Result<u16, Failure> {
        number::index(self.number(at)?)
            .and_then(|digits| u16::try_from(digits).ok())
            .filter(|digits| *digits <= 1_000)
            .ok_or_else(|| {
                type_failure(format!(
                    "{}: the number of digits must be a whole number from 0 to 1000",
                    self.name
                ))
            })
    }

    fn rounded(&self, round: impl Fn(&Number, ()) -> Result<Number, Failure>) -> Result<Value, Failure> {
        round(self.number(0)?, ()).map(Value::Number)
    }

    fn wrong(&self, at: usize, wanted: &str, found: &Value) -> Failure {
        type_failure(format!(
            "{}: argument {} must be {wanted}, but it is {}",
            self.name,
            at + 1,
            found.kind()
        ))
    }
}

fn text_of(bytes: Vec<u8>, meter: &mut Meter) -> Result<Value, Failure> {
    meter.text_steps(bytes.len())?;
    meter.allocate(bytes.len())?;
    Ok(Value::Text(Text::from_wtf8(&bytes)))
}

/// Text is counted in characters; a lone surrogate is one.
fn size(arguments: &Arguments<'_>) -> Result<Value, Failure> {
    let size = match arguments.value(0) {
        Value::Text(text) => character_starts(text.as_wtf8()).count(),
        Value::Array(values) => values.len(),
        Value::Object(members) => members.len(),
        other => return Err(arguments.wrong(0, P::Sized.wanted(), other)),
    };
    Ok(Value::Number(Number::from(i64::try_from(size).unwrap_or(i64::MAX))))
}

/// Byte offsets of the characters of WTF-8.
fn character_starts(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| !(0x80..0xc0).contains(*byte))
        .map(|(at, _)| at)
}

fn split(arguments: &Arguments<'_>, meter: &mut Meter) -> Result<Value, Failure> {
    let (text, separator) = (arguments.text(0)?.as_wtf8(), arguments.text(1)?.as_wtf8());
    meter.text_steps(text.len())?;
    let mut parts = Vec::new();
    let mut rest = 0;
    let ends: Box<dyn Iterator<Item = usize>> = if separator.is_empty() {
        Box::new(character_starts(text).skip(1))
    } else {
        Box::new(memchr::memmem::find_iter(text, separator))
    };
    for end in ends {
        meter.step()?;
        parts.push(text.get(rest..end).unwrap_or_default());
        rest = end + separator.len();
    }
    parts.push(text.get(rest..).unwrap_or_default());
    meter.allocate(text.len() + parts.len() * 32)?;
    Ok(Value::Array(
        parts
            .into_iter()
            .map(|part| Value::Text(Text::from_wtf8(part)))
            .collect(),
    ))
}

fn join(arguments: &Arguments<'_>, meter: &mut Meter) -> Result<Value, Failure> {
    let separator = match arguments.values.len() {
        1 => &[],
        _ => arguments.text(1)?.as_wtf8(),
    };
    let mut joined = Vec::new();
    for (at, value) in arguments.list(0)?.iter().enumerate() {
        let Value::Text(text) = value.resolved() else {
            return Err(type_failure(format!(
                "join needs text, but element {at} is {}",
                value.kind()
            )));
        };
        meter.text_steps(text.as_wtf8().len())?;
        meter.allocate(text.as_wtf8().len() + separator.len())?;
        if at > 0 {
            joined.extend_from_slice(separator);
        }
        joined.extend_from_slice(text.as_wtf8());
    }
    Ok(Value::Text(Text::from_wtf8(&joined)))
}

/// Without the white space (of Unicode) at both ends. A text with a lone surrogate loses only ASCII white space.
fn trim(text: &Text, meter: &mut Meter) -> Result<Value, Failure> {
    let trimmed = text
        .as_str()
        .map_or_else(|| text.as_wtf8().trim_ascii(), |text| text.trim().as_bytes());
    text_of(trimmed.to_vec(), meter)
}

fn substring(arguments: &Arguments<'_>, meter: &mut Meter) -> Result<Value, Failure> {
    let text = arguments.text(0)?.as_wtf8();
    meter.text_steps(text.len())?;
    let offset = |at: usize| -> Result<usize, Failure> {
        let index = number::index(arguments.number(at)?);
        let starts = index.and_then(|index| character_starts(text).chain([text.len()]).nth(index));
        starts.ok_or_else(|| type_failure("substring: the index is outside the text"))
    };
    let from = offset(1)?;
    let to = if arguments.values.len() > 2 {
        offset(2)?
    } else {
        text.len()
    };
    match text.get(from..to) {
        Some(part) => text_of(part.to_vec(), meter),
        None => Err(type_failure("substring: the end is before the start")),
    }
}

fn replace(arguments: &Arguments<'_>, meter: &mut Meter) -> Result<Value, Failure> {
    let (text, old, new) = (
        arguments.text(0)?.as_wtf8(),
        arguments.text(1)?.as_wtf8(),
        arguments.text(2)?.as_wtf8(),
    );
    if old.is_empty() {
        return Err(type_failure("replace: the text to replace is empty"));
    }
    meter.text_steps(text.len())?;
    let mut replaced = Vec::new();
    let mut rest = 0;
    for at in memchr::memmem::find_iter(text, old) {
        meter.step()?;
        meter.allocate(new.len())?;
        replaced.extend_from_slice(text.get(rest..at).unwrap_or_default());
        replaced.extend_from_slice(new);
        rest = at + old.len();
    }
    replaced.extend_from_slice(text.get(rest..).unwrap_or_default());
    text_of(replaced, meter)
}

/// The least or greatest of several arguments, or of the elements of the only one. Of an empty list: null.
fn extreme(arguments: &Arguments<'_>, wanted: std::cmp::Ordering, meter: &mut Meter) -> Result<Value, Failure> {
    let candidates: Vec<&Value> = match arguments.values {
        [_] => arguments.list(0)?.iter().map(Value::resolved).collect(),
        several => several.iter().map(|value| value.resolved()).collect(),
    };
    meter.steps(candidates.len())?;
    let mut best: Option<&Value> = None;
    for candidate in candidates {
        let ordering = match best {
            None if matches!(candidate, Value::Number(_) | Value::Text(_)) => Some(wanted),
            None => None,
            Some(best) => ordering(candidate, best),
        };
        match ordering {
            Some(ordering) if ordering == wanted => best = Some(candidate),
            Some(_) => {}
            None => {
                let message = format!(
                    "{} needs numbers only or texts only, but found {}",
                    arguments.name,
                    candidate.kind()
                );
                return Err(type_failure(message));
            }
        }
    }
    Ok(best.cloned().unwrap_or(Value::Null))
}

/// The order of two numbers (by amount) or two texts (by code point); `None` for anything else.
pub fn ordering(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Some(left.cmp_exact(right)),
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn string(value: &Value, meter: &mut Meter) -> Result<Value, Failure> {
    match value {
        Value::Text(_) => Ok(value.clone()),
        Value::Number(number) => text_of(number.to_string().into_bytes(), meter),
        Value::Bool(truth) => Ok(Value::Text(Text::from(if *truth { "true" } else { "false" }))),
        other => Err(type_failure(format!(
            "string: {} has no text form; take a member of it",
            other.kind()
        ))),
    }
}
