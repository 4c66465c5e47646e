//! JSON of the maximum depth does not overflow a connection's stack, which would end the server's
//! process whoever sent it.

use std::collections::BTreeMap;

use rpc_core::{Client, Result, Server, Status, rpc_service};
use rpc_tests::watchdog;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A type whose decoder takes much stack per level, because it has to buffer what comes before the
/// tag.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
#[expect(clippy::large_enum_variant, reason = "it must take much stack")]
enum Tree {
    Leaf {
        size: u64,
    },
    Node {
        name: String,
        size: Option<u64>,
        tags: Option<Vec<String>>,
        attributes: Option<BTreeMap<String, String>>,
        digest: Option<[u8; 32]>,
        blocks: Option<[u64; 16]>,
        child: Box<Tree>,
    },
}

#[rpc_service]
trait Forest {
    fn plant(&self, tree: Tree) -> Result<Tree>;
}

#[derive(Clone)]
struct Ground;

impl Forest for Ground {
    fn plant(&self, tree: Tree) -> Result<Tree> {
        Ok(tree)
    }
}

/// A tree of this many levels.
fn tree(levels: usize) -> Value {
    let leaf = json!({"kind": "Leaf", "size": 1});
    (1..levels).fold(leaf, |child, _| json!({"child": child, "kind": "Node", "name": "n"}))
}

fn depth(mut tree: &Value) -> usize {
    let mut levels = 1;
    while let Some(child) = tree.get("child") {
        tree = child;
        levels += 1;
    }
    levels
}

#[test]
fn a_servers_stack_suffices_for_the_deepest_json() {
    watchdog(|| {
        let server = Server::bind("tcp://127.0.0.1:0").unwrap().spawn(ForestServer::new(Ground)).unwrap();
        let client = Client::connect(server.address()).unwrap();
        let plant = |levels: usize| client.call("plant").with(&tree(levels)).json::<Value>();
        assert_eq!(depth(&plant(127).unwrap()), 127);
        let refused = plant(128).unwrap_err();
        assert!(
            matches!(&refused, rpc_core::Error::Remote(remote) if remote.status == Status::RequestError),
            "{refused}"
        );
        assert!(refused.connection_usable());
        assert_eq!(depth(&plant(2).unwrap()), 2);
    });
}
