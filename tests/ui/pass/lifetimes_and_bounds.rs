//! Lifetimes of methods, further bounds on streams and supertraits are passed on as written.

use std::borrow::Cow;
use std::fmt::Debug;
use std::io::{Cursor, Read};
use std::sync::Arc;

use rpc_core::{Result, rpc_service};

#[rpc_service]
pub trait Vault: Send + Sync + Debug + 'static {
    fn open<'a>(&'a self, name: &'a str) -> Result<impl Read + 'a>;
    fn owned(&self, name: &str) -> Result<impl Read + Send + 'static>;
    fn measure<'a>(&'a self, content: impl Read + Send + 'a) -> Result<u64>;
    fn compare<'a, 'b: 'a>(&self, one: &'a str, other: &'b str) -> Result<bool>
    where
        'a: 'a;
    fn borrowed(&self, name: Cow<'_, str>) -> Result<Cow<'static, str>>;
    fn replace<'a>(&'a self, name: Cow<'a, str>) -> Result<Vec<Cow<'a, str>>>;
    fn store<'a>(&'a self, name: &'a str, content: impl Read + Send + 'a) -> Result<u64>;
    fn entry<'a>(&'a self, name: Cow<'a, str>) -> Result<(Cow<'a, str>, impl Read + Send + 'a)>;
    fn owned_entry(&self, name: &str) -> Result<(u64, impl Read + 'static)>;
}

#[derive(Debug)]
struct Shelf(String);

impl Vault for Shelf {
    fn open<'a>(&'a self, name: &'a str) -> Result<impl Read + 'a> {
        Ok(self.0.as_bytes().chain(name.as_bytes()))
    }

    fn owned(&self, name: &str) -> Result<impl Read + Send + 'static> {
        Ok(Cursor::new(name.to_owned()))
    }

    fn measure<'a>(&'a self, content: impl Read + Send + 'a) -> Result<u64> {
        let mut boxed: Box<dyn Read + Send + 'a> = Box::new(content);
        Ok(std::io::copy(&mut boxed, &mut std::io::sink())?)
    }

    fn compare<'a, 'b: 'a>(&self, one: &'a str, other: &'b str) -> Result<bool>
    where
        'a: 'a,
    {
        Ok(one == other)
    }

    fn borrowed(&self, name: Cow<'_, str>) -> Result<Cow<'static, str>> {
        Ok(Cow::Owned(name.into_owned()))
    }

    fn replace<'a>(&'a self, name: Cow<'a, str>) -> Result<Vec<Cow<'a, str>>> {
        Ok(vec![name, Cow::Borrowed(&self.0)])
    }

    fn store<'a>(&'a self, name: &'a str, content: impl Read + Send + 'a) -> Result<u64> {
        self.measure(name.as_bytes().chain(content))
    }

    fn entry<'a>(&'a self, name: Cow<'a, str>) -> Result<(Cow<'a, str>, impl Read + Send + 'a)> {
        Ok((name, self.0.as_bytes()))
    }

    fn owned_entry(&self, name: &str) -> Result<(u64, impl Read + 'static)> {
        Ok((name.len() as u64, Cursor::new(name.to_owned())))
    }
}

/// A stream that borrows nothing, as its bound says, outlives its service.
fn outlives(vault: impl Vault) -> Result<Box<dyn Read + Send>> {
    let name = String::from("name");
    Ok(Box::new(vault.owned(&name)?))
}

fn main() {
    let shelf = Arc::new(Shelf("some ".to_owned()));
    let mut text = String::new();
    shelf.open("text").unwrap().read_to_string(&mut text).unwrap();
    outlives(Arc::clone(&shelf)).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "some textname");
    let (name, mut content) = shelf.entry(Cow::Borrowed("name")).unwrap();
    content.read_to_string(&mut text).unwrap();
    assert_eq!((&*name, text.as_str()), ("name", "some textnamesome "));
    assert!(shelf.compare("a", "a").unwrap());
    fn is_vault<T: Vault>() {}
    is_vault::<VaultClient>();
    is_vault::<Arc<Shelf>>();
    is_vault::<Box<Arc<VaultClient>>>();
    is_vault::<&'static Shelf>();
}
