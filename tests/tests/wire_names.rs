//! The macro refuses a name exactly if it fits no header: compares the macro's arithmetic, which is
//! independent of the library, with the library's own headers.

#[path = "../../rpc-macros/src/wire_name.rs"]
mod wire_name;

use proptest::prelude::*;
use rpc_core::Metadata;
use rpc_core::unstable::RequestHeader;
use rpc_tests::watchdog;

/// Failing cases are printed, not kept in files.
fn config() -> ProptestConfig {
    ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() }
}

/// Returns whether the library writes a request with this name, the largest numbers and all flags.
fn is_written(name: &str) -> bool {
    let header = RequestHeader {
        endpoint: name.into(),
        data_type: u32::MAX,
        accept: u32::MAX,
        revision: u32::MAX,
        named: true,
        timeout_ms: u64::MAX,
        metadata: Metadata::default(),
    };
    header.encode(&mut Vec::new())
}

/// A name that fits no header used to compile, and each call of it failed.
#[test]
fn the_macros_longest_name_is_the_longest_that_can_be_sent() {
    watchdog(|| {
        for (unit, len) in [("x", 1), ("é", 2), ("日", 3), ("\"", 2), ("\\", 2), ("\n", 2), ("\u{1}", 6), ("\u{7f}", 1)]
        {
            assert_eq!(wire_name::len(unit), len, "{unit:?}");
            let mut name = unit.repeat(wire_name::MOST / len) + &"x".repeat(wire_name::MOST % len);
            assert_eq!(wire_name::len(&name), wire_name::MOST, "{unit:?}");
            assert!(is_written(&name), "{unit:?}");
            name.push('x');
            assert!(!is_written(&name), "{unit:?}");
        }
    });
}

#[test]
fn any_name_is_refused_exactly_if_it_cannot_be_sent() {
    watchdog(|| {
        let start = prop::collection::vec(any::<char>(), 0..200).prop_map(String::from_iter);
        // most names are near the limit
        proptest!(config(), |(start in start, more in 0_usize..8, fewer in 0_usize..4)| {
            let room = wire_name::MOST - wire_name::len(&start);
            let name = start + &"x".repeat(room + more - fewer);
            prop_assert_eq!(wire_name::len(&name) <= wire_name::MOST, is_written(&name));
        });
    });
}
