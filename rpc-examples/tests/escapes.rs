//! Neither side can be led out of its directory by the other, nor by links planted in the tree.
#![cfg(unix)]

mod common;
#[macro_use]
#[path = "common/reads_only.rs"]
mod reads_only;

use std::collections::VecDeque;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use common::{Heard, Places, content_of, names, rel};
use rpc_core::{Call, Client, Contract, Contracts, Dispatch, Error, Served, Server, Status, values};
use rpc_examples::mirror::{
    Attributes, Content, CopyError, Entry, Item, LinkTarget, Mirror, MirrorClient, MirrorError, MirrorServer, Mtime,
    Page, Receipt, RelPath, Upload, pull,
};
use rpc_tests::watchdog;
use serde_json::{Value, json};

const ATTRIBUTES: Attributes = Attributes { mtime: Mtime { secs: 5, nanos: 6 }, mode: 0o644 };

/// A directory outside the tree, with a file that must be neither read nor changed.
fn outside() -> tempfile::TempDir {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    outside
}

/// The arguments of a call, with a path that the types do not allow.
fn part_of(path: &str) -> Value {
    json!({"path": path, "offset": 0, "content": content_of(b"content")})
}

fn assert_untouched(outside: &Path) {
    assert_eq!(names(outside), ["secret"]);
    assert_eq!(fs::read(outside.join("secret")).unwrap(), b"secret");
}

// The serving side.

#[test]
fn a_path_that_leaves_the_tree_is_refused_by_the_server() {
    watchdog(|| {
        let places = Places::new();
        fs::write(places.source("file"), "content").unwrap();
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(MirrorServer::new(places.shelf())).unwrap();
        let client = Client::connect(server.address()).unwrap();
        for path in ["../file", "/etc/passwd", "a/../../file", "..", ".", "", "file/", "./file", "%2E%2E/file", "a\0b"]
        {
            let error = client.call("fetch").with_named(&part_of(path)).octets().unwrap_err();
            assert!(matches!(&error, Error::Remote(no) if no.status == Status::RequestError), "{path}: {error}");
        }
        let mut content = String::new();
        client.call("fetch").with_named(&part_of("file")).octets().unwrap().read_to_string(&mut content).unwrap();
        assert_eq!(content, "content");
    });
}

#[test]
fn the_server_follows_no_link() {
    watchdog(|| {
        let (places, outside) = (Places::new(), outside());
        symlink(outside.path(), places.source("directory")).unwrap();
        symlink(outside.path().join("secret"), places.source("file")).unwrap();
        symlink("/", places.source("root")).unwrap();
        let shelf = places.shelf();
        for path in ["directory/secret", "file", "root/etc/passwd", "directory"] {
            assert!(
                matches!(shelf.fetch(&rel(path), 0, &content_of(b"secret")).err(), Some(MirrorError::NotAFile(_))),
                "{path}"
            );
        }
        let entries: Vec<_> = shelf.entries(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(entries.len(), 3, "nothing is listed through a link: {entries:?}");
        assert!(entries.iter().all(|entry| matches!(entry.item, Item::Skipped(_))), "{entries:?}");
        let mut after = shelf.entries(Some(rel("directory/a"))).unwrap();
        assert!(after.all(|entry| entry.unwrap().path > rel("directory")));
    });
}

// The pulling side. `Liar` can send what the types allow, `Raw` anything.

/// A mirror that lists the given entries and returns the same content for every file.
struct Liar(Vec<Entry>);

impl Mirror for Liar {
    fn entries(&self, _: Option<RelPath>) -> Result<impl Iterator<Item = Result<Entry, MirrorError>>, MirrorError> {
        Ok(values(self.0.clone()))
    }

    fn fetch(&self, _: &RelPath, _: u64, _: &Content) -> Result<impl Read, MirrorError> {
        Ok(&b"evil"[..])
    }

    reads_only!();
}

fn file(path: &str) -> Entry {
    file_with(path, ATTRIBUTES)
}

fn file_with(path: &str, attributes: Attributes) -> Entry {
    let hash = "46b28bbd7b6b9d0f0ba35e0fc6be3a5d52ec29b2a9c4ed2ef3ba7eb2d2b4ee41";
    let hash = serde_json::from_value(json!(hash)).unwrap();
    Entry { path: rel(path), item: Item::File { size: 4, hash, attributes } }
}

fn directory(path: &str) -> Entry {
    Entry { path: rel(path), item: Item::Directory { attributes: Attributes { mode: 0o755, ..ATTRIBUTES } } }
}

fn link(path: &str, target: &str) -> Entry {
    Entry { path: rel(path), item: Item::Symlink { target: LinkTarget::new(target), mtime: ATTRIBUTES.mtime } }
}

/// A server whose listing is any JSON: a stream of these values, or of pages only.
#[derive(Clone)]
enum Raw {
    Entries(Vec<Value>),
    /// Each call returns the next page, and then the last one again and again.
    Pages(VecDeque<Value>),
}

impl Dispatch for Raw {
    fn contracts(&self) -> Contracts {
        const { &Contract::new("Raw") }.into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        match (call.endpoint(), self) {
            ("entries", Raw::Entries(entries)) => {
                call.takes_json().returns_values(|_: Value| Ok::<_, Error>(values::<_, Error>(entries.clone())))
            }
            ("list", Raw::Pages(pages)) => call.takes_json().returns_json(|_: Value| {
                let page = if pages.len() > 1 { pages.pop_front() } else { pages.front().cloned() };
                Ok::<_, Error>(page)
            }),
            _ => call.unknown_endpoint(),
        }
    }
}

fn pull_raw(raw: Raw, copy: &Path) -> CopyError {
    let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(raw).unwrap();
    let remote = MirrorClient::connect(server.address()).unwrap();
    pull(&remote, copy, &Default::default(), &mut ()).unwrap_err()
}

#[test]
fn a_listing_that_leaves_the_tree_is_refused() {
    watchdog(|| {
        let room = tempfile::tempdir().unwrap();
        let copy = room.path().join("a/b/copy");
        let directory = json!({"Directory": {"attributes": {"mtime": {"secs": 0, "nanos": 0}, "mode": 511}}});
        for path in ["../x", "../../x", "/x", "..", "a/../../x", "", "%2E%2E/x", "a//b", "a\u{0}"] {
            let entry = json!({"path": path, "item": directory});
            let page = json!({"entries": [entry], "more": false});
            for raw in [Raw::Entries(vec![entry]), Raw::Pages([page].into())] {
                let error = pull_raw(raw, &copy);
                assert!(matches!(error, CopyError::Call(MirrorError::Call(Error::Protocol { .. }))), "{path}: {error}");
            }
        }
        assert_eq!(names(room.path()), ["a", "a/b", "a/b/copy"]);
    });
}

#[test]
fn a_planted_link_is_not_followed() {
    watchdog(|| {
        let (places, outside) = (Places::new(), outside());
        symlink(outside.path(), places.copy("dir")).unwrap();
        symlink(outside.path().join("secret"), places.copy("file")).unwrap();
        let liar = Liar(vec![directory("dir"), directory("dir/deep"), file("dir/secret"), file("file")]);
        let (report, heard) = places.pull_from(&liar).unwrap();
        assert_untouched(outside.path());
        assert_eq!(heard.notices[0], "failed dir: a symbolic link is in the way");
        assert_eq!(report.failed, 4, "{heard:?}");
        assert_eq!(fs::read_link(places.copy("dir")).unwrap(), outside.path());
    });
}

#[test]
fn a_file_replaces_a_planted_link_itself() {
    watchdog(|| {
        let (places, outside) = (Places::new(), outside());
        fs::write(places.source("file"), "content").unwrap();
        symlink(outside.path().join("secret"), places.copy("file")).unwrap();
        places.pull();
        places.assert_same();
        assert_untouched(outside.path());
    });
}

#[test]
fn a_planted_temporary_file_is_not_written_through() {
    watchdog(|| {
        let (places, outside) = (Places::new(), outside());
        fs::write(places.source("file"), "content").unwrap();
        for number in 0..5 {
            let name = format!(".mirror-{}-{number}.part", std::process::id());
            symlink(outside.path().join("secret"), places.copy(&name)).unwrap();
        }
        places.pull();
        places.assert_same();
        assert_untouched(outside.path());
    });
}

#[test]
fn nothing_is_written_through_a_link_of_the_listing() {
    watchdog(|| {
        let (places, outside) = (Places::new(), outside());
        let out = outside.path().to_str().unwrap();
        let liar = Liar(vec![
            link("a", out),
            file("a/secret"),
            link("b", "../.."),
            link("c", "."),
            file("c/x"),
            directory("d"),
            link("d/e", "../../x"),
            file("f/not listed"),
            file("g"),
            file("g/below a file"),
        ]);
        let (report, heard) = places.pull_from(&liar).unwrap();
        assert_untouched(outside.path());
        assert_eq!(names(places.copy.path()), ["c", "d"], "{heard:?}");
        assert_eq!((report.links, report.copied, report.failed), (1, 0, 8), "{heard:?}");
    });
}

#[test]
fn names_of_temporary_files_are_refused() {
    watchdog(|| {
        let places = Places::new();
        let liar = Liar(vec![file(".mirror-1-1.part"), link("a", "b"), link("b", ".mirror-1-1.part")]);
        let (_, heard) = places.pull_from(&liar).unwrap();
        assert_eq!(heard.notices, ["failed .mirror-1-1.part: refused: this name is reserved for temporary files"]);
    });
}

#[test]
fn a_listing_out_of_order_is_refused() {
    watchdog(|| {
        for entries in [vec![directory("b"), directory("a")], vec![directory("a"), directory("a")]] {
            let described = format!("{entries:?}");
            let error = Places::new().pull_from(&Liar(entries)).unwrap_err();
            assert!(matches!(error, CopyError::Listing(_)), "{described}: {error}");
        }
    });
}

#[test]
fn pages_without_end_are_refused() {
    watchdog(|| {
        let page = |entries, more| serde_json::to_value(Page { entries, more }).unwrap();
        let listings = [
            vec![page(vec![directory("b"), directory("a")], false)],
            vec![page(vec![directory("a"), directory("a")], false)],
            vec![page(vec![directory("a")], true)],
            vec![page(vec![directory("a")], true), page(vec![], true)],
            vec![page(vec![], true)],
        ];
        for pages in listings {
            let described = format!("{pages:?}");
            let error = pull_raw(Raw::Pages(pages.into()), Places::new().copy.path());
            assert!(matches!(error, CopyError::Listing(_)), "{described}: {error}");
        }
    });
}

#[test]
fn numbers_are_not_commands() {
    watchdog(|| {
        let places = Places::new();
        // The number of nanoseconds that the system takes for "now", and all bits of a mode.
        let attributes = Attributes { mtime: Mtime { secs: 5, nanos: (1 << 30) - 1 }, mode: u32::MAX };
        let mut directory = directory("d");
        directory.item = Item::Directory { attributes };
        places.pull_from(&Liar(vec![directory])).unwrap();
        let metadata = fs::metadata(places.copy("d")).unwrap();
        assert_eq!((metadata.mtime(), metadata.mtime_nsec(), metadata.mode() & 0o7777), (5, 999_999_999, 0o777));
    });
}

#[test]
fn content_that_does_not_fit_the_listing_is_refused() {
    watchdog(|| {
        let places = Places::new();
        let (_, heard): (_, Heard) = places.pull_from(&Liar(vec![file("file")])).unwrap();
        assert_eq!(heard.notices, ["failed file: it changed while it was being copied, try again"]);
        assert!(names(places.copy.path()).is_empty());
    });
}
