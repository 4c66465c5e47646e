//! Connections that callers share: each caller gets its own reply, error and time limit, and its
//! error tells the truth about its call.

mod calls;
mod deadlines;
mod ends;
mod failures;
mod gate;
mod hostile;
mod pool;
mod script;
