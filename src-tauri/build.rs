//! Reads tauri.conf.json and the capability files, and fails when the window would come up without permissions.

fn main() {
    #[cfg(feature = "window")]
    window::build();
}

#[cfg(feature = "window")]
mod window {
    const CAPABILITIES: &str = "src-tauri/capabilities";
    const INTERFACE: &str = "ui/dist";

    pub fn build() {
        // The interface is embedded: a new one must be a new window.
        println!("cargo:rerun-if-changed={INTERFACE}");
        assert!(
            std::path::Path::new(INTERFACE).join("index.html").exists(),
            "the interface is not built: run `npm ci && npm run build` in ui/, or `cargo xtask run`"
        );
        println!("cargo:rerun-if-changed={CAPABILITIES}");
        let attributes = tauri_build::Attributes::new().capabilities_path_pattern("./src-tauri/capabilities/**/*");
        if let Err(error) = tauri_build::try_build(attributes) {
            panic!("tauri-build: {error:#}");
        }
        // A wrong pattern is silent, and the window then has no permission at all.
        let listed = std::fs::read_to_string("gen/schemas/capabilities.json").unwrap_or_default();
        assert!(
            listed.contains("\"main\""),
            "no capability was read from {CAPABILITIES}"
        );
    }
}
