//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use rpc_core::Address;

use crate::tls::{ClientTls, ServerTls};

/// Synchronizes a directory tree with a copy on another machine.
///
/// Runs the demo if no command is given.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const EXIT_CODES: &str = "\
ADDRESS is tcp://host:port, tls://host:port or unix:///path. For tls:// the program has to be built
with --features tls. To list, pull and push ADDRESS may also be a command that starts the server, split
at blanks: 'exec:ssh -T -o BatchMode=yes HOST mirror serve-stdio DIR'.

Exit codes:
  0  success: everything is in sync
  1  failed or interrupted; run the same command again to continue
  2  invalid command line
  3  some entries could not be read or copied; all others are listed or in sync";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve a directory until killed.
    ///
    /// Prints the address it listens on; with port 0 the system chooses the port. Anyone who can
    /// connect can read every file below DIR that this process can read, and with --writable
    /// replace and delete them: --client-ca restricts who that is. Nothing outside DIR is ever read
    /// or written: symbolic links are not followed.
    Serve {
        /// Where to listen.
        #[arg(value_parser = address)]
        address: Address,
        /// The directory to serve.
        dir: PathBuf,
        /// Allow `mirror push`. Without it every write is refused.
        #[arg(long)]
        writable: bool,
        /// The maximum total size of all files below DIR: bytes, or a number with KiB, MiB or GiB.
        /// A file that would exceed it is refused; from 64 KiB on, before its bytes are sent. The
        /// server counts the files when it starts; what other programs write below DIR later does
        /// not count.
        #[arg(long, requires = "writable", value_parser = size, value_name = "BYTES")]
        quota: Option<u64>,
        /// Tell whoever can connect which methods there are, for programs such as `rpc`. With the
        /// feature `schema`, also of which types their values are.
        #[arg(long)]
        describe: bool,
        #[command(flatten)]
        tls: ServerTls,
    },
    /// Serve a directory to the client that has started this command, often through ssh.
    ///
    /// The client gives the command as its address: 'exec:ssh -T HOST mirror serve-stdio DIR'.
    /// Whoever may run this command can read every file below DIR that this user can read, and with
    /// --writable replace and delete them.
    ServeStdio {
        /// The directory to serve.
        dir: PathBuf,
        /// Allow `mirror push`. Without it every write is refused.
        #[arg(long)]
        writable: bool,
        /// The maximum total size of all files below DIR, as of `mirror serve`.
        #[arg(long, requires = "writable", value_parser = size, value_name = "BYTES")]
        quota: Option<u64>,
        /// Tell the client which methods there are, as `mirror serve` does.
        #[arg(long)]
        describe: bool,
    },
    /// Print what a server offers: a line for each entry, as it comes.
    ///
    /// Entries that a pull would skip are listed with the reason. The server hashes each file
    /// before it lists it, so the first listing takes as long as reading the files.
    List {
        /// Where the server listens.
        #[arg(value_parser = address)]
        address: Address,
        #[command(flatten)]
        tls: ClientTls,
    },
    /// Make a directory match what a server offers.
    ///
    /// Copies files, directories and symbolic links that stay inside the tree, with times and modes
    /// (the nine permission bits). Files are compared by content; local files that differ are
    /// replaced. Nothing is deleted without --delete: local files that the server does not have
    /// stay, and entries of different kinds on the two sides are reported.
    ///
    /// It is safe to kill at any moment: a file only gets its name when it is complete. The next
    /// pull resumes in the middle of interrupted files that have not changed; until then their
    /// parts are kept in the same directory as .mirror-*.part.
    Pull {
        /// Where the server listens.
        #[arg(value_parser = address)]
        address: Address,
        /// The local directory; created if it does not exist.
        dir: PathBuf,
        /// Do not wait for the disk before files get their names. A power failure may then leave
        /// wrong content, which the next pull repairs.
        #[arg(long)]
        no_sync: bool,
        /// How many files are fetched at the same time, each over a connection of its own: 1 to 8.
        /// Small files share a call, up to 256.
        #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=8))]
        jobs: u8,
        #[command(flatten)]
        how: How,
    },
    /// Make a server's directory match a local one: the reverse of pull, with the same guarantees.
    ///
    /// The server must allow it (mirror serve --writable). A file that would exceed its quota is
    /// refused; the others are still copied.
    Push {
        /// The local directory.
        dir: PathBuf,
        /// Where the server listens.
        #[arg(value_parser = address)]
        address: Address,
        #[command(flatten)]
        how: How,
    },
    /// Run a demo: serve a copy of DIR and one large file, pull, compare, change three files and
    /// pull again; push to a second directory, exceed a quota, get killed in the middle of the
    /// large file, and resume it.
    ///
    /// Works in a temporary directory (set TMPDIR to choose where) and removes it. A later demo
    /// removes what a killed one left behind.
    Demo {
        /// The directory to copy, without `target` and `.git` in it [default: this project].
        dir: Option<PathBuf>,
        /// The size of the generated file: bytes, or a number with KiB, MiB or GiB; at least 1 MiB.
        #[arg(long, default_value = "1GiB", value_parser = size)]
        size: u64,
    },
}

/// Options of both pull and push.
#[derive(Debug, clap::Args)]
pub(crate) struct How {
    /// Delete what the source does not have, after everything else: never outside the tree,
    /// directories after their contents, and nothing at all if part of the source could not be
    /// read.
    #[arg(long)]
    pub(crate) delete: bool,
    /// Print what would be done and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) tls: ClientTls,
}

/// The error leaves out what was found, because clap prints that before it.
fn address(text: &str) -> Result<Address, &'static str> {
    text.parse().map_err(|_| "expected tcp://host:port, tls://host:port, unix:///path or exec:COMMAND")
}

fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|character: char| !character.is_ascii_digit());
    let unit = match text[digits.len()..].trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        other => return Err(format!("unknown unit {other:?}, expected B, KiB, MiB or GiB")),
    };
    let number: u64 = digits.parse().map_err(|error| format!("{error}"))?;
    number.checked_mul(unit).ok_or_else(|| "too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        <Args as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn sizes() {
        assert_eq!(size("1GiB"), Ok(1 << 30));
        assert_eq!(size("64 MiB"), Ok(64 << 20));
        assert_eq!(size("7"), Ok(7));
        for wrong in ["", "GiB", "1GB", "-1", "1.5GiB", "99999999999GiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
