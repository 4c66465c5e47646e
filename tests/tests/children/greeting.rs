//! Before the first frame.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rpc_core::{CallOptions, CancelToken, Client, ClientConfig, Error};
use rpc_tests::watchdog;
use rpc_tests::worker::{Worker, WorkerClient};

use super::{connect, connect_with, has, refused, shell};

#[test]
fn stray_output_before_the_server_is_skipped() {
    watchdog(|| {
        for script in [
            "echo 'Welcome!'; exec \"$0\"",
            "printf 'no line break'; exec \"$0\"",
            "printf '\\0rpc-core stdio '; exec \"$0\"",
            "head -c 8192 /dev/zero | tr '\\0' x; exec \"$0\"",
        ] {
            assert_eq!(connect(script).unwrap().double(21).unwrap(), 42, "{script}");
        }
    });
}

/// A profile that waits for a line would take our banner.
#[test]
fn nothing_is_sent_before_the_server_has_greeted() {
    watchdog(|| {
        let script = "dd bs=1 count=1 iflag=nonblock 2>/dev/null | grep -q . && exit 3; exec \"$0\"";
        assert_eq!(connect(script).unwrap().double(21).unwrap(), 42);
    });
}

#[test]
fn too_much_output_is_an_error_that_quotes_it() {
    watchdog(|| {
        let text = refused("echo 'Welcome!'; head -c 9216 /dev/zero | tr '\\0' x; exec \"$0\"");
        has(&text, &["exec:sh -c", "did not come within 8 KiB", "it printed \"Welcome!\\nxxx", "stdio_banner(false)"]);
    });
}

#[test]
fn output_without_a_banner_is_quoted_without_control_characters() {
    watchdog(|| {
        let text = refused("printf '\\033[31mThis account is not available.\\r\\n'; exit 1");
        has(
            &text,
            &["ended before a server's banner", "\"\\u{1b}[31mThis account is not available.\"", "exit status: 1"],
        );
    });
}

#[test]
fn a_child_that_exits_at_once_says_why() {
    watchdog(|| {
        let text = refused("echo 'no route' >&2; exit 255");
        has(
            &text,
            &["connecting: exec:sh -c", "printed nothing", "exit status: 255", "ssh itself failed", "\"no route\""],
        );
        has(&refused("nonsense-of-a-command"), &["exit status: 127", "the command was not found", "nonsense"]);
        has(&refused("exit 0"), &["exit status: 0", "it wrote nothing to its standard error"]);
        has(&refused("kill -9 $$"), &["it was killed by signal: 9 (SIGKILL)"]);
    });
}

#[test]
fn a_command_that_does_not_exist_is_named() {
    watchdog(|| {
        let command = || std::process::Command::new("/nonsense/of/a/command");
        let error = Client::from_command(command).unwrap_err();
        assert!(error.never_ran());
        has(&error.to_string(), &["connecting: exec:/nonsense/of/a/command: ", "No such file"]);
        // also without a banner, for which nobody waits then
        let error = Client::from_command_with(command, ClientConfig::default().stdio_banner(false)).unwrap_err();
        has(&error.to_string(), &["connecting: exec:/nonsense/of/a/command: ", "No such file"]);
    });
}

#[test]
fn a_child_that_never_speaks_is_left_in_time() {
    watchdog(|| {
        // enough for a shell to print something
        let config = ClientConfig::default().connect_timeout(Some(Duration::from_secs(3)));
        let script = "echo 'Password:'; echo 'who are you?' >&2; exec sleep 100";
        let error = connect_with(script, config).unwrap_err();
        assert!(error.is_timeout() && error.never_ran(), "{error:?}");
        has(
            &error.to_string(),
            &["exec:sh -c", "in time", "it printed \"Password:\"", "it has not ended yet", "\"who are you?\""],
        );
    });
}

#[test]
fn a_cancel_ends_the_wait_for_a_banner() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let (first, begun) = (folder.path().join("first"), folder.path().join("begun"));
        let script = format!(
            "if mkdir {}; then exec \"$0\"; else mkfifo {begun}; : > {begun}; exec sleep 100; fi",
            first.display(),
            begun = begun.display(),
        );
        let config = ClientConfig::default().connect_timeout(None);
        let client = Client::from_command_with(shell(&script), config).unwrap();
        let token = CancelToken::new();
        let worker = WorkerClient::new(client.with_options(CallOptions::default().cancel(&token)));
        let stream = worker.fetch(u64::MAX).unwrap();
        let (waits, waiting) = mpsc::channel();
        thread::scope(|scope| {
            let call = scope.spawn(|| worker.double(1));
            scope.spawn(move || {
                while !begun.exists() {
                    thread::yield_now();
                }
                _ = std::fs::read(&begun);
                waits.send(()).unwrap();
            });
            waiting.recv().unwrap();
            token.cancel();
            let error = call.join().unwrap().unwrap_err();
            assert!(error.is_cancelled() && error.never_ran(), "{error:?}");
        });
        drop(stream);
    });
}

#[test]
fn the_deadline_of_a_call_ends_the_wait_for_a_banner() {
    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let script = format!("if mkdir {}/first; then exec \"$0\"; else exec sleep 100; fi", folder.path().display());
        let worker = connect(&script).unwrap();
        let stream = worker.fetch(u64::MAX).unwrap();
        let options = CallOptions::default().timeout(Some(Duration::from_millis(100)));
        let error = WorkerClient::with_options(&worker, options).double(1).unwrap_err();
        assert!(error.is_timeout() && error.never_ran(), "{error:?}");
        drop(stream);
    });
}

#[test]
fn both_sides_can_do_without_a_banner() {
    watchdog(|| {
        let bare = || ClientConfig::default().stdio_banner(false);
        let worker = connect_with("exec \"$0\" bare", bare()).unwrap();
        assert_eq!(worker.double(21).unwrap(), 42);

        // the first byte of a server's banner begins no frame
        let error = connect_with("exec \"$0\"", bare()).unwrap().double(21).unwrap_err();
        assert!(matches!(error, Error::Protocol { .. }), "{error:?}");

        let short = ClientConfig::default().connect_timeout(Some(Duration::from_millis(100)));
        let error = connect_with("exec \"$0\" bare", short).unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
        has(&error.to_string(), &["it printed nothing", "stdio_banner(false)"]);
    });
}
