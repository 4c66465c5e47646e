//! The writing methods of a read-only mirror.

macro_rules! reads_only {
    () => {
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
