//! Recognises the type of a reader or writer, whose memory or descriptor is then used directly.
#![allow(unsafe_code, reason = "no safe cast from a type parameter without `'static`; see each block")]

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

use super::{Counted, KnownSink, KnownSource, OctetReader, Source};

/// Calls `$found` with `$base` and the types that wrap it. Each type costs compile time, so these
/// are the ones that people write.
macro_rules! with_wrappers {
    ($found:ident: $($base:ty),*) => {$(
        $found!($base, &'static mut $base, Take<$base>, Take<&'static mut $base>);
        $found!(BufReader<$base>, &'static mut BufReader<$base>, Take<BufReader<$base>>, BufReader<Take<$base>>);
    )*};
}

/// Casts `pointer` to a known source if `id` is the type of one.
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
    found!(Counted<File>, Counted<OctetReader<'static>>);
    None
}

/// Casts `pointer` to a known sink if `id` is the type of one.
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

impl<'a> Source<'a> {
    pub(crate) fn of<R: Read>(reader: &'a mut R) -> Source<'a> {
        recognise_source(reader).map_or_else(|reader| Source::plain(reader), Source::known)
    }
}

/// Returns the reader as a known source, or unchanged if its type is not known.
pub(crate) fn recognise_source<R: Read + ?Sized>(reader: &mut R) -> Result<&mut dyn KnownSource, &mut R> {
    match as_known_source(typeid::of::<R>(), std::ptr::from_mut(reader).cast()) {
        // SAFETY: the pointer is that of `reader`, which stays borrowed as long as the returned
        // reference lives, and its type is the one that it is cast to, because the type ids are
        // equal. Type ids ignore lifetimes, so a `&'a File` is taken for a `&'static File` here.
        // But the reference is used only through `KnownSource`, which is implemented for every
        // lifetime alike and returns nothing that outlives its own borrow.
        Some(known) => Ok(unsafe { &mut *known }),
        None => Err(reader),
    }
}

/// Returns the writer as a known sink, or unchanged if its type is not known.
pub(crate) fn recognise_sink<W: Write + ?Sized>(writer: &mut W) -> Result<&mut dyn KnownSink, &mut W> {
    match as_known_sink(typeid::of::<W>(), std::ptr::from_mut(writer).cast()) {
        // SAFETY: as in `recognise_source`.
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
