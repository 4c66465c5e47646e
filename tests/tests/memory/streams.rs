//! The memory that a stream takes on each side, which is the same for any length.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use rpc_core::ServerHandle;
use rpc_tests::heap::{Heap, alone, as_client, peak};
use rpc_tests::watchdog_with_limit;

use crate::service::{Depot, DepotClient, serve, zeros};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The most that a stream may take on each side.
const ALLOWED: usize = 1 << 20;

/// Whether helper threads handle octets both ways, as they do if a socket cannot be written to
/// without blocking. They hold another MiB, which counts as the server's here.
pub(crate) const HELPERS: bool = cfg!(not(unix));

/// Measures a call on a connection that has made one before, and fails if it needs more than
/// allowed.
pub(crate) fn measure(what: &str, server: &ServerHandle, call: impl FnOnce(&DepotClient)) -> Heap {
    let client = as_client(|| DepotClient::connect(server.address()).unwrap());
    as_client(|| client.echo("warm".to_owned()).unwrap());
    let heap = peak(|| as_client(|| call(&client)));
    as_client(|| DepotClient::close(client).unwrap());
    println!("{what} at {}: server {} KiB, client {} KiB", server.address(), heap.server / 1024, heap.client / 1024);
    assert!(heap.server <= ALLOWED && heap.client <= ALLOWED, "{what}: {heap:?}");
    heap
}

/// Makes each kind of call with octets of a given length, from readers and from a file of that
/// length.
fn measure_each(server: &ServerHandle, len: u64, file: &Path) {
    let took = |count: io::Result<u64>| assert_eq!(count.unwrap(), len);
    measure("down from a reader", server, |depot| took(depot.down(len).unwrap().copy_to(&mut io::sink())));
    measure("down from a file", server, |depot| took(depot.file(file).unwrap().copy_to(&mut io::sink())));
    measure("down through a plain reader", server, |depot| {
        took(rpc_core::copy(&mut depot.down(len).unwrap(), &mut io::sink()));
    });
    measure("down into a file", server, |depot| {
        took(depot.file(file).unwrap().copy_to(&mut tempfile::tempfile().unwrap()));
    });
    measure("up from a reader", server, |depot| took(Ok(depot.up(zeros(len)).unwrap())));
    measure("up from a file", server, |depot| took(Ok(depot.up(File::open(file).unwrap()).unwrap())));
    measure("up after JSON", server, |depot| took(Ok(depot.store("name", zeros(len)).unwrap())));
    measure("down after JSON", server, |depot| took(depot.open(len).unwrap().1.copy_to(&mut io::sink())));
    if HELPERS {
        return;
    }
    measure("both ways from a reader", server, |depot| {
        took(depot.through(zeros(len)).unwrap().copy_to(&mut io::sink()));
    });
    measure("both ways from a file", server, |depot| {
        took(depot.through(File::open(file).unwrap()).unwrap().copy_to(&mut tempfile::tempfile().unwrap()));
    });
}

/// Sparse: it takes no space on the disk.
fn file_of(len: u64) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(len).unwrap();
    file
}

#[test]
fn a_stream_takes_at_most_one_mib_on_each_side_over_tcp() {
    // the wait for the other tests must not count
    let _alone = alone();
    watchdog_with_limit(Duration::from_secs(120), || {
        let file = file_of(64 * MIB);
        measure_each(&serve("tcp://127.0.0.1:0"), 64 * MIB, file.path());
    });
}

#[cfg(unix)]
#[test]
fn a_stream_takes_at_most_one_mib_on_each_side_over_a_unix_socket() {
    // the wait for the other tests must not count
    let _alone = alone();
    watchdog_with_limit(Duration::from_secs(120), || {
        let file = file_of(64 * MIB);
        let folder = tempfile::tempdir().unwrap();
        let address = format!("unix://{}", folder.path().join("socket").display());
        measure_each(&serve(&address), 64 * MIB, file.path());
    });
}

#[test]
fn gibibytes_take_no_more_memory_than_mebibytes() {
    // the wait for the other tests must not count
    let _alone = alone();
    watchdog_with_limit(Duration::from_secs(900), || {
        let server = serve("tcp://127.0.0.1:0");
        measure("1 GiB down", &server, |depot| {
            assert_eq!(depot.down(GIB).unwrap().copy_to(&mut io::sink()).unwrap(), GIB);
        });
        measure("1 GiB up", &server, |depot| assert_eq!(depot.up(zeros(GIB)).unwrap(), GIB));
        if HELPERS {
            return;
        }
        measure("10 GiB both ways", &server, |depot| {
            let through = depot.through(zeros(10 * GIB)).unwrap();
            assert_eq!(through.copy_to(&mut io::sink()).unwrap(), 10 * GIB);
        });
    });
}
