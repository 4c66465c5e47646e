#[rpc_service]
trait Cursor {
    fn rest(&mut self) -> Result<impl Iterator<Item = Result<Row>>>;
}
