//! Metadata and deadlines of calls. Handlers see both, although the trait does not mention them.
//!
//! ```text
//! cargo run --example options
//! ```

use std::time::Duration;

use rpc_core::{CallContext, CallOptions, Client, Error, Result, Server, rpc_service};

#[rpc_service]
trait Reports {
    fn whoami(&self) -> Result<String>;
    /// Works until the caller's deadline has passed.
    fn work(&self) -> Result<u32>;
}

struct Office;

impl Reports for Office {
    fn whoami(&self) -> Result<String> {
        // `None` if the handler is called directly, not over a connection.
        let Some(context) = CallContext::current() else { return Ok("one of us".to_owned()) };
        let user = context.metadata().get("user").unwrap_or("somebody");
        Ok(format!("{user}, calling {} from {}", context.endpoint(), context.peer()))
    }

    fn work(&self) -> Result<u32> {
        let context = CallContext::current();
        let mut steps = 0;
        // a handler that works for long checks now and then
        while !context.as_ref().is_none_or(CallContext::caller_is_gone) {
            std::thread::yield_now();
            steps += 1;
        }
        Ok(steps)
    }
}

fn main() -> Result<()> {
    println!("called directly: {}", Office.whoami()?);

    let running = Server::bind("tcp://127.0.0.1:0")?.spawn(ReportsServer::new(Office))?;
    let client = Client::connect(running.address())?;

    // Options belong to a client; all of these share the same connections.
    let anns = ReportsClient::new(client.with_options(CallOptions::default().metadata("user", "ann")));
    let bobs = ReportsClient::new(client.with_options(CallOptions::default().metadata("user", "bob")));
    println!("{}", anns.whoami()?);
    println!("{}", bobs.whoami()?);
    assert!(anns.whoami()?.starts_with("ann") && bobs.whoami()?.starts_with("bob"));

    // A deadline covers the whole call, up to the start of a stream. The handler notices that its
    // caller has gone, and stops.
    let hasty = CallOptions::default().timeout(Some(Duration::from_millis(500)));
    let error = ReportsClient::with_options(&anns, hasty).work().expect_err("it does not end by itself");
    println!("{error}");
    assert!(matches!(error, Error::Deadline { .. }));
    assert!(!error.never_ran(), "it may have run, so it must not be retried");

    drop((anns, bobs));
    client.close()
}
