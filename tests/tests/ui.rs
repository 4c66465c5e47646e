//! The compiler's messages for wrong uses of `#[rpc_service]` and of what takes a service, an
//! address or a transport, and their absence for correct ones. A folder of `ui/` is a rule, and a
//! file in it the mistake that it is named after; `ui/pass/` has the accepted forms.
//!
//! The texts are those of one compiler version, so the test runs only on that version. After an
//! intended change, regenerate them and read each as someone who has never seen the attribute:
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
        // Written directly, because the test harness hides what a passing test prints.
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

/// Mistakes for which the compiler itself reports additional errors.
const SAID_MORE_THAN_ONCE: [(&str, usize); 2] = [
    // The compiler adds an error that `Self` may be unsized.
    ("ui/reply/self_type.stderr", 2),
    // The first error says that it is not a `Result`; then both sides lack one.
    ("ui/serde/alias_that_is_not_a_result.stderr", 3),
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

/// Returns the contents of a folder, sorted by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    files.sort();
    files
}

fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output().expect("`rustc --version` can be run");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
