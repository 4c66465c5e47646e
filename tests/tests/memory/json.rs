//! How much memory the server takes to read a JSON request, as a multiple of the text, which shows
//! what a limit on the text is worth. The factors are in the documentation of
//! `ServerConfig::max_json_len`.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use rpc_core::{Client, Result, Server, rpc_service};
use rpc_tests::heap::{alone, as_client, peak};
use rpc_tests::watchdog_with_limit;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

#[rpc_service]
trait Intake {
    fn value(&self, value: Value) -> Result<()>;
    fn bytes(&self, bytes: Vec<u8>) -> Result<()>;
    fn texts(&self, texts: Vec<String>) -> Result<()>;
    fn entries(&self, entries: Vec<Entry>) -> Result<()>;
    fn sparse(&self, entries: Vec<Sparse>) -> Result<()>;
    fn hashed(&self, numbers: HashMap<String, u64>) -> Result<()>;
    fn sorted(&self, numbers: BTreeMap<String, u64>) -> Result<()>;
}

#[derive(Serialize, Deserialize)]
struct Entry {
    name: String,
    size: u64,
    modified: u64,
    hash: String,
}

/// The same, if no field has to be sent.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Sparse {
    name: String,
    size: u64,
    modified: u64,
    hash: String,
}

#[derive(Clone)]
struct Nowhere;

impl Intake for Nowhere {
    fn value(&self, _: Value) -> Result<()> {
        Ok(())
    }

    fn bytes(&self, _: Vec<u8>) -> Result<()> {
        Ok(())
    }

    fn texts(&self, _: Vec<String>) -> Result<()> {
        Ok(())
    }

    fn entries(&self, _: Vec<Entry>) -> Result<()> {
        Ok(())
    }

    fn sparse(&self, _: Vec<Sparse>) -> Result<()> {
        Ok(())
    }

    fn hashed(&self, _: HashMap<String, u64>) -> Result<()> {
        Ok(())
    }

    fn sorted(&self, _: BTreeMap<String, u64>) -> Result<()> {
        Ok(())
    }
}

/// A body of many items, and the most that it costs.
struct Row {
    method: &'static str,
    item: fn(usize) -> String,
    /// The parameter's type and the body, as in the documentation.
    documented: &'static str,
    /// Bytes of heap for each byte of text, including the text itself.
    factor: u64,
}

const ROWS: [Row; 14] = [
    Row {
        method: "value",
        item: |_| nested(120),
        documented: "`Value` | `[{\"\":{\"\":…}},…]`, 120 deep",
        factor: 130,
    },
    Row { method: "value", item: |_| nested(1), documented: "`Value` | `[{\"\":0},…]`", factor: 106 },
    Row { method: "value", item: |_| "0".to_owned(), documented: "`Value` | `[0,…]`", factor: 50 },
    Row { method: "value", item: |_| "[]".to_owned(), documented: "`Value` | `[[],…]`", factor: 34 },
    Row { method: "value", item: entry, documented: "`Value` | entries of 140 bytes", factor: 8 },
    Row {
        method: "sparse",
        item: |_| "{}".to_owned(),
        documented: "`Vec<Entry>` whose fields have defaults | `[{},…]`",
        factor: 66,
    },
    Row { method: "texts", item: |_| "\"\"".to_owned(), documented: "`Vec<String>` | `[\"\",…]`", factor: 26 },
    Row { method: "texts", item: name, documented: "`Vec<String>` | names of 24 bytes", factor: 5 },
    Row {
        method: "hashed",
        item: |number| format!("\"{number:x}\":0"),
        documented: "`HashMap<String, u64>` | `{\"0\":0,\"1\":0,…}`",
        factor: 15,
    },
    Row {
        method: "hashed",
        item: |number| format!("{}:{number}", name(number)),
        documented: "`HashMap<String, u64>` | names of 24 bytes",
        factor: 6,
    },
    Row {
        method: "sorted",
        item: |number| format!("\"{number:x}\":0"),
        documented: "`BTreeMap<String, u64>` | `{\"0\":0,\"1\":0,…}`",
        factor: 10,
    },
    Row {
        method: "entries",
        item: |_| r#"{"name":"","size":0,"modified":0,"hash":""}"#.to_owned(),
        documented: "`Vec<Entry>` | `[{\"name\":\"\",\"size\":0,…},…]`",
        factor: 6,
    },
    Row { method: "entries", item: entry, documented: "`Vec<Entry>` | entries of 140 bytes", factor: 4 },
    Row { method: "bytes", item: |_| "0".to_owned(), documented: "`Vec<u8>` | `[0,…]`", factor: 4 },
];

/// The file that documents the factors.
const DOCUMENTATION: &str = include_str!("../../../rpc-core/src/server/config.rs");

/// The approximate length of the text in bytes.
const TEXT: usize = 1 << 19;

/// About 24 bytes, like names of files.
fn name(number: usize) -> String {
    format!("\"a name like others {number:05}\"")
}

/// About 140 bytes, half of them the hash.
fn entry(number: usize) -> String {
    format!(
        r#"{{"name":"2024/{number:07}.jpg","size":{},"modified":17{number:08},"hash":"{number:064x}"}}"#,
        1_000_000 + number
    )
}

/// Nested objects.
fn nested(depth: usize) -> String {
    format!("{}0{}", "{\"\":".repeat(depth), "}".repeat(depth))
}

/// Returns a body of `count` items.
fn body(row: &Row, count: usize) -> Box<RawValue> {
    let items: Vec<String> = (0..count).map(row.item).collect();
    let items = items.join(",");
    let text = if ["hashed", "sorted"].contains(&row.method) { format!("{{{items}}}") } else { format!("[{items}]") };
    RawValue::from_string(text).unwrap()
}

/// Numbers of items at which the server needs most memory for each: where the room for the text has
/// just doubled, where that for the items of a list has, and where that for those of a hash table
/// has.
fn worst_counts(row: &Row) -> [usize; 3] {
    let len = (row.item)(TEXT / 2).len() + 1;
    let list = (TEXT / len).next_power_of_two();
    [TEXT / len + 1, list + 1, list / 8 * 7 + 1]
}

/// Returns the most heap of the server for each byte of such a body, in hundredths.
fn measure(client: &Client, row: &Row) -> u64 {
    let of_count = |count| {
        let body = as_client(|| body(row, count));
        let heap = peak(|| as_client(|| client.call(row.method).with(&*body).json::<()>().unwrap()));
        let text = body.get().len();
        as_client(|| drop(body));
        heap.server as u64 * 100 / text as u64
    };
    worst_counts(row).into_iter().map(of_count).max().unwrap_or_default()
}

/// The limit was on the text alone: 16 MiB of it took 1.6 GiB, which was not documented.
#[test]
fn json_takes_as_many_times_its_text_as_documented() {
    // the wait for the other tests must not count
    let _alone = alone();
    watchdog_with_limit(Duration::from_secs(120), || {
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(IntakeServer::new(Nowhere)).unwrap();
        let client = as_client(|| Client::connect(server.address()).unwrap());
        for row in &ROWS {
            let found = measure(&client, row);
            let (documented, factor) = (row.documented, row.factor);
            println!("{documented}: {}.{:02} bytes of heap for a byte of text", found / 100, found % 100);
            let line = format!("    /// | {documented} | {factor} |\n");
            assert!(DOCUMENTATION.contains(&line), "the documentation has no line {line}");
            assert!(found <= factor * 100, "{documented}: {found} hundredths, more than documented");
            // otherwise the documentation overstates the cost; on 32 bits pointers take half of it
            let least = if cfg!(target_pointer_width = "64") { 50 } else { 20 };
            assert!(found > factor * least, "{documented}: {found} hundredths, far less than documented");
        }
        as_client(|| drop(client));
    });
}
