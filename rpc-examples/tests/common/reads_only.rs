//! The methods of a read-only mirror that is not asked for pages: all but `entries` and `fetch`.

macro_rules! reads_only {
    () => {
        fn list(&self, _: Option<RelPath>, _: u32) -> Result<Page, MirrorError> {
            panic!("a server with `entries` was asked for pages")
        }

        fn room(&self) -> Result<Option<u64>, MirrorError> {
            Err(MirrorError::ReadOnly)
        }

        fn held(&self, _: &RelPath, _: &Content) -> Result<u64, MirrorError> {
            Err(MirrorError::ReadOnly)
        }

        fn store(&self, _: &RelPath, _: &Upload, _: impl Read) -> Result<Receipt, MirrorError> {
            Err(MirrorError::ReadOnly)
        }

        fn place(&self, _: &Entry) -> Result<(), MirrorError> {
            Err(MirrorError::ReadOnly)
        }

        fn remove(&self, _: &RelPath) -> Result<(), MirrorError> {
            Err(MirrorError::ReadOnly)
        }

        fn sweep(&self) -> Result<u64, MirrorError> {
            Err(MirrorError::ReadOnly)
        }
    };
}
