//! Whether `docs/limits.md` names each limit, with its default.

use std::fs;

use rpc_core::{ClientConfig, ServerConfig};
use syn::{FnArg, ImplItem, Item, Visibility};

use super::root;

/// Settings that limit nothing.
const OTHERS: &[&str] = &[
    "allow_exec",
    "describe",
    "observer",
    "proxy_protocol",
    "resolver",
    "stdio_banner",
    "tls",
    "trace_context",
    "unix_socket_mode",
];

/// Limits that nobody can set: the file in `rpc-core/src`, a part of it, and what the table says.
const FIXED: &[(&str, &str, &str)] = &[
    ("message/header.rs", "MAX_HEADER_LEN: usize = 4096;", "an error's text | 4 KiB"),
    ("message/header.rs", "MAX_DETAILS_LEN: usize = 2048;", "(`Error::details`) | 2 KiB"),
    ("frame/mod.rs", "MAX_PAYLOAD_LEN: u32 = 4 * 1024 * 1024;", "a frame on the wire | 4 MiB"),
    ("stream/pieces.rs", "FIRST: usize = 16 * 1024;", "is sent in | 16 to"),
    ("stream/pieces.rs", "LARGEST: usize = 512 * 1024;", "to 512 KiB"),
    ("stream/pieces.rs", "MEMORY_PIECE: usize = 512 * 1024;", "to 512 KiB"),
    ("connection/mod.rs", "DISCARD_BYTES: u64 = 16 * 1024 * 1024;", "to keep a connection | 16 MiB"),
    ("connection/mod.rs", "DISCARD_TIME: Duration = Duration::from_secs(5);", "16 MiB, 5 s"),
    ("transport/kernel/pipe.rs", "CAPACITY: usize = 1024 * 1024;", "on each side | 1 MiB"),
    ("server/several.rs", "several!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);\n", "in a tuple | 8"),
    ("server/unknown.rs", "MOST_LISTED: usize = 12;", "that an error lists | 12"),
    ("codec/schema/normal.rs", "DEPTH: usize = 64;", "type in a description | 64"),
    ("codec/schema/normal.rs", "STEPS: u32 = 50_000;", "read for one type | 50,000"),
    ("server/registry.rs", "SPARE_THREADS: usize = 32;", "of `max_connections` | 32"),
    ("server/registry.rs", "RESET_TIME: Duration = Duration::from_millis(100);", "Reset frames | 100 ms"),
    ("server/admission.rs", "WAIT_FOR_PLACE: Duration = Duration::from_secs(2);", "for a place | 2 s"),
    ("server/admission.rs", "MOST_WAITING: usize = 8;", "shake hands for TLS | 8"),
    ("server/admission.rs", "LEAST_IDLE: Duration = Duration::from_secs(1);", "makes room | 1 s"),
    ("server/refusal.rs", "REFUSAL_TIME: Duration = Duration::from_secs(2);", "again for its reply | 2 s"),
    ("server/accept.rs", "ACCEPT_BACK_OFF: Duration = Duration::from_millis(50);", "could not accept | 50 ms"),
    ("transport/proxy/mod.rs", "PROXY_HEADER_TIME: Duration = Duration::from_secs(5);", "its PROXY header | 5 s"),
    ("transport/proxy/header.rs", "MAX_REST_LEN: u16 = 4 * 1024;", "in a PROXY header | 4 KiB"),
    ("transport/unix.rs", "BACKLOG: i32 = 4096;", "wait to be accepted | 4,096"),
    ("connection/held_back.rs", "HOLD_TIME: Duration = Duration::from_micros(500);", "for the next | 0.5 ms"),
    ("frame/writer.rs", "ROOM: usize = 4 * 1024;", "are held back | 4 KiB"),
    ("frame/writer.rs", "ITEMS: usize = 32 * 1024;", "of a stream that are held back | 32 KiB"),
    ("stream/lines.rs", "ROOM: usize = 32 * 1024;", "for the items that are read | 32 KiB"),
    ("server/stopping.rs", "LINGER: Duration = Duration::from_millis(250);", "close first | 250 ms"),
    ("client/opening.rs", "FIRST_PAUSE: Duration = Duration::from_millis(10);", "| 10 ms, doubled up to 1.28 s"),
    ("client/opening.rs", "MOST_FOR_ONE: Duration = Duration::from_secs(5);", "if there are others | 5 s"),
    ("client/opening.rs", "LEAST_FOR_ONE: Duration = Duration::from_millis(250);", "at least 250 ms"),
    ("client/opening.rs", "MOST_LISTED: usize = 8;", "of which no connection came | 8"),
    ("client/place.rs", "FIRST_BACK_OFF: Duration = Duration::from_secs(1);", "avoided | 1 s, doubled up to 128 s"),
    ("client/place.rs", "TRIAL: Duration = Duration::from_secs(5);", "tries it again | 5 s"),
    ("client/back_off.rs", "first * 2_u32.pow(attempt.min(7))", "doubled up to 1.28 s"),
    ("client/pool.rs", "AGE_JITTER: u32 = 10;", "differs by | 10 %"),
    ("client/in_flight.rs", " WINDOW: usize = 32 * 1024;", "without a reply | 32 KiB"),
    ("client/in_flight.rs", "LEAST_WINDOW: usize = 8 * 1024;", "8 KiB on a transport"),
    ("client/shared/mod.rs", "MAX_SHARED_JSON: usize = 4 * 1024;", "share a connection | 4 KiB"),
    ("client/shared/mod.rs", "LEAST_REPEATS: usize = 2;", "or twice on shared connections"),
    ("client/shared/mod.rs", "THREAD_IDLE_TIME: Duration = Duration::from_secs(1);", "without calls | 1 s"),
    ("client/sending.rs", "EXPLANATION_TIME: Duration = Duration::from_secs(5);", "sending failed | 5 s"),
    ("transport/unix.rs", "TICK: Duration = Duration::from_millis(20);", "looks for a cancel | 20 ms"),
    ("transport/banner.rs", "NOISE: usize = 8 * 1024;", "before a server's banner | 8 KiB"),
    ("transport/child/tail.rs", "CAPACITY: usize = 32 * 1024;", "standard error that is kept | 32 KiB"),
    ("transport/child/keeper.rs", "PATIENCE: Duration = Duration::from_secs(5);", "end of its input | 5 s"),
    ("transport/child/keeper.rs", "AFTER_TERM: Duration = Duration::from_secs(1);", "after SIGTERM | 1 s"),
    ("transport/child/keeper.rs", "LOOK: Duration = Duration::from_secs(1);", "a grandchild keeps open | 1 s"),
    ("transport/child/keeper.rs", "LEFT_UNREAD: Duration = Duration::from_secs(5);", "has left unread | 5 s"),
    (
        "transport/child/handle.rs",
        "LAST_WORDS: Duration = Duration::from_millis(500);",
        "how a child has ended | 500 ms",
    ),
    (
        "transport/child/handle.rs",
        "TICK: Duration = Duration::from_millis(20);",
        "start of a child, before it looks for a cancel | 20 ms",
    ),
    ("transport/stdio.rs", "FINISH_TIME: Duration = Duration::from_secs(1);", "without a client's banner | 1 s"),
    ("transport/memory.rs", "CAPACITY: usize = 64 * 1024;", "each direction | 64 KiB"),
    ("transport/halves.rs", "CAPACITY: usize = 256 * 1024;", "each direction | 256 KiB"),
    ("frame/reader.rs", "READ_AHEAD: usize = 8 * 1024;", "of a connection | 8 KiB"),
];

fn text(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// The names of the settings of a config, without those that limit nothing.
fn settings(file: &str) -> Vec<String> {
    let items = syn::parse_file(&text(file)).unwrap().items;
    let methods = items.into_iter().filter_map(|item| if let Item::Impl(of) = item { Some(of.items) } else { None });
    let setting = |item| match item {
        ImplItem::Fn(method) if matches!(method.vis, Visibility::Public(_)) => {
            let takes_self = matches!(method.sig.inputs.first(), Some(FnArg::Receiver(_)));
            takes_self.then(|| method.sig.ident.to_string())
        }
        _ => None,
    };
    methods.flatten().filter_map(setting).filter(|name| !OTHERS.contains(&&**name)).collect()
}

/// The rows of the table with this first heading: the name, and the default.
fn rows(document: &str, heading: &str) -> Vec<(String, String)> {
    let table = document.split_once(&format!("| `{heading}` |")).expect("the table is there").1;
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let mut cells = line.split('|').skip(1).map(str::trim);
        let name = cells.next().unwrap().trim_matches('`').to_owned();
        (name, cells.nth(1).unwrap().to_owned())
    };
    rows.map(row).collect()
}

/// Finds a setting in the `Debug` text of a config, and writes it as the table does.
fn default(config: &str, name: &str) -> String {
    let value = config.split_once(&format!("{name}: ")).expect("a field has the name of its setting").1;
    let value = value.split([',', '}']).next().unwrap().trim().trim_start_matches("Some(").trim_end_matches(')');
    if value == "None" || value == usize::MAX.to_string() {
        return "none".to_owned();
    }
    if let Some(seconds) = value.strip_suffix('s') {
        return match seconds.parse::<u64>().unwrap() {
            seconds if seconds % 3600 == 0 => format!("{} h", seconds / 3600),
            seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
            seconds => format!("{seconds} s"),
        };
    }
    match value.parse::<usize>().unwrap() {
        bytes if bytes >= 1 << 20 => format!("{} MiB", bytes >> 20),
        count if count >= 1000 => format!("{},{:03}", count / 1000, count % 1000),
        count => count.to_string(),
    }
}

fn check(heading: &str, file: &str, config: &str) {
    let expected: Vec<_> = settings(file).into_iter().map(|name| (name.clone(), default(config, &name))).collect();
    assert!(!expected.is_empty());
    let mut found = rows(&text("docs/limits.md"), heading);
    for row in &expected {
        assert!(found.contains(row), "docs/limits.md lacks this row of {heading}, or has another default: {row:?}");
    }
    found.retain(|row| !expected.contains(row));
    assert!(found.is_empty(), "docs/limits.md has rows that {heading} has not: {found:?}");
}

#[test]
fn the_guide_names_each_limit_and_its_default() {
    check("ServerConfig", "rpc-core/src/server/config.rs", &format!("{:?}", ServerConfig::default()));
    check("ClientConfig", "rpc-core/src/client/config.rs", &format!("{:?}", ClientConfig::default()));
}

#[test]
fn the_guide_has_the_values_of_fixed_limits() {
    let guide = text("docs/limits.md");
    for (file, code, says) in FIXED {
        assert!(text(&format!("rpc-core/src/{file}")).contains(code), "{file} has no `{code}`: correct docs/limits.md");
        assert!(guide.contains(says), "docs/limits.md has no `{says}`, but {file} has `{code}`");
    }
}

/// The guide shows the file that it asks the reader to copy.
#[test]
fn the_guide_to_metrics_shows_the_example() {
    let example = text("rpc-examples/examples/depot/metrics.rs");
    let (_header, code) = example.split_once("\n\n").unwrap();
    assert!(text("docs/metrics.md").contains(code), "docs/metrics.md and examples/depot/metrics.rs differ");
}
