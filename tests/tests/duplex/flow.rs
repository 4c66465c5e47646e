//! Bytes flow whichever part is slow.

use std::io::{self, BufRead, Read};

use rpc_tests::{pattern, watchdog};

use crate::filters::{filter, over_each_transport};

const LENGTHS: [u64; 6] = [0, 1, 8191, 262_144, 262_145, 3_000_000];

#[test]
fn a_lazy_filter() {
    watchdog(|| {
        over_each_transport(|name, client| {
            for length in LENGTHS {
                let bytes = pattern(length);
                let mut inverted = Vec::new();
                filter(client, "invert", &bytes[..]).unwrap().read_to_end(&mut inverted).unwrap();
                inverted.iter_mut().for_each(|byte| *byte = !*byte);
                assert!(inverted == bytes, "{length} bytes over {name}");
            }
        });
    });
}

#[test]
fn a_handler_that_reads_everything_before_it_answers() {
    watchdog(|| {
        over_each_transport(|name, client| {
            for length in LENGTHS {
                let bytes = pattern(length);
                let mut back = Vec::new();
                filter(client, "swallow", &bytes[..]).unwrap().read_to_end(&mut back).unwrap();
                assert!(back == bytes, "{length} bytes over {name}");
            }
        });
    });
}

#[test]
fn filters_that_yield_more_or_less_than_they_get() {
    watchdog(|| {
        over_each_transport(|name, client| {
            for length in LENGTHS {
                let bytes = pattern(length);
                let tripled = io::copy(&mut filter(client, "triple", &bytes[..]).unwrap(), &mut io::sink()).unwrap();
                assert_eq!(tripled, 3 * length, "over {name}");
                let tenth = filter(client, "tenth", &bytes[..]).unwrap().copy_to(&mut io::sink()).unwrap();
                assert_eq!(tenth, length.div_ceil(10), "over {name}");
            }
        });
    });
}

#[test]
fn a_handler_that_reads_on_a_separate_thread() {
    watchdog(|| {
        over_each_transport(|name, client| {
            let bytes = pattern(3_000_000);
            let mut back = Vec::new();
            filter(client, "threaded", &bytes[..]).unwrap().read_to_end(&mut back).unwrap();
            assert!(back == bytes, "over {name}");
        });
    });
}

/// Yields one or a few bytes at a time.
struct Dribble<R>(R, usize);

impl<R: Read> Read for Dribble<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let size = buf.len().min(self.1);
        self.0.read(&mut buf[..size])
    }
}

/// Every combination of small and large steps at the producer, the filter and the consumer.
#[test]
fn small_and_large_steps_everywhere() {
    watchdog(|| {
        over_each_transport(|name, client| {
            for produced in [7, 5000, 1 << 20] {
                for endpoint in ["invert", "triple", "tenth", "threaded"] {
                    for consumed in [11, 5000, 1 << 20] {
                        let bytes = pattern(100_000);
                        let source = Dribble(&bytes[..], produced);
                        let mut stream = Dribble(filter(client, endpoint, source).unwrap(), consumed);
                        let count = io::copy(&mut stream, &mut io::sink()).unwrap();
                        let expected =
                            [("triple", 300_000), ("tenth", 10_000)].into_iter().find(|(other, _)| *other == endpoint);
                        assert_eq!(count, expected.map_or(100_000, |(_, count)| count), "{endpoint} over {name}");
                    }
                }
            }
        });
    });
}

#[test]
fn a_stream_read_by_its_buffer() {
    watchdog(|| {
        over_each_transport(|name, client| {
            let text = "line\n".repeat(100_000);
            let stream = filter(client, "threaded", text.as_bytes()).unwrap();
            assert_eq!(
                stream.lines().map(Result::unwrap).filter(|line| line == "line").count(),
                100_000,
                "over {name}"
            );
        });
    });
}
