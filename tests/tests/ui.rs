//! What the compiler says to whoever holds `#[rpc_service]` wrong, and that it says nothing to whoever holds it right. A
//! folder of `ui/` is a rule, a file in it the mistake that it is named after; `ui/pass/` has the accepted forms.
//!
//! The texts are those of one compiler and differ with the next, so that the test runs on that one only. After a wanted
//! change, write them anew and read each as someone who has never seen the attribute:
//!
//! ```text
//! TRYBUILD=overwrite cargo test -p rpc-tests --test ui
//! ```

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The compiler that CONTRIBUTING.md names for this test.
const COMPILER: &str = "rustc 1.95.0 ";

#[test]
fn messages_and_accepted_forms() {
    let compiler = compiler();
    if !compiler.starts_with(COMPILER) {
        // Written past the capture of the test harness: a newcomer should see it.
        _ = writeln!(io::stderr(), "skipped: the texts in tests/ui are those of {COMPILER}, this is {compiler}");
        return;
    }
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/*.rs");
    for rule in rules() {
        cases.compile_fail(rule.join("*.rs"));
    }
}

/// Mistakes about which the compiler itself says more than is needed.
const SAID_MORE_THAN_ONCE: [(&str, usize); 2] = [
    // That `Self` may have no size is its own remark about the trait.
    ("ui/reply/self_type.stderr", 2),
    // That it is no `Result` is told first; then that both sides miss one.
    ("ui/serde/no_result_by_that_name.stderr", 3),
];

#[test]
fn one_mistake_is_one_error() {
    for message in
        rules().iter().flat_map(|rule| files(rule)).filter(|file| file.extension() == Some("stderr".as_ref()))
    {
        let text = fs::read_to_string(&message).expect("a message can be read");
        let errors = text.lines().filter(|line| line.starts_with("error")).count();
        let exception = SAID_MORE_THAN_ONCE.iter().find(|(file, _)| message == Path::new(file));
        assert_eq!(errors, exception.map_or(1, |(_, errors)| *errors), "{}", message.display());
    }
}

/// The folders whose files must not compile.
fn rules() -> Vec<PathBuf> {
    files(Path::new("ui")).into_iter().filter(|file| file.is_dir() && !file.ends_with("pass")).collect()
}

/// What is in a folder, in the order of the names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    files.sort();
    files
}

fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output().expect("the compiler that built this can be asked");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
