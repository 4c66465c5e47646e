//! How children end, and what their clients hear of it.

use std::io::Read;
use std::time::{Duration, Instant};

use rpc_core::{Error, Session};
use rpc_tests::watchdog;
use rpc_tests::worker::{Worker, WorkerClient};
use rustix::process::{Pid, Signal, kill_process};

use super::{await_end_of, connect, has, refused, shell};

pub(crate) fn kill(process: u32) {
    kill_process(Pid::from_raw(i32::try_from(process).unwrap()).unwrap(), Signal::KILL).unwrap();
}

#[test]
fn a_child_that_dies_in_a_call_says_why() {
    watchdog(|| {
        let worker = connect("exec \"$0\"").unwrap();
        let error = worker.exit(3, "the disk\x1b[0m is gone").unwrap_err();
        assert!(matches!(error, Error::Transport { .. }) && !error.never_ran(), "{error:?}");
        let text = ["waiting for the reply: ", "exec:sh -c", "exit status: 3", "\"the disk\\u{1b}[0m is gone\""];
        has(&error.to_string(), &text);
        // another child serves the next call
        assert_eq!(worker.double(1).unwrap(), 2);
    });
}

/// The first call that needs it says so, because a session has no other.
#[test]
fn a_child_that_dies_between_two_calls_says_why() {
    watchdog(|| {
        let mut session = Session::from_command(shell("exec \"$0\"")).unwrap();
        let process = session.call("process").json::<u32>().unwrap();
        kill(process);
        await_end_of(process);
        let error = session.call("process").json::<u32>().unwrap_err();
        assert!(error.never_ran(), "{error:?}");
        // nobody waits for the thread that has just waited for the child
        let text = error.to_string();
        has(&text, &["exec:sh -c"]);
        assert!(text.contains("SIGKILL") || text.contains("has not ended yet"), "{text}");
    });
}

#[test]
fn a_child_that_is_killed_in_mid_stream_is_no_end() {
    watchdog(|| {
        let worker = connect("exec \"$0\"").unwrap();
        let process = worker.process().unwrap();
        let mut stream = worker.fetch(u64::MAX).unwrap();
        stream.read_exact(&mut [0; 100_000]).unwrap();
        kill(process);
        let error = std::io::copy(&mut stream, &mut std::io::sink()).unwrap_err();
        let error = error.downcast::<Error>().unwrap();
        assert!(matches!(error, Error::Transport { .. }), "{error:?}");
        has(&error.to_string(), &["reading the stream: ", "SIGKILL"]);
        await_end_of(process);
    });
}

#[test]
fn a_child_that_is_killed_during_an_upload_says_so() {
    watchdog(|| {
        struct KillsAt(u64, u32);

        impl Read for KillsAt {
            fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
                if self.0 == 0 {
                    kill(self.1);
                    await_end_of(self.1);
                }
                self.0 = self.0.wrapping_sub(1);
                Ok(buf.len())
            }
        }

        let worker = connect("exec \"$0\"").unwrap();
        let process = worker.process().unwrap();
        let error = worker.digest(KillsAt(5, process)).unwrap_err();
        assert!(matches!(error, Error::Transport { .. }) && !error.never_ran(), "{error:?}");
        has(&error.to_string(), &["SIGKILL"]);
    });
}

#[test]
fn the_last_of_much_standard_error_is_kept() {
    watchdog(|| {
        let much = "head -c 1048576 /dev/zero | tr '\\0' x >&2";
        let worker = connect(&format!("{much}; exec \"$0\"")).unwrap();
        let text = worker.exit(3, "and the reason").unwrap_err().to_string();
        has(&text, &["the end of its standard error: \"xxxx", "x".repeat(32_000).as_str(), "xand the reason\""]);
        assert!(text.len() < 33_500, "{}", text.len());
    });
}

/// Its copies of standard input, output and error keep everything open.
#[test]
fn a_grandchild_that_stays_holds_nobody_up() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let note = folder.path().join("grandchild");
        let script = format!("sleep 100 & echo $! > {}; exec \"$0\"", note.display());
        let begun = Instant::now();
        let worker = connect(&script).unwrap();
        let grandchild = std::fs::read_to_string(&note).unwrap().trim().parse().unwrap();
        let error = worker.exit(3, "gone").unwrap_err();
        has(&error.to_string(), &["exit status: 3", "\"gone\""]);
        // and one that is closed
        let worker = connect(&script).unwrap();
        let process = worker.process().unwrap();
        let other = std::fs::read_to_string(&note).unwrap().trim().parse().unwrap();
        WorkerClient::close(worker).unwrap();
        await_end_of(process);
        assert!(begun.elapsed() < Duration::from_secs(60), "nobody waits for the grandchild");
        // it is not ours to end, and neither was it ended
        kill(grandchild);
        kill(other);
    });
}

#[test]
fn a_child_that_ignores_the_end_of_its_input_is_terminated_and_then_killed() {
    watchdog(|| {
        for prepare in ["", "trap '' TERM; "] {
            // it is given up at once, after that many bytes
            let script = format!("{prepare}echo $$; head -c 9000 /dev/zero | tr '\\0' x; exec sleep 100");
            let text = refused(&script);
            let process = text.split("printed \"").nth(1).unwrap().split('\\').next().unwrap();
            await_end_of(process.parse().unwrap());
        }
    });
}

#[test]
fn dropping_a_client_does_not_wait_for_its_child() {
    watchdog(|| {
        let script = "\"$0\"; exec sleep 100";
        let worker = connect(script).unwrap();
        let begun = Instant::now();
        drop(worker);
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    });
}
