//! A stream behind values, in the request, in the reply, and in both.

mod refused;
mod service;
mod whole;
