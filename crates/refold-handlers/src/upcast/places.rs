//! The members of a payload that a step takes and puts. It must not know steps.

use refold_core::value::{Object, Text, Value};

/// The member at `path`.
pub fn found<'v>(payload: &'v Value, path: &[Text]) -> Option<&'v Value> {
    let mut at = payload;
    for key in path {
        let Value::Object(members) = at.resolved() else {
            return None;
        };
        at = members.get(key.as_wtf8())?;
    }
    Some(at)
}

/// Takes the member at `path` out of its object.
pub fn taken(payload: &mut Value, path: &[Text]) -> Option<Value> {
    let (last, parents) = path.split_last()?;
    object_at(payload, parents, false)?.remove(last.as_wtf8())
}

/// Puts a member at `path`; objects on the way that are missing are made, anything else in the way is replaced.
pub fn put(payload: &mut Value, path: &[Text], value: Value) {
    let Some((last, parents)) = path.split_last() else {
        *payload = value;
        return;
    };
    if let Some(members) = object_at(payload, parents, true) {
        members.insert(last.clone(), value);
    }
}

fn object_at<'v>(payload: &'v mut Value, path: &[Text], makes: bool) -> Option<&'v mut Object> {
    let mut at = payload;
    for key in path {
        let members = members_of(at, makes)?;
        if makes && members.get(key.as_wtf8()).is_none() {
            members.insert(key.clone(), Value::Null);
        }
        at = members.get_mut(key.as_wtf8())?;
    }
    members_of(at, makes)
}

fn members_of(value: &mut Value, makes: bool) -> Option<&mut Object> {
    if let Value::Repeated(_) = value {
        *value = value.resolved().clone();
    }
    if makes && !matches!(value, Value::Object(_)) {
        *value = Value::Object(Object::default());
    }
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}
