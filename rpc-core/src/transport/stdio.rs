//! This process's standard input and output as a transport.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{getegid, geteuid};
use rustix::stdio::{dup2_stdin, dup2_stdout};

use super::banner::{self, Missing, Quoted};
use super::ssh::SshConnection;
use super::{Credentials, Parts, Peer, PeerAddress, Transport, socket};

/// Standard input and output, which nothing else in this process uses any more.
pub(crate) struct Stdio {
    input: File,
    output: File,
}

/// Both have been taken.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// How long the end of a connection without a client's banner may take.
const FINISH_TIME: Duration = Duration::from_secs(1);

impl Stdio {
    /// Takes descriptors 0 and 1. What the process prints from now on goes to standard error, and
    /// it reads nothing.
    pub(crate) fn take() -> io::Result<Stdio> {
        if io::stdin().is_terminal() || io::stdout().is_terminal() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, not_by_hand()));
        }
        if TAKEN.swap(true, Ordering::SeqCst) {
            return Err(io::Error::other("standard input and output have been taken before"));
        }
        let nothing = File::open("/dev/null")?;
        let (input, output) = (fcntl_dupfd_cloexec(io::stdin(), 3)?, fcntl_dupfd_cloexec(io::stdout(), 3)?);
        dup2_stdout(io::stderr())?;
        dup2_stdin(nothing)?;
        Ok(Stdio { input: input.into(), output: output.into() })
    }

    /// Takes them apart and, if it `has_banner`, greets the client, within a limit.
    pub(crate) fn greet(self, has_banner: bool, limit: Option<Duration>) -> io::Result<Parts> {
        let until = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut parts = self.into_parts()?;
        if has_banner {
            banner::send(&mut *parts.writer, banner::OF_SERVER, until)?;
            banner::find(&mut *parts.reader, banner::OF_CLIENT, 0, until, None).map_err(|missing| {
                // what has been said may still be on its way, and the process is about to end
                _ = parts.writer.finish(Some(Instant::now() + FINISH_TIME));
                no_banner(missing)
            })?;
        }
        Ok(parts)
    }

    fn is_one_socket(&self) -> io::Result<bool> {
        let (input, output) = (self.input.metadata()?, self.output.metadata()?);
        let same = (input.dev(), input.ino()) == (output.dev(), output.ino());
        Ok(same && input.file_type().is_socket())
    }
}

impl Transport for Stdio {
    fn into_parts(self) -> io::Result<Parts> {
        let peer = peer();
        for one in [&self.input, &self.output] {
            // whoever started this process may have left it so
            rustix::io::ioctl_fionbio(one, false)?;
        }
        if self.is_one_socket()? {
            return socket::parts(OwnedFd::from(self.input), peer);
        }
        Ok(Parts { peer, ..(self.input, self.output).into_parts()? })
    }
}

/// Returns who is at the other end: somebody who may start programs as the user of this process.
fn peer() -> Peer {
    let credentials = Credentials::new(geteuid().as_raw(), getegid().as_raw(), None);
    let peer = Peer::new(PeerAddress::Other("stdio".to_owned())).with_credentials(credentials);
    let ssh = std::env::var("SSH_CONNECTION").ok().and_then(|text| SshConnection::parse(&text));
    ssh.into_iter().fold(peer, Peer::with_ssh)
}

fn not_by_hand() -> String {
    let command: Vec<_> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let command = command.join(" ");
    format!(
        "standard input or output is a terminal, but this program speaks to a client there, which starts it: give the \
         client the address `exec:{command}`, or `exec:ssh -T host {command}` from another machine"
    )
}

fn no_banner(Missing { error, seen }: Missing) -> io::Error {
    let came = match (error.kind(), &seen[..]) {
        (io::ErrorKind::UnexpectedEof, []) => "the end".to_owned(),
        (io::ErrorKind::TimedOut, []) => "nothing in time".to_owned(),
        (io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::TimedOut, seen) => {
            Quoted(seen).to_string()
        }
        _ => error.to_string(),
    };
    let text = format!(
        "expected a client's banner, found {came}; for clients that speak the bare protocol, set \
         `ServerConfig::stdio_banner(false)`"
    );
    io::Error::new(error.kind(), text)
}
