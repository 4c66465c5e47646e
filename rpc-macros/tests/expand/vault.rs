#[rpc_service]
/// What is stored.
pub trait Vault: Send + Sync {
    /// Names and sizes of what is stored.
    fn list(&self, prefix: &str) -> Result<Vec<Entry>>;
    fn count(&self) -> Result<u64, CountError>;
    fn rename(&self, from: &str, to: String, limit: Option<u32>) -> Result<()>;
    fn fetch(&self, name: &str) -> Result<impl Read + Send>;
    fn digest<'a>(&'a self, content: impl io::Read + 'a) -> io::Result<Digest>;
    fn store(&self, name: &str, content: impl Read) -> Result<Receipt>;
    fn append(&self, name: &str, position: u64, content: impl Read) -> Result<()>;
    fn open(&self, name: &str) -> Result<(Entry, impl Read)>;
    fn compress<'a>(&'a self, plain: impl Read + Send + 'a) -> Result<impl Read + 'a>;
    fn convert(&self, format: Format, content: impl io::Read) -> Result<(Entry, impl Read)>;
}
