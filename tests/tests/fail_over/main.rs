//! A client of several servers: where it connects to, which calls it repeats, and how it spreads
//! over them.

mod kinds;
mod servers;
mod spreading;
mod table;
