//! The real window, driven as a person would: through tauri-driver and WebKitWebDriver, on a virtual screen.
//!
//! `cargo xtask test window` builds what this needs and starts it. By hand: `REFOLD_WINDOW` is the built window,
//! `REFOLD_DRIVER` is tauri-driver (else looked for on the path), `REFOLD_STORES` holds `sample/orders.db`,
//! `giant/orders.db` and `million/orders.db`, and `DISPLAY` is a screen. `REFOLD_LARGE_STORE` may name a larger store for
//! the figures of zooming, `REFOLD_FIGURES` a file for all figures.

mod access;
mod border;
mod compare;
mod connections;
mod drafts;
mod driver;
mod evidence;
mod faults;
mod figures;
mod findings;
mod fits;
mod flows;
mod gate;
mod gauge;
mod handlers;
mod hostile;
mod kept;
mod lab;
mod links;
mod lists;
mod live;
mod masking;
mod menus;
mod opening;
mod pictures;
mod places;
mod processes;
mod restored;
mod screen;
mod scrub;
mod states;
mod stores;
mod timeline;
mod truth;
mod two_stores;
mod webdriver;
mod why;
