//! Small files share a call to the server, too. What is wrong with one costs the others nothing,
//! and none has its name before all its bytes are right.
#![cfg(unix)]

mod common;

use std::fs;

use common::{Heard, Places, content_of, names, pattern, rel};
use rpc_core::{Server, ServerHandle};
use rpc_examples::mirror::demo::Cable;
use rpc_examples::mirror::{
    Attributes, CopyOptions, Listed, Mirror, MirrorClient, MirrorError, MirrorServer, Mtime, Shelf, connect, push,
};
use rpc_tests::watchdog;

const ATTRIBUTES: Attributes = Attributes { mtime: Mtime { secs: 5, nanos: 6 }, mode: 0o400 };

fn serve(places: &Places, quota: Option<u64>) -> (ServerHandle, MirrorClient) {
    let shelf = Shelf::open(places.copy.path()).unwrap().writable(quota).unwrap();
    let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(MirrorServer::new(shelf)).unwrap();
    let client = MirrorClient::connect(server.address()).unwrap();
    (server, client)
}

fn file(path: &str, bytes: &[u8]) -> (Listed, Attributes) {
    (Listed { path: rel(path), content: content_of(bytes) }, ATTRIBUTES)
}

#[test]
fn a_file_that_is_refused_costs_the_others_nothing() {
    watchdog(|| {
        let places = Places::new();
        fs::create_dir(places.copy("directory")).unwrap();
        fs::write(places.copy("old"), "what was here").unwrap();
        let (_server, remote) = serve(&places, Some(1000));
        let files = [
            file("a", b"first"),
            file("directory", b"x"),
            file("missing/x", b"x"),
            file(".mirror-1-2.part", b"x"),
            file("other", b"expected"),
            file("much", &[1; 990]),
            file("directory/z", b"last"),
            file("old", b"new"),
            file("same", b"new"),
        ];
        let bytes = [&b"firstxxxarrived."[..], &[1; 990], b"lastnewnew"].concat();
        let answers = remote.store_many(files.into(), &bytes[..]).unwrap();
        let kinds: Vec<_> = answers.iter().map(|answer| answer.as_ref().map(|error| format!("{error:?}"))).collect();
        let begins = [
            None,
            Some("InTheWay"),
            Some("NoDirectory"),
            Some("Reserved"),
            Some("Changed"),
            Some("QuotaExceeded"),
            None,
            None,
            None,
        ];
        for (kind, begin) in kinds.iter().zip(begins) {
            assert!(kind.is_some() == begin.is_some(), "{kinds:?}");
            assert!(kind.iter().zip(begin).all(|(kind, begin)| kind.starts_with(begin)), "{kinds:?}");
        }
        assert_eq!(names(places.copy.path()), ["a", "directory", "directory/z", "old", "same"]);
        assert_eq!(fs::read(places.copy("old")).unwrap(), b"new");
        assert_eq!(remote.room().unwrap(), Some(1000 - 5 - 4 - 3 - 3));
    });
}

#[test]
fn bytes_that_end_early_store_nothing() {
    watchdog(|| {
        let places = Places::new();
        fs::write(places.copy("a"), "what was here").unwrap();
        let (_server, remote) = serve(&places, Some(1000));
        let files = vec![file("a", b"first"), file("b", b"second"), file("c", b"third")];
        let error = remote.store_many(files, &b"firstseco"[..]).unwrap_err();
        assert!(matches!(error, MirrorError::Changed(_)), "{error}");
        assert_eq!(names(places.copy.path()), ["a"]);
        assert_eq!(fs::read(places.copy("a")).unwrap(), b"what was here");
        assert_eq!(remote.room().unwrap(), Some(1000 - 13));
    });
}

#[test]
fn too_much_is_refused_before_it_is_read() {
    watchdog(|| {
        let places = Places::new();
        let (_server, remote) = serve(&places, None);
        let many: Vec<_> = (0..257).map(|number| file(&format!("{number}"), b"")).collect();
        let mut large = file("large", b"x");
        large.0.content.size = u64::MAX;
        let wide: Vec<_> = (0..33).map(|number| file(&format!("{number}/x"), b"")).collect();
        for files in [many, wide, vec![large.clone()], vec![large.clone(), large]] {
            let error = remote.store_many(files, std::io::repeat(b'x')).unwrap_err();
            assert!(matches!(error, MirrorError::TooMuch), "{error}");
        }
        assert!(names(places.copy.path()).is_empty());
    });
}

/// Many files in several directories, and many directories.
fn tree(places: &Places) {
    for directory in ["a", "b", "c"] {
        fs::create_dir(places.source(directory)).unwrap();
        for number in 0..200 {
            fs::write(places.source(&format!("{directory}/{number}")), pattern(number * 10)).unwrap();
        }
        common::set_mode(&places.source(directory), 0o555);
        common::set_time(&places.source(directory), 1_000_000_000, 7);
    }
    for number in 0..70 {
        fs::create_dir(places.source(&format!("d{number}"))).unwrap();
        fs::write(places.source(&format!("d{number}/x")), "x").unwrap();
    }
}

#[test]
fn directories_are_completed_after_their_files() {
    watchdog(|| {
        let places = Places::new();
        tree(&places);
        let (_server, remote) = serve(&places, None);
        let mut heard = Heard::default();
        let report = push(places.source.path(), &remote, &CopyOptions::default(), &mut heard).unwrap();
        assert_eq!((report.copied, report.failed, heard.files), (670, 0, 670));
        assert_eq!(heard.expected, (670, heard.bytes));
        places.assert_same();
    });
}

#[test]
fn a_push_that_is_cut_off_goes_on() {
    watchdog(|| {
        let places = Places::new();
        tree(&places);
        let (server, _) = serve(&places, None);
        for cut in [0, 100_000, 300_000, 500_000] {
            let cable = Cable::lay(server.address(), cut).unwrap();
            let outcome = connect(cable.address()).map_err(MirrorError::from).map(|remote| {
                push(places.source.path(), &remote, &CopyOptions::default(), &mut ()).map(|report| report.failed)
            });
            assert!(!matches!(outcome, Ok(Ok(0))), "{cut}: {outcome:?}");
            cable.wait();
            for name in names(places.copy.path())
                .iter()
                .filter(|name| places.source(name).is_file() && !name.contains(".mirror"))
            {
                assert_eq!(fs::read(places.copy(name)).unwrap(), fs::read(places.source(name)).unwrap(), "{name}");
            }
        }
        let remote = MirrorClient::connect(server.address()).unwrap();
        push(places.source.path(), &remote, &CopyOptions::default(), &mut ()).unwrap();
        places.assert_same();
    });
}

#[test]
fn what_the_quota_refuses_of_several_costs_itself_only() {
    watchdog(|| {
        let places = Places::new();
        for number in 0..10 {
            fs::write(places.source(&format!("{number}")), pattern(1000 + number)).unwrap();
        }
        let (_server, remote) = serve(&places, Some(4500));
        let report = push(places.source.path(), &remote, &CopyOptions::default(), &mut ()).unwrap();
        assert_eq!((report.copied, report.failed), (4, 6));
        assert_eq!(names(places.copy.path()), ["0", "1", "2", "3"]);
    });
}
