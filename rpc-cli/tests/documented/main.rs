//! What the help, `docs/cli.md` and `README.md` show is what `rpc` does: their examples run here.
#![cfg(unix)]
#![allow(unreachable_pub, missing_docs, missing_debug_implementations, reason = "they are for the tests beside them")]

mod depot;
mod guides;
mod help;
mod shell;

/// Is no test, but the server that an `exec:` address of an example starts.
#[test]
fn a_child_serves() {
    if std::env::var_os(shell::SERVES).is_some() {
        let ended = rpc_core::serve_stdio(depot::DepotServer::new(depot::Shelf::new()));
        std::process::exit(i32::from(ended.is_err()));
    }
}
