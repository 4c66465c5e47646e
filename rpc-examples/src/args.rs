//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use rpc_core::Address;

/// Keeps a copy of a directory tree in step over one connection.
///
/// Without a command it runs the demo.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const EXIT_CODES: &str = "\
ADDRESS is tcp://host:port or unix:///path.

Exit codes:
  0  all is in step
  1  it could not be done, or not to the end; the same command goes on from there
  2  the command line is wrong
  3  some entries could not be copied, each is named on standard error; all others are in step";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Offer a directory, until killed.
    ///
    /// Prints the address that it listens on; with port 0 the system chooses one. There is no authentication: whoever can
    /// connect can read every file below DIR that this process can, and with --writable replace and delete them. Nothing
    /// outside DIR is ever read or written: symbolic links are not followed.
    Serve {
        /// Where to listen.
        address: Address,
        /// The directory.
        dir: PathBuf,
        /// Permit `mirror push`. Without it everything that writes is refused.
        #[arg(long)]
        writable: bool,
        /// The most bytes that all files below DIR may have together: a number, or one with KiB, MiB or GiB. What would
        /// exceed it is refused before its bytes are sent. They are counted when the server starts; what other programs
        /// write below DIR later does not count.
        #[arg(long, requires = "writable", value_parser = size, value_name = "BYTES")]
        quota: Option<u64>,
    },
    /// Make a directory hold what a server offers.
    ///
    /// Copies files, directories and symbolic links that stay inside the tree, with times and modes (the nine permission
    /// bits). Files are compared by content; what differs here is replaced. Nothing is deleted without --delete: a file
    /// that the server does not have stays, and what is of another kind here and there is reported.
    ///
    /// May be killed at any moment: no name ever stands for a part of a file. The next pull goes on in the middle of the
    /// file that was interrupted (its part is .mirror-*.part beside its place until then), if it still is the same.
    Pull {
        /// Where the server listens.
        address: Address,
        /// The directory; it is created if need be.
        dir: PathBuf,
        /// Do not wait for the disk behind each file. Faster for many small files; a power failure may then leave wrong
        /// content, which the next pull repairs.
        #[arg(long)]
        no_sync: bool,
        #[command(flatten)]
        how: How,
    },
    /// Make a server's directory hold what is in one here: the reverse of pull, with the same guarantees there.
    ///
    /// The server must permit it (mirror serve --writable). What would exceed its quota is refused before it is sent, and
    /// the other files go on.
    Push {
        /// The directory.
        dir: PathBuf,
        /// Where the server listens.
        address: Address,
        #[command(flatten)]
        how: How,
    },
    /// Show it at work: serve a copy of DIR and one large file, pull, compare, change three files, pull again; push to a
    /// second directory, be refused by a quota, be killed in the middle of the large file, and go on there.
    ///
    /// Works in a temporary directory (TMPDIR says where), which it removes. Where it was killed, a later demo does.
    Demo {
        /// The directory to copy, without `target` and `.git` in it [default: this project].
        dir: Option<PathBuf>,
        /// The size of the generated file: bytes, or a number with KiB, MiB or GiB; at least 1 MiB.
        #[arg(long, default_value = "1GiB", value_parser = size)]
        size: u64,
    },
}

/// What pull and push have in common.
#[derive(Debug, clap::Args)]
pub(crate) struct How {
    /// Remove what the source does not have, when all else is done: never outside the tree, directories after what is in
    /// them, and nothing at all if some of the source could not be read.
    #[arg(long)]
    pub(crate) delete: bool,
    /// Say what would be done, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|character: char| !character.is_ascii_digit());
    let unit = match text[digits.len()..].trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        other => return Err(format!("{other:?} is none of B, KiB, MiB and GiB")),
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
