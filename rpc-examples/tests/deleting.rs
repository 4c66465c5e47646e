//! With `--delete`, entries that the source does not have are deleted; a dry run changes nothing.
#![cfg(unix)]

mod common;

use std::fs;
use std::io::Read;

use common::{Heard, Places, names, odd_tree, set_mode, set_time, snapshot};
use rpc_examples::mirror::{
    Content, CopyOptions, Entry, Item, Mirror, MirrorError, Page, Reason, Receipt, RelPath, Report, Shelf, Upload,
    pull, push,
};
use rpc_tests::watchdog;

#[macro_use]
#[path = "common/reads_only.rs"]
mod reads_only;

type Copying = fn(&Places, &CopyOptions) -> (Report, Heard);

/// Runs both directions without a connection.
const BOTH: [Copying; 2] = [
    |places, options| places.pull_with(&places.shelf(), &options.clone().sync(false)).unwrap(),
    |places, options| {
        let there = Shelf::open(places.copy.path()).unwrap().writable(None).unwrap();
        let mut heard = Heard::default();
        let report = push(places.source.path(), &there, options, &mut heard).unwrap();
        (report, heard)
    },
];

/// A tree, and a copy of it with extra entries at its beginning, its end and in between.
fn with_extras() -> Places {
    let places = Places::new();
    odd_tree(places.source.path());
    places.pull();
    fs::create_dir_all(places.copy("plain/deep/extra/below")).unwrap();
    fs::write(places.copy("plain/deep/extra/below/file"), "x").unwrap();
    set_mode(&places.copy("locked"), 0o755);
    fs::write(places.copy("locked/extra"), "x").unwrap();
    set_mode(&places.copy("locked"), 0o555);
    fs::write(places.copy(" first"), "x").unwrap();
    fs::write(places.copy("~last"), "x").unwrap();
    set_mode(&places.copy("plain/deep/extra"), 0o500);
    places
}

#[test]
fn extras_go_and_all_else_is_in_step() {
    watchdog(|| {
        for copy in BOTH {
            let places = with_extras();
            let (report, heard) = copy(&places, &CopyOptions::default().delete(true));
            assert_eq!((report.deleted, report.failed), (6, 0), "{heard:?}");
            places.assert_same();
        }
    });
}

#[test]
fn nothing_goes_unless_asked_for() {
    watchdog(|| {
        for copy in BOTH {
            let places = with_extras();
            let before = names(places.copy.path());
            assert_eq!(copy(&places, &CopyOptions::default()).0.deleted, 0);
            assert_eq!(names(places.copy.path()), before);
        }
    });
}

#[test]
fn what_is_in_the_way_stays_with_all_that_is_in_it() {
    watchdog(|| {
        for copy in BOTH {
            let places = Places::new();
            fs::write(places.source("name"), "a file").unwrap();
            fs::create_dir_all(places.copy("name/deep")).unwrap();
            fs::write(places.copy("name/deep/file"), "mine").unwrap();
            let (report, heard) = copy(&places, &CopyOptions::default().delete(true));
            assert_eq!((report.deleted, report.failed), (0, 1), "{heard:?}");
            assert_eq!(names(places.copy.path()), ["name", "name/deep", "name/deep/file"]);
        }
    });
}

/// A shelf with an entry that cannot be read.
struct Doubtful(Shelf);

impl Mirror for Doubtful {
    fn entries(&self, after: Option<RelPath>) -> Result<impl Iterator<Item = Result<Entry, MirrorError>>, MirrorError> {
        let path = RelPath::new("\u{10ffff}").unwrap();
        let unreadable = Entry { path, item: Item::Skipped(Reason::Unreadable("who knows".to_owned())) };
        Ok(self.0.entries(after)?.chain([Ok(unreadable)]))
    }

    fn fetch(&self, path: &RelPath, offset: u64, content: &Content) -> Result<impl Read, MirrorError> {
        self.0.fetch(path, offset, content)
    }

    reads_only!();
}

#[test]
fn nothing_goes_if_not_all_could_be_read() {
    watchdog(|| {
        for dry_run in [true, false] {
            let places = with_extras();
            let before = names(places.copy.path());
            let options = CopyOptions::default().delete(true).dry_run(dry_run);
            let (report, heard) = places.pull_with(&Doubtful(places.shelf()), &options).unwrap();
            assert_eq!((report.deleted, report.failed), (0, 1));
            assert!(
                heard.notices.contains(&"nothing is deleted because part of the source could not be read".to_owned())
            );
            assert_eq!(names(places.copy.path()), before);
        }
    });
}

#[test]
fn a_dry_run_changes_nothing_and_tells_all() {
    watchdog(|| {
        for copy in BOTH {
            let places = with_extras();
            fs::write(places.source("new"), "new").unwrap();
            fs::create_dir(places.source("new directory")).unwrap();
            std::os::unix::fs::symlink("new", places.source("new link")).unwrap();
            fs::remove_file(places.source("100%")).unwrap();
            fs::write(places.copy("-rf"), "other").unwrap();
            set_time(&places.source("plain/frame"), 77, 7);
            let before = (snapshot(places.source.path()), snapshot(places.copy.path()));
            let options = CopyOptions::default().delete(true);
            let (planned, heard) = copy(&places, &options.clone().dry_run(true));
            assert_eq!((snapshot(places.source.path()), snapshot(places.copy.path())), before);
            assert!(heard.notices.contains(&"would copy new (3 B)".to_owned()), "{heard:?}");
            assert!(heard.notices.contains(&"would delete 100%25".to_owned()), "{heard:?}");
            assert!(heard.notices.contains(&"would create the directory new directory".to_owned()), "{heard:?}");
            assert!(heard.notices.contains(&"would create the link new link".to_owned()), "{heard:?}");
            assert!(heard.notices.contains(&"would change the time or mode of plain/frame".to_owned()), "{heard:?}");

            let (done, _) = copy(&places, &options);
            places.assert_same();
            let sums = |report: &Report| {
                (report.copied, report.bytes, report.directories, report.links, report.deleted, report.unchanged)
            };
            assert_eq!(sums(&planned), sums(&done));
            assert!(planned.to_string().starts_with("would "), "{planned}");
        }
    });
}

#[test]
fn a_dry_run_makes_no_destination() {
    watchdog(|| {
        let places = with_extras();
        let nowhere = places.room.path().join("not/yet");
        let report = pull(&places.shelf(), &nowhere, &CopyOptions::default().dry_run(true), &mut ()).unwrap();
        assert_eq!((report.copied, report.files), (15, 15));
        assert!(names(places.room.path()).is_empty());
    });
}
