//! Compiles and runs the examples of the guides in `docs/`, which need crates that the library does
//! not.

#[doc = include_str!("../../docs/combining-services.md")]
struct CombiningServices;

#[doc = include_str!("../../docs/authorisation.md")]
struct Authorisation;

#[cfg(unix)]
#[doc = include_str!("../../docs/ssh.md")]
struct Ssh;

#[doc = include_str!("../../docs/metrics.md")]
struct Metrics;

#[doc = include_str!("../../docs/deployment.md")]
struct Deployment;

#[doc = include_str!("../../docs/stopping.md")]
struct Stopping;

#[doc = include_str!("../../docs/limits.md")]
struct Limits;

#[doc = include_str!("../../docs/fail-over.md")]
struct FailOver;

#[doc = include_str!("../../docs/cancelling.md")]
struct Cancelling;

#[doc = include_str!("../../docs/contracts.md")]
struct Contracts;

#[cfg(feature = "schema")]
#[doc = include_str!("../../docs/describing.md")]
struct Describing;

#[doc = include_str!("../../docs/values.md")]
struct Values;

#[doc = include_str!("../../docs/tokio.md")]
struct Tokio;

#[doc = include_str!("../../docs/testing.md")]
struct Testing;

#[cfg(feature = "tls")]
#[doc = include_str!("../../docs/tls.md")]
struct Tls;

#[cfg(feature = "tls")]
#[doc = include_str!("../../SECURITY.md")]
struct SecurityByTls;
