//! Keeps the processors from sleeping while one caller is measured.
//!
//! A processor that sleeps takes its time to wake, in a virtual machine more than a call takes, and for how long it lies
//! awake before it sleeps it chooses by what came last. So a pair that does more than it has to may look faster than a bare
//! ping-pong. A thread that spins on each processor, and yields to everything else, ends that for ours and for theirs.

use std::process::Command;
use std::thread;

use crate::child::Role;
use crate::control;
use crate::placement;
use crate::plan::Outcome;

/// Starts the process that keeps them awake, until it is dropped. It needs `chrt`, which gives it the one class that
/// yields to all others.
pub(crate) fn keep_awake() -> Outcome<Role> {
    let mut command = Command::new("chrt");
    command.args(["--idle", "0"]).arg(std::env::current_exe()?).args(["--role", "awake"]);
    Role::start("what keeps the processors awake".to_owned(), command)
}

/// The role: spins on each processor until the coordinator has gone.
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
