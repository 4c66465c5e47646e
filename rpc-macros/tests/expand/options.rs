#[rpc_service(prefix = "vault.", rename_all = "PascalCase", crate = ::renamed::inner)]
pub(crate) trait Vault {
    #[rpc(idempotent)]
    fn list_entries(&self) -> Result<Vec<Entry>>;
    #[rpc(name = "Erase", alias = "Delete", alias = "vault.Remove")]
    #[deprecated]
    fn remove(&self, name: &str) -> Result<()>;
    #[cfg(unix)]
    fn r#move(&self, r#type: Kind) -> Result<()>;
    #[cfg_attr(feature = "extra", cfg(unix), doc = "Not everywhere.")]
    fn extra(&self, #[rpc(alias = "count", alias = "limit")] most: Option<u32>) -> Result<()>;
}
