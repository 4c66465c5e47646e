//! How long the name of a method may be. It has to fit into the header of each request that calls
//! the method; a name that does not would fail every call, so it is better refused here. The macro
//! cannot ask `rpc-core`, which depends on it; `tests/tests/wire_names.rs` checks that the two
//! agree.

/// The most bytes of a header that `rpc-core` writes.
const HEADER: usize = 4095;

/// A request's header without the name, and with each number as long as it gets. It includes the
/// time limit, because each caller decides whether a call has one, and says that parameters are
/// named, because a method may get more of them. It does not include metadata: callers themselves
/// must see that theirs fits.
const REST: &str = concat!(
    r#"{"Endpoint":"","DataType":4294967295,"Accept":4294967295,"Revision":4294967295,"#,
    r#""Named":true,"TimeoutMs":18446744073709551615}"#,
);

/// The most bytes that a name may take.
pub(crate) const MOST: usize = HEADER - REST.len();

/// Returns the bytes that a name takes in a header, where it is a JSON string.
pub(crate) fn len(name: &str) -> usize {
    name.chars().map(escaped_len).sum()
}

fn escaped_len(letter: char) -> usize {
    match letter {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => letter.len_utf8(),
    }
}
