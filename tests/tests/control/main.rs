//! Control requests: a client asks a server what it speaks and what it offers, without a method.

mod describe;
mod ping;
