//! Small files share a call. Whatever the server answers to that, no file arrives with other
//! content than was listed, and what is wrong with one file or with one answer costs nothing else.
#![cfg(unix)]

mod common;
#[macro_use]
#[path = "common/reads_only.rs"]
mod reads_only;

use std::fs;
use std::io::{self, Cursor, Read};
use std::sync::Mutex;
use std::time::Duration;

use common::{Places, content_of, names, odd_tree, pattern, rel};
use rpc_core::{Error, Server, ServerHandle};
use rpc_examples::mirror::{
    Content, CopyError, CopyOptions, Entry, Listed, Mirror, MirrorClient, MirrorError, MirrorServer, Page, Receipt,
    RelPath, Shelf, Upload,
};
use rpc_tests::watchdog;

/// Files in one directory, among them several with the same content, of all sizes that share calls.
fn tree(places: &Places) -> usize {
    fs::create_dir(places.source("below")).unwrap();
    for number in 0..300 {
        fs::write(places.source(&format!("below/{number:03}")), pattern(number / 3 * 40)).unwrap();
    }
    for (name, size) in [("a", 300_000), ("b", 300_000), ("c", 65_536), ("d", 65_535), ("e", 1 << 20)] {
        fs::write(places.source(name), pattern(size)).unwrap();
    }
    305
}

/// A shelf that answers as it should to everything but the call for several files.
struct Odd {
    shelf: Shelf,
    /// Makes its answer of the right one.
    answer: Box<dyn Fn(Vec<u8>) -> Box<dyn Read + Send> + Send + Sync>,
    /// What each call for one file asked for.
    alone: Mutex<Vec<RelPath>>,
}

impl Odd {
    fn new(places: &Places, answer: impl Fn(Vec<u8>) -> Box<dyn Read + Send> + Send + Sync + 'static) -> Odd {
        Odd { shelf: places.shelf(), answer: Box::new(answer), alone: Mutex::default() }
    }
}

impl Mirror for Odd {
    fn entries(&self, after: Option<RelPath>) -> Result<impl Iterator<Item = Result<Entry, MirrorError>>, MirrorError> {
        self.shelf.entries(after)
    }

    fn fetch(&self, path: &RelPath, offset: u64, content: &Content) -> Result<impl Read, MirrorError> {
        self.alone.lock().unwrap().push(path.clone());
        self.shelf.fetch(path, offset, content)
    }

    fn fetch_many(&self, files: Vec<Listed>) -> Result<impl Read, MirrorError> {
        let mut right = Vec::new();
        self.shelf.fetch_many(files)?.read_to_end(&mut right).unwrap();
        Ok((self.answer)(right))
    }

    reads_only!(but_fetch_many);
}

fn serve(mirror: impl Mirror + Send + 'static) -> ServerHandle {
    Server::bind("tcp://127.0.0.1:0").unwrap().spawn(MirrorServer::new(mirror)).unwrap()
}

fn listed(path: &str, bytes: &[u8]) -> Listed {
    Listed { path: rel(path), content: content_of(bytes) }
}

#[test]
fn all_arrives_with_any_number_of_jobs() {
    watchdog(|| {
        for (jobs, sync) in [(0, false), (1, true), (4, true), (1000, false)] {
            let places = Places::new();
            odd_tree(places.source.path());
            let count = tree(&places) as u64 + 15;
            let server = serve(places.shelf());
            let remote = MirrorClient::connect(server.address()).unwrap();
            let options = CopyOptions::default().jobs(jobs).sync(sync);
            let (report, heard) = places.pull_with(&remote, &options).unwrap();
            assert_eq!((report.copied, report.failed, heard.files), (count, 0, count), "{jobs}: {heard:?}");
            places.assert_same();
        }
    });
}

#[test]
fn a_file_that_cannot_be_sent_costs_the_others_nothing() {
    watchdog(|| {
        let places = Places::new();
        for name in ["a", "changed", "z"] {
            fs::write(places.source(name), name).unwrap();
        }
        fs::create_dir(places.source("directory")).unwrap();
        std::os::unix::fs::symlink("a", places.source("link")).unwrap();
        let names = ["a", "gone", "gone/too", "changed", "directory", "link", "z"];
        let files = names.map(|name| listed(name, if name == "changed" { b"other length" } else { name.as_bytes() }));
        let server = serve(places.shelf());
        let remote = MirrorClient::connect(server.address()).unwrap();
        let mut stream = String::new();
        remote.fetch_many(files.into()).unwrap().read_to_string(&mut stream).unwrap();
        let expected = [
            "null\na{\"Vanished\":\"gone\"}",
            "{\"Vanished\":\"gone/too\"}",
            "{\"Changed\":\"changed\"}",
            "{\"NotAFile\":\"directory\"}",
            "{\"NotAFile\":\"link\"}",
            "null\nz",
        ];
        assert_eq!(stream, expected.join("\n"));
    });
}

#[test]
fn a_wrong_answer_is_not_believed() {
    type Answer = fn(Vec<u8>) -> Box<dyn Read + Send>;
    let answers: [(&str, Answer); 9] = [
        ("nothing", |_| Box::new(io::empty())),
        ("half", |right| Box::new(Cursor::new(right[..right.len() / 2].to_vec()))),
        ("twice", |right| Box::new(Cursor::new(right.repeat(2)))),
        ("without end", |right| Box::new(Cursor::new(right).chain(io::repeat(b'x')))),
        ("a byte less", |right| Box::new(Cursor::new(right[..right.len() - 1].to_vec()))),
        ("a byte more in it", |right| Box::new(Cursor::new([&right[..200], &b"x"[..], &right[200..]].concat()))),
        ("a line without end", |_| Box::new(io::repeat(b'{'))),
        ("no errors", |_| Box::new(Cursor::new(b"{\"Vanished\":\"../../etc/passwd\"}\n".to_vec()))),
        ("a failure", |right| Box::new(Cursor::new(right[..40_000].to_vec()).chain(Broken))),
    ];
    watchdog(move || {
        for (what, answer) in answers {
            let places = Places::new();
            let count = tree(&places) as u64;
            let server = serve(Odd::new(&places, answer));
            let remote = MirrorClient::connect(server.address()).unwrap();
            let (report, heard) = places.pull_from(&remote).unwrap();
            // A byte too many makes the bytes of one file others, which proves that it has changed.
            let lost = u64::from(what == "a byte more in it") * report.failed;
            assert_eq!((report.copied, report.failed), (count - lost, lost), "{what}: {heard:?}");
            assert!(lost <= 4, "{what}: {heard:?}");
            let (report, _) = places.pull();
            assert_eq!((report.copied, report.left_overs), (lost, 0), "{what}");
            places.assert_same();
        }
    });
}

/// A reader that fails.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk fell out"))
    }
}

#[test]
fn errors_in_place_of_files_are_theirs() {
    watchdog(|| {
        let places = Places::new();
        let count = tree(&places) as u64;
        let refusal = b"{\"Unreadable\":[\"a\",\"mine\"]}\n";
        let odd = Odd::new(&places, move |_| Box::new(Cursor::new(refusal.repeat(256))));
        let server = serve(odd);
        let (report, heard) = places.pull_from(&MirrorClient::connect(server.address()).unwrap()).unwrap();
        assert_eq!((report.copied, report.failed), (0, count));
        assert!(heard.notices.iter().all(|notice| notice.ends_with("a cannot be read: mine")), "{heard:?}");
        assert_eq!(names(places.copy.path()), ["below"]);
    });
}

#[test]
fn an_answer_that_is_right_is_enough() {
    watchdog(|| {
        let places = Places::new();
        tree(&places);
        let odd = Odd::new(&places, |right| Box::new(Cursor::new(right)));
        places.pull_from(&odd).unwrap();
        places.assert_same();
        assert_eq!(*odd.alone.lock().unwrap(), [], "nothing is fetched alone");
    });
}

/// A shelf that ends its server's connections in the middle of an answer.
struct Going {
    shelf: Shelf,
    server: &'static Mutex<Option<ServerHandle>>,
}

impl Mirror for Going {
    fn entries(&self, after: Option<RelPath>) -> Result<impl Iterator<Item = Result<Entry, MirrorError>>, MirrorError> {
        self.shelf.entries(after)
    }

    fn fetch(&self, path: &RelPath, offset: u64, content: &Content) -> Result<impl Read, MirrorError> {
        self.shelf.fetch(path, offset, content)
    }

    fn fetch_many(&self, files: Vec<Listed>) -> Result<impl Read, MirrorError> {
        let server = self.server;
        let go = std::iter::once_with(move || server.lock().unwrap().take().unwrap().shutdown(Duration::ZERO));
        let mut packed = self.shelf.fetch_many(files)?.take(400_000);
        let mut go = go.fuse();
        Ok(FromFn(move |buf: &mut [u8]| match packed.read(buf)? {
            0 => go.next().map_or(Ok(0), |_| Err(io::Error::other("the server is gone"))),
            count => Ok(count),
        }))
    }

    reads_only!(but_fetch_many);
}

struct FromFn<F>(F);

impl<F: FnMut(&mut [u8]) -> io::Result<usize>> Read for FromFn<F> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (self.0)(buf)
    }
}

#[test]
fn a_server_that_goes_in_the_middle_of_files_ends_the_pull() {
    static SERVER: Mutex<Option<ServerHandle>> = Mutex::new(None);
    watchdog(|| {
        let places = Places::new();
        for (name, len) in [("a", 1000), ("b", 1 << 20), ("c", 1000), ("d", 1000)] {
            fs::write(places.source(name), pattern(len)).unwrap();
        }
        let address = format!("unix://{}", places.room.path().join("socket").display());
        let going = Going { shelf: places.shelf(), server: &SERVER };
        let bound = Server::bind(address).unwrap();
        let address = bound.address().clone();
        *SERVER.lock().unwrap() = Some(bound.spawn(MirrorServer::new(going)).unwrap());
        let error = places.pull_from(&MirrorClient::connect(&address).unwrap()).unwrap_err();
        assert!(matches!(error, CopyError::Call(MirrorError::Call(Error::Transport { .. }))), "{error}");
        let left = names(places.copy.path());
        assert!(left.len() == 2 && left[0].starts_with(".mirror-") && left[1] == "a", "{left:?}");

        let (report, _) = places.pull();
        assert!(report.resumed > 300_000, "{report}");
        assert_eq!((report.copied, report.left_overs), (3, 0));
        places.assert_same();
    });
}

#[test]
fn a_broken_part_in_the_middle_of_files_is_kept() {
    watchdog(|| {
        let places = Places::new();
        let big = pattern(1 << 20);
        fs::write(places.source("a"), "small").unwrap();
        fs::write(places.source("b"), &big).unwrap();
        fs::write(places.copy("b"), "what was here").unwrap();
        let vanish = places.source("b");
        let odd = Odd::new(&places, move |right| {
            // so that it cannot be fetched alone
            fs::write(&vanish, "changed").unwrap();
            Box::new(Cursor::new(right[..500_000].to_vec()))
        });
        let server = serve(odd);
        let (report, _) = places.pull_from(&MirrorClient::connect(server.address()).unwrap()).unwrap();
        assert_eq!((report.copied, report.failed), (1, 1), "{report}");
        assert_eq!(fs::read(places.copy("b")).unwrap(), b"what was here");
        fs::write(places.source("b"), &big).unwrap();
        let (report, _) = places.pull();
        assert!(report.resumed > 400_000, "{report}");
        places.assert_same();
    });
}

/// Counts this process's open files whenever bytes arrive.
#[cfg(target_os = "linux")]
struct OpenFiles(usize);

#[cfg(target_os = "linux")]
impl rpc_examples::mirror::Watch for OpenFiles {
    fn bytes(&mut self, _: u64) {
        self.0 = self.0.max(fs::read_dir("/proc/self/fd").unwrap().count());
    }
}

/// A directory is open until its files have their names, and a file of 64 KiB until it has its own.
#[cfg(target_os = "linux")]
#[test]
fn few_files_are_open_at_a_time() {
    watchdog(|| {
        let places = Places::new();
        for number in 0..800 {
            let mut bytes = vec![0; 64 << 10];
            bytes[..8].copy_from_slice(&u64::to_le_bytes(number));
            fs::create_dir(places.source(&number.to_string())).unwrap();
            fs::write(places.source(&format!("{number}/file")), bytes).unwrap();
        }
        let mut most = OpenFiles(0);
        let options = CopyOptions::default().sync(false).jobs(CopyOptions::MOST_JOBS);
        let report = rpc_examples::mirror::pull(&places.shelf(), places.copy.path(), &options, &mut most).unwrap();
        assert_eq!(report.copied, 800);
        assert!(most.0 < 750, "{} open files", most.0);
    });
}
