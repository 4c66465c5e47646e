//! All interleavings: the real machines of both sides against each other, through every order of
//! steps and every choice.
//!
//! [`client`] and [`server`] are thin models of the drivers: they move frames without bytes as the
//! drivers do, and leave each decision about turns to [`ClientTurn`](super::ClientTurn) and
//! [`ServerTurn`](super::ServerTurn). The search is complete for its bounds: two calls on one
//! connection, of any data types each or for a description, bodies of up to so many frames, lanes
//! that hold one frame or two, and both revisions. What comes from outside (a caller's time is up,
//! a server shuts down or is cut off) may happen at any moment. The budgets of discarding are
//! larger than any body here.

mod client;
mod model;
mod search;
mod server;

use model::Bounds;
use search::search;

fn explore(client: u32, server: u32) {
    for (capacity, frames) in [(1, 3), (2, 3)] {
        let bounds = Bounds { client, server, capacity, frames };
        match search(bounds) {
            Ok(found) => println!("{bounds:?}: {} states, {} transitions", found.states, found.transitions),
            Err(fault) => panic!("{bounds:?}: {fault}"),
        }
    }
}

#[test]
fn both_sides_of_revision_1() {
    explore(1, 1);
}

#[test]
fn a_server_of_revision_0() {
    explore(1, 0);
}

#[test]
fn a_client_of_revision_0() {
    explore(0, 1);
}
