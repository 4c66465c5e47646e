//! What callers meet: eight uploads at once, a refusal by each rule, Ctrl-C in the middle of
//! another upload, and a signal to the server in the middle of the last.

use std::error::Error;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::thread;

use metrics_exporter_prometheus::PrometheusBuilder;
use rpc_core::{Address, CallOptions, CancelToken, Client, ClientConfig, Peer, PeerAddress, Session};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::metrics::BUCKETS;
use super::rules::admit;
use super::server::{serve, stop_on_signals};
use super::services::*;

/// Ctrl-C in a client ends its calls, wherever they wait.
fn cancel_on_ctrl_c() -> io::Result<CancelToken> {
    let (token, mut signals) = (CancelToken::new(), Signals::new([SIGINT])?);
    let on_signal = token.clone();
    thread::spawn(move || signals.forever().for_each(|_| on_signal.cancel()));
    Ok(token)
}

/// Returns a client each of whose connections logs in before it is used.
fn connect(address: &Address, name: &'static str, secret: &'static str) -> rpc_core::Result<Client> {
    let login = move |session: &mut Session| LoginClient::new(session).login(name, secret);
    Client::connect_with(address, ClientConfig::default().on_connect(login))
}

pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let metrics = PrometheusBuilder::new().with_recommended_naming(true).set_buckets(&BUCKETS)?.install_recorder()?;
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("socket");
    let server = serve(Address::Unix(socket.clone()), Shelf(folder.path().to_owned()))?;
    stop_on_signals(server.stopper())?;
    let depot = DepotClient::new(connect(server.address(), "ann", "t-ann")?);
    let token = cancel_on_ctrl_c()?;
    let interruptible = DepotClient::with_options(&depot, CallOptions::default().cancel(&token));

    // more than the system buffers, so once half of a file is written its handler is at work
    let half = vec![7; 8 << 20];
    thread::scope(|scope| {
        let begin = |depot: DepotClient, number: u32| {
            let (content, mut source) = io::pipe()?;
            let upload = scope.spawn(move || depot.store(&format!("{number}.dump"), content));
            source.write_all(&half)?;
            Ok((upload, source))
        };
        let eight = (0..8).map(|number| begin(depot.clone(), number)).collect::<io::Result<Vec<_>>>()?;
        assert!(depot.list()?.is_empty(), "all are under way, and none is complete");
        for (upload, mut source) in eight {
            source.write_all(&half)?;
            drop(source);
            assert_eq!(upload.join().expect("it does not panic")?, 16 << 20);
        }
        assert_eq!(depot.list()?.len(), 8);

        // each rule says why it refuses
        println!("{}", admit(&Peer::new(PeerAddress::Unix(None)), 1000).expect_err("nobody knows its user"));
        let stranger = Client::connect(server.address())?;
        println!("{}", DepotClient::new(stranger.clone()).list().expect_err("it has not logged in"));
        println!("{}", connect(server.address(), "ann", "guessed").expect_err("the secret is wrong"));
        println!("{}", AdminClient::new(connect(server.address(), "ann", "t-ann")?).evict("ann").expect_err("a user"));
        AdminClient::new(connect(server.address(), "admin", "sesame")?).evict("ann")?;
        assert_eq!(UsageClient::new(stranger).users()?, 0);

        // Ctrl-C while an upload waits for its source: it ends at once, and the server goes on
        let (upload, _source) = begin(interruptible, 8)?;
        signal_hook::low_level::raise(SIGINT)?;
        let error = upload.join().expect("it does not panic").expect_err("it was cancelled");
        println!("{error}");
        assert!(error.is_cancelled() && depot.list()?.is_empty());

        // a signal while an upload is under way: it ends, and nothing else begins
        let (upload, mut source) = begin(depot, 9)?;
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
