//! Interrupts a thread's system calls with a signal that has no other effect.
#![expect(unsafe_code, reason = "std has no API for signals")]

use std::os::unix::thread::JoinHandleExt;
use std::thread::JoinHandle;

use libc::{SIGUSR1, c_int, pthread_kill, pthread_t, sigaction};

extern "C" fn nothing(_signal: c_int) {}

/// Catches the signal from now on.
pub(super) fn prepare() {
    // SAFETY: the structure consists of integers and a function pointer that may be null, for which
    // zero is a value.
    let mut action: sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = nothing as extern "C" fn(c_int) as libc::sighandler_t;
    // SAFETY: the handler does nothing, which is safe at any time; the previous action is not
    // requested.
    let outcome = unsafe { sigaction(SIGUSR1, &raw const action, std::ptr::null_mut()) };
    assert_eq!(outcome, 0);
}

/// Interrupts a thread's blocking system call, if any.
pub(super) fn interrupt<T>(thread: &JoinHandle<T>) {
    // SAFETY: the thread has not been joined, so its id is valid, although it may have ended.
    let outcome = unsafe { pthread_kill(thread.as_pthread_t() as pthread_t, SIGUSR1) };
    assert_eq!(outcome, 0);
}
