//! A value and a stream arrive whole, whatever their size.

use std::time::Duration;

use rpc_tests::{watchdog, watchdog_with_limit};

use crate::fixture::{checksum, pattern};

use super::service::{SIZES, Together, read, record, together};

#[test]
fn a_stream_after_one_value_arrives_whole() {
    watchdog_with_limit(Duration::from_secs(120), || {
        let (served, client) = together();
        for size in SIZES {
            let bytes = pattern(size);
            let name = format!("{size} \u{0} \"\\");
            let stored = client.store(&name, &bytes[..]).unwrap();
            assert_eq!(stored, (name, size as u64, checksum(&bytes)));
        }
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_stream_after_several_values_arrives_whole() {
    watchdog_with_limit(Duration::from_secs(120), || {
        let (served, client) = together();
        for size in SIZES {
            let (bytes, record, tags) = (pattern(size), record(size), ["a".to_owned(), "b".to_owned()]);
            for (note, expected) in [(None, r#"["a", "b"] None"#), (Some("n".to_owned()), r#"["a", "b"] Some("n")"#)] {
                let placed = client.place(&record, &tags, note, &bytes[..]).unwrap();
                assert_eq!(placed, (record.clone(), expected.to_owned(), size as u64, checksum(&bytes)));
            }
        }
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_value_and_a_stream_come_back_whole() {
    watchdog_with_limit(Duration::from_secs(120), || {
        let (served, client) = together();
        for size in SIZES {
            let (opened, content) = client.open(size).unwrap();
            assert_eq!(opened, record(size));
            let bytes = read(content);
            assert!(bytes == pattern(size), "{size}: {} bytes arrived", bytes.len());
        }
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn values_and_streams_in_both_directions() {
    watchdog_with_limit(Duration::from_secs(120), || {
        let (served, client) = together();
        for size in SIZES {
            let bytes = pattern(size);
            let shifted: Vec<u8> = bytes.iter().map(|byte| byte.wrapping_add(3)).collect();
            assert!(read(client.shift(3, &bytes[..]).unwrap()) == shifted, "{size}");
            let (name, content) = client.convert("name", 3, &bytes[..]).unwrap();
            assert_eq!(name, "NAME");
            assert!(read(content) == shifted, "{size}");
        }
        assert_eq!(served.connections(), 1);
    });
}

#[test]
fn a_value_larger_than_any_buffer_before_a_stream() {
    watchdog(|| {
        let (_served, client) = together();
        for letters in [0, 8_191, 300_000, 5_000_000] {
            let (text, content) = client.long(letters).unwrap();
            assert_eq!((text.len(), read(content)), (letters, b"stream".to_vec()));
            let (name, length, _) = client.store(&"y".repeat(letters), &b"stream"[..]).unwrap();
            assert_eq!((name.len(), length), (letters, 6));
        }
    });
}

#[test]
fn a_download_may_borrow_from_the_arguments() {
    watchdog(|| {
        let (_served, client) = together();
        let content = {
            let text = "gone soon ".repeat(50_000);
            let (length, content) = client.repeat(&text, 2).unwrap();
            assert_eq!(length, 1_000_000);
            content
        };
        drop(client);
        assert!(read(content) == "gone soon ".repeat(100_000).as_bytes());
    });
}

#[test]
fn a_value_whose_stream_is_not_read() {
    watchdog(|| {
        let (served, client) = together();
        for size in SIZES {
            let (opened, content) = client.open(size).unwrap();
            drop(content);
            assert_eq!(opened.size, size as u64);
            assert_eq!(client.text("next").unwrap(), "next", "after an unread stream of {size}");
        }
        assert_eq!(served.connections(), 1);
    });
}
