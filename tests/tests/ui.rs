//! What the compiler says to whoever holds `#[rpc_service]` wrong, and that it says nothing to whoever holds it right. A
//! folder of `ui/` is a rule, a file in it the mistake that it is named after; `ui/pass/` has the accepted forms.
//!
//! The texts are those of one compiler and differ with the next, so that the test runs on that one only. After a wanted
//! change, write them anew and read each as someone who has never seen the attribute:
//!
//! ```text
//! TRYBUILD=overwrite cargo test -p rpc-tests --test ui
//! ```

use std::io::{self, Write};
use std::process::Command;

/// The compiler that CONTRIBUTING.md names for this test.
const COMPILER: &str = "rustc 1.95.0 ";

#[test]
fn messages_and_accepted_forms() {
    let compiler = compiler();
    if !compiler.starts_with(COMPILER) {
        // Written past the capture of the test harness: a newcomer should see it.
        let _ = writeln!(io::stderr(), "skipped: the texts in tests/ui are those of {COMPILER}, this is {compiler}");
        return;
    }
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/*.rs");
    for rule in RULES {
        cases.compile_fail(format!("ui/{rule}/*.rs"));
    }
}

/// The folders whose files must not compile.
const RULES: [&str; 11] = [
    "attribute",
    "definition",
    "method",
    "receiver",
    "parameter",
    "stream",
    "reply",
    "wire_name",
    "not_supported_yet",
    "serde",
    "call",
];

fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output().expect("the compiler that built this can be asked");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
