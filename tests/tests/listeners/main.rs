//! Servers whose connections come from a listener of the user's own, or from a socket that the user
//! has bound.

mod desk;
mod ends;
mod memory;
mod service;
mod setting_up;
mod sockets;
