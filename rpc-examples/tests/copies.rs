//! What is copied, what is not, and what is left alone.
#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;

use common::{Places, assert_all_arrives, content_of, names, odd_tree, pattern, rel, set_mode, set_time};
use rpc_core::Server;
use rpc_examples::mirror::{CopyOptions, Entry, Item, Mirror, MirrorClient, MirrorServer, Shelf};
use rpc_tests::watchdog;

/// The promise of the library: one function for every implementation of the trait.
fn copies_all(places: &Places, remote: &impl Mirror) {
    assert_all_arrives(places, || places.pull_with(remote, &CopyOptions::default()).unwrap());
}

#[test]
fn all_arrives_from_the_handler_itself() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        copies_all(&places, &places.shelf());
    });
}

#[test]
fn all_arrives_over_tcp() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(MirrorServer::new(places.shelf())).unwrap();
        let remote = MirrorClient::connect(server.address()).unwrap();
        copies_all(&places, &remote);
        MirrorClient::close(remote).unwrap();
    });
}

#[test]
fn all_arrives_over_a_unix_socket() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        let address = format!("unix://{}", places.room.path().join("socket").display());
        let server = Server::bind(&address).unwrap().spawn(MirrorServer::new(places.shelf())).unwrap();
        copies_all(&places, &MirrorClient::connect(&address).unwrap());
        drop(server);
    });
}

fn all_of(shelf: &Shelf) -> Vec<Entry> {
    shelf.entries(None).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn pages_of_any_length_are_the_same_listing() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        let shelf = places.shelf();
        let all = all_of(&shelf);
        for length in [0, 1, 3, 1000] {
            let (mut listed, mut more): (Vec<Entry>, _) = (Vec::new(), true);
            while more {
                let page = shelf.list(listed.last().map(|entry| entry.path.clone()), length).unwrap();
                assert!(page.entries.len() <= length.max(1) as usize, "{length}");
                listed.extend(page.entries);
                more = page.more;
            }
            assert_eq!(listed, all, "{length}");
        }
    });
}

#[test]
fn a_listing_begins_anywhere() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        let shelf = places.shelf();
        let all = all_of(&shelf);
        for (at, entry) in all.iter().enumerate() {
            let rest: Result<Vec<_>, _> = shelf.entries(Some(entry.path.clone())).unwrap().collect();
            assert_eq!(rest.unwrap(), all[at + 1..], "after {}", entry.path);
        }
    });
}

#[test]
fn each_entry_is_described_when_its_turn_comes() {
    watchdog(|| {
        let places = Places::new();
        for name in ["a", "b", "c"] {
            fs::write(places.source(name), "old").unwrap();
        }
        let shelf = places.shelf();
        let mut entries = shelf.entries(None).unwrap();
        entries.next().unwrap().unwrap();
        fs::write(places.source("b"), "new").unwrap();
        fs::remove_file(places.source("c")).unwrap();
        let next = entries.next().unwrap().unwrap();
        assert!(matches!(next.item, Item::File { hash, .. } if hash == content_of(b"new").hash), "{next:?}");
        assert!(entries.next().is_none(), "what has vanished is left out");
    });
}

#[test]
fn a_page_stays_far_below_the_limit_on_json() {
    watchdog(|| {
        let places = Places::new();
        // Each byte of these names takes six characters of JSON: 24 MB in total.
        let deep = places.source(&[&"\u{1}".repeat(250); 15].map(|name| &**name).join("/"));
        fs::create_dir_all(&deep).unwrap();
        for number in 0..1000 {
            fs::write(deep.join(format!("{}{number}", "\u{1}".repeat(200))), "").unwrap();
        }
        let shelf = places.shelf();
        let (mut last, mut listed, mut more) = (None, 0, true);
        while more {
            let page = shelf.list(last.take(), u32::MAX).unwrap();
            assert!(serde_json::to_vec(&page).unwrap().len() < 8 << 20);
            (listed, more) = (listed + page.entries.len(), page.more);
            last = page.entries.last().map(|entry| entry.path.clone());
        }
        assert_eq!(listed, 1015);
    });
}

#[test]
fn other_content_of_the_same_size_and_time_is_found() {
    watchdog(|| {
        let places = Places::new();
        for (name, content) in [("a", "one"), ("b", "two"), ("c", "same")] {
            fs::write(places.source(name), content).unwrap();
            set_time(&places.source(name), 1000, 0);
        }
        places.pull();
        fs::write(places.source("b"), "TWO").unwrap();
        set_time(&places.source("b"), 1000, 0);
        let (report, _) = places.pull();
        assert_eq!((report.copied, report.bytes, report.refreshed), (1, 3, 0));
        places.assert_same();
    });
}

#[test]
fn another_time_or_mode_needs_no_bytes() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        places.pull();
        set_time(&places.source("plain/frame"), 77, 7);
        set_mode(&places.source("plain/frame"), 0o640);
        set_mode(&places.source("locked"), 0o500);
        set_time(&places.source("empty"), 99, 1);
        let (report, _) = places.pull();
        assert_eq!((report.copied, report.bytes, report.refreshed), (0, 0, 3));
        places.assert_same();
    });
}

#[test]
fn what_lies_in_a_locked_directory_can_change() {
    watchdog(|| {
        let places = Places::new();
        odd_tree(places.source.path());
        places.pull();
        fs::write(places.source("locked/inside"), "longer").unwrap();
        set_mode(&places.source("locked"), 0o755);
        fs::write(places.source("locked/new"), "new").unwrap();
        set_mode(&places.source("locked"), 0o555);
        set_time(&places.source("locked"), 1_000_000_000, 7);
        let (report, _) = places.pull();
        assert_eq!(report.copied, 2);
        places.assert_same();
    });
}

#[test]
fn nothing_is_deleted() {
    watchdog(|| {
        let places = Places::new();
        fs::create_dir_all(places.copy("kept/deep")).unwrap();
        fs::write(places.copy("kept/deep/file"), "mine").unwrap();
        fs::create_dir(places.source("kept")).unwrap();
        fs::write(places.source("theirs"), "theirs").unwrap();
        let (report, _) = places.pull();
        assert!(report.is_complete());
        fs::remove_file(places.source("theirs")).unwrap();
        places.pull();
        assert_eq!(names(places.copy.path()), ["kept", "kept/deep", "kept/deep/file", "theirs"]);
    });
}

#[test]
fn another_kind_is_reported_and_left_alone() {
    watchdog(|| {
        let places = Places::new();
        fs::create_dir(places.source("a")).unwrap();
        fs::write(places.source("a/below"), "").unwrap();
        fs::write(places.source("b"), "file").unwrap();
        symlink("b", places.source("c")).unwrap();
        fs::write(places.source("d"), "others go on").unwrap();
        fs::write(places.copy("a"), "file here").unwrap();
        fs::create_dir(places.copy("b")).unwrap();
        fs::create_dir(places.copy("c")).unwrap();
        let (report, heard) = places.pull();
        assert_eq!((report.failed, report.copied), (4, 1));
        assert_eq!(
            heard.notices,
            [
                "failed a: a file is in the way",
                "failed a/below: its directory does not exist",
                "failed b: a directory is in the way",
                "failed c: a directory is in the way",
            ]
        );
        assert_eq!(fs::read(places.copy("a")).unwrap(), b"file here");
    });
}

#[test]
fn files_and_links_replace_each_other() {
    watchdog(|| {
        let places = Places::new();
        fs::write(places.source("a"), "file").unwrap();
        symlink("a", places.source("b")).unwrap();
        symlink("a", places.source("c")).unwrap();
        symlink("b", places.copy("a")).unwrap();
        fs::write(places.copy("b"), "file").unwrap();
        symlink("elsewhere", places.copy("c")).unwrap();
        let (report, _) = places.pull();
        assert_eq!((report.copied, report.links), (1, 2));
        places.assert_same();
    });
}

#[test]
fn what_is_no_content_is_skipped_with_a_warning() {
    watchdog(|| {
        let places = Places::new();
        let _socket = UnixListener::bind(places.source("socket")).unwrap();
        symlink("/etc/passwd", places.source("outside")).unwrap();
        symlink("x/../../y", places.source("perhaps")).unwrap();
        fs::write(places.source(".mirror-1-2.part"), "half").unwrap();
        fs::write(places.source("file"), "content").unwrap();
        let (report, heard) = places.pull();
        assert_eq!((report.skipped, report.failed, report.copied), (4, 0, 1));
        assert_eq!(
            heard.notices,
            [
                "skipped .mirror-1-2.part: it is the temporary file of a copy",
                "skipped outside: the link leads out of the directory, to /etc/passwd",
                "skipped perhaps: the link leads out of the directory, to x/../../y",
                "skipped socket: it is a socket",
            ]
        );
        assert_eq!(names(places.copy.path()), ["file"]);
    });
}

#[test]
fn what_cannot_be_read_is_a_failure() {
    watchdog(|| {
        let places = Places::new();
        fs::create_dir(places.source("a directory")).unwrap();
        fs::write(places.source("b file"), "secret").unwrap();
        fs::write(places.source("c"), "others go on").unwrap();
        set_mode(&places.source("a directory"), 0);
        set_mode(&places.source("b file"), 0);
        if fs::File::open(places.source("b file")).is_ok() {
            eprintln!("skipped: this user may read everything");
            return;
        }
        let (report, heard) = places.pull();
        assert_eq!((report.copied, report.failed), (1, 2));
        assert!(heard.notices[0].starts_with("failed a directory: a directory cannot be read: "), "{heard:?}");
        assert!(heard.notices[1].starts_with("failed b file: b file cannot be read: "), "{heard:?}");
    });
}

#[test]
fn rights_beyond_the_nine_bits_are_not_lent() {
    watchdog(|| {
        let places = Places::new();
        fs::write(places.source("program"), "#!/bin/sh\n").unwrap();
        set_mode(&places.source("program"), 0o6755);
        places.pull();
        assert_eq!(fs::metadata(places.copy("program")).unwrap().mode() & 0o7777, 0o755);
        assert_eq!(places.pull().0.refreshed, 0);
    });
}

#[test]
fn a_destination_is_made() {
    watchdog(|| {
        let places = Places::new();
        fs::write(places.source("file"), pattern(10)).unwrap();
        let deep = places.copy("not/yet/there");
        rpc_examples::mirror::pull(&places.shelf(), &deep, &CopyOptions::default(), &mut ()).unwrap();
        assert_eq!(fs::read(deep.join("file")).unwrap(), pattern(10));
        assert!(places.shelf().fetch(&rel("file"), 0, &content_of(&pattern(10))).is_ok());
    });
}
