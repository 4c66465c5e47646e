//! A thousand children that never serve: none stays, and nothing of them. In a file of its own,
//! because the whole process is looked at.
#![cfg(target_os = "linux")]

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::{Client, ClientConfig};
use rpc_tests::watchdog_with_limit;

/// The children of this process, zombies included.
fn children() -> usize {
    let me = std::process::id().to_string();
    let of_me = |stat: &str| {
        let after_name = stat.rsplit_once(") ").map(|(_, rest)| rest);
        after_name.and_then(|rest| rest.split(' ').nth(1)) == Some(&me)
    };
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok());
    processes.filter(|entry| fs::read_to_string(entry.path().join("stat")).is_ok_and(|stat| of_me(&stat))).count()
}

fn count(folder: &str) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// What is left of children: processes, descriptors, threads.
fn left() -> (usize, usize, usize) {
    (children(), count("/proc/self/fd"), count("/proc/self/task"))
}

#[test]
fn a_thousand_failed_starts_leave_nothing() {
    watchdog_with_limit(Duration::from_secs(300), || {
        let before = left();
        assert_eq!(before.0, 0);
        let start = |number: usize| {
            let config = ClientConfig::default().connect_timeout(Some(Duration::from_millis(1)));
            let started = match number % 4 {
                0 => Client::from_command(|| Command::new("false")),
                1 => Client::from_command(|| Command::new("/nonsense/of/a/command")),
                // it is given up while it starts, or later
                2 => Client::from_command_with(|| sleep("100"), config),
                // its grandchild keeps its output
                _ => Client::from_command_with(|| shell("sleep 0.01 & exit 1"), config),
            };
            assert!(started.unwrap_err().never_ran());
        };
        thread::scope(|scope| {
            for first in 0..4 {
                scope.spawn(move || (first..1_000).step_by(4).for_each(|number| start(number / 4)));
            }
        });
        let begun = Instant::now();
        while left() != before {
            assert!(begun.elapsed() < Duration::from_secs(60), "{before:?} have become {:?}", left());
            thread::yield_now();
        }
    });
}

fn sleep(seconds: &str) -> Command {
    let mut command = Command::new("sleep");
    command.arg(seconds);
    command
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}
