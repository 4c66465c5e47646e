//! The service with all shapes is as it should be.

mod common;

use common::shapes::{Shapes, ShapesClient};
use rpc_tests::watchdog;

#[test]
fn it_is_served() {
    watchdog(|| {
        let shelf = common::serve();
        let client = ShapesClient::connect(shelf.address()).unwrap();
        assert_eq!(client.greet("ann").unwrap(), "hello, ann");
        assert_eq!(common::call(&shelf, &["greet", "\"ann\""]), common::Ran::ok("\"hello, ann\"\n"));
    });
}
