//! Generated code triggers none of these lints, which are stricter than anybody's: users could not
//! fix a warning in it. Clippy's lints apply when clippy runs on the tests.
#![deny(warnings)]
#![deny(
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    deprecated,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    future_incompatible,
    keyword_idents,
    let_underscore,
    meta_variable_misuse,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    non_ascii_idents,
    nonstandard_style,
    redundant_imports,
    redundant_lifetimes,
    refining_impl_trait,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unsafe_code,
    unused,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use rpc_core::{Result, rpc_service};

/// Everything that a shared service may contain.
#[rpc_service(prefix = "vault.", rename_all = "PascalCase")]
pub trait Vault: Send + Sync {
    /// Neither parameter nor value.
    ///
    /// # Errors
    ///
    /// If the call fails.
    fn clear(&self) -> Result<()>;

    /// Several parameters.
    ///
    /// # Errors
    ///
    /// If the call fails.
    #[rpc(name = "Rename")]
    fn rename_all(&self, from: &str, to: String, path: &Path, bytes: &[u8], limit: Option<u32>) -> Result<Vec<String>>;

    /// A returned stream.
    ///
    /// # Errors
    ///
    /// If the call fails.
    fn fetch<'a>(&'a self, name: &'a str) -> Result<impl Read + 'a>;

    /// A stream to send.
    ///
    /// # Errors
    ///
    /// If the call fails.
    fn measure(&self, content: impl Read) -> Result<u64>;

    /// A value and a stream to send.
    ///
    /// # Errors
    ///
    /// If the call fails.
    fn store(&self, name: &str, content: impl Read) -> Result<u64>;

    /// Several values and a stream to send.
    ///
    /// # Errors
    ///
    /// If the call fails.
    fn append(&self, name: &str, position: u64, limit: Option<u64>, content: impl Read + Send) -> Result<()>;

    /// A returned value and stream.
    ///
    /// # Errors
    ///
    /// If the call fails.
    fn open<'a>(&'a self, name: &'a str) -> Result<(u64, impl Read + 'a)>;

    /// A stream in each direction.
    ///
    /// # Errors
    ///
    /// If the call fails.
    fn compress(&self, plain: impl Read) -> Result<impl Read>;

    /// Values and a stream, in each direction.
    ///
    /// # Errors
    ///
    /// If the call fails.
    fn convert<'a>(&'a self, name: &'a str, content: impl Read + Send + 'a) -> Result<(u64, impl Read + Send + 'a)>;

    /// A type with a lifetime.
    ///
    /// # Errors
    ///
    /// If the call fails.
    fn tidy(&self, name: Cow<'_, str>) -> Result<()>;

    /// Deprecated, but generated code calls it.
    ///
    /// # Errors
    ///
    /// If the call fails.
    #[deprecated]
    fn old(&self) -> Result<()>;

    /// A lint that is allowed here is allowed in generated code that repeats it.
    ///
    /// # Errors
    ///
    /// If the call fails.
    #[allow(deprecated, reason = "for the test")]
    fn older(&self, kind: Kind) -> Result<Kind>;

    /// Reserved on some systems.
    ///
    /// # Errors
    ///
    /// If the call fails.
    #[cfg(any())]
    fn never(&self) -> Result<()>;
}

/// A deprecated type.
#[deprecated]
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Kind;

/// Everything that a session may contain.
#[rpc_service]
pub trait Cursor {
    /// Neither parameter nor value.
    ///
    /// # Errors
    ///
    /// If the call fails.
    fn rewind(&mut self) -> Result<()>;

    /// A parameter.
    ///
    /// # Errors
    ///
    /// If the call fails.
    fn seek(&mut self, position: u64) -> Result<u64>;

    /// A returned stream.
    ///
    /// # Errors
    ///
    /// If the call fails.
    fn rest(&mut self) -> Result<impl Read>;

    /// A stream to send.
    ///
    /// # Errors
    ///
    /// If the call fails.
    fn append(&mut self, content: impl Read) -> Result<u64>;

    /// A value and a stream to send.
    ///
    /// # Errors
    ///
    /// If the call fails.
    fn insert(&mut self, position: u64, content: impl Read) -> Result<u64>;

    /// A returned value and stream.
    ///
    /// # Errors
    ///
    /// If the call fails.
    fn position(&mut self) -> Result<(u64, impl Read)>;

    /// A stream in each direction.
    ///
    /// # Errors
    ///
    /// If the call fails.
    fn replace(&mut self, content: impl Read) -> Result<impl Read>;
}

mod narrow {
    use super::{Result, rpc_service};

    #[expect(clippy::redundant_pub_crate, reason = "the compiler's `unreachable_pub` requires what this lint forbids")]
    #[rpc_service]
    pub(super) trait Narrow {
        fn count(&self) -> Result<u64>;
    }
}

#[rpc_service]
trait Private {
    fn count(&mut self) -> Result<u64>;
}

/// No methods.
#[rpc_service]
pub trait Empty {}

/// Lints also check what a local macro generates.
macro_rules! written {
    ($visibility:vis $name:ident) => {
        #[rpc_service]
        $visibility trait $name {
            fn count(&self, name: &str) -> Result<u64>;
        }
    };
}
written!(pub(crate) WrittenForClients);
written!(WrittenForServers);

struct Handler;

impl WrittenForServers for Handler {
    fn count(&self, _: &str) -> Result<u64> {
        Ok(1)
    }
}

impl narrow::Narrow for Handler {
    fn count(&self) -> Result<u64> {
        Ok(1)
    }
}

/// A program may use only the server.
#[test]
fn using_only_the_server_causes_no_warning() {
    let server = narrow::NarrowServer::new(Handler);
    assert_eq!(format!("{server:?}"), "NarrowServer");
    drop(WrittenForServersServer::new(Handler));
}

/// A program may use only the client.
#[test]
fn using_only_the_client_causes_no_warning() {
    let (near, far) = rpc_core::transport::memory_pair();
    drop(far);
    let mut client = PrivateClient::from_transport(near).expect("a pair in memory can be used");
    assert!(client.count().is_err());
    assert!(PrivateClient::close(client).is_err());
    let written: Option<WrittenForClientsClient> = None;
    assert!(written.is_none_or(|client| client.count("name").is_err()));
}
