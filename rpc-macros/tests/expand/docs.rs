#[doc(alias = "safe")]
/// What is stored.
///
///     indented
#[rpc_service]
#[doc = include_str!("vault.md")]
trait Vault {
    #[doc = " One line."]
    #[doc = concat!("and ", "another")]
    fn list(&self) -> Result<()>;
    /** A block.

    Its second line. */
    fn block(&self) -> Result<()>;
    ///
    fn empty(&self) -> Result<()>;
}
