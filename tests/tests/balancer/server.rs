//! A server in a process of its own, which can be killed; and the record that its handlers keep.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rpc_core::{CallContext, Error, Result, Server, ServerConfig, rpc_service};
use rpc_tests::watchdog_with_limit;

#[rpc_service]
pub(crate) trait Work {
    /// Returns the id, or an error if there is none such.
    fn run(&self, id: u64) -> Result<u64>;
    /// Returns the length of the content.
    fn take(&self, id: u64, content: impl Read) -> Result<u64>;
    /// Returns so many zeros.
    fn give(&self, id: u64, len: u64) -> Result<impl Read>;
    /// Returns who calls, as a peer prints.
    fn who(&self) -> Result<String>;
}

/// Notes each call in a file before anything else: what is in the file survives a kill.
struct Handler(File);

impl Handler {
    fn note(&self, id: u64) -> Result<()> {
        (&self.0).write_all(&id.to_le_bytes())?;
        // long enough that some are killed or cut meanwhile
        thread::sleep(Duration::from_millis(id % 7));
        if id.is_multiple_of(11) { Err(Error::new("no")) } else { Ok(()) }
    }
}

impl Work for Handler {
    fn run(&self, id: u64) -> Result<u64> {
        self.note(id).map(|()| id)
    }

    fn take(&self, id: u64, mut content: impl Read) -> Result<u64> {
        self.note(id)?;
        Ok(io::copy(&mut content, &mut io::sink())?)
    }

    fn give(&self, id: u64, len: u64) -> Result<impl Read> {
        self.note(id)?;
        Ok(io::repeat(0).take(len))
    }

    fn who(&self) -> Result<String> {
        Ok(CallContext::current().expect("a call is being answered").peer().to_string())
    }
}

/// The ids of all calls that have run, from the files in this folder.
pub(crate) fn ran(records: &Path) -> Vec<u64> {
    let files = fs::read_dir(records).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    let ids = |bytes: Vec<u8>| bytes.as_chunks().0.iter().copied().map(u64::from_le_bytes).collect::<Vec<_>>();
    files.flat_map(ids).collect()
}

/// A server in another process, which is killed at the latest when this is dropped.
pub(crate) struct ServerProcess {
    process: Child,
    record: PathBuf,
    pub(crate) address: SocketAddr,
}

/// The environment variable with the name of a server's record.
const RECORD: &str = "RPC_TEST_RECORD";

impl ServerProcess {
    /// Starts this program again as a server that keeps its record in this folder.
    pub(crate) fn start(records: &Path) -> ServerProcess {
        // the system uses the numbers of processes again
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let record = records.join(STARTED.fetch_add(1, Ordering::SeqCst).to_string());
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "server::serves_until_its_input_ends", "--ignored", "--nocapture"])
            .env(RECORD, &record)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| line.unwrap().split_once("tcp://")?.1.parse().ok());
        // nobody must block in a write to this pipe
        thread::spawn(move || lines.for_each(drop));
        ServerProcess { process, record, address: address.expect("it says where it listens") }
    }

    /// Returns how many calls it has run.
    pub(crate) fn calls(&self) -> u64 {
        fs::metadata(&self.record).map_or(0, |file| file.len() / 8)
    }

    /// Ends it as if the machine had lost its power, except that the system closes its sockets.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Shuts it down, which lets calls end.
    pub(crate) fn stop(mut self) {
        drop(self.process.stdin.take());
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

#[test]
#[ignore = "other tests start it"]
fn serves_until_its_input_ends() {
    watchdog_with_limit(Duration::from_secs(600), || {
        let record = std::env::var_os(RECORD).expect("it is started with the name of a new file");
        let record = File::create_new(record).unwrap();
        let config = ServerConfig::default().proxy_protocol(true);
        let server = Server::bind_with("tcp://127.0.0.1:0", config).unwrap();
        let server = server.spawn(WorkServer::new(Arc::new(Handler(record)))).unwrap();
        println!("{}", server.address());
        _ = io::stdin().read(&mut [0]);
        let report = server.shutdown(Duration::from_secs(60));
        assert_eq!((report.cut, report.still_running), (0, 0));
    });
}
