//! Each form of request with each form of reply, called through the client.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rpc_core::{Result, Server, rpc_service};

#[rpc_service]
pub trait Vault {
    fn clear(&self) -> Result<()>;
    fn count(&self) -> Result<u64>;
    fn everything(&self) -> Result<impl Read>;
    fn remove(&self, name: String) -> Result<()>;
    fn size(&self, name: &str) -> Result<u64>;
    fn fetch(&self, name: &str) -> Result<impl Read>;
    fn rename(&self, from: &str, to: String) -> Result<()>;
    fn join(&self, path: &Path, names: &[String], last: &Option<u8>) -> Result<PathBuf>;
    fn part(&self, name: &str, start: u64, length: u64) -> Result<impl Read>;
    fn discard(&self, content: impl Read) -> Result<()>;
    fn measure(&self, content: impl Read) -> Result<u64>;
    fn store(&self, name: &str, content: impl Read) -> Result<String>;
    fn keep(&self, name: String, content: impl Read) -> Result<()>;
    fn insert(&self, name: &str, start: u64, rest: &[String], content: impl Read) -> Result<String>;
    fn newest(&self) -> Result<(u64, impl Read)>;
    fn open(&self, name: &str) -> Result<(String, impl Read)>;
    fn open_part(&self, name: &str, start: usize) -> Result<((usize, Option<u8>), impl Read)>;
}

struct Shelf;

impl Vault for Shelf {
    fn clear(&self) -> Result<()> {
        Ok(())
    }

    fn count(&self) -> Result<u64> {
        Ok(3)
    }

    fn everything(&self) -> Result<impl Read> {
        Ok(&b"everything"[..])
    }

    fn remove(&self, name: String) -> Result<()> {
        assert_eq!(name, "old");
        Ok(())
    }

    fn size(&self, name: &str) -> Result<u64> {
        Ok(name.len() as u64)
    }

    fn fetch(&self, name: &str) -> Result<impl Read> {
        Ok(name.as_bytes())
    }

    fn rename(&self, from: &str, to: String) -> Result<()> {
        assert_eq!((from, to.as_str()), ("old", "new"));
        Ok(())
    }

    fn join(&self, path: &Path, names: &[String], last: &Option<u8>) -> Result<PathBuf> {
        Ok(names.iter().fold(path.to_owned(), |path, name| path.join(name)).join(format!("{last:?}")))
    }

    fn part(&self, name: &str, start: u64, length: u64) -> Result<impl Read> {
        Ok(name.as_bytes()[start as usize..].take(length))
    }

    fn discard(&self, content: impl Read) -> Result<()> {
        drop(content);
        Ok(())
    }

    fn measure(&self, mut content: impl Read) -> Result<u64> {
        Ok(std::io::copy(&mut content, &mut std::io::sink())?)
    }

    fn store(&self, name: &str, mut content: impl Read) -> Result<String> {
        let mut text = format!("{name}: ");
        content.read_to_string(&mut text)?;
        Ok(text)
    }

    fn keep(&self, name: String, mut content: impl Read) -> Result<()> {
        let mut text = String::new();
        content.read_to_string(&mut text)?;
        assert_eq!(text, name);
        Ok(())
    }

    fn insert(&self, name: &str, start: u64, rest: &[String], mut content: impl Read) -> Result<String> {
        let mut text = format!("{name} {start} {rest:?} ");
        content.read_to_string(&mut text)?;
        Ok(text)
    }

    fn newest(&self) -> Result<(u64, impl Read)> {
        Ok((6, &b"newest"[..]))
    }

    fn open(&self, name: &str) -> Result<(String, impl Read)> {
        Ok((name.to_uppercase(), name.as_bytes()))
    }

    fn open_part(&self, name: &str, start: usize) -> Result<((usize, Option<u8>), impl Read)> {
        Ok(((name.len(), None), &name.as_bytes()[start..]))
    }
}

fn text(mut stream: impl Read) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn check(vault: &impl Vault) {
    vault.clear().unwrap();
    assert_eq!(vault.count().unwrap(), 3);
    assert_eq!(text(vault.everything().unwrap()), "everything");
    vault.remove("old".to_owned()).unwrap();
    assert_eq!(vault.size("four").unwrap(), 4);
    assert_eq!(text(vault.fetch("name").unwrap()), "name");
    vault.rename("old", "new".to_owned()).unwrap();
    let joined = vault.join(Path::new("a"), &["b".to_owned(), "c".to_owned()], &Some(4)).unwrap();
    assert_eq!(joined, Path::new("a/b/c/Some(4)"));
    assert_eq!(text(vault.part("abcdef", 1, 3).unwrap()), "bcd");
    vault.discard(&b"abc"[..]).unwrap();
    assert_eq!(vault.measure(&b"abcde"[..]).unwrap(), 5);
    assert_eq!(vault.store("name", &b"content"[..]).unwrap(), "name: content");
    vault.keep("same".to_owned(), &b"same"[..]).unwrap();
    let inserted = vault.insert("name", 7, &["a".to_owned()], &b"content"[..]).unwrap();
    assert_eq!(inserted, "name 7 [\"a\"] content");
    let (size, content) = vault.newest().unwrap();
    assert_eq!((size, text(content).as_str()), (6, "newest"));
    let (entry, content) = vault.open("name").unwrap();
    assert_eq!((entry.as_str(), text(content).as_str()), ("NAME", "name"));
    let (entry, content) = vault.open_part("abcdef", 2).unwrap();
    assert_eq!((entry, text(content).as_str()), ((6, None), "cdef"));
}

fn main() {
    check(&Shelf);
    let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(VaultServer::new(Shelf)).unwrap();
    let vault = VaultClient::connect(server.address()).unwrap();
    check(&vault);
    VaultClient::close(vault).unwrap();
    server.shutdown(Duration::from_secs(5));
}
