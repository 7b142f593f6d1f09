use std::path::Path;

use super::*;

#[test]
fn the_order_package_compiles() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/orders/handlers/order");
    let package = Package::open(&folder).unwrap();
    for version in &package.manifest.versions {
        let program = package.compile(version).unwrap_or_else(|error| panic!("{error}"));
        println!("{:?}", program.rules_of(b"ItemAdded").unwrap().needs);
        println!("{:?}", program.rules_of(b"ItemAdded").unwrap().plans);
    }
}
