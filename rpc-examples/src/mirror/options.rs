//! How to copy, whichever way.

/// How to pull or push. The default is what `mirror pull` and `mirror push` do.
#[derive(Debug, Clone)]
#[must_use]
pub struct CopyOptions {
    pub(super) page_len: u32,
    pub(super) sync: bool,
    pub(super) delete: bool,
    pub(super) dry_run: bool,
}

impl Default for CopyOptions {
    fn default() -> CopyOptions {
        CopyOptions { page_len: 4096, sync: true, delete: false, dry_run: false }
    }
}

impl CopyOptions {
    /// How many entries to ask for at once; 4,096. All pages together are the same listing.
    pub fn page_len(self, entries: u32) -> Self {
        CopyOptions { page_len: entries, ..self }
    }

    /// Whether each file that is pulled must be on the disk before it gets its name; yes. Without it a power failure, but
    /// not a killed pull, may leave files whose content is wrong; the next pull finds them by their hash. A server that
    /// stores what is pushed always waits for its disk.
    pub fn sync(self, sync: bool) -> Self {
        CopyOptions { sync, ..self }
    }

    /// Whether what the source does not have is removed; no. It is in the end, and only if all of the source could be
    /// read. What is of another kind on either side stays, with all that is in it.
    pub fn delete(self, delete: bool) -> Self {
        CopyOptions { delete, ..self }
    }

    /// Whether nothing is done, but only told what would be; no.
    pub fn dry_run(self, dry_run: bool) -> Self {
        CopyOptions { dry_run, ..self }
    }
}
