//! Many small calls at once: a pipeline sends requests without waiting for earlier replies.
//!
//! ```text
//! cargo run --release --example batch
//! ```

use std::time::Instant;

use rpc_core::{Client, Result, Server, rpc_service};

#[rpc_service]
trait Squares {
    fn square(&self, number: u64) -> Result<u64>;
}

struct Calculator;

impl Squares for Calculator {
    fn square(&self, number: u64) -> Result<u64> {
        number.checked_mul(number).ok_or_else(|| rpc_core::Error::new(format!("{number} is too large")))
    }
}

fn main() -> Result<()> {
    const CALLS: u64 = 20_000;
    let running = Server::bind("tcp://127.0.0.1:0")?.spawn(SquaresServer::new(Calculator))?;
    let client = Client::connect(running.address())?;

    let squares = SquaresClient::new(client.clone());
    let begun = Instant::now();
    let one_by_one = (0..CALLS).map(|number| squares.square(number)).sum::<Result<u64>>()?;
    let slow = begun.elapsed();

    // The endpoint is given by its name on the wire; arguments and replies have the method's types.
    let begun = Instant::now();
    let pipelined = client.pipeline::<_, u64>("square", 0..CALLS)?.sum::<Result<u64>>()?;
    let fast = begun.elapsed();
    assert_eq!(one_by_one, pipelined);
    println!("{CALLS} calls: one by one {slow:.0?}, pipelined {fast:.0?}");

    // Each item is one call's result; an error concerns only its own call.
    let results: Vec<_> = client.pipeline::<_, u64>("square", [2, u64::MAX, 3])?.collect();
    println!("{results:?}");
    assert!(matches!(&results[..], [Ok(4), Err(_), Ok(9)]));
    drop(squares);
    client.close()
}
