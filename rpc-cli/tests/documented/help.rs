//! The examples in the help of each command, and what they print. After a change, run with
//! `SNAPSHOTS=overwrite` and read the difference.

use std::process::Command;

use rpc_tests::watchdog_with_limit;
use snapbox::{Data, assert_data_eq};

use crate::depot;
use crate::shell::{Shell, without_times};

fn help(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_rpc")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that the help lists.
fn commands() -> Vec<String> {
    let help = help(&["help"]);
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let words = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    words.map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|word| word != "help").collect()
}

#[test]
fn each_command_has_examples_and_they_work() {
    watchdog_with_limit(std::time::Duration::from_secs(120), || {
        let commands = commands();
        assert!(commands.len() >= 5, "{commands:?}");
        for command in &commands {
            // a server of its own, so that no example needs another command's
            let (server, silent) = (depot::serve(true), depot::serve(false));
            let servers = [("tcp://127.0.0.1:7411", &server), ("tcp://127.0.0.1:7412", &silent)];
            let servers = servers.map(|(documented, server)| (documented, server.address().to_string()));
            let Some(shell) = Shell::new(servers.into()) else { return };
            let text = help(&["help", command]);
            assert_eq!(text, help(&[command, "--help"]), "rpc help {command}");
            let widest = text.lines().filter(|line| line.contains("$ ")).map(|line| line.chars().count()).max();
            assert!(widest <= Some(80), "rpc help {command}: clap breaks an example where a terminal has 80 columns");
            let transcript = shell.transcript(&text);
            assert!(transcript.starts_with("$ rpc "), "rpc help {command} shows no example");
            let wanted = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documented/help");
            let wanted = Data::read_from(&wanted.join(format!("{command}.txt")), None);
            assert_data_eq!(without_times(&transcript), wanted.raw());
        }
    });
}
