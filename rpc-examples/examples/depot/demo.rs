//! The server, and what its callers meet: eight uploads at once, a refusal by each rule, and a
//! signal in the middle of another upload.

use std::error::Error;
use std::io::{self, Write};
use std::os::unix::{fs::MetadataExt, net::UnixStream};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, thread};

use metrics_exporter_prometheus::PrometheusBuilder;
use rpc_core::{Address, CallOptions, Client, Peer, PeerAddress, Server, ServerConfig, ServerHandle, Stopper};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::metrics::{BUCKETS, Metrics};
use super::rules::{Guarded, admit};
use super::services::*;

fn serve(address: Address, shelf: Shelf) -> rpc_core::Result<ServerHandle> {
    let owner = fs::metadata(&shelf.0)?.uid();
    let config = ServerConfig::default().unix_socket_mode(Some(0o600)).observer(Arc::new(Metrics::describe()));
    let admin = AdminServer::new(Desk(shelf.clone(), false));
    let all = Guarded((DepotServer::new(shelf.clone()), UsageServer::new(shelf), admin));
    Server::bind_with(address, config)?.spawn_with(move |peer| admit(peer, owner).map(|()| all.clone()))
}

/// The first signal lets uploads end, a second one cuts them.
fn stop_on_signals(stopper: Stopper) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    thread::spawn(move || {
        for (grace, _) in [Duration::from_secs(60), Duration::ZERO].into_iter().zip(signals.forever()) {
            stopper.stop(grace);
        }
    });
    Ok(())
}

pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let metrics = PrometheusBuilder::new().with_recommended_naming(true).set_buckets(&BUCKETS)?.install_recorder()?;
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("socket");
    let server = serve(Address::Unix(socket.clone()), Shelf(folder.path().to_owned()))?;
    stop_on_signals(server.stopper())?;
    let client = Client::connect(server.address())?;
    let depot = DepotClient::new(client.with_options(CallOptions::default().metadata("token", "t-ann")));

    // more than the system buffers, so once half of a file is written its handler is at work
    let half = vec![7; 8 << 20];
    thread::scope(|scope| {
        let begin = |number: u32| {
            let (content, mut source) = io::pipe()?;
            let depot = &depot;
            let upload = scope.spawn(move || depot.store(&format!("{number}.dump"), content));
            source.write_all(&half)?;
            Ok((upload, source))
        };
        let eight = (0..8).map(begin).collect::<io::Result<Vec<_>>>()?;
        assert!(depot.list()?.is_empty(), "all are under way, and none is complete");
        for (upload, mut source) in eight {
            source.write_all(&half)?;
            drop(source);
            assert_eq!(upload.join().expect("it does not panic")?, 16 << 20);
        }
        assert_eq!(depot.list()?.len(), 8);
        // each rule says why it refuses
        println!("{}", admit(&Peer::new(PeerAddress::Unix(None)), 1000).expect_err("nobody knows its user"));
        println!("{}", DepotClient::new(client.clone()).list().expect_err("it has no token"));
        let mut admin = AdminClient::connect(server.address())?;
        println!("{}", admin.evict("ann").expect_err("nobody has logged in"));
        admin.login("sesame")?;
        admin.evict("ann")?;
        assert_eq!(UsageClient::new(client).users()?, 0);
        // a signal while an upload is under way: it ends, and nothing else begins
        let (upload, mut source) = begin(9)?;
        signal_hook::low_level::raise(SIGTERM)?;
        while UnixStream::connect(&socket).is_ok() {}
        source.write_all(&half)?;
        drop(source);
        assert_eq!(upload.join().expect("it does not panic")?, 16 << 20);
        let report = server.wait()?;
        println!("{}\n{report:?}", metrics.render());
        assert_eq!((report.finished, report.cut, report.still_running), (1, 0, 0));
        Ok(())
    })
}
