//! Keeps the processors from sleeping while one caller is measured.
//!
//! Waking a sleeping processor takes time, in a virtual machine more than a call takes, and how
//! long it idles before it sleeps depends on its recent load. So a pair that does more work than
//! needed may look faster than a bare ping-pong. A thread on each processor that spins, and yields
//! to everything else, prevents that for ours and for theirs.

use std::process::Command;
use std::thread;

use crate::child::Role;
use crate::control;
use crate::placement;
use crate::plan::Outcome;

/// Starts the process that keeps the processors awake until it is dropped. It needs `chrt`, which
/// gives it the scheduling class that yields to all others.
pub(crate) fn keep_awake() -> Outcome<Role> {
    let mut command = Command::new("chrt");
    command.args(["--idle", "0"]).arg(std::env::current_exe()?).args(["--role", "awake"]);
    Role::start("the process that keeps processors awake".to_owned(), command)
}

/// The role: spins on each processor until the coordinator has exited.
pub(crate) fn spin() -> Outcome<()> {
    for processor in placement::processors() {
        thread::spawn(move || {
            placement::keep_to(processor);
            loop {
                std::hint::spin_loop();
            }
        });
    }
    control::idle()
}
