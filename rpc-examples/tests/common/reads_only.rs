//! The methods of a read-only mirror that is not asked for pages: all but `entries` and `fetch`.
//! Files that are asked for together are fetched one after the other.

macro_rules! reads_only {
    () => {
        reads_only!(but_fetch_many);

        fn fetch_many(&self, files: Vec<rpc_examples::mirror::Listed>) -> Result<impl Read, MirrorError> {
            Ok(common::one_by_one(self, files))
        }
    };
    (but_fetch_many) => {
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

        fn store_many(
            &self,
            _: Vec<(rpc_examples::mirror::Listed, rpc_examples::mirror::Attributes)>,
            _: impl Read,
        ) -> Result<Vec<Option<MirrorError>>, MirrorError> {
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
