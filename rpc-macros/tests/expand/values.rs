#[rpc_service]
pub trait Depot {
    fn entries(&self, prefix: &str) -> Result<impl Iterator<Item = Result<Entry>>>;
    fn import(&self, batch: &str, entries: impl Iterator<Item = Result<Entry>>) -> Result<Summary>;
    fn ticks(&self, ticks: impl Iterator<Item = io::Result<()>>) -> Result<()>;
    fn scan(&self, query: &Query) -> Result<(Plan, impl Iterator<Item = Result<Row, RowError>> + Send)>;
    fn enrich(&self, rows: impl Iterator<Item = Result<Row>>) -> Result<impl Iterator<Item = Result<Row>>>;
    fn index(&self, content: impl Read) -> Result<impl Iterator<Item = Result<Match>>>;
    fn pack<'a>(&'a self, name: &str, rows: impl Iterator<Item = Result<()>> + 'a) -> Result<impl Read + 'a>;
}
