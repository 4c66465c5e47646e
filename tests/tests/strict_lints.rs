//! Generated code stays silent under lints far stricter than anybody's: what they say here, they would say of a trait
//! that its author cannot change. Clippy's are on when clippy is run on the tests.
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

/// Everything that a shared service may say.
#[rpc_service(prefix = "vault.", rename_all = "PascalCase")]
pub trait Vault: Send + Sync {
    /// Neither parameter nor value.
    ///
    /// # Errors
    ///
    /// When the call fails.
    fn clear(&self) -> Result<()>;

    /// Several parameters.
    ///
    /// # Errors
    ///
    /// When the call fails.
    #[rpc(name = "Rename")]
    fn rename_all(&self, from: &str, to: String, path: &Path, bytes: &[u8], limit: Option<u32>) -> Result<Vec<String>>;

    /// A stream in return.
    ///
    /// # Errors
    ///
    /// When the call fails.
    fn fetch<'a>(&'a self, name: &'a str) -> Result<impl Read + 'a>;

    /// A stream to send.
    ///
    /// # Errors
    ///
    /// When the call fails.
    fn measure(&self, content: impl Read) -> Result<u64>;

    /// A value and a stream to send.
    ///
    /// # Errors
    ///
    /// When the call fails.
    fn store(&self, name: &str, content: impl Read) -> Result<u64>;

    /// Several values and a stream to send.
    ///
    /// # Errors
    ///
    /// When the call fails.
    fn append(&self, name: &str, position: u64, limit: Option<u64>, content: impl Read + Send) -> Result<()>;

    /// A value and a stream in return.
    ///
    /// # Errors
    ///
    /// When the call fails.
    fn open<'a>(&'a self, name: &'a str) -> Result<(u64, impl Read + 'a)>;

    /// A stream in each direction.
    ///
    /// # Errors
    ///
    /// When the call fails.
    fn compress(&self, plain: impl Read) -> Result<impl Read>;

    /// All there is, in each direction.
    ///
    /// # Errors
    ///
    /// When the call fails.
    fn convert<'a>(&'a self, name: &'a str, content: impl Read + Send + 'a) -> Result<(u64, impl Read + Send + 'a)>;

    /// A type with a lifetime.
    ///
    /// # Errors
    ///
    /// When the call fails.
    fn tidy(&self, name: Cow<'_, str>) -> Result<()>;

    /// Nobody should call this, and generated code calls it.
    ///
    /// # Errors
    ///
    /// When the call fails.
    #[deprecated]
    fn old(&self) -> Result<()>;

    /// A lint that is allowed here is allowed where this is repeated.
    ///
    /// # Errors
    ///
    /// When the call fails.
    #[allow(deprecated, reason = "for the test")]
    fn older(&self, kind: Kind) -> Result<Kind>;

    /// Reserved on some systems.
    ///
    /// # Errors
    ///
    /// When the call fails.
    #[cfg(any())]
    fn never(&self) -> Result<()>;
}

/// A type on its way out.
#[deprecated]
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Kind;

/// Everything that a session may say.
#[rpc_service]
pub trait Cursor {
    /// Neither parameter nor value.
    ///
    /// # Errors
    ///
    /// When the call fails.
    fn rewind(&mut self) -> Result<()>;

    /// A parameter.
    ///
    /// # Errors
    ///
    /// When the call fails.
    fn seek(&mut self, position: u64) -> Result<u64>;

    /// A stream in return.
    ///
    /// # Errors
    ///
    /// When the call fails.
    fn rest(&mut self) -> Result<impl Read>;

    /// A stream to send.
    ///
    /// # Errors
    ///
    /// When the call fails.
    fn append(&mut self, content: impl Read) -> Result<u64>;

    /// A value and a stream to send.
    ///
    /// # Errors
    ///
    /// When the call fails.
    fn insert(&mut self, position: u64, content: impl Read) -> Result<u64>;

    /// A value and a stream in return.
    ///
    /// # Errors
    ///
    /// When the call fails.
    fn position(&mut self) -> Result<(u64, impl Read)>;

    /// A stream in each direction.
    ///
    /// # Errors
    ///
    /// When the call fails.
    fn replace(&mut self, content: impl Read) -> Result<impl Read>;
}

mod narrow {
    use super::{Result, rpc_service};

    #[expect(clippy::redundant_pub_crate, reason = "the compiler's `unreachable_pub` asks for what this one warns of")]
    #[rpc_service]
    pub(super) trait Narrow {
        fn count(&self) -> Result<u64>;
    }
}

#[rpc_service]
trait Private {
    fn count(&mut self) -> Result<u64>;
}

/// No method yet.
#[rpc_service]
pub trait Empty {}

/// A local macro is no excuse: lints look into what it writes.
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

/// A program may hold only the serving side.
#[test]
fn the_server_alone_is_use_enough() {
    let server = narrow::NarrowServer::new(Handler);
    assert_eq!(format!("{server:?}"), "NarrowServer");
    drop(WrittenForServersServer::new(Handler));
}

/// Or only the calling side.
#[test]
fn the_client_alone_is_use_enough() {
    let (near, far) = rpc_core::transport::memory_pair();
    drop(far);
    let mut client = PrivateClient::from_transport(near).expect("a pair in memory can be used");
    assert!(client.count().is_err());
    assert!(PrivateClient::close(client).is_err());
    let written: Option<WrittenForClientsClient> = None;
    assert!(written.is_none_or(|client| client.count("name").is_err()));
}
