//! Makes the tree that `mirror-against-rsync.sh` copies: the same one each time.
//!
//! 55,033 files with 632 MiB in 3,856 directories, with sizes like those of a large source tree:
//! three files of 32 MiB, and otherwise half of the files below 3 KiB, one in thirty above 64 KiB,
//! none above 256 KiB. Their bytes do not compress, and no two files have the same.
//!
//! usage: tree DIR

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const FILES: usize = 55_033;
const BYTES: u64 = 632 << 20;
const LARGE: [u64; 3] = [32 << 20; 3];

/// Directories in the top, in each of those, and in each of those in turn, which have the files.
const FANOUT: [usize; 3] = [16, 16, 14];

/// An xorshift generator.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Returns a number from 0 up to 1.
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Returns the size of each file. The logarithms have a triangular distribution.
fn sizes(numbers: &mut Numbers) -> Vec<u64> {
    let weights: Vec<f64> =
        (LARGE.len()..FILES).map(|_| ((numbers.fraction() + numbers.fraction()) * 6.5).exp2()).collect();
    let small = BYTES - LARGE.iter().sum::<u64>();
    let unit = small as f64 / weights.iter().sum::<f64>();
    let mut sizes: Vec<u64> = weights.iter().map(|weight| (weight * unit) as u64).collect();
    // what was lost by rounding
    sizes[0] += small - sizes.iter().sum::<u64>();
    sizes.extend(LARGE);
    sizes
}

fn directories(top: &Path) -> io::Result<Vec<PathBuf>> {
    let mut level = vec![top.to_owned()];
    for fanout in FANOUT {
        level = level.iter().flat_map(|above| (0..fanout).map(move |at| above.join(format!("part{at:02}")))).collect();
    }
    level.iter().try_for_each(fs::create_dir_all)?;
    Ok(level)
}

fn write(path: &Path, size: u64, numbers: &mut Numbers) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(size as usize + 8);
    while (bytes.len() as u64) < size {
        bytes.extend_from_slice(&numbers.next().to_le_bytes());
    }
    File::create_new(path)?.write_all(&bytes[..size as usize])
}

fn main() -> io::Result<()> {
    let top = std::env::args_os().nth(1).expect("usage: tree DIR");
    let directories = directories(Path::new(&top))?;
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    for (at, size) in sizes(&mut numbers).into_iter().enumerate() {
        let directory = &directories[numbers.next() as usize % directories.len()];
        write(&directory.join(format!("source-{at:05}.rs")), size, &mut numbers)?;
    }
    Ok(())
}
