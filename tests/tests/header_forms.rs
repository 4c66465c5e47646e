//! Headers are written by hand, and those of the usual form are also read by hand: with the same
//! result as by serde's derive.

use std::fmt::Debug;

use proptest::prelude::*;
use rpc_core::unstable::{MAX_HEADER_LEN_WRITTEN, ReplyHeader, RequestHeader};
use rpc_core::{Metadata, Violation};
use rpc_tests::watchdog;
use serde::{Deserialize, Deserializer, Serialize};

/// A request's header as serde's derive reads and writes it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DerivedRequest<'a> {
    #[serde(default, deserialize_with = "null_is_absent")]
    endpoint: String,
    #[serde(default, deserialize_with = "null_is_absent")]
    data_type: u32,
    #[serde(default, deserialize_with = "null_is_absent")]
    accept: u32,
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_absent")]
    revision: u32,
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_absent")]
    named: bool,
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_absent")]
    timeout_ms: u64,
    #[serde(borrow, default, deserialize_with = "null_is_absent", skip_serializing_if = "is_absent")]
    metadata: Metadata<'a>,
}

/// A reply's header without details as serde's derive reads and writes it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DerivedReply {
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_absent")]
    data_type: u32,
    #[serde(default, deserialize_with = "null_is_absent")]
    error: u32,
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_absent")]
    error_message: String,
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_absent")]
    not_run: bool,
    #[serde(default, deserialize_with = "null_is_absent", skip_serializing_if = "is_absent")]
    revision: u32,
}

fn null_is_absent<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn is_absent<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl<'a> From<DerivedRequest<'a>> for RequestHeader<'a> {
    fn from(header: DerivedRequest<'a>) -> RequestHeader<'a> {
        let DerivedRequest { endpoint, data_type, accept, revision, named, timeout_ms, metadata } = header;
        RequestHeader { endpoint: endpoint.into(), data_type, accept, revision, named, timeout_ms, metadata }
    }
}

impl From<DerivedReply> for ReplyHeader<'_> {
    fn from(header: DerivedReply) -> Self {
        let DerivedReply { data_type, error, error_message, not_run, revision } = header;
        ReplyHeader { data_type, error, error_message: error_message.into(), not_run, revision, error_details: None }
    }
}

/// Failing cases are printed, not kept in files.
fn config() -> ProptestConfig {
    ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() }
}

/// Numbers near which a reader may be wrong.
fn number() -> BoxedStrategy<u64> {
    prop_oneof![
        12 => 0_u64..12,
        1 => any::<u64>(),
        1 => any::<u32>().prop_map(u64::from),
        1 => Just(u64::from(u32::MAX) + 1),
        1 => Just(9_999_999_999_999_999_999),
        1 => Just(10_000_000_000_000_000_000),
        1 => Just(u64::MAX),
    ]
    .boxed()
}

/// Numbers as a peer may write them, mostly valid.
fn written_number() -> BoxedStrategy<String> {
    prop_oneof![
        40 => number().prop_map(|number| number.to_string()),
        1 => number().prop_map(|number| format!("0{number}")),
        1 => number().prop_map(|number| format!("{number}0")),
        1 => number().prop_map(|number| format!("-{number}")),
        1 => number().prop_map(|number| format!("{number}.0")),
        1 => Just(String::new()),
        1 => Just("null".to_owned()),
    ]
    .boxed()
}

/// Names and texts, mostly ordinary.
fn text() -> BoxedStrategy<String> {
    prop_oneof!["[ -~]{0,12}", "[a-zA-Z_.]{1,12}", any::<String>(), Just("\u{7f}é\u{0}".to_owned())].boxed()
}

/// Bytes that a reader has to distinguish.
fn byte() -> BoxedStrategy<u8> {
    prop_oneof![any::<u8>(), 0x1e_u8..0x24, 0x5b_u8..0x5e, 0x7d_u8..0x82].boxed()
}

/// A request's header as this library writes it, or nearly so.
fn request_bytes() -> impl Strategy<Value = Vec<u8>> {
    let raw_text = prop_oneof![text().prop_map(String::into_bytes), byte().prop_map(|byte| vec![b'a', byte, b'b'])];
    let tail = prop_oneof![2 => Just("}"), 1 => Just(""), 1 => Just("} "), 1 => Just("}}"), 1 => Just(",}")];
    let usual = ("3".to_owned(), "3".to_owned(), Some("1".to_owned()));
    let fields = prop_oneof![Just(usual), (written_number(), written_number(), prop::option::of(written_number()))];
    let named = prop_oneof![
        4 => Just(Some("true")),
        4 => Just(None),
        1 => Just(Some("false")),
        1 => Just(Some("null")),
        1 => Just(Some("1")),
        1 => Just(Some("\"true\"")),
        1 => Just(Some("truetrue")),
        1 => Just(Some("true,\"Named\":true")),
    ];
    let named = named.prop_map(|named| named.map(str::to_owned));
    (raw_text, fields, named, prop::option::of(written_number()), tail).prop_map(
        |(endpoint, (data_type, accept, revision), named, timeout, tail)| {
            let mut bytes = b"{\"Endpoint\":\"".to_vec();
            bytes.extend_from_slice(&endpoint);
            bytes.extend_from_slice(format!("\",\"DataType\":{data_type},\"Accept\":{accept}").as_bytes());
            let optional = [("Revision", revision), ("Named", named), ("TimeoutMs", timeout)];
            for (name, value) in optional.into_iter().filter_map(|(name, value)| Some((name, value?))) {
                bytes.extend_from_slice(format!(",\"{name}\":{value}").as_bytes());
            }
            bytes.extend_from_slice(tail.as_bytes());
            bytes
        },
    )
}

fn reply_bytes() -> impl Strategy<Value = Vec<u8>> {
    let text = Just(",\"ErrorMessage\":\"x\"}");
    let not_run = prop_oneof![
        2 => Just(",\"NotRun\":true}"),
        1 => Just(",\"NotRun\":false}"),
        1 => Just(",\"NotRun\":null}"),
        1 => Just(",\"NotRun\":1}"),
    ];
    let tail = prop_oneof![2 => Just("}"), 1 => Just(""), 1 => Just("}\n"), 1 => text, 1 => not_run];
    let usual = ("3".to_owned(), "1".to_owned(), Some("1".to_owned()));
    let fields = prop_oneof![Just(usual), (written_number(), written_number(), prop::option::of(written_number()))];
    (fields, tail).prop_map(|((data_type, error, revision), tail)| {
        let revision = revision.map(|revision| format!(",\"Revision\":{revision}")).unwrap_or_default();
        format!("{{\"DataType\":{data_type},\"Error\":{error}{revision}{tail}").into_bytes()
    })
}

/// The same with a byte changed, or truncated.
fn damaged(bytes: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (bytes, any::<prop::sample::Index>(), any::<u8>(), 0_u8..8).prop_map(|(mut bytes, at, byte, damage)| {
        let at = at.index(bytes.len());
        match damage {
            0 => bytes[at] = byte,
            1 => bytes.truncate(at),
            _ => {}
        }
        bytes
    })
}

/// Returns how the JSON library alone reads a header.
fn by_the_library<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    let text = str::from_utf8(bytes).ok()?;
    serde_json::from_str(text).ok().filter(|_| text.trim_ascii_start().starts_with('{'))
}

fn same<T: PartialEq + Debug>(read: Result<T, Violation>, expected: Option<T>) -> Result<(), TestCaseError> {
    prop_assert_eq!(read.ok(), expected);
    Ok(())
}

#[test]
fn a_request_header_is_read_as_the_json_library_reads_it() {
    watchdog(|| {
        proptest!(config(), |(bytes in damaged(request_bytes()))| {
            same(RequestHeader::decode(&bytes), by_the_library::<DerivedRequest<'_>>(&bytes).map(RequestHeader::from))?;
        });
    });
}

#[test]
fn a_reply_header_is_read_as_the_json_library_reads_it() {
    watchdog(|| {
        proptest!(config(), |(bytes in damaged(reply_bytes()))| {
            same(ReplyHeader::decode(&bytes), by_the_library::<DerivedReply>(&bytes).map(ReplyHeader::from))?;
        });
    });
}

/// Returns what the JSON library alone writes for a header that fits.
fn written(header: &impl Serialize) -> Option<Vec<u8>> {
    serde_json::to_vec(header).ok().filter(|bytes| bytes.len() <= MAX_HEADER_LEN_WRITTEN)
}

#[test]
fn a_request_header_is_written_as_the_json_library_writes_it() {
    watchdog(|| {
        let pairs = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec((text(), text()), 1..3)];
        let usual = number().prop_map(|timeout_ms| (3, 3, 1, timeout_ms));
        let numbers = prop_oneof![usual, (any::<u32>(), any::<u32>(), 0_u32..3, number())];
        proptest!(config(), |(endpoint in text(), repeat in 1_usize..500, numbers in numbers, named in any::<bool>(), pairs in pairs)| {
            let (data_type, accept, revision, timeout_ms) = numbers;
            let endpoint = endpoint.repeat(if repeat < 400 { 1 } else { repeat });
            let metadata = Metadata::from_iter(pairs);
            let derived = DerivedRequest { endpoint, data_type, accept, revision, named, timeout_ms, metadata };
            let expected = written(&derived);
            let mut bytes = Vec::new();
            let fits = RequestHeader::from(derived).encode(&mut bytes);
            prop_assert_eq!(fits.then_some(bytes), expected);
        });
    });
}

#[test]
fn a_reply_header_is_written_as_the_json_library_writes_it() {
    watchdog(|| {
        let message = prop_oneof![3 => Just(String::new()), 1 => text()];
        let numbers = prop_oneof![Just((3, 1, 1)), (0_u32..7, any::<u32>(), 0_u32..3)];
        proptest!(config(), |(numbers in numbers, message in message, not_run in any::<bool>())| {
            let (data_type, error, revision) = numbers;
            let derived = DerivedReply { data_type, error, error_message: message, not_run, revision };
            let expected = written(&derived);
            let mut bytes = Vec::new();
            ReplyHeader::from(derived).encode(&mut bytes);
            prop_assert_eq!(Some(bytes), expected);
        });
    });
}
