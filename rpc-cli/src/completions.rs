//! `rpc completions`.

use clap::Command;
use clap_complete::Shell;

use crate::failure::Failure;
use crate::output::print;

/// Print what makes a shell complete commands and options.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Completions {
    /// For which shell.
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  $ rpc completions bash > ~/.local/share/bash-completion/completions/rpc
  $ rpc completions zsh > ~/.zfunc/_rpc
  $ rpc completions fish > ~/.config/fish/completions/rpc.fish";

impl Completions {
    /// Prints the script of a program with these arguments.
    pub(crate) fn run(&self, mut program: Command) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut program, "rpc", &mut script);
        print(&String::from_utf8_lossy(&script))
    }
}
