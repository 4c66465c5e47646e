//! The memory transport alone, and whole calls over it. Everything is small enough for Miri, which
//! checks what the threads on both ends do to the same memory: `scripts/miri.sh` runs it.

use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rpc_core::transport::{Control, MemoryStream, Parts, memory_pair, memory_pair_with_capacity};
use rpc_core::{Ended, Result, Transport, rpc_service, serve_connection, values};
use rpc_tests::{pattern, watchdog};

fn parts(stream: MemoryStream) -> (Parts, Arc<dyn Control>) {
    let parts = stream.into_parts().unwrap();
    let control = parts.control.clone().expect("memory can be aborted");
    (parts, control)
}

#[test]
fn both_directions_carry_their_own_bytes() {
    watchdog(|| {
        let (near, far) = memory_pair_with_capacity(7);
        let (near, far) = (near.into_parts().unwrap(), far.into_parts().unwrap());
        let exchange = |mut parts: Parts, sent: u64, expected: u64| {
            let sent = pattern(sent);
            thread::scope(|scope| {
                scope.spawn(move || {
                    let mut rest = &sent[..];
                    while !rest.is_empty() {
                        // in two slices, of which the second may remain
                        let (one, other) = rest.split_at(rest.len().min(3));
                        let count = parts.writer.write(&[IoSlice::new(one), IoSlice::new(other)], None).unwrap();
                        rest = &rest[count..];
                    }
                    parts.writer.finish(None).unwrap();
                });
                let (mut received, mut buf) = (Vec::new(), [0; 5]);
                loop {
                    match parts.reader.read(&mut buf, None).unwrap() {
                        0 => break,
                        count => received.extend_from_slice(&buf[..count]),
                    }
                }
                assert_eq!(received, pattern(expected));
            });
        };
        thread::scope(|scope| {
            scope.spawn(|| exchange(near, 300, 200));
            exchange(far, 200, 300);
        });
    });
}

#[test]
fn a_write_waits_for_room_and_a_read_for_bytes() {
    watchdog(|| {
        let (near, far) = memory_pair_with_capacity(4);
        let (mut near, mut far) = (parts(near).0, parts(far).0);
        let mut buf = [0; 8];
        assert_eq!(near.reader.try_read(&mut buf).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(near.writer.try_write(&[IoSlice::new(b"abcdef")]).unwrap(), 4);
        assert_eq!(near.writer.try_write(&[IoSlice::new(b"e")]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        thread::scope(|scope| {
            let writes = scope.spawn(|| near.writer.write(&[IoSlice::new(b"ef")], None).unwrap());
            assert_eq!(far.reader.read(&mut buf, None).unwrap(), 4);
            assert_eq!(writes.join().unwrap(), 2);
            assert_eq!(far.reader.read(&mut buf[4..], None).unwrap(), 2);
        });
        assert_eq!(&buf, b"abcdef\0\0");
    });
}

#[test]
fn a_time_limit_ends_a_wait_of_either_kind() {
    watchdog(|| {
        let (near, _far) = memory_pair_with_capacity(1);
        let (mut near, control) = parts(near);
        let soon = || Some(Instant::now() + Duration::from_millis(5));
        assert_eq!(near.reader.read(&mut [0], soon()).unwrap_err().kind(), io::ErrorKind::TimedOut);
        control.wait(None).unwrap();
        near.writer.write(&[IoSlice::new(b"a")], soon()).unwrap();
        assert_eq!(near.writer.write(&[IoSlice::new(b"b")], soon()).unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(control.wait(soon()).unwrap_err().kind(), io::ErrorKind::TimedOut);
    });
}

#[test]
fn waiting_for_both_directions_is_woken_by_either() {
    watchdog(|| {
        for write in [true, false] {
            let (near, far) = memory_pair_with_capacity(1);
            let ((mut near, control), (mut far, _)) = (parts(near), parts(far));
            near.writer.write(&[IoSlice::new(b"a")], None).unwrap();
            thread::scope(|scope| {
                let waits = scope.spawn(|| control.wait(None).unwrap());
                if write {
                    far.writer.write(&[IoSlice::new(b"b")], None).unwrap();
                } else {
                    far.reader.read(&mut [0], None).unwrap();
                }
                waits.join().unwrap();
            });
            assert_eq!(near.reader.try_read(&mut [0]).is_ok(), write);
            assert_eq!(near.writer.try_write(&[IoSlice::new(b"c")]).is_ok(), !write);
        }
    });
}

#[test]
fn an_abort_ends_waits_on_both_ends() {
    watchdog(|| {
        let (near, far) = memory_pair_with_capacity(1);
        let ((mut near, control), (mut far, far_control)) = (parts(near), parts(far));
        near.writer.write(&[IoSlice::new(b"a")], None).unwrap();
        thread::scope(|scope| {
            let writes = scope.spawn(|| near.writer.write(&[IoSlice::new(b"b")], None));
            let reads = scope.spawn(|| near.reader.read(&mut [0], None));
            let waits = scope.spawn(|| far_control.wait(None));
            control.abort();
            assert_eq!(reads.join().unwrap().unwrap(), 0);
            assert_eq!(writes.join().unwrap().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
            waits.join().unwrap().unwrap();
        });
        assert_eq!(far.writer.write(&[IoSlice::new(b"c")], None).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_dropped_end_reads_as_the_end_and_accepts_nothing() {
    watchdog(|| {
        let (mut near, far) = memory_pair();
        near.write_all(b"last").unwrap();
        let reads = thread::spawn(move || {
            let (mut far, mut text) = (far, String::new());
            far.read_to_string(&mut text).unwrap();
            (text, far.write(b"x").unwrap_err().kind())
        });
        drop(near);
        assert_eq!(reads.join().unwrap(), ("last".to_owned(), io::ErrorKind::BrokenPipe));
    });
}

#[rpc_service]
trait Shelf {
    fn add(&self, one: u32, other: u32) -> Result<u32>;
    fn weigh(&self, name: &str, content: impl Read) -> Result<u64>;
    fn open(&self, len: u64) -> Result<(String, impl Read)>;
    fn louder(&self, text: impl Read) -> Result<impl Read>;
    fn double(&self, numbers: impl Iterator<Item = Result<u32>>) -> Result<impl Iterator<Item = Result<u32>>>;
    fn sum(&self, numbers: impl Iterator<Item = Result<u32>>) -> Result<u32>;
}

struct Plain;

impl Shelf for Plain {
    fn add(&self, one: u32, other: u32) -> Result<u32> {
        Ok(one + other)
    }

    fn weigh(&self, _name: &str, content: impl Read) -> Result<u64> {
        let mut content = content;
        Ok(io::copy(&mut content, &mut io::sink())?)
    }

    fn open(&self, len: u64) -> Result<(String, impl Read)> {
        Ok((len.to_string(), io::Cursor::new(pattern(len))))
    }

    fn louder(&self, text: impl Read) -> Result<impl Read> {
        Ok(Louder(text))
    }

    fn double(&self, numbers: impl Iterator<Item = Result<u32>>) -> Result<impl Iterator<Item = Result<u32>>> {
        Ok(numbers.map(|number| Ok(number? * 2)))
    }

    fn sum(&self, numbers: impl Iterator<Item = Result<u32>>) -> Result<u32> {
        numbers.sum()
    }
}

struct Louder<R>(R);

impl<R: Read> Read for Louder<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buf)?;
        buf[..count].make_ascii_uppercase();
        Ok(count)
    }
}

#[test]
fn calls_of_each_kind() {
    watchdog(|| {
        let (near, far) = memory_pair();
        let served = thread::spawn(move || serve_connection(far, ShelfServer::new(Plain)));
        let shelf = ShelfClient::from_transport(near).unwrap();
        assert_eq!(shelf.add(1, 2).unwrap(), 3);
        assert_eq!(shelf.weigh("slice", &pattern(3000)[..]).unwrap(), 3000);
        assert_eq!(shelf.weigh("reader", io::repeat(7).take(3000)).unwrap(), 3000);
        let (len, mut content) = shelf.open(3000).unwrap();
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).unwrap();
        drop(content);
        assert_eq!((len.as_str(), bytes), ("3000", pattern(3000)));
        let mut text = String::new();
        shelf.louder(&b"quiet"[..]).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "QUIET");
        let doubled: Result<Vec<u32>> = shelf.double(values([1, 2, 3])).unwrap().collect();
        assert_eq!((doubled.unwrap(), shelf.sum(values(0..100)).unwrap()), (vec![2, 4, 6], 4950));
        ShelfClient::close(shelf).unwrap();
        assert_eq!(served.join().unwrap().unwrap(), Ended::Closed);
    });
}
