//! A real HAProxy, with the configuration that `docs/deployment.md` shows, in front of servers in
//! processes of their own.
#![cfg(unix)]

mod haproxy;
mod load;
mod server;
mod standing;
