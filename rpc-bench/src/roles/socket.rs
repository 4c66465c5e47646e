//! Sockets for the roles without a library: bound or connected, and then used as plain descriptors.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

use crate::plan::{Network, Outcome, Plan};

/// Listens, and calls `serve` for each connection on a separate thread. Returns the address.
pub(crate) fn listen(plan: &Plan, serve: impl Fn(File) + Send + Sync + Clone + 'static) -> Outcome<String> {
    match plan.network {
        Network::Tcp | Network::Tls => {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            let address = listener.local_addr()?.to_string();
            thread::spawn(move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    // if this fails, only speed is lost
                    _ = stream.set_nodelay(true);
                    start(stream.into(), &serve);
                }
            });
            Ok(address)
        }
        Network::Unix => {
            let listener = UnixListener::bind(&plan.socket)?;
            thread::spawn(move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    start(stream.into(), &serve);
                }
            });
            Ok(plan.socket.display().to_string())
        }
    }
}

fn start(socket: OwnedFd, serve: &(impl Fn(File) + Send + Clone + 'static)) {
    let serve = serve.clone();
    thread::spawn(move || serve(File::from(socket)));
}

/// Connects, with TCP_NODELAY. The address may have the prefix of our own addresses.
pub(crate) fn connect(plan: &Plan, address: &str) -> Outcome<File> {
    Ok(match plan.network {
        Network::Tcp | Network::Tls => {
            let stream = TcpStream::connect(address.trim_start_matches("tcp://"))?;
            stream.set_nodelay(true)?;
            File::from(OwnedFd::from(stream))
        }
        Network::Unix => {
            let stream = UnixStream::connect(address.trim_start_matches("unix://"))?;
            File::from(OwnedFd::from(stream))
        }
    })
}
