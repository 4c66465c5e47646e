//! Options of a copy in either direction.

/// Options of a pull or a push. The default is what `mirror pull` and `mirror push` do.
#[derive(Debug, Clone)]
#[must_use]
pub struct CopyOptions {
    pub(super) sync: bool,
    pub(super) delete: bool,
    pub(super) dry_run: bool,
}

impl Default for CopyOptions {
    fn default() -> CopyOptions {
        CopyOptions { sync: true, delete: false, dry_run: false }
    }
}

impl CopyOptions {
    /// Sets whether each pulled file is synced to disk before it gets its name; yes by default.
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

    /// Sets whether to only report what would be done, and change nothing; no by default.
    pub fn dry_run(self, dry_run: bool) -> Self {
        CopyOptions { dry_run, ..self }
    }
}
