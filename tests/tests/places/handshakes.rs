//! A peer that connects and does not finish its handshakes.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{IntoListener, Listener, Parts, ServerSecurity, SocketListener};
use rpc_core::{Address, Client, Peer, PeerAddress, Server, ServerConfig, Transport};
use rpc_tests::watchdog;

use crate::service::{Work, WorkClient, WorkServer, handler};

/// A handshake of one byte from the client, and one back.
struct OneByte;

impl ServerSecurity for OneByte {
    fn secure(&self, mut below: Parts, until: Option<Instant>) -> io::Result<Parts> {
        if below.reader.read(&mut [0], until)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        below.writer.write(&[io::IoSlice::new(b"!")], until)?;
        Ok(below)
    }
}

/// A socket whose connections come from whomever the test says, in turn.
struct Masked(SocketListener, Mutex<mpsc::Receiver<&'static str>>);

impl Listener for Masked {
    type Transport = Parts;

    fn accept(&self) -> io::Result<Option<Parts>> {
        let Some(stream) = self.0.accept()? else { return Ok(None) };
        let peer = Peer::new(PeerAddress::Tcp(self.1.lock().unwrap().recv().unwrap().parse().unwrap()));
        Ok(Some(Parts { peer, ..stream.into_parts()? }))
    }

    fn address(&self) -> Address {
        self.0.address()
    }

    fn wake(&self) {
        self.0.wake();
    }
}

/// Silent connections of one peer once used up all threads for as long as a handshake may take.
#[test]
fn a_peer_that_does_not_finish_its_handshakes_keeps_out_nobody() {
    watchdog(|| {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = socket.local_addr().unwrap();
        let (mask, masks) = mpsc::channel();
        let listener = Masked(socket.into_listener().unwrap(), Mutex::new(masks));
        let config = ServerConfig::default().max_connections(4).max_connections_per_peer(Some(1));
        let config = config.tls(OneByte).handshake_timeout(Some(Duration::from_secs(3600)));
        let _server = Server::new_with(listener, config).unwrap().spawn(WorkServer::new(handler().0)).unwrap();
        let connect = |from| {
            mask.send(from).unwrap();
            TcpStream::connect(place).unwrap()
        };
        // more than the server has threads
        let silent: Vec<_> = (0..60).map(|_| connect("10.0.0.1:1")).collect();

        let mut other = connect("10.0.0.2:1");
        other.write_all(b"?").unwrap();
        other.read_exact(&mut [0]).unwrap();
        let client = WorkClient::new(Client::from_transport(other).unwrap());
        assert_eq!(client.echo(7).unwrap(), 7);

        // as many as it may have, and eight, may go on; the others were closed
        let (tell, told) = mpsc::channel();
        for stream in &silent {
            let (mut stream, tell) = (stream.try_clone().unwrap(), tell.clone());
            thread::spawn(move || tell.send(stream.read(&mut [0]).unwrap_or(0)));
        }
        let next = || told.recv().unwrap();
        assert!((0..51).all(|_| next() == 0));
        // those that were closed cannot be written to
        silent.iter().for_each(|mut stream| _ = stream.write_all(b"?"));
        assert!((0..9).all(|_| next() == 1));
    });
}
