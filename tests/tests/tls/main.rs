//! TLS, by real handshakes with certificates of an authority made for the tests. What runs over
//! each transport runs over TLS in the other tests.

mod cuts;
mod ends;
mod handshakes;
mod hostile;
mod key_updates;
mod mismatches;
mod peers;
mod reloading;
mod serving;
