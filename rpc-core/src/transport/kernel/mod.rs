//! What the kernel can do for us beyond std: move bytes between descriptors without bringing them into this process, and wait for
//! more of them than one.
//!
//! All that depends on the platform is here. Where it is not Linux, no [`KernelPipe`] can be made, and streams are copied.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod low_water;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod pipe;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "none.rs"]
mod pipe;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use low_water::set as set_low_water;
pub use pipe::KernelPipe;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) use pipe::set_low_water;
