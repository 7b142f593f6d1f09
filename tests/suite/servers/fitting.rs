//! Tables that no layout fits: what they lack is told, whether a layout was named or not.

use refold_core::port::store::StoreError;
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::{LayoutChoice, OpenOptions};

use super::{Real, over_each, refused};

over_each! { what_a_table_lacks_for_its_layout_is_told }

fn what_a_table_lacks_for_its_layout_is_told<R: Real>() {
    let server = R::shared();
    let database = "fitting_lacks";
    let address = server.store(database, 3);
    let [renamed, layout, lacks] = R::UNFIT;
    server.sql(database, renamed);
    let told = refused(&address);
    assert!(matches!(told, StoreError::NoLayout { .. }), "{told}");
    assert!(told.to_string().contains(&format!("{layout}: {lacks}")), "{told}");
    let (token, options) = (CancelToken::default(), OpenOptions::in_scratch(std::env::temp_dir()));
    let choice = LayoutChoice::parse(layout).unwrap_or_else(|error| panic!("{error}"));
    let told = refold_stores::open(&Work::new(&token, &Silent), &address, Some(&choice), &options);
    let told = told.map(drop).expect_err("it does not fit").to_string();
    assert!(
        told.contains(&format!("layout {layout} does not fit: {lacks}")),
        "{told}"
    );
}
