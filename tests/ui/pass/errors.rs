//! Custom errors, with every spelling of `Result`.

use std::fmt;

use rpc_core::rpc_service;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub enum VaultError {
    Full,
    Call(String),
}

impl fmt::Display for VaultError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self:?}")
    }
}

impl From<rpc_core::Error> for VaultError {
    fn from(error: rpc_core::Error) -> Self {
        VaultError::Call(error.to_string())
    }
}

mod alias {
    pub type VaultResult<T> = Result<T, super::VaultError>;
}

#[rpc_service]
pub trait Vault {
    fn plain(&self) -> Result<u32, VaultError>;
    fn full_path(&self) -> std::result::Result<(), VaultError>;
    fn alias(&self, name: &str) -> alias::VaultResult<Vec<u8>>;
    fn alias_with_stream(&self) -> alias::VaultResult<impl std::io::Read>;
    fn alias_with_both(&self, name: &str, content: impl std::io::Read) -> alias::VaultResult<u8>;
    fn value_and_stream(&self) -> Result<(u8, impl std::io::Read), VaultError>;
    fn default_of_the_crate(&self) -> rpc_core::Result<()>;
    fn other_error_in_it(&self) -> rpc_core::Result<(), VaultError>;
    #[allow(unused_parens)]
    fn parenthesised(&self) -> (Result<(), VaultError>);
}

fn main() {}
