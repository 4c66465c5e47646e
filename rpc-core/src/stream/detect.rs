//! From any reader or writer to what is known of its type.
#![allow(unsafe_code, reason = "without `'static` no safe way leads from a type parameter to a type; see each block")]

use std::any::TypeId;
use std::fs::File;
use std::io::{BufReader, BufWriter, Cursor, PipeReader, PipeWriter, Read, Take, Write};
#[cfg(unix)]
use std::io::{Stdout, StdoutLock};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::sync::Arc;

use super::{KnownSink, KnownSource, OctetReader};

/// Calls `$found` with the types that are made of one. Each costs time to compile, so these are the ones that people write.
macro_rules! with_wrappers {
    ($found:ident: $($base:ty),*) => {$(
        $found!($base, &'static mut $base, Take<$base>, Take<&'static mut $base>);
        $found!(BufReader<$base>, &'static mut BufReader<$base>, Take<BufReader<$base>>, BufReader<Take<$base>>);
    )*};
}

/// The reader behind `pointer`, whose type has this number, if it is one that is known.
fn as_known_source(id: TypeId, pointer: *mut ()) -> Option<*mut dyn KnownSource> {
    macro_rules! found {
        ($($source:ty),*) => {$(
            if id == TypeId::of::<$source>() {
                return Some(pointer.cast::<$source>());
            }
        )*};
    }
    with_wrappers!(found: File, ChildStdout, PipeReader, TcpStream);
    found!(&'static File, Take<&'static File>, BufReader<&'static File>, Take<BufReader<&'static File>>);
    found!(&'static TcpStream, &'static PipeReader, ChildStderr);
    #[cfg(unix)]
    with_wrappers!(found: UnixStream);
    #[cfg(unix)]
    found!(&'static UnixStream);
    found!(&'static [u8], &'static mut &'static [u8], Take<&'static [u8]>);
    found!(Cursor<Vec<u8>>, &'static mut Cursor<Vec<u8>>, Take<Cursor<Vec<u8>>>);
    found!(Cursor<&'static [u8]>, &'static mut Cursor<&'static [u8]>, Take<Cursor<&'static [u8]>>);
    found!(Cursor<&'static Vec<u8>>, Cursor<Arc<[u8]>>, Cursor<Box<[u8]>>);
    found!(OctetReader<'static>, &'static mut OctetReader<'static>);
    found!(Take<OctetReader<'static>>, Take<&'static mut OctetReader<'static>>);
    None
}

/// The writer behind `pointer`, whose type has this number, if it is one that is known.
fn as_known_sink(id: TypeId, pointer: *mut ()) -> Option<*mut dyn KnownSink> {
    macro_rules! found {
        ($($sink:ty),*) => {$(
            if id == TypeId::of::<$sink>() {
                return Some(pointer.cast::<$sink>());
            }
        )*};
    }
    found!(File, &'static File, &'static mut File, &'static mut &'static File);
    found!(BufWriter<File>, BufWriter<&'static File>, &'static mut BufWriter<File>, BufWriter<&'static mut File>);
    found!(ChildStdin, &'static mut ChildStdin, BufWriter<ChildStdin>);
    found!(PipeWriter, &'static PipeWriter, &'static mut PipeWriter);
    found!(TcpStream, &'static TcpStream, &'static mut TcpStream);
    #[cfg(unix)]
    found!(UnixStream, &'static UnixStream, &'static mut UnixStream);
    #[cfg(unix)]
    found!(Stdout, &'static mut Stdout, StdoutLock<'static>, &'static mut StdoutLock<'static>);
    None
}

/// What is known of a reader; the reader itself where that is nothing.
pub(crate) fn recognise_source<R: Read + ?Sized>(reader: &mut R) -> Result<&mut dyn KnownSource, &mut R> {
    match as_known_source(typeid::of::<R>(), std::ptr::from_mut(reader).cast()) {
        // SAFETY: the pointer is that of `reader`, which stays borrowed for as long as what is returned, and the type is its own:
        // their numbers are equal. Numbers tell nothing of lifetimes, so a `&'a File` is taken for a `&'static File` here; but what
        // is returned is used through `KnownSource` only, which is implemented for every lifetime alike and hands nothing out that
        // lives longer than its own borrow.
        Some(known) => Ok(unsafe { &mut *known }),
        None => Err(reader),
    }
}

/// What is known of a writer; the writer itself where that is nothing.
pub(crate) fn recognise_sink<W: Write + ?Sized>(writer: &mut W) -> Result<&mut dyn KnownSink, &mut W> {
    match as_known_sink(typeid::of::<W>(), std::ptr::from_mut(writer).cast()) {
        // SAFETY: as for a source.
        Some(known) => Ok(unsafe { &mut *known }),
        None => Err(writer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known<R: Read>(mut reader: R) -> bool {
        recognise_source(&mut reader).is_ok()
    }

    #[test]
    fn types_are_recognised_for_every_lifetime() {
        let (file, bytes) = (File::open("Cargo.toml").unwrap(), vec![1, 2, 3]);
        assert!(known(&bytes[..]) && known(Cursor::new(&bytes)) && known(Cursor::new(&bytes[..])));
        assert!(known(&file) && known((&file).take(3)) && known(BufReader::new(&file)));
        assert!(known(BufReader::new(&file).take(3)) && known(File::open("Cargo.toml").unwrap().take(3)));
        assert!(known(&mut File::open("Cargo.toml").unwrap()) && known(file));
        assert!(!known(std::io::empty()) && !known((&bytes[..]).chain(&bytes[..])));
        let boxed: Box<dyn Read> = Box::new(&bytes[..]);
        assert!(!known(boxed));
    }

    #[test]
    fn the_known_source_is_the_same_reader() {
        let bytes = *b"abcdef";
        let mut reader = (&bytes[..]).take(4);
        let Ok(known) = recognise_source(&mut reader) else { panic!("it is known") };
        assert_eq!(known.in_memory(), b"abcd");
        known.consume(3);
        assert_eq!((reader.limit(), reader.into_inner()), (1, &b"def"[..]));
    }

    #[test]
    fn writers_are_recognised() {
        let file = tempfile::tempfile().unwrap();
        assert!(recognise_sink(&mut &file).is_ok() && recognise_sink(&mut BufWriter::new(&file)).is_ok_and(|_| true));
        assert_eq!(recognise_sink(&mut std::io::stdout().lock()).is_ok(), cfg!(unix));
        assert!(
            recognise_sink(&mut Vec::new()).is_err() && recognise_sink::<dyn Write>(&mut std::io::stdout()).is_err()
        );
    }
}
