//! Properties of any header, and of any bytes in its place.

use std::net::{IpAddr, SocketAddr};

use proptest::collection::vec;
use proptest::prelude::*;
use rpc_tests::{PieceSize, Piecewise, serve_bytes, watchdog, wire};

use crate::header::{SIGNATURE, header, of_client};
use crate::service::{config, service};

/// Returns what a server sends to a balancer that sends these bytes in pieces.
fn reply(bytes: &[u8], pieces: PieceSize) -> Vec<u8> {
    serve_bytes(bytes, service(), config(), |transport| Piecewise(transport, pieces)).1
}

/// Failing cases are printed, not kept in files.
fn cases() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn any_address_arrives_and_nothing_after_the_header_is_lost() {
    watchdog(|| {
        let address = (any::<IpAddr>(), any::<u16>());
        proptest!(cases(), |((ip, port) in address, extensions in vec(any::<u8>(), 0..400), most in 1_usize..600, seed: u64)| {
            let client = SocketAddr::new(ip, port);
            let bytes = [of_client(client, &extensions), wire::request("who", 3, "null"), wire::close_request()].concat();
            let sent = reply(&bytes, PieceSize::Random(most, seed));
            let who = wire::data(format!("\"tcp://{client} through memory\""));
            prop_assert_eq!(sent, [wire::ok(3), who, wire::ok(2), wire::reset()].concat());
        });
    });
}

/// Bytes that are a header up to some place.
fn nearly_headers() -> impl Strategy<Value = Vec<u8>> {
    let headers = (any::<u8>(), any::<u8>(), vec(any::<u8>(), 0..300)).prop_map(|(c, f, rest)| header(c, f, &rest));
    let likely = (0x20_u8..0x22, prop::sample::select(vec![0x11_u8, 0x21, 0x31]), vec(any::<u8>(), 0..300));
    let likely = likely.prop_map(|(command, family, rest)| header(command, family, &rest));
    let signed = vec(any::<u8>(), 0..300).prop_map(|rest| [SIGNATURE, &rest].concat());
    let cut = (prop_oneof![headers, likely, signed], any::<prop::sample::Index>());
    let cut = cut.prop_map(|(bytes, at)| bytes[..at.index(bytes.len() + 1)].to_owned());
    prop_oneof![cut, vec(any::<u8>(), 0..300)]
}

#[test]
fn no_bytes_panic_or_get_a_reply_without_a_header() {
    watchdog(|| {
        proptest!(cases(), |(bytes in nearly_headers(), size in 1_usize..40)| {
            let sent = reply(&bytes, PieceSize::Fixed(size));
            // after a whole header, what follows may be answered by a Reset frame
            prop_assert!(sent.is_empty() || sent == wire::reset(), "{:?}", sent);
        });
    });
}
