//! Values and a stream together, in the request, in the reply, and in both.

mod failures;
mod intact;
mod service;
