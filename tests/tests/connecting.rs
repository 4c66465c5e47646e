//! How long connecting may take, and the errors when it fails.

use std::net::SocketAddr;

use rpc_core::{Address, Client, Error, Misuse, Operation, Server};
use rpc_tests::{OriginalServer, Reference, watchdog};

#[cfg(unix)]
#[test]
fn nobody_listens() {
    use rpc_core::Session;
    use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};
    use std::io;

    watchdog(|| {
        // a port that is bound, so that nothing else gets it, but on which nothing listens
        let taken = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&taken, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = SocketAddr::try_from(getsockname(&taken).unwrap()).unwrap();
        let address = format!("tcp://{address}");
        for error in [Client::connect(&address).unwrap_err(), Session::connect(&address).unwrap_err()] {
            assert!(error.never_ran() && !error.connection_usable());
            assert!(error.to_string().starts_with(&format!("connecting: {address}: ")), "{error}");
            match error {
                Error::Transport { operation: Operation::Connecting, error, .. } => {
                    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
                }
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn not_an_address() {
    watchdog(|| {
        let error = Client::connect("localhost:80").unwrap_err();
        assert!(matches!(error, Error::Misuse(Misuse::Address(_))), "{error:?}");
        assert!(error.to_string().contains("tcp://host:port"), "{error}");
        assert!(matches!(Server::bind("unix://relative"), Err(Error::Misuse(Misuse::Address(_)))));
    });
}

#[test]
fn a_host_and_a_port_or_a_socket_address_is_enough() {
    watchdog(|| {
        let server = Server::bind(("127.0.0.1", 0)).unwrap().spawn(OriginalServer::new(Reference)).unwrap();
        let Address::Tcp(place) = server.address() else { unreachable!("it is bound to TCP") };
        let place: SocketAddr = place.parse().unwrap();
        for client in [Client::connect(place), Client::connect((place.ip().to_string(), place.port()))] {
            assert_eq!(client.unwrap().call("Echo").with(&7).json::<u8>().unwrap(), 7);
        }
    });
}

#[test]
fn a_place_of_a_users_own_cannot_be_connected_to_or_bound() {
    watchdog(|| {
        let place = Address::Other("the modem".to_owned());
        let error = Client::connect(&place).unwrap_err();
        assert!(error.to_string().starts_with("connecting: the modem: only its own connector"), "{error}");
        assert!(error.never_ran());
        let error = Server::bind(&place).unwrap_err();
        assert!(error.to_string().starts_with("binding: the modem: only its own listener"), "{error}");
    });
}

#[test]
fn an_address_in_use_is_not_bound_again() {
    watchdog(|| {
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(OriginalServer::new(Reference)).unwrap();
        let error = Server::bind(server.address()).unwrap_err();
        assert!(matches!(error, Error::Transport { operation: Operation::Binding, .. }), "{error:?}");
        assert!(error.to_string().starts_with(&format!("binding: {}: ", server.address())), "{error}");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_listen_queue_ends_at_the_limit() {
    use rpc_core::ClientConfig;
    use std::os::unix::net::UnixListener;
    use std::time::Duration;

    watchdog(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("full.sock");
        let listener = UnixListener::bind(&path).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let limit = Duration::from_millis(100);
        let config = ClientConfig::default().connect_timeout(Some(limit));
        let address = format!("unix://{}", path.display());
        let _first = Client::connect_with(&address, config.clone()).unwrap();
        let error = Client::connect_with(&address, config).unwrap_err();
        assert!(
            matches!(error, Error::Deadline { operation: Operation::Connecting, limit: found, .. } if found == limit),
            "{error:?}"
        );
        assert!(error.never_ran());
    });
}
