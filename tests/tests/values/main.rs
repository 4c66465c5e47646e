//! Streams of values: `impl Iterator<Item = Result<T>>` in a signature.

mod ends;
mod held_back;
mod hostile;
mod service;
mod shapes;
mod wire;
