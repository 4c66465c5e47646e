//! What the demo serves: a copy of a tree, and a large file of incompressible numbers.

use std::fs::{self, File, FileTimes};
use std::io::Write;
use std::path::Path;

use super::{DemoError, during};

/// Directories that are left out: those of builds and of version control.
const LEFT_OUT: [&str; 2] = ["target", ".git"];

/// The name of the generated file.
pub(super) const GENERATED: &str = "generated.bin";

/// How many files the demo changes.
const FEWEST: u64 = 3;

/// A number of files and their total size.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Amount {
    pub(super) files: u64,
    pub(super) bytes: u64,
}

/// Counts the regular files of a tree and their bytes, without what is left out.
pub(super) fn measure(directory: &Path) -> Result<Amount, DemoError> {
    let mut amount = Amount::default();
    each(directory, &mut |path, metadata| {
        if metadata.is_dir() {
            let below = measure(path)?;
            amount.files += below.files;
            amount.bytes += below.bytes;
        } else if metadata.is_file() {
            amount.files += 1;
            amount.bytes += metadata.len();
        }
        Ok(())
    })?;
    Ok(amount)
}

/// Copies a tree, without what is left out. `to` must not exist.
pub(super) fn copy_tree(from: &Path, to: &Path) -> Result<(), DemoError> {
    fs::create_dir(to).map_err(during("making", to))?;
    each(from, &mut |path, metadata| {
        let copy = to.join(path.file_name().unwrap_or_default());
        if metadata.is_dir() {
            copy_tree(path, &copy)
        } else if metadata.is_file() {
            copy_file(path, metadata, &copy)
        } else if metadata.is_symlink() {
            let target = fs::read_link(path).map_err(during("reading", path))?;
            std::os::unix::fs::symlink(target, &copy).map_err(during("making", &copy))
        } else {
            Ok(())
        }
    })
}

/// Also works if the file is read-only, as files under version control sometimes are.
fn copy_file(from: &Path, metadata: &fs::Metadata, to: &Path) -> Result<(), DemoError> {
    let mut source = File::open(from).map_err(during("reading", from))?;
    let mut copy = File::create_new(to).map_err(during("writing", to))?;
    std::io::copy(&mut source, &mut copy).map_err(during("copying", from))?;
    copy.set_permissions(metadata.permissions())
        .and_then(|()| copy.set_times(FileTimes::new().set_modified(metadata.modified()?)))
        .map_err(during("completing", to))
}

/// Writes the large file.
pub(super) fn generate(directory: &Path, bytes: u64) -> Result<(), DemoError> {
    let path = directory.join(GENERATED);
    let mut file = File::create(&path).map_err(during("writing", &path))?;
    let mut numbers = SplitMix(bytes);
    let mut block = vec![0; 1 << 20];
    let mut left = bytes;
    while left > 0 {
        for word in block.chunks_exact_mut(8) {
            word.copy_from_slice(&numbers.next().to_le_bytes());
        }
        let part = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
        file.write_all(&block[..part]).map_err(during("writing", &path))?;
        left -= part as u64;
    }
    Ok(())
}

/// Adds small files if the tree has too few to change.
pub(super) fn fill_up(directory: &Path) -> Result<(), DemoError> {
    for number in candidates(directory)?.len() as u64..FEWEST {
        let path = directory.join(format!("small-{number}.txt"));
        fs::write(&path, format!("file number {number}\n")).map_err(during("writing", &path))?;
    }
    Ok(())
}

/// Returns the files that may be changed: all but empty ones and the generated one.
pub(super) fn candidates(directory: &Path) -> Result<Vec<std::path::PathBuf>, DemoError> {
    let mut found = Vec::new();
    each(directory, &mut |path, metadata| {
        if metadata.is_dir() {
            found.append(&mut candidates(path)?);
        } else if metadata.is_file() && metadata.len() > 0 && path.file_name() != Some(GENERATED.as_ref()) {
            found.push(path.to_owned());
        }
        Ok(())
    })?;
    Ok(found)
}

/// Visits a directory in the order of its names.
fn each(
    directory: &Path,
    visit: &mut dyn FnMut(&Path, &fs::Metadata) -> Result<(), DemoError>,
) -> Result<(), DemoError> {
    let entries = fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = entries.map_err(during("reading", directory))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let metadata = entry.metadata().map_err(during("looking at", &path))?;
        let is_left_out = LEFT_OUT.iter().any(|name| *name == entry.file_name());
        if !is_left_out {
            visit(&path, &metadata)?;
        }
    }
    Ok(())
}

/// Steele, Lea and Flood's SplitMix64: a few instructions per number.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
