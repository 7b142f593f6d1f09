//! A WebDriver client of the few commands that the stories need: JSON over one HTTP request each.
//!
//! By hand, because the protocol's useful part is this file and a client crate is a hundred more.

use std::cell::Cell;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Key codes of WebDriver.
pub mod key {
    pub const ENTER: &str = "\u{E007}";
    pub const TAB: &str = "\u{E004}";
    pub const ESCAPE: &str = "\u{E00C}";
    pub const CONTROL: &str = "\u{E009}";
    pub const SHIFT: &str = "\u{E008}";
    pub const ALT: &str = "\u{E00A}";
    pub const LEFT: &str = "\u{E012}";
    pub const RIGHT: &str = "\u{E014}";
    pub const DOWN: &str = "\u{E015}";
    pub const HOME: &str = "\u{E011}";
    pub const END: &str = "\u{E010}";
    pub const F10: &str = "\u{E03A}";
}

/// A running WebDriver session; the window is closed when dropped.
pub struct WebDriver {
    address: String,
    session: String,
    actions: Cell<u32>,
}

/// An element's place on the page, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl WebDriver {
    /// Asks the driver at `address` (host and port) to start `application`.
    pub fn start(address: &str, application: &str, arguments: &[&str]) -> Result<WebDriver, String> {
        let options = json!({ "application": application, "args": arguments });
        let body = json!({ "capabilities": { "alwaysMatch": { "browserName": "wry", "tauri:options": options } } });
        let answer = call(address, "POST", "/session", Some(&body))?;
        let session = answer["sessionId"]
            .as_str()
            .ok_or_else(|| format!("no session came back: {answer}"))?
            .to_owned();
        Ok(WebDriver {
            address: address.to_owned(),
            session,
            actions: Cell::new(0),
        })
    }

    /// How many actions were performed: each click, drag, key chord and typed token is one.
    pub fn actions(&self) -> u32 {
        self.actions.get()
    }

    /// Runs a function body in the page and gives back what it returns.
    #[track_caller]
    pub fn run(&self, script: &str) -> Value {
        self.ask("POST", "/execute/sync", Some(&json!({ "script": script, "args": [] })))
    }

    /// Runs a script that ends when it calls its last argument. The others are `arguments`.
    #[track_caller]
    pub fn run_async(&self, script: &str, arguments: &[Value]) -> Value {
        self.ask("POST", "/timeouts", Some(&json!({ "script": 120_000 })));
        self.ask(
            "POST",
            "/execute/async",
            Some(&json!({ "script": script, "args": arguments })),
        )
    }

    /// Waits until `condition`, an expression in the page, is true. It says what it waited for when it gives up.
    #[track_caller]
    pub fn wait_for(&self, condition: &str) {
        const PATIENCE: Duration = Duration::from_secs(90);
        let started = Instant::now();
        while !self
            .run(&format!("return !!({condition})"))
            .as_bool()
            .unwrap_or_default()
        {
            if started.elapsed() > PATIENCE {
                let text = self.run("return document.body.innerText.slice(0, 2000)");
                panic!("not within {PATIENCE:?}: {condition}\nthe page says: {text}");
            }
            // A pace for asking; nothing is taken to be ready after a while.
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// The text of the first element that the CSS selector finds, after waiting for it.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        self.wait_for(&format!("document.querySelector({selector:?})"));
        let text = self.run(&format!("return document.querySelector({selector:?}).innerText"));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Where the first element is that the selector finds and that takes room: a list keeps rows that it does not need now,
    /// hidden, with what they said last.
    #[track_caller]
    pub fn place(&self, selector: &str) -> Place {
        let shown = format!("[...document.querySelectorAll({selector:?})].find(it => it.getClientRects().length > 0)");
        self.wait_for(&shown);
        let script = format!("const b = {shown}.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]");
        let numbers = self.run(&script);
        let at = |index: usize| numbers[index].as_f64().unwrap_or_default();
        Place {
            x: at(0),
            y: at(1),
            width: at(2),
            height: at(3),
        }
    }

    /// One click of the left button in the middle of the element.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        let place = self.place(selector);
        let (x, y) = (place.x + place.width / 2.0, place.y + place.height / 2.0);
        self.pointer(json!([moved(x, y, Duration::ZERO), { "type": "pointerDown", "button": 0 }, { "type": "pointerUp", "button": 0 }]));
    }

    /// One click of the right button in the middle of the element.
    #[track_caller]
    pub fn right_click(&self, selector: &str) {
        let place = self.place(selector);
        let (x, y) = (place.x + place.width / 2.0, place.y + place.height / 2.0);
        self.pointer(json!([moved(x, y, Duration::ZERO), { "type": "pointerDown", "button": 2 }, { "type": "pointerUp", "button": 2 }]));
    }

    /// Moves the pointer to a point of the page.
    #[track_caller]
    pub fn hover(&self, x: f64, y: f64) {
        self.pointer(json!([moved(x, y, Duration::ZERO)]));
    }

    /// Presses at the first point, visits the others, each within `step`, and lets go.
    #[track_caller]
    pub fn drag(&self, points: &[(f64, f64)], step: Duration) {
        let mut actions = Vec::new();
        for (index, (x, y)) in points.iter().enumerate() {
            actions.push(moved(*x, *y, if index == 0 { Duration::ZERO } else { step }));
            if index == 0 {
                actions.push(json!({ "type": "pointerDown", "button": 0 }));
            }
        }
        actions.push(json!({ "type": "pointerUp", "button": 0 }));
        self.pointer(Value::Array(actions));
    }

    /// Types a text where the focus is, key by key.
    #[track_caller]
    pub fn type_text(&self, text: &str) {
        let strokes = text.chars().flat_map(|letter| stroke(&letter.to_string()));
        self.keys(strokes.collect());
    }

    /// One key, with those of `holding` held down.
    #[track_caller]
    pub fn press(&self, holding: &[&str], key: &str) {
        let down = holding.iter().map(|held| json!({ "type": "keyDown", "value": held }));
        let up = holding
            .iter()
            .rev()
            .map(|held| json!({ "type": "keyUp", "value": held }));
        self.keys(down.chain(stroke(key)).chain(up).collect());
    }

    /// Makes the window `width` by `height` pixels.
    #[track_caller]
    pub fn resize(&self, width: u32, height: u32) {
        self.ask(
            "POST",
            "/window/rect",
            Some(&json!({ "x": 0, "y": 0, "width": width, "height": height })),
        );
    }

    #[track_caller]
    fn keys(&self, actions: Vec<Value>) {
        let source = json!({ "type": "key", "id": "keyboard", "actions": actions });
        self.actions.set(self.actions.get() + 1);
        self.ask("POST", "/actions", Some(&json!({ "actions": [source] })));
    }

    #[track_caller]
    fn pointer(&self, actions: Value) {
        let source =
            json!({ "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" }, "actions": actions });
        self.actions.set(self.actions.get() + 1);
        self.ask("POST", "/actions", Some(&json!({ "actions": [source] })));
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        match call(&self.address, method, &format!("/session/{}{path}", self.session), body) {
            Ok(answer) => answer,
            Err(sentence) => panic!("{method} {path}: {sentence}"),
        }
    }
}

impl Drop for WebDriver {
    fn drop(&mut self) {
        // The window may be gone already, which is what we want.
        let _ = call(&self.address, "DELETE", &format!("/session/{}", self.session), None);
    }
}

fn moved(x: f64, y: f64, within: Duration) -> Value {
    let millis = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
    json!({ "type": "pointerMove", "x": x.round(), "y": y.round(), "duration": millis, "origin": "viewport" })
}

fn stroke(key: &str) -> [Value; 2] {
    [
        json!({ "type": "keyDown", "value": key }),
        json!({ "type": "keyUp", "value": key }),
    ]
}

/// One request, one answer, one connection; the `value` of the answer, or the sentence of the error.
///
/// It does not ask for the connection to be closed: tauri-driver would pass that on to the driver behind it, and then
/// send the next request into a connection that is closing.
fn call(address: &str, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
    let fault = |error: std::io::Error| format!("{address} does not answer: {error}");
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut stream = TcpStream::connect(address).map_err(fault)?;
    stream.set_read_timeout(Some(Duration::from_secs(90))).map_err(fault)?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .map_err(fault)?;
    let mut answer = BufReader::new(stream);
    let mut length = None;
    let mut line = String::new();
    loop {
        line.clear();
        answer.read_line(&mut line).map_err(fault)?;
        if line.trim_end().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<usize>().ok();
        }
    }
    let mut bytes = vec![0; length.unwrap_or_default()];
    match length {
        Some(_) => answer.read_exact(&mut bytes).map_err(fault)?,
        None => drop(answer.read_to_end(&mut bytes).map_err(fault)?),
    }
    let parsed: Value = serde_json::from_slice(&bytes).map_err(|error| format!("no JSON came back: {error}"))?;
    match &parsed["value"] {
        Value::Object(fields) if fields.contains_key("error") => Err(format!(
            "{}: {}",
            fields["error"],
            fields.get("message").unwrap_or(&Value::Null)
        )),
        value => Ok(value.clone()),
    }
}
