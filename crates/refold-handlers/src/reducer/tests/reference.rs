//! The engine against a slow interpreter that copies the state for every operation.

use std::cmp::Ordering;

use proptest::prelude::*;
use refold_core::diff::{ArrayKeys, diff};
use refold_core::value::{Number, Object, Text};

use super::*;
use crate::expr::meter::measured;
use crate::merge::merge_patch;

#[derive(Debug, Clone)]
enum Step {
    Key(&'static str),
    /// `[event.data.<field>]`
    Field(&'static str),
    Index(usize),
}

#[derive(Debug, Clone)]
enum Source {
    Field(&'static str),
    State(Vec<&'static str>),
    Number(&'static str),
    This,
}

#[derive(Debug, Clone)]
enum Deed {
    Set(Vec<Step>, Source),
    Add(Vec<Step>, Source),
    Sub(Vec<Step>, Source),
    Min(Vec<Step>, Source),
    Max(Vec<Step>, Source),
    Append(Vec<Step>, Source),
    Prepend(Vec<Step>, Source),
    RemoveValue(Vec<Step>, Source),
    Merge(Vec<Step>, Source),
    Inc(Vec<Step>),
    Remove(Vec<Step>),
    Clear(Vec<Step>),
    Delete,
    Child(Vec<Step>, Option<Source>, Vec<Deed>),
    When(&'static str, Vec<Deed>),
}

fn written_path(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => text.push_str(&format!(".{key}")),
            Step::Field(field) => text.push_str(&format!("[event.data.{field}]")),
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

fn written_source(source: &Source) -> String {
    match source {
        Source::Field(field) => format!("event.data.{field}"),
        Source::State(keys) => format!("state.{}", keys.join(".")),
        Source::Number(number) => (*number).to_owned(),
        Source::This => "this".to_owned(),
    }
}

/// The operations as a flow list of YAML.
fn written_deeds(deeds: &[Deed]) -> String {
    let written = deeds.iter().map(|deed| match deed {
        Deed::Set(path, source) => one("set", path, source),
        Deed::Add(path, source) => one("add", path, source),
        Deed::Sub(path, source) => one("sub", path, source),
        Deed::Min(path, source) => one("min", path, source),
        Deed::Max(path, source) => one("max", path, source),
        Deed::Append(path, source) => one("append", path, source),
        Deed::Prepend(path, source) => one("prepend", path, source),
        Deed::RemoveValue(path, source) => one("removeValue", path, source),
        Deed::Merge(path, source) => one("merge", path, source),
        Deed::Inc(path) => format!("{{inc: \"{}\"}}", written_path(path)),
        Deed::Remove(path) => format!("{{remove: \"{}\"}}", written_path(path)),
        Deed::Clear(path) => format!("{{clear: \"{}\"}}", written_path(path)),
        Deed::Delete => "{delete: state}".to_owned(),
        Deed::Child(path, create, deeds) => {
            let create = create
                .as_ref()
                .map(|source| format!(", create: \"{}\"", written_source(source)));
            let create = create.unwrap_or_default();
            format!(
                "{{child: \"{}\"{create}, do: {}}}",
                written_path(path),
                written_deeds(deeds)
            )
        }
        Deed::When(field, deeds) => format!("{{when: \"has(event.data.{field})\", do: {}}}", written_deeds(deeds)),
    });
    format!("[{}]", written.collect::<Vec<_>>().join(", "))
}

fn one(name: &str, path: &[Step], source: &Source) -> String {
    format!(
        "{{{name}: {{\"{}\": \"{}\"}}}}",
        written_path(path),
        written_source(source)
    )
}

/// The interpreter. A fault is `Err`.
struct Slow<'a> {
    payload: &'a Value,
    state: Value,
}

type Faulty<T> = Result<T, ()>;

#[derive(Clone)]
enum Found {
    Key(Text),
    Element(usize),
}

impl Slow<'_> {
    fn run(&mut self, deeds: &[Deed], base: &[Found]) -> Faulty<()> {
        deeds.iter().try_for_each(|deed| self.deed(deed, base))
    }

    fn deed(&mut self, deed: &Deed, base: &[Found]) -> Faulty<()> {
        match deed {
            Deed::Set(path, source) => {
                let value = self.source(source, base);
                self.write(path, base, |_| Ok(value.clone()))
            }
            Deed::Add(path, source) => self.sum(path, source, base, Number::add),
            Deed::Sub(path, source) => self.sum(path, source, base, Number::sub),
            Deed::Inc(path) => self.sum(path, &Source::Number("1"), base, Number::add),
            Deed::Min(path, source) => self.extreme(path, source, base, Ordering::Less),
            Deed::Max(path, source) => self.extreme(path, source, base, Ordering::Greater),
            Deed::Append(path, source) | Deed::Prepend(path, source) => {
                let value = self.source(source, base);
                let is_front = matches!(deed, Deed::Prepend(..));
                self.write(path, base, |old| {
                    let mut values = match old {
                        None | Some(Value::Null) => Vec::new(),
                        Some(Value::Array(values)) => values.iter().cloned().collect(),
                        Some(_) => return Err(()),
                    };
                    values.insert(if is_front { 0 } else { values.len() }, value.clone());
                    Ok(Value::Array(values.into_iter().collect()))
                })
            }
            Deed::RemoveValue(path, source) => {
                let unwanted = self.source(source, base);
                let found = self.resolve(path, base)?;
                match get(&self.state, &found) {
                    None | Some(Value::Null) => Ok(()),
                    Some(Value::Array(values)) if values.iter().any(|value| is_equal(value, &unwanted)) => {
                        let kept: Vec<Value> = values
                            .iter()
                            .filter(|value| !is_equal(value, &unwanted))
                            .cloned()
                            .collect();
                        self.write(path, base, |_| Ok(Value::Array(kept.iter().cloned().collect())))
                    }
                    Some(Value::Array(_)) => Ok(()),
                    Some(_) => Err(()),
                }
            }
            Deed::Merge(path, source) => {
                let patch = self.source(source, base).with_last_of_repeated();
                self.write(path, base, |old| {
                    Ok(merge_patch(old.cloned().unwrap_or_default(), &patch))
                })
            }
            Deed::Clear(path) => self.write(path, base, |old| {
                Ok(match old {
                    Some(Value::Object(_)) => Value::Object(Object::default()),
                    Some(Value::Array(_)) => Value::Array([].into_iter().collect()),
                    _ => Value::Null,
                })
            }),
            Deed::Remove(path) => {
                let found = self.resolve(path, base)?;
                self.state = removed(&self.state, &found);
                Ok(())
            }
            Deed::Delete => {
                self.state = Value::Null;
                Ok(())
            }
            Deed::Child(path, create, deeds) => {
                let found = self.resolve(path, base)?;
                if get(&self.state, &found).is_none_or(|value| value.is_null()) {
                    let made = create.as_ref().map(|source| self.source(source, base));
                    let made = made.unwrap_or_else(|| Value::Object(Object::default()));
                    self.state = changed(Some(&self.state), &found, &mut |_| Ok(made.clone()))?;
                }
                self.run(deeds, &found)
            }
            Deed::When(field, deeds) => match member(self.payload, field) {
                Some(_) => self.run(deeds, base),
                None => Ok(()),
            },
        }
    }

    fn sum(
        &mut self,
        path: &[Step],
        source: &Source,
        base: &[Found],
        compute: fn(&Number, &Number) -> Result<Number, refold_core::value::NumberError>,
    ) -> Faulty<()> {
        let Value::Number(amount) = self.source(source, base) else {
            return Err(());
        };
        self.write(path, base, |old| {
            let old = match old {
                None | Some(Value::Null) => Number::from(0),
                Some(Value::Number(old)) => old.clone(),
                Some(_) => return Err(()),
            };
            compute(&old, &amount).map(Value::Number).map_err(|_| ())
        })
    }

    fn extreme(&mut self, path: &[Step], source: &Source, base: &[Found], wanted: Ordering) -> Faulty<()> {
        let candidate = self.source(source, base);
        self.write(path, base, |old| match (old, &candidate) {
            (None | Some(Value::Null), _) => Ok(candidate.clone()),
            (Some(Value::Number(old)), Value::Number(new)) => Ok(Value::Number(
                if new.cmp_exact(old) == wanted { new } else { old }.clone(),
            )),
            (Some(Value::Text(old)), Value::Text(new)) => {
                Ok(Value::Text(if new.cmp(old) == wanted { new } else { old }.clone()))
            }
            _ => Err(()),
        })
    }

    fn source(&self, source: &Source, base: &[Found]) -> Value {
        match source {
            Source::Field(field) => member(self.payload, field).cloned().unwrap_or_default(),
            Source::State(keys) => {
                let path: Vec<Found> = keys.iter().map(|key| Found::Key(Text::from(*key))).collect();
                get(&self.state, &path).cloned().unwrap_or_default()
            }
            Source::Number(number) => Value::Number(Number::parse(number).unwrap()),
            Source::This => get(&self.state, base).cloned().unwrap_or_default(),
        }
    }

    fn resolve(&self, path: &[Step], base: &[Found]) -> Faulty<Vec<Found>> {
        let mut found = base.to_vec();
        for step in path {
            let index = match step {
                Step::Key(key) => {
                    found.push(Found::Key(Text::from(*key)));
                    continue;
                }
                Step::Field(field) => member(self.payload, field).cloned().unwrap_or_default(),
                Step::Index(index) => Value::Number(Number::from(*index as i64)),
            };
            let is_array = matches!(get(&self.state, &found), Some(Value::Array(_)));
            found.push(match index {
                Value::Text(key) => Found::Key(key),
                Value::Number(number) if is_array => Found::Element(
                    number
                        .to_i64()
                        .and_then(|index| usize::try_from(index).ok())
                        .ok_or(())?,
                ),
                Value::Number(number) => Found::Key(Text::from(number.to_string().as_str())),
                _ => return Err(()),
            });
        }
        Ok(found)
    }

    fn write(
        &mut self,
        path: &[Step],
        base: &[Found],
        mut made: impl FnMut(Option<&Value>) -> Faulty<Value>,
    ) -> Faulty<()> {
        let found = self.resolve(path, base)?;
        self.state = changed(Some(&self.state), &found, &mut made)?;
        Ok(())
    }
}

fn member<'v>(of: &'v Value, key: &str) -> Option<&'v Value> {
    match of.resolved() {
        Value::Object(members) => members.get(key.as_bytes()).map(Value::resolved),
        _ => None,
    }
}

fn get<'v>(state: &'v Value, path: &[Found]) -> Option<&'v Value> {
    let mut at = state.resolved();
    for step in path {
        at = match (at, step) {
            (Value::Object(members), Found::Key(key)) => members.get(key.as_wtf8())?.resolved(),
            (Value::Array(values), Found::Element(index)) => values.get(*index)?.resolved(),
            _ => return None,
        };
    }
    Some(at)
}

fn changed(at: Option<&Value>, path: &[Found], made: &mut dyn FnMut(Option<&Value>) -> Faulty<Value>) -> Faulty<Value> {
    let at = at.map(Value::resolved);
    let Some((step, rest)) = path.split_first() else {
        return made(at);
    };
    match (at, step) {
        (None | Some(Value::Null), Found::Key(key)) => Ok(Value::Object(
            [(key.clone(), changed(None, rest, made)?)].into_iter().collect(),
        )),
        (None | Some(Value::Null), Found::Element(0)) => {
            Ok(Value::Array([changed(None, rest, made)?].into_iter().collect()))
        }
        (Some(Value::Object(members)), Found::Key(key)) => {
            let mut members = members.clone();
            let new = changed(members.get(key.as_wtf8()), rest, made)?;
            members.insert(key.clone(), new);
            Ok(Value::Object(members))
        }
        (Some(Value::Array(values)), Found::Element(index)) => {
            let mut values: Vec<Value> = values.iter().cloned().collect();
            let new = changed(values.get(*index), rest, made)?;
            match index.cmp(&values.len()) {
                Ordering::Less => values[*index] = new,
                Ordering::Equal => values.push(new),
                Ordering::Greater => return Err(()),
            }
            Ok(Value::Array(values.into_iter().collect()))
        }
        _ => Err(()),
    }
}

fn removed(at: &Value, path: &[Found]) -> Value {
    let Some((step, rest)) = path.split_first() else {
        return Value::Null;
    };
    let at = at.resolved();
    match (at, step) {
        (Value::Object(members), Found::Key(key)) => {
            let mut members = members.clone();
            if rest.is_empty() {
                members.remove(key.as_wtf8());
            } else if let Some(inner) = members.get(key.as_wtf8()) {
                let new = removed(inner, rest);
                members.insert(key.clone(), new);
            }
            Value::Object(members)
        }
        (Value::Array(values), Found::Element(index)) if *index < values.len() => {
            let mut values: Vec<Value> = values.iter().cloned().collect();
            if rest.is_empty() {
                values.remove(*index);
            } else {
                values[*index] = removed(&values[*index], rest);
            }
            Value::Array(values.into_iter().collect())
        }
        _ => at.clone(),
    }
}

fn is_equal(left: &Value, right: &Value) -> bool {
    match (left.resolved(), right.resolved()) {
        (Value::Number(left), Value::Number(right)) => left.cmp_exact(right) == Ordering::Equal,
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| is_equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right.iter())
                    .all(|((a, left), (b, right))| a == b && is_equal(left, right))
        }
        (left, right) => left == right,
    }
}

fn payload() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "1",
        "0",
        "2.50",
        "-3",
        "9007199254740993",
        "\"x\"",
        "\"y\"",
        "\"0\"",
        "null",
        "true",
        "[]",
        "[1,\"x\"]",
        "{}",
        "{\"a\":1}",
        "{\"a\":{\"b\":2},\"b\":null}",
        "{\"a\":1,\"a\":{\"b\":3}}",
        "{\"a\":{\"b\":3},\"a\":null}",
        "{\"b\":1,\"a\":0,\"b\":2,\"a\":[3]}",
        "[{\"a\":1}]",
        "1.0",
    ]);
    let name = prop::sample::select(vec!["p", "q", "r"]);
    prop::collection::vec((name, value), 0..4).prop_map(|members| {
        let members = members.iter().map(|(name, value)| format!("\"{name}\":{value}"));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    })
}

fn field() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["p", "q", "r"])
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let key = || prop::sample::select(vec!["a", "b", "c"]);
    let step = prop_oneof![
        3 => key().prop_map(Step::Key),
        1 => field().prop_map(Step::Field),
        1 => (0_usize..3).prop_map(Step::Index),
    ];
    let path = (key().prop_map(Step::Key), prop::collection::vec(step, 0..3))
        .prop_map(|(first, rest)| [vec![first], rest].concat());
    let path = path.boxed();
    let source = prop_oneof![
        4 => field().prop_map(Source::Field),
        1 => prop::collection::vec(key(), 1..3).prop_map(Source::State),
        1 => prop::sample::select(vec!["1", "0.10", "7"]).prop_map(Source::Number),
    ]
    .boxed();
    let simple = prop_oneof![
        3 => (path.clone(), source.clone()).prop_map(|(path, source)| Deed::Set(path, source)),
        1 => (path.clone(), source.clone()).prop_map(|(path, source)| Deed::Add(path, source)),
        1 => (path.clone(), source.clone()).prop_map(|(path, source)| Deed::Sub(path, source)),
        1 => (path.clone(), source.clone()).prop_map(|(path, source)| Deed::Min(path, source)),
        1 => (path.clone(), source.clone()).prop_map(|(path, source)| Deed::Max(path, source)),
        2 => (path.clone(), source.clone()).prop_map(|(path, source)| Deed::Append(path, source)),
        2 => (path.clone(), source.clone()).prop_map(|(path, source)| Deed::Prepend(path, source)),
        1 => (path.clone(), source.clone()).prop_map(|(path, source)| Deed::RemoveValue(path, source)),
        1 => (path.clone(), source.clone()).prop_map(|(path, source)| Deed::Merge(path, source)),
        1 => path.clone().prop_map(Deed::Inc),
        2 => path.clone().prop_map(Deed::Remove),
        1 => path.clone().prop_map(Deed::Clear),
        1 => Just(Deed::Delete),
    ];
    let deed = simple.prop_recursive(2, 12, 3, move |inner| {
        let source = prop_oneof![source.clone(), Just(Source::This)];
        let inner = prop::collection::vec(inner, 0..3);
        prop_oneof![
            (path.clone(), prop::option::of(source), inner.clone()).prop_map(|(path, create, deeds)| Deed::Child(
                path,
                create.filter(|s| !matches!(s, Source::This)),
                deeds
            )),
            (field(), inner).prop_map(|(field, deeds)| Deed::When(field, deeds)),
        ]
    });
    prop::collection::vec(deed, 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn it_does_what_a_slow_interpreter_does(
        first in deeds(), second in deeds(), events in prop::collection::vec((any::<bool>(), payload()), 1..12),
        restored_at in 0_usize..12,
    ) {
        let reducer = format!(
            "refold: reducer/1\ninitial: {{ a: {{}}, b: [] }}\non:\n  A: {}\n  B: {}\n",
            written_deeds(&first),
            written_deeds(&second)
        );
        let program = compiled(&reducer).map_err(|error| TestCaseError::fail(format!("{error}\n{reducer}")))?;
        let events: Vec<(&str, &str)> =
            events.iter().map(|(is_first, payload)| (if *is_first { "A" } else { "B" }, payload.as_str())).collect();
        let (batch, names) = batch_of(&events);
        let mut instance = program.start_declarative();
        let mut expected = Value::from_json(br#"{"a":{},"b":[]}"#, 9).unwrap();
        let mut written = Written::on();
        for (row, (event_type, payload)) in events.iter().enumerate() {
            if row == restored_at {
                // Where a fold is cut does not matter.
                let checkpoint = instance.checkpoint().unwrap();
                instance = program.start_declarative();
                instance.restore(&checkpoint).unwrap();
            }
            let before = instance.state().unwrap();
            let payload = Value::from_json(payload.as_bytes(), 64).unwrap();
            let mut slow = Slow { payload: &payload, state: expected.clone() };
            let deeds = if *event_type == "A" { &first } else { &second };
            let outcome = slow.run(deeds, &[]);
            written.clear();
            let applied = instance.apply(&batch.event(row), &names, &mut written);
            prop_assert_eq!(applied.is_ok(), outcome.is_ok(), "{:?} of {}\n{}", applied, payload.display_json(), reducer);
            if outcome.is_ok() {
                expected = slow.state;
            }
            let state = instance.state().unwrap();
            prop_assert_eq!(&state, &expected, "after {}\n{}", payload.display_json(), reducer);
            prop_assert_eq!(instance.counted_bytes(), measured(&state, usize::MAX, usize::MAX).unwrap());
            for change in diff(&before, &state, &ArrayKeys::default()) {
                let is_told = written.paths().iter().any(|path| {
                    // One element more or less, and those after it differ too, place by place.
                    let array = path.parent().filter(|array| matches!(array.find(&state), Some(Value::Array(_))));
                    path.contains(&change.path)
                        || change.path.contains(path)
                        || array.is_some_and(|array| array.contains(&change.path))
                });
                prop_assert!(is_told, "{} changed, but only {:?} were told\n{}", change.path, written.paths(), reducer);
            }
        }
    }
}
