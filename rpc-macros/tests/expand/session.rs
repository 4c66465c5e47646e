#[rpc_service]
trait Cursor {
    fn seek(&mut self, position: u64) -> Result<()>;
    fn rest(&mut self) -> Result<impl Read>;
    fn append(&mut self, content: impl Read) -> Result<u64>;
    fn replace(&mut self, content: impl Read) -> Result<impl Read>;
}
