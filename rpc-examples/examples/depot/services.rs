//! What the depot offers, and the handlers. A file is complete or absent.

use std::path::{Path, PathBuf};
use std::{fs, io::Read};

use rpc_core::{CallContext, Error, Result, copy, rpc_service};

#[rpc_service]
pub(crate) trait Depot {
    /// Stores a file of the caller's, and returns its size.
    fn store(&self, name: &str, content: impl Read) -> Result<u64>;
    fn list(&self) -> Result<Vec<String>>;
}

#[rpc_service]
pub(crate) trait Usage {
    /// Returns how many users have files.
    fn users(&self) -> Result<usize>;
}

/// For administrators.
#[rpc_service]
pub(crate) trait Admin {
    /// Removes a user's files.
    fn evict(&self, user: &str) -> Result<()>;
}

/// What each connection begins with.
#[rpc_service]
pub(crate) trait Login {
    fn login(&mut self, name: &str, secret: &str) -> Result<()>;
}

/// Who has logged in on a connection.
#[derive(Clone)]
pub(crate) struct User(pub(crate) &'static str);

/// A folder with a folder for each user.
#[derive(Clone)]
pub(crate) struct Shelf(pub(crate) PathBuf);

impl Shelf {
    fn folder_of_caller(&self) -> Result<PathBuf> {
        let context = CallContext::current();
        let user = context.and_then(|context| context.connection_extensions().get::<User>());
        let folder = self.0.join(user.ok_or_else(|| Error::new("nobody has checked the caller"))?.0);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

impl Depot for Shelf {
    fn store(&self, name: &str, mut content: impl Read) -> Result<u64> {
        let place = self.folder_of_caller()?.join(plain(name)?);
        // removed when it is dropped, also if a shutdown cuts the upload
        let mut part = tempfile::Builder::new().suffix(".part").tempfile_in(&self.0)?;
        let size = copy(&mut content, part.as_file_mut())?;
        part.as_file().sync_all()?;
        part.persist(place).map_err(|failed| failed.error)?;
        Ok(size)
    }

    fn list(&self) -> Result<Vec<String>> {
        let names = fs::read_dir(self.folder_of_caller()?)?;
        names.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }
}

impl Usage for Shelf {
    fn users(&self) -> Result<usize> {
        Ok(fs::read_dir(&self.0)?.flatten().filter(|place| place.path().is_dir()).count())
    }
}

impl Admin for Shelf {
    fn evict(&self, user: &str) -> Result<()> {
        Ok(fs::remove_dir_all(self.0.join(plain(user)?))?)
    }
}

/// Whoever may log in, and by which secret.
const USERS: [(&str, &str); 2] = [("ann", "t-ann"), ("admin", "sesame")];

#[derive(Clone)]
pub(crate) struct Door;

impl Login for Door {
    fn login(&mut self, name: &str, secret: &str) -> Result<()> {
        let known = USERS.iter().find(|known| **known == (name, secret));
        let user = known.ok_or_else(|| Error::new("the name or the secret is wrong"))?.0;
        let context = CallContext::current().ok_or_else(|| Error::new("there is no connection"))?;
        context.connection_extensions().insert(User(user));
        Ok(())
    }
}

/// Refuses a name that leads elsewhere.
fn plain(name: &str) -> Result<&str> {
    let plain = Path::new(name).file_name().is_some_and(|last| last == name);
    plain.then_some(name).ok_or_else(|| Error::new(format!("{name:?} cannot be the name of a file")))
}
