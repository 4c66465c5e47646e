//! A recorded session on disk.

use std::fs::File;
use std::io;
use std::path::Path;

use serde::Deserialize;

use crate::dump::recording::Side;
use crate::failure::Failure;

/// A recorded session: what each side sent, and in which turns.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) client: File,
    pub(super) server: File,
    pub(super) turns: Vec<(Side, u64)>,
}

/// The file `session.json`, as far as playing needs it.
#[derive(Deserialize)]
struct Described {
    turns: Vec<(Side, u64)>,
}

impl Session {
    /// Opens a folder, and checks that its files belong together.
    pub(super) fn open(folder: &Path) -> Result<Session, Failure> {
        let open = |name: &str| {
            let path = folder.join(name);
            File::open(&path).map_err(|error| Failure::here(format!("{}: {error}", path.display())))
        };
        let (client, server, described) = (open("client.bin")?, open("server.bin")?, open("session.json")?);
        let wrong = |reason: String| Failure::caller(format!("{}: {reason}", folder.display()));
        let described: Described = serde_json::from_reader(io::BufReader::new(described))
            .map_err(|error| wrong(format!("session.json is not that of a recording that has ended: {error}")))?;
        let session = Session { client, server, turns: described.turns };
        for (side, file) in [(Side::Client, &session.client), (Side::Server, &session.server)] {
            let len = file.metadata().map_err(|error| Failure::here(error.to_string()))?.len();
            let expected = session.sent_by(side);
            if expected != Some(len) {
                let expected = expected.map_or("more than a file can have".to_owned(), |len| len.to_string());
                return Err(wrong(format!(
                    "the turns of the {} have {expected} bytes, its file has {len}",
                    side.name()
                )));
            }
        }
        Ok(session)
    }

    /// Returns the bytes that a side sent; `None` if no file can have so many.
    fn sent_by(&self, side: Side) -> Option<u64> {
        let of_side = self.turns.iter().filter(|(of, _)| *of == side);
        of_side.map(|(_, len)| *len).try_fold(0u64, u64::checked_add)
    }
}
