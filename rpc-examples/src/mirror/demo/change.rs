//! Three changes, each of which a less careful mirror would miss.

use std::fs::{self, File, FileTimes};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{DemoError, during, input};

/// What was changed, and what a pull must copy because of it.
#[derive(Debug)]
pub(super) struct Changes {
    /// A line for each change.
    pub(super) told: Vec<String>,
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) refreshed: u64,
}

/// Changes three files of a tree: one keeps its size and time, one grows, and of one only time and
/// mode change.
pub(super) fn three_files(top: &Path) -> Result<Changes, DemoError> {
    let files = input::candidates(top)?;
    let [same_size, longer, touched, ..] = &files[..] else {
        return Err(DemoError::Broken("the demo's tree has lost files".to_owned()));
    };
    let mut changes = Changes { told: Vec::new(), files: 0, bytes: 0, refreshed: 0 };
    flip_first_byte(same_size).map_err(during("changing", same_size))?;
    append(longer).map_err(during("appending to", longer))?;
    touch(touched).map_err(during("touching", touched))?;
    for (path, how) in [(same_size, "one byte changed, same size and time"), (longer, "longer")] {
        changes.files += 1;
        changes.bytes += fs::metadata(path).map_err(during("looking at", path))?.len();
        changes.told.push(tell(top, path, how));
    }
    changes.refreshed += 1;
    changes.told.push(tell(top, touched, "same content, new time and mode"));
    Ok(changes)
}

fn tell(top: &Path, path: &Path, how: &str) -> String {
    format!("{}: {how}", path.strip_prefix(top).unwrap_or(path).display())
}

fn flip_first_byte(path: &Path) -> std::io::Result<()> {
    let mode = fs::metadata(path)?.permissions();
    fs::set_permissions(path, PermissionsExt::from_mode(0o600))?;
    let mut file = File::options().read(true).write(true).open(path)?;
    let modified = file.metadata()?.modified()?;
    let mut first = [0];
    file.read_exact(&mut first)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&[first[0] ^ 1])?;
    file.set_times(FileTimes::new().set_modified(modified))?;
    file.set_permissions(mode)
}

fn append(path: &Path) -> std::io::Result<()> {
    let mode = fs::metadata(path)?.permissions();
    fs::set_permissions(path, PermissionsExt::from_mode(0o600))?;
    let mut file = File::options().append(true).open(path)?;
    file.write_all(b"one more line\n")?;
    file.set_permissions(mode)
}

fn touch(path: &Path) -> std::io::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode();
    fs::set_permissions(path, PermissionsExt::from_mode(0o600))?;
    let file = File::options().append(true).open(path)?;
    file.set_times(FileTimes::new().set_modified(SystemTime::now() - Duration::from_secs(86_400)))?;
    file.set_permissions(PermissionsExt::from_mode(mode ^ 0o100))
}
