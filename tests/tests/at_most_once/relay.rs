//! A relay before a server, which can be cut as if the server's machine had lost its power.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Passes on connections until it is cut.
pub(crate) struct Relay {
    place: SocketAddr,
    /// Both ends of each connection; `None` if it was cut.
    open: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Relay {
    pub(crate) fn to(server: SocketAddr) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap();
        let open = Arc::new(Mutex::new(Some(Vec::new())));
        let all = Arc::clone(&open);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, Ok(server)) = (client.unwrap(), TcpStream::connect(server)) else { continue };
                let mut all = all.lock().unwrap();
                let Some(all) = &mut *all else { return };
                all.extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                for (mut from, mut to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)]
                {
                    thread::spawn(move || {
                        _ = to.set_nodelay(true);
                        _ = io::copy(&mut from, &mut to);
                        _ = to.shutdown(Shutdown::Write);
                    });
                }
            }
        });
        Relay { place, open }
    }

    pub(crate) fn place(&self) -> SocketAddr {
        self.place
    }

    /// Ends all connections at once, in the middle of whatever they carry.
    pub(crate) fn cut(&self) {
        let open = self.open.lock().unwrap().take();
        open.into_iter().flatten().for_each(|end| _ = end.shutdown(Shutdown::Both));
        // wakes the relay, which then closes its listener
        _ = TcpStream::connect(self.place);
    }
}
