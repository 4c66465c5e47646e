//! A contract that grows: programs with the old trait and with the new one call each other. The
//! tests are the cells of the tables in PROTOCOL.md, section 5.

mod by_hand;
mod depot;
mod headers;
mod parameters;
mod renamed;
mod several;
mod streams;
