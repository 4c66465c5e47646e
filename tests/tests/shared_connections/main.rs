//! Connections that callers share: each caller has its own reply, its own error and its own time, and is told the truth about
//! its call.

mod calls;
mod deadlines;
mod ends;
mod failures;
mod gate;
mod hostile;
mod pool;
mod script;
