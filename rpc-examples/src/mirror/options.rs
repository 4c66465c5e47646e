//! Options of a copy in either direction.

/// Options of a pull or a push. The default is what `mirror pull` and `mirror push` do.
#[derive(Debug, Clone)]
#[must_use]
pub struct CopyOptions {
    pub(super) sync: bool,
    pub(super) delete: bool,
    pub(super) dry_run: bool,
    pub(super) jobs: usize,
}

impl Default for CopyOptions {
    fn default() -> CopyOptions {
        CopyOptions { sync: true, delete: false, dry_run: false, jobs: 4 }
    }
}

impl CopyOptions {
    /// The maximum number of jobs. More would need more file descriptors than many systems allow.
    pub const MOST_JOBS: usize = 8;

    /// Sets whether pulled files are synced to disk before they get their names; yes by default.
    /// Otherwise a power failure, but not a killed pull, may leave files with wrong content; the
    /// next pull finds them by their hash. A server that stores what is pushed always waits for its
    /// disk.
    pub fn sync(self, sync: bool) -> Self {
        CopyOptions { sync, ..self }
    }

    /// Sets whether entries that the source does not have are deleted; no by default. They are
    /// deleted last, and only if all of the source could be read. Entries of different kinds on the
    /// two sides stay, with all their contents.
    pub fn delete(self, delete: bool) -> Self {
        CopyOptions { delete, ..self }
    }

    /// Sets how many threads of a pull fetch files, each over a connection of its own; 4 by
    /// default, at least 1, and at most [`MOST_JOBS`](CopyOptions::MOST_JOBS).
    pub fn jobs(self, jobs: usize) -> Self {
        CopyOptions { jobs: jobs.clamp(1, CopyOptions::MOST_JOBS), ..self }
    }

    /// Sets whether to only report what would be done, and change nothing; no by default.
    pub fn dry_run(self, dry_run: bool) -> Self {
        CopyOptions { dry_run, ..self }
    }
}
