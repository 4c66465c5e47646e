#[rpc_service(compress)]
pub trait Vault {
    #[rpc(name = "List")]
    fn list(&self, (prefix, limit): (String, u32)) -> Result<Vec<Entry>>;
    const fn count(&self) -> u64;
    fn count(&self) -> Result<u64>;
    pub fn rename(&self, from: &str, mut to: String) -> Result<()>;
}
