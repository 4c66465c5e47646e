//! What is written: standard output and files.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use crate::failure::{Code, Failure};

/// Prints `text`, without a line break of its own.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| failed("standard output", &error))
}

/// Standard output or a file, which is complete or absent: its bytes go to another file beside it,
/// which replaces it at the end. A device or a named pipe is written directly.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) file: File,
    /// What errors call it.
    name: String,
    part: Option<Part>,
}

/// A file that is not complete. Dropping it removes it.
#[derive(Debug)]
struct Part {
    path: TempPath,
    target: PathBuf,
}

impl Output {
    /// Opens a file; `-` is standard output.
    pub(crate) fn open(path: &Path) -> Result<Output, Failure> {
        if path == Path::new("-") {
            let file = stdout_file().map_err(|error| failed("standard output", &error))?;
            return Ok(Output { file, name: "standard output".to_owned(), part: None });
        }
        let name = path.display().to_string();
        let (file, part) = open(path).map_err(|error| failed(&name, &error))?;
        Ok(Output { file, name, part })
    }

    pub(crate) fn is_terminal(&self) -> bool {
        self.file.is_terminal()
    }

    pub(crate) fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.file.write_all(text.as_bytes()).map_err(|error| self.failed(&error))
    }

    /// A failed write.
    pub(crate) fn failed(&self, error: &io::Error) -> Failure {
        failed(&self.name, error)
    }

    /// Everything is written: the file gets its name, and survives a crash of the system.
    pub(crate) fn complete(self) -> Result<(), Failure> {
        let Some(part) = self.part else { return Ok(()) };
        let completed = self.file.sync_all().and_then(|()| part.complete());
        completed.map_err(|error| failed(&self.name, &error))
    }
}

impl Part {
    fn complete(self) -> io::Result<()> {
        self.path.persist(&self.target).map_err(|failed| failed.error)?;
        // else the name need not survive a crash
        #[cfg(unix)]
        File::open(folder_of(&self.target))?.sync_all()?;
        Ok(())
    }
}

/// A reader that is gone is no failure of ours.
pub(crate) fn failed(name: &str, error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::BrokenPipe => Failure::new(Code::ClosedOutput, ""),
        _ => Failure::here(format!("{name}: {error}")),
    }
}

fn open(path: &Path) -> io::Result<(File, Option<Part>)> {
    match fs::metadata(path) {
        Ok(old) if !old.is_file() => Ok((OpenOptions::new().write(true).open(path)?, None)),
        // a link stays one
        Ok(old) => {
            let (file, part) = create_part(fs::canonicalize(path)?)?;
            file.set_permissions(old.permissions())?;
            Ok((file, Some(part)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let (file, part) = create_part(path.to_owned())?;
            Ok((file, Some(part)))
        }
        Err(error) => Err(error),
    }
}

fn create_part(target: PathBuf) -> io::Result<(File, Part)> {
    let name =
        target.file_name().ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "expected the name of a file"))?;
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".part");
    // as for any new file, the umask takes from these
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let (file, path) = builder.tempfile_in(folder_of(&target))?.into_parts();
    Ok((file, Part { path, target }))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns standard output as a file, which the kernel can copy to.
fn stdout_file() -> io::Result<File> {
    #[cfg(unix)]
    let owned = std::os::fd::AsFd::as_fd(&stdout()).try_clone_to_owned()?;
    #[cfg(windows)]
    let owned = std::os::windows::io::AsHandle::as_handle(&stdout()).try_clone_to_owned()?;
    Ok(File::from(owned))
}
