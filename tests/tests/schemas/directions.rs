//! serde may read another form than it writes. Then a description shows both.

use rpc_core::{Result, rpc_service};
use rpc_tests::watchdog;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::describe;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Same {
    x: u8,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Leaf {
    #[serde(default)]
    size: u32,
    #[serde(skip_serializing)]
    password: String,
    #[serde(skip_deserializing)]
    age: u8,
}

/// Differs only by what it refers to.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Branch {
    leaf: Leaf,
    same: Same,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Root {
    branches: Vec<Branch>,
}

/// Only taken, so it has one form here.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Taken {
    #[serde(default)]
    most: u32,
}

/// What a name with two forms would be called.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Leaf.reply")]
struct InTheWay {
    y: u8,
}

#[rpc_service]
trait Forest {
    fn swap(&self, root: Root, taken: Taken) -> Result<(Root, InTheWay)>;
}

#[derive(Clone)]
struct Handler;

impl Forest for Handler {
    fn swap(&self, root: Root, _taken: Taken) -> Result<(Root, InTheWay)> {
        let has_password = root.branches.iter().any(|branch| !branch.leaf.password.is_empty());
        Ok((root, InTheWay { y: u8::from(has_password) }))
    }
}

#[test]
fn types_with_two_forms_have_two_names() {
    watchdog(|| {
        let description = describe(ForestServer::new(Handler));
        let method = &description["services"][0]["methods"][0];
        assert_eq!(method["takes"]["parameters"][0]["type"], json!({"ref": "Root.request"}));
        assert_eq!(method["takes"]["parameters"][1]["type"], json!({"ref": "Taken"}));
        assert_eq!(method["returns"]["value"], json!({"tuple": [{"ref": "Root.reply"}, {"ref": "Leaf.reply"}]}));
        let types = json!({
            "Same": {"object": {"x": "u8"}},
            "Taken": {"object": {"most": "u32"}, "may_lack": ["most"]},
            "Leaf.request": {"object": {"password": "string", "size": "u32"}, "may_lack": ["size"]},
            "Leaf.reply_": {"object": {"age": "u8", "size": "u32"}},
            "Leaf.reply": {"object": {"y": "u8"}},
            "Branch.request": {"object": {"leaf": {"ref": "Leaf.request"}, "same": {"ref": "Same"}}},
            "Branch.reply": {"object": {"leaf": {"ref": "Leaf.reply_"}, "same": {"ref": "Same"}}},
            "Root.request": {"object": {"branches": {"array": {"ref": "Branch.request"}}}},
            "Root.reply": {"object": {"branches": {"array": {"ref": "Branch.reply"}}}},
        });
        assert_eq!(description["types"], types);
    });
}
