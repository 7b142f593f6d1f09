//! The command line of the window: where it opens.

use std::ffi::OsString;

use refold_app::wire::Launch;

pub const USAGE: &str = "\
Usage: refold-desktop [STORE [STREAM]] [--at CURSOR] [--handler H] [--layout L]
       refold-desktop LINK

  STORE      path of an event store
  STREAM     id of the stream whose history is shown
  --at       v12 (version), #4711 (position), a time, -2h, start or head
  --handler  a handler package, with a version after @, or builtin:merge
  --layout   a layout id or a layout file; without it the layout is found by looking
  LINK       refold://store/category/stream@version, as the window copies it: its store is one opened before
  --help, --version

Without a store the window opens on its welcome page.";

/// What a call asks for.
#[derive(Debug)]
pub enum Asked {
    /// The window; `None` opens the welcome page.
    Window(Option<Launch>),
    /// A text for standard output, and nothing else.
    Text(String),
}

/// The arguments as text, which all places of the window are.
pub fn words(arguments: impl Iterator<Item = OsString>) -> Result<Vec<String>, String> {
    let text = |word: OsString| {
        word.into_string().map_err(|word| {
            format!(
                "this is no text in UTF-8, which the window needs: {}; open it with the command line, or through a link with \
                 another name",
                word.display()
            )
        })
    };
    arguments.map(text).collect()
}

/// Errors are a sentence for a person.
pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut places = Vec::new();
    let (mut at, mut handler, mut layout) = (None, None, None);
    let mut rest = arguments;
    let mut are_options_over = false;
    while let Some(word) = rest.next() {
        let (name, given) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        let option = match name {
            _ if are_options_over => None,
            "--" => {
                are_options_over = true;
                continue;
            }
            "--help" | "-h" => return Ok(Asked::Text(USAGE.to_owned())),
            "--version" | "-V" => {
                return Ok(Asked::Text(
                    concat!("refold-desktop ", env!("CARGO_PKG_VERSION")).into(),
                ));
            }
            "--at" => Some(&mut at),
            "--handler" => Some(&mut handler),
            "--layout" => Some(&mut layout),
            _ if let Some(instead) = instead_of(name) => {
                return Err(format!("the window does not take {name}: {instead}"));
            }
            _ if name.starts_with("--") => return Err(format!("there is no option {name}")),
            _ => None,
        };
        match option {
            Some(option) => {
                let value = given
                    .or_else(|| rest.next())
                    .ok_or_else(|| format!("{name} needs a value"))?;
                *option = Some(value);
            }
            None => places.push(word),
        }
    }
    launch_from_places(places, at, handler, layout)
}

/// What to do in place of an option of the command line; `None`: it is none of them.
fn instead_of(option: &str) -> Option<&'static str> {
    Some(match option {
        "--zone" => {
            "the layout file of the store says the zone of times that name none (docs/layouts.md), and --layout takes it"
        }
        "--mask" => {
            "it takes mask.toml beside the settings and in the folder handlers beside the store (docs/masking.md)"
        }
        "--reveal" | "--reason" => "open the store, and reveal there what is hidden: the window asks for the reason",
        "--trust-programs" => "“Programs without walls” in the settings says so",
        "--json" => "that is for the command line, refold",
        _ => return None,
    })
}

fn launch_from_places(
    places: Vec<String>,
    at: Option<String>,
    handler: Option<String>,
    layout: Option<String>,
) -> Result<Asked, String> {
    let mut places = places.into_iter();
    let (store, stream) = (places.next(), places.next());
    if let Some(third) = places.next() {
        return Err(format!(
            "one store and one stream can be opened, and this is a third place: {third}"
        ));
    }
    match (store, &stream) {
        (Some(store), _) => Ok(Asked::Window(Some(Launch {
            store,
            stream,
            at,
            handler,
            layout,
        }))),
        (None, _) if at.is_some() || handler.is_some() || layout.is_some() => {
            Err("--at, --handler and --layout need a store".to_owned())
        }
        (None, _) => Ok(Asked::Window(None)),
    }
}

#[cfg(test)]
mod tests;
