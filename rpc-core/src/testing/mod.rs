//! The tools of this library's own tests, for the tests of your services (feature `testing`).
//!
//! | tool | what it does |
//! |---|---|
//! | [`watchdog`] | makes a test that hangs fail by its name |
//! | [`ScriptedPeer`] | the other end of a connection, played by hand |
//! | [`serve_bytes`] | runs a service on a client's bytes |
//! | [`Piecewise`] | a transport that moves only small pieces |
//! | [`Faulty`] | a transport that shortens, fails, stalls or cuts one of its reads or writes |
//! | [`wire`] | frames and messages written and read independently of the library |
//!
//! `docs/testing.md` shows all of them at work. A service against a client that stops in the middle
//! of its upload:
//!
//! ```
//! use std::io::Read;
//! use rpc_core::testing::{serve_bytes, watchdog, wire};
//! use rpc_core::{Result, ServerConfig, rpc_service};
//!
//! #[rpc_service]
//! trait Counter {
//!     fn count(&self, content: impl Read) -> Result<u64>;
//! }
//!
//! struct Honest;
//!
//! impl Counter for Honest {
//!     fn count(&self, mut content: impl Read) -> Result<u64> {
//!         Ok(rpc_core::copy(&mut content, &mut std::io::sink())?)
//!     }
//! }
//!
//! watchdog(|| {
//!     let header = wire::header(r#"{"Endpoint":"count","DataType":4,"Accept":3}"#);
//!     let client = [header, wire::more("half of it")].concat();
//!     let (ended, sent) =
//!         serve_bytes(&client, CounterServer::new(Honest), ServerConfig::default(), |transport| transport);
//!     assert!(ended.is_err(), "the stream was cut");
//!     assert!(sent.is_empty(), "no count is sent");
//! });
//! ```

mod faulty;
mod peer;
mod pieces;
mod watchdog;
pub mod wire;

pub use faulty::{Fault, Faulty, Plan};
pub use peer::{ScriptedPeer, serve_bytes};
pub use pieces::{PieceSize, Piecewise};
pub use watchdog::{watchdog, watchdog_with_limit};
