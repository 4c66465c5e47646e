//! A stream behind values, in the request, in the reply, and in both.

mod failures;
mod intact;
mod service;
