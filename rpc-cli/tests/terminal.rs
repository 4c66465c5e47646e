//! What a terminal gets.
#![cfg(unix)]

mod common;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use common::{rpc, serve};
use rpc_tests::watchdog;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// A terminal, and what it shows.
struct Terminal {
    near: File,
    far: File,
}

impl Terminal {
    fn new() -> Terminal {
        let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&near).unwrap();
        unlockpt(&near).unwrap();
        let name = ptsname(&near, Vec::new()).unwrap().into_string().unwrap();
        let far = File::options().read(true).write(true).open(name).unwrap();
        Terminal { near: near.into(), far }
    }

    fn end(&self) -> Stdio {
        self.far.try_clone().unwrap().into()
    }

    /// Returns all that is shown until the program has ended.
    fn shown(self) -> String {
        self.shown_until(|_| false)
    }

    /// Returns what is shown until it is enough, or the program has ended.
    fn shown_until(mut self, enough: impl Fn(&str) -> bool) -> String {
        drop(self.far);
        let (mut shown, mut piece) = (Vec::new(), [0; 1024]);
        // the end of the other side is an error on Linux
        while let Ok(count @ 1..) = self.near.read(&mut piece) {
            shown.extend(&piece[..count]);
            if enough(&String::from_utf8_lossy(&shown)) {
                break;
            }
        }
        String::from_utf8(shown).unwrap().replace("\r\n", "\n")
    }
}

/// Runs a command with its standard output, and perhaps its standard error, on a terminal, and
/// returns its exit code and what that shows.
fn show(mut command: Command, errors_too: bool) -> (Option<i32>, String) {
    let terminal = Terminal::new();
    command.stdout(terminal.end());
    if errors_too {
        command.stderr(terminal.end());
    }
    let mut child = command.spawn().unwrap();
    // it holds ends of the terminal
    drop(command);
    let shown = terminal.shown();
    (child.wait().unwrap().code(), shown)
}

#[test]
fn a_value_is_pretty() {
    watchdog(|| {
        let shelf = serve();
        let put = rpc(["call", &shelf.address(), "put", "name=a\u{9b}1m", "size=7"]);
        let expected = "{\n  \"name\": \"a\\u009b1m\",\n  \"size\": 7\n}\n";
        assert_eq!(show(put, true), (Some(0), expected.to_owned()));
        let open =
            ["call", &shelf.address(), "open", "name=a", "size=3", "--accept", "json+octets", "--out", "/dev/null"];
        assert_eq!(show(rpc(open), true).1, "{\n  \"name\": \"a\",\n  \"size\": 3\n}\n");
    });
}

#[test]
fn bytes_are_refused_unless_they_are_wanted() {
    watchdog(|| {
        let shelf = serve();
        let endless = rpc(["call", &shelf.address(), "endless", "--accept", "octets"]);
        let (code, shown) = show(endless, true);
        assert_eq!((code, shown.lines().count()), (Some(2), 1), "{shown}");
        assert!(shown.starts_with("rpc: endless returns bytes") && shown.contains("--out FILE"), "{shown}");
        assert!(shelf.controls.stopped.try_recv().is_err(), "the call was made");
        let fetch = rpc(["call", &shelf.address(), "fetch", "3", "--accept", "octets", "--out", "-"]);
        assert_eq!(show(fetch, true), (Some(0), "ZZZ".to_owned()));
    });
}

#[test]
fn a_stream_of_values_may_go_there() {
    watchdog(|| {
        let shelf = serve();
        let count = rpc(["call", &shelf.address(), "count", "2", "--accept", "values"]);
        assert_eq!(show(count, true), (Some(0), "{\"number\":0}\n{\"number\":1}\n".to_owned()));
    });
}

/// A pipe has no size, a file has one.
#[test]
fn a_stream_shows_its_progress() {
    watchdog(|| {
        let (shelf, folder) = (serve(), tempfile::tempdir().unwrap());
        let (terminal, (input, mut content)) = (Terminal::new(), std::io::pipe().unwrap());
        let mut upload = rpc(["call", &shelf.address(), "measure", "--in", "-"]);
        let mut child = upload.stdin(input).stderr(terminal.end()).spawn().unwrap();
        drop(upload);
        content.write_all(&[0; 5 << 10]).unwrap();
        let shown = terminal.shown_until(|shown| shown.contains("5.00 KiB"));
        assert!(shown.contains("5.00 KiB, "), "{shown:?}");
        drop(content);
        let mut printed = String::new();
        child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        assert!(child.wait().unwrap().success() && printed == "5120\n");

        let terminal = Terminal::new();
        let mut download = rpc(["call", &shelf.address(), "endless", "--accept", "octets"]);
        let mut child = download.stderr(terminal.end()).spawn().unwrap();
        drop(download);
        let mut stdout = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || _ = std::io::copy(&mut stdout, &mut std::io::sink()));
        let shown = terminal.shown_until(|shown| shown.contains("iB/s"));
        assert!(shown.contains("iB/s"), "{shown:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        reader.join().unwrap();

        // the other side does not take all
        let place = folder.path().join("large");
        File::create(&place).unwrap().set_len(1 << 34).unwrap();
        let terminal = Terminal::new();
        let mut upload = rpc(["call", &shelf.address(), "measure", "--in", place.to_str().unwrap()]);
        let mut child = upload.stderr(terminal.end()).spawn().unwrap();
        drop(upload);
        let shown = terminal.shown_until(|shown| shown.contains("/16.00 GiB"));
        assert!(shown.contains("/16.00 GiB"), "{shown:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        fs::remove_file(place).unwrap();
    });
}
