//! A server that serves as many connections as it may: who makes room, and what others hear.

mod handshakes;
mod idle;
mod per_peer;
mod refused;
mod service;
