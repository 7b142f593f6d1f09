//! The lines of the settings file: how each is called, what its comment says, what it may hold. It must not know where
//! the file is.

use toml_edit::{Item, Value};

use crate::wire::{
    Density, DiffColours, DiffExtent, DiffLayout, Environment, Rendering, Role, Settings, Theme, TimeFormat, WheelUse,
};

/// One line of the file.
pub struct Entry {
    pub key: &'static str,
    /// What stands above the line when we write it for the first time.
    pub comment: &'static str,
    /// Takes a value over, or says what it would have to be.
    pub read: fn(&Item, &mut Settings) -> Result<(), String>,
    /// `None`: nothing was chosen, so that the line is not written.
    pub value: fn(&Settings) -> Option<Value>,
}

pub const ENTRIES: &[Entry] = &[
    Entry {
        key: "theme",
        comment: "dark, light or system",
        read: |item, settings| word(item).map(|found| settings.theme = found),
        value: |settings| Some(text(settings.theme)),
    },
    Entry {
        key: "density",
        comment: "comfortable or compact rows",
        read: |item, settings| word(item).map(|found| settings.density = found),
        value: |settings| Some(text(settings.density)),
    },
    Entry {
        key: "diff_colours",
        comment: "blue-orange or green-red, for what was added and removed",
        read: |item, settings| word(item).map(|found| settings.diff_colours = found),
        value: |settings| Some(text(settings.diff_colours)),
    },
    Entry {
        key: "diff_layout",
        comment: "unified or side-by-side differences",
        read: |item, settings| word(item).map(|found| settings.diff_layout = found),
        value: |settings| Some(text(settings.diff_layout)),
    },
    Entry {
        key: "diff_extent",
        comment: "what differences show: changes alone, or the whole state",
        read: |item, settings| word(item).map(|found| settings.diff_extent = found),
        value: |settings| Some(text(settings.diff_extent)),
    },
    Entry {
        key: "zoom_percent",
        comment: "size of the whole interface, 80 to 200",
        read: |item, settings| number(item, 80, 200).map(|found| settings.zoom_percent = found),
        value: |settings| Some(i64::from(settings.zoom_percent).into()),
    },
    Entry {
        key: "wheel",
        comment: "what the wheel does over a timeline: zooms or pans",
        read: |item, settings| word(item).map(|found| settings.wheel = found),
        value: |settings| Some(text(settings.wheel)),
    },
    Entry {
        key: "time_zone",
        comment: "UTC, local, or a name such as Europe/Berlin; times of day are shown in it everywhere",
        read: |item, settings| string(item).map(|found| settings.time_zone = found),
        value: |settings| Some(settings.time_zone.as_str().into()),
    },
    Entry {
        key: "time_format",
        comment: "iso (2026-08-03), day-first (03.08.2026) or month-first (08/03/2026)",
        read: |item, settings| word(item).map(|found| settings.time_format = found),
        value: |settings| Some(text(settings.time_format)),
    },
    Entry {
        key: "first_tab",
        comment: "the tab that a stream opens with: story, state, diff, blame, event, raw or causation",
        read: |item, settings| string(item).map(|found| settings.first_tab = found),
        value: |settings| Some(settings.first_tab.as_str().into()),
    },
    Entry {
        key: "letter_keys",
        comment: "whether single letters, digits and signs run commands: true or false",
        read: |item, settings| truth(item).map(|found| settings.letter_keys = found),
        value: |settings| Some(settings.letter_keys.into()),
    },
    Entry {
        key: "announce_moves",
        comment: "whether a screen reader is told what a move of the cursor changed: true or false",
        read: |item, settings| truth(item).map(|found| settings.announce_moves = found),
        value: |settings| Some(settings.announce_moves.into()),
    },
    Entry {
        key: "reduced_motion",
        comment: "true: nothing moves on its own; false: as the system says",
        read: |item, settings| truth(item).map(|found| settings.reduced_motion = found),
        value: |settings| Some(settings.reduced_motion.into()),
    },
    Entry {
        key: "rendering",
        comment: "auto, software or graphics; holds from the next start on",
        read: |item, settings| word(item).map(|found| settings.rendering = found),
        value: |settings| Some(text(settings.rendering)),
    },
    Entry {
        key: "trust_programs",
        comment: "whether handlers that are programs run also where nothing keeps them in: true or false",
        read: |item, settings| truth(item).map(|found| settings.trust_programs = found),
        value: |settings| Some(settings.trust_programs.into()),
    },
    Entry {
        key: "role",
        comment: "for whom the defaults were chosen: developer, analyst, auditor or on-call",
        read: |item, settings| word(item).map(|found| settings.role = Some(found)),
        value: |settings| settings.role.map(text),
    },
];

/// The environment that a word means, or what it would have to be.
pub fn environment(item: &Item) -> Result<Environment, String> {
    word(item)
}

/// How an environment is written.
pub fn environment_text(environment: Environment) -> &'static str {
    written(environment)
}

/// A choice among words.
trait Words: Copy + PartialEq + 'static {
    const WORDS: &'static [(Self, &'static str)];
}

impl Words for Theme {
    const WORDS: &'static [(Theme, &'static str)] = &[
        (Theme::Dark, "dark"),
        (Theme::Light, "light"),
        (Theme::System, "system"),
    ];
}

impl Words for Density {
    const WORDS: &'static [(Density, &'static str)] =
        &[(Density::Comfortable, "comfortable"), (Density::Compact, "compact")];
}

impl Words for DiffColours {
    const WORDS: &'static [(DiffColours, &'static str)] = &[
        (DiffColours::BlueOrange, "blue-orange"),
        (DiffColours::GreenRed, "green-red"),
    ];
}

impl Words for DiffLayout {
    const WORDS: &'static [(DiffLayout, &'static str)] = &[
        (DiffLayout::Unified, "unified"),
        (DiffLayout::SideBySide, "side-by-side"),
    ];
}

impl Words for DiffExtent {
    const WORDS: &'static [(DiffExtent, &'static str)] =
        &[(DiffExtent::Changes, "changes"), (DiffExtent::Whole, "whole")];
}

impl Words for WheelUse {
    const WORDS: &'static [(WheelUse, &'static str)] = &[(WheelUse::Zooms, "zooms"), (WheelUse::Pans, "pans")];
}

impl Words for TimeFormat {
    const WORDS: &'static [(TimeFormat, &'static str)] = &[
        (TimeFormat::Iso, "iso"),
        (TimeFormat::DayFirst, "day-first"),
        (TimeFormat::MonthFirst, "month-first"),
    ];
}

impl Words for Rendering {
    const WORDS: &'static [(Rendering, &'static str)] = &[
        (Rendering::Auto, "auto"),
        (Rendering::Software, "software"),
        (Rendering::Graphics, "graphics"),
    ];
}

impl Words for Role {
    const WORDS: &'static [(Role, &'static str)] = &[
        (Role::Developer, "developer"),
        (Role::Analyst, "analyst"),
        (Role::Auditor, "auditor"),
        (Role::OnCall, "on-call"),
    ];
}

impl Words for Environment {
    const WORDS: &'static [(Environment, &'static str)] = &[
        (Environment::Production, "production"),
        (Environment::Staging, "staging"),
        (Environment::Test, "test"),
        (Environment::Development, "development"),
        (Environment::Local, "local"),
    ];
}

fn word<Choice: Words>(item: &Item) -> Result<Choice, String> {
    let found = Choice::WORDS.iter().find(|(_, word)| item.as_str() == Some(*word));
    found.map(|(choice, _)| *choice).ok_or_else(|| {
        let words: Vec<&str> = Choice::WORDS.iter().map(|(_, word)| *word).collect();
        format!("one of {}", words.join(", "))
    })
}

fn written<Choice: Words>(choice: Choice) -> &'static str {
    let found = Choice::WORDS.iter().find(|(known, _)| *known == choice);
    // Each list above names every choice; a test holds it.
    found.map_or("", |(_, word)| *word)
}

fn text<Choice: Words>(choice: Choice) -> Value {
    written(choice).into()
}

fn string(item: &Item) -> Result<String, String> {
    item.as_str().map(str::to_owned).ok_or_else(|| "a text".to_owned())
}

fn truth(item: &Item) -> Result<bool, String> {
    item.as_bool().ok_or_else(|| "true or false".to_owned())
}

fn number(item: &Item, least: u32, most: u32) -> Result<u32, String> {
    let found = item.as_integer().and_then(|number| u32::try_from(number).ok());
    found
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("a whole number from {least} to {most}"))
}
