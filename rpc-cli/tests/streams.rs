//! Streams, and the files and pipes at their ends.

mod common;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::Stdio;

use common::shapes::BYTE;
use common::{Ran, call, rpc, run, run_with, serve};
use rpc_tests::watchdog;

/// One line, this exit code, and all of these in the line.
fn fails(ran: &Ran, code: i32, parts: &[&str]) {
    assert_eq!((ran.code, ran.err.lines().count()), (Some(code), 1), "{ran:?}");
    assert!(ran.err.starts_with("rpc: "), "{ran:?}");
    for part in parts {
        assert!(ran.err.contains(part), "{part:?} is not in {ran:?}");
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn files_are_sent_and_written() {
    watchdog(|| {
        let (shelf, folder) = (serve(), tempfile::tempdir().unwrap());
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251).try_into().unwrap()).collect();
        fs::write(&from, &bytes).unwrap();
        let (from, place) = (from.to_str().unwrap(), to.to_str().unwrap());
        assert_eq!(call(&shelf, &["measure", "--in", from]), Ran::ok("3000000\n"));
        let ran = call(&shelf, &["copy", "--in", from, "--accept", "octets", "--out", place]);
        assert_eq!(ran, Ran::ok(""));
        assert!(fs::read(&to).unwrap() == bytes);
        // standard input goes on where it is
        let mut file = File::open(from).unwrap();
        file.read_exact(&mut [0; 1_000_000]).unwrap();
        let ran = run(rpc(["call", &shelf.address(), "measure", "--in", "-"]).stdin(file));
        assert_eq!(ran, Ran::ok("2000000\n"));
    });
}

#[test]
fn a_value_goes_beside_its_stream() {
    watchdog(|| {
        let (shelf, folder) = (serve(), tempfile::tempdir().unwrap());
        let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let open = ["open", "name=a", "size=3", "--accept", "json+octets"];
        let ran = call(&shelf, &[&open[..], &["--value", &place("value"), "--out", &place("out")]].concat());
        assert_eq!(ran, Ran::ok(""));
        assert_eq!(fs::read_to_string(place("value")).unwrap(), "{\"name\":\"a\",\"size\":3}\n");
        assert_eq!(fs::read(place("out")).unwrap(), [BYTE; 3]);
        assert_eq!(call(&shelf, &["greet", "name=a", "--out", &place("out")]), Ran::ok(""));
        assert_eq!(fs::read_to_string(place("out")).unwrap(), "\"hello, a\"\n");
        assert_eq!(call(&shelf, &["greet", "name=a", "--value", &place("value")]), Ran::ok(""));
        assert_eq!(fs::read_to_string(place("value")).unwrap(), "\"hello, a\"\n");
    });
}

/// Whoever finds the file takes it for complete.
#[test]
fn a_broken_stream_leaves_no_file() {
    watchdog(|| {
        let (shelf, folder) = (serve(), tempfile::tempdir().unwrap());
        let place = folder.path().join("backup");
        let out = place.to_str().unwrap();
        for size in ["0", "5", "3000000"] {
            let ran = call(&shelf, &["broken", size, "--accept", "octets", "--out", out]);
            fails(&ran, 1, &["the disk is broken", &shelf.address()]);
            assert!(names(folder.path()).is_empty(), "{:?}", names(folder.path()));
        }
        fs::write(&place, "the former").unwrap();
        fails(&call(&shelf, &["broken_count", "5", "--accept", "values", "--out", out]), 1, &["the disk is broken"]);
        fails(&call(&shelf, &["fail", "no", "--bare", "--out", out]), 2, &["expected JSON"]);
        fails(&call(&shelf, &["fail", "text=no", "--out", out]), 1, &["no"]);
        assert_eq!(names(folder.path()), ["backup"]);
        assert_eq!(fs::read_to_string(&place).unwrap(), "the former");
    });
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_mode_and_a_link_stays_one() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    watchdog(|| {
        let (shelf, folder) = (serve(), tempfile::tempdir().unwrap());
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        symlink("file", &link).unwrap();
        let ran = call(&shelf, &["fetch", "1", "--accept", "octets", "--out", link.to_str().unwrap()]);
        assert_eq!(ran, Ran::ok(""));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), [BYTE]);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    });
}

#[cfg(unix)]
#[test]
fn a_device_and_a_named_pipe_are_written_directly() {
    watchdog(|| {
        let (shelf, folder) = (serve(), tempfile::tempdir().unwrap());
        let fetch = |out: &str| call(&shelf, &["fetch", "300000", "--accept", "octets", "--out", out]);
        assert_eq!(fetch("/dev/null"), Ran::ok(""));
        let pipe = folder.path().join("pipe");
        let status = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(status.success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        assert_eq!(fetch(pipe.to_str().unwrap()), Ran::ok(""));
        assert!(reader.join().unwrap() == [BYTE; 300_000]);
        assert_eq!(names(folder.path()), ["pipe"]);
    });
}

#[test]
fn a_file_that_cannot_be_opened_is_named_before_anything_is_sent() {
    watchdog(|| {
        let shelf = serve();
        let missing = "absent/file";
        fails(&call(&shelf, &["measure", "--in", missing]), 6, &[missing]);
        fails(&call(&shelf, &["greet", "@absent/file"]), 6, &[missing]);
        fails(&call(&shelf, &["endless", "--accept", "octets", "--out", missing]), 6, &[missing]);
        fails(&call(&shelf, &["endless", "--accept", "octets", "--out", "."]), 6, &["."]);
        fails(&call(&shelf, &["endless", "--accept", "json+octets", "--value", missing]), 6, &[missing]);
        assert!(shelf.controls.stopped.try_recv().is_err(), "the call was made");
    });
}

#[test]
fn a_file_that_would_get_nothing_is_refused() {
    watchdog(|| {
        let (shelf, folder) = (serve(), tempfile::tempdir().unwrap());
        let file = folder.path().join("file");
        let file = file.to_str().unwrap();
        let both = ["--out", file, "--value", file];
        fails(
            &call(&shelf, &["endless", "--accept", "octets", "--value", file]),
            2,
            &["endless returns no value: leave out --value"],
        );
        fails(&call(&shelf, &["hang", "--out", file, "--value", "other"]), 2, &["hang returns a value and no stream"]);
        fails(
            &call(&shelf, &[["open", "name=a", "size=5", "--accept", "json+octets"].as_slice(), &both].concat()),
            2,
            &["must differ"],
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    });
}

#[cfg(unix)]
#[test]
fn a_directory_as_input_fails_in_mid_stream() {
    watchdog(|| {
        let shelf = serve();
        for (method, switch) in [("measure", "--in"), ("sum", "--in-values")] {
            let ran = run(rpc(["call", &shelf.address(), method, switch, "-"]).stdin(File::open(".").unwrap()));
            fails(&ran, 6, &["standard input: ", "directory"]);
            fails(&call(&shelf, &[method, switch, "."]), 6, &[".: ", "directory"]);
        }
        let ran = run(rpc(["call", &shelf.address(), "echo", "-"]).stdin(File::open(".").unwrap()));
        fails(&ran, 6, &["standard input: ", "directory"]);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_this_machines_fault() {
    watchdog(|| {
        let shelf = serve();
        let all: [&[&str]; 4] = [
            &["greet", "name=a"],
            &["fetch", "10", "--accept", "octets"],
            &["fetch", "3000000", "--accept", "octets"],
            &["endless_count", "--accept", "values"],
        ];
        for words in all {
            let full = File::options().write(true).open("/dev/full").unwrap();
            let ran = run(rpc(["call", &shelf.address()].iter().chain(words)).stdout(full));
            fails(&ran, 6, &["standard output: No space left on device"]);
            let ran = call(&shelf, &[words, &["--out", "/dev/full"]].concat());
            fails(&ran, 6, &["/dev/full: No space left on device"]);
        }
    });
}

/// As `| head -1` does.
#[test]
fn output_that_is_closed_ends_the_call_quietly() {
    watchdog(|| {
        let shelf = serve();
        for (method, accept) in [("endless", "octets"), ("endless_count", "values")] {
            let mut child = rpc(["call", &shelf.address(), method, "--accept", accept]).spawn().unwrap();
            let mut stdout = child.stdout.take().unwrap();
            stdout.read_exact(&mut [0; 100_000]).unwrap();
            drop(stdout);
            let ran = Ran::from(child.wait_with_output().unwrap());
            assert_eq!(ran, Ran { code: Some(141), out: String::new(), err: String::new() });
            assert_eq!(shelf.controls.stopped.recv().unwrap(), method);
        }
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran = run(rpc(["call", &shelf.address(), "greet", "name=a"]).stdout(writer));
        assert_eq!((ran.code, ran.err.as_str()), (Some(141), ""));
    });
}

#[test]
fn a_value_is_printed_as_soon_as_it_is_there() {
    watchdog(|| {
        let shelf = serve();
        let mut child = rpc(["call", &shelf.address(), "trickle", "--accept", "values"]).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let feed = shelf.controls.feed.unwrap();
        for number in 0..5 {
            feed.send(number).unwrap();
            assert_eq!(lines.next().unwrap().unwrap(), format!("{{\"number\":{number}}}"));
        }
        drop(feed);
        assert!(lines.next().is_none() && child.wait().unwrap().success());
    });
}

#[test]
fn a_value_is_sent_as_soon_as_it_is_there() {
    watchdog(|| {
        let shelf = serve();
        let mut child =
            rpc(["call", &shelf.address(), "sum", "--in-values", "-"]).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        for number in 0..5 {
            write!(stdin, "{{\n  \"number\": {number}\n}}").unwrap();
            // the first says that the handler has begun
            let expected = if number == 0 { &["sum", "number"][..] } else { &["number"] };
            expected.iter().for_each(|expected| assert_eq!(shelf.controls.begun.recv().unwrap(), *expected));
        }
        drop(stdin);
        assert_eq!(Ran::from(child.wait_with_output().unwrap()), Ran::ok("10\n"));
    });
}

#[test]
fn input_that_is_not_json_is_the_callers_fault() {
    watchdog(|| {
        let shelf = serve();
        let sum =
            |input: &str| run_with(&mut rpc(["call", &shelf.address(), "sum", "--in-values", "-"]), input.as_bytes());
        fails(&sum("{\"number\":1}\n{\"number\":"), 2, &["standard input: expected JSON values: ", "line 2 column"]);
        fails(&sum("1,2"), 2, &["standard input"]);
        // the handler returns the error of its stream
        fails(&sum("{\"number\":1}\n5"), 1, &[&shelf.address(), "item 2"]);
        let echo = run_with(&mut rpc(["call", &shelf.address(), "echo", "-"]), b"{");
        fails(&echo, 2, &["standard input: expected JSON: "]);
    });
}

/// The handler's error counts, not that of the pipe that nobody reads any more.
#[test]
fn an_upload_ends_early_with_the_handlers_error() {
    watchdog(|| {
        let shelf = serve();
        let (reader, mut writer) = std::io::pipe().unwrap();
        let child = rpc(["call", &shelf.address(), "refuse", "--in", "-"]).stdin(reader).spawn().unwrap();
        // without an end
        while writer.write_all(&[0; 4096]).is_ok() {}
        fails(&child.wait_with_output().unwrap().into(), 1, &["the depot is full"]);
    });
}
