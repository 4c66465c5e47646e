//! What is read: files and standard input.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rpc_core::Error;
use serde_json::value::RawValue;

use crate::failure::{Code, Failure};
use crate::json_text::compact;

/// A file or standard input, open.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) file: File,
    /// What errors call it.
    pub(crate) name: String,
}

impl Input {
    /// Opens a file; `-` is standard input.
    pub(crate) fn open(path: &Path) -> Result<Input, Failure> {
        let (name, opened) = match path.to_str() {
            Some("-") => ("standard input".to_owned(), stdin()),
            _ => (path.display().to_string(), File::open(path)),
        };
        let file = opened.map_err(|error| Failure::here(format!("{name}: {error}")))?;
        Ok(Input { file, name })
    }

    /// Returns how many bytes are left in it; `None` if nobody knows.
    pub(crate) fn len(&self) -> Option<u64> {
        let metadata = self.file.metadata().ok().filter(|metadata| metadata.is_file())?;
        let position = io::Seek::stream_position(&mut &self.file).ok()?;
        Some(metadata.len().saturating_sub(position))
    }

    /// Reads all of it as text.
    pub(crate) fn text(mut self) -> Result<String, Failure> {
        let mut text = String::new();
        match self.file.read_to_string(&mut text) {
            Ok(_) => Ok(text),
            Err(error) => Err(Failure::here(format!("{}: {error}", self.name))),
        }
    }
}

/// The JSON values in a reader, with white space between them. Each is read as soon as it is there.
pub(crate) struct Values<R: Read> {
    values: serde_json::StreamDeserializer<'static, serde_json::de::IoRead<BufReader<R>>, Box<RawValue>>,
    name: String,
    /// The most bytes of a value.
    limit: usize,
    problem: Problem,
}

/// Why values have ended early.
#[derive(Debug, Clone, Default)]
pub(crate) struct Problem(Arc<Mutex<Option<(Code, String)>>>);

impl Problem {
    pub(crate) fn take(&self) -> Option<Failure> {
        let problem = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        problem.map(|(code, text)| Failure::new(code, text))
    }

    fn set(&self, code: Code, text: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((code, text));
    }
}

impl<R: Read> Values<R> {
    pub(crate) fn new(reader: R, name: String, limit: usize, problem: Problem) -> Values<R> {
        let values = serde_json::Deserializer::from_reader(BufReader::with_capacity(64 * 1024, reader)).into_iter();
        Values { values, name, limit, problem }
    }

    /// Ends the stream.
    fn fail(&self, code: Code, text: &str) -> Error {
        let text = format!("{}: {text}", self.name);
        self.problem.set(code, text.clone());
        Error::new(text)
    }
}

impl<R: Read> Iterator for Values<R> {
    type Item = rpc_core::Result<Box<RawValue>>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.values.next()?.and_then(|value| RawValue::from_string(compact(value.get())));
        Some(match next {
            Ok(value) if value.get().len() <= self.limit => Ok(value),
            Ok(_) => {
                let text = format!("a value has more than {} bytes: raise that by --max-json", self.limit);
                Err(self.fail(Code::Caller, &text))
            }
            Err(error) if error.is_io() => Err(self.fail(Code::Here, &error.to_string())),
            Err(error) => Err(self.fail(Code::Caller, &format!("expected JSON values: {error}"))),
        })
    }
}

/// Reads in a way that a signal ends.
pub(crate) struct Patient<R>(pub(crate) R);

#[cfg(unix)]
impl<R: Read + std::os::fd::AsFd> Read for Patient<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};

        const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
        loop {
            if crate::interrupt::exit_code().is_some() {
                return Err(io::Error::other("reading it was interrupted"));
            }
            match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&PAUSE)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                // whatever is wrong, reading says so
                _ => return self.0.read(buf),
            }
        }
    }
}

#[cfg(not(unix))]
impl<R: Read> Read for Patient<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

/// Returns standard input as a file, which the kernel can copy from.
fn stdin() -> io::Result<File> {
    #[cfg(unix)]
    let owned = std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned()?;
    #[cfg(windows)]
    let owned = std::os::windows::io::AsHandle::as_handle(&io::stdin()).try_clone_to_owned()?;
    Ok(File::from(owned))
}
