//! Modification time and mode, which are copied along with the bytes.

use std::fs::Metadata;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use rustix::fs::{Mode, Stat, Timespec, Timestamps, UTIME_OMIT};
use serde::{Deserialize, Serialize};

/// The mode bits that are copied. Set-user-id, set-group-id and sticky are not: they would let
/// programs from the server run with the rights of the user who pulls.
const COPIED_BITS: u32 = 0o777;

/// A modification time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Mtime {
    /// Seconds since the Unix epoch; negative before it.
    pub secs: i64,
    /// Nanoseconds after `secs`, below 1,000,000,000.
    pub nanos: u32,
}

/// Modification time and mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Attributes {
    /// The modification time.
    pub mtime: Mtime,
    /// The nine permission bits.
    pub mode: u32,
}

impl Attributes {
    pub(super) fn of(metadata: &Metadata) -> Attributes {
        let mtime = Mtime { secs: metadata.mtime(), nanos: u32::try_from(metadata.mtime_nsec()).unwrap_or(0) };
        Attributes { mtime, mode: metadata.mode() & COPIED_BITS }
    }

    /// Sets them on an open file or directory.
    pub(super) fn apply(&self, file: impl AsFd) -> io::Result<()> {
        rustix::fs::fchmod(&file, self.mode_bits())?;
        rustix::fs::futimens(&file, &self.mtime.timestamps())?;
        Ok(())
    }

    fn mode_bits(&self) -> Mode {
        Mode::from_bits_truncate((self.mode & COPIED_BITS) as rustix::fs::RawMode)
    }
}

impl Mtime {
    /// Returns the time of an entry that cannot be opened, such as a symbolic link.
    #[allow(clippy::useless_conversion, reason = "the types of these fields differ between systems")]
    pub(super) fn of(stat: &Stat) -> Mtime {
        let nanos = u32::try_from(stat.st_mtime_nsec).unwrap_or(0);
        Mtime { secs: i64::from(stat.st_mtime), nanos }
    }

    /// Returns the argument that sets only the modification time. Nanoseconds are capped because
    /// larger values have special meanings to the system.
    #[allow(clippy::useless_conversion, reason = "the types of these fields differ between systems")]
    pub(super) fn timestamps(self) -> Timestamps {
        Timestamps {
            last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
            last_modification: Timespec { tv_sec: self.secs.into(), tv_nsec: self.nanos.min(999_999_999).into() },
        }
    }
}
