//! How the trait is written: by another macro, with parameters named like variables of the
//! generated code, inside a function, with keywords as names.

use std::io::{self, Read};

use rpc_core::{Dispatch, Result, rpc_service};

use crate::connected;

/// Traits that another macro generates: names, types and receivers have their own hygiene.
macro_rules! service {
    ($name:ident { $($method:ident($($parameter:ident: $type:ty),*) -> $value:ty;)* } $($fixed:tt)*) => {
        #[rpc_service]
        pub(crate) trait $name {
            $(fn $method(&self, $($parameter: $type),*) -> Result<$value>;)*
            fn common(&self, word: &str) -> Result<String>;
            fn stream(&self, content: impl Read) -> Result<u64>;
            fn both(&self, name: &str, content: impl Read) -> Result<u64>;
            fn back(&self, name: &str, content: impl Read) -> Result<(u64, impl Read)>;
            $($fixed)*
        }
    };
}

service!(Written {
    unit(name: &str) -> ();
    value(names: &[String], limit: Option<u32>) -> Vec<String>;
    bytes(start: u64) -> impl Read;
    part(start: u64) -> (u64, impl Read);
} fn last(&self) -> Result<()>;);

struct Writer;

impl Written for Writer {
    fn unit(&self, _: &str) -> Result<()> {
        Ok(())
    }

    fn value(&self, names: &[String], limit: Option<u32>) -> Result<Vec<String>> {
        Ok(names.iter().take(limit.unwrap_or(9) as usize).cloned().collect())
    }

    fn bytes(&self, start: u64) -> Result<impl Read> {
        Ok(io::Cursor::new(start.to_be_bytes()))
    }

    fn common(&self, word: &str) -> Result<String> {
        Ok(word.to_uppercase())
    }

    fn stream(&self, mut content: impl Read) -> Result<u64> {
        Ok(io::copy(&mut content, &mut io::sink())?)
    }

    fn part(&self, start: u64) -> Result<(u64, impl Read)> {
        Ok((start, io::Cursor::new(start.to_be_bytes())))
    }

    fn both(&self, name: &str, content: impl Read) -> Result<u64> {
        self.stream(name.as_bytes().chain(content))
    }

    fn back(&self, name: &str, content: impl Read) -> Result<(u64, impl Read)> {
        Ok((name.len() as u64, content))
    }

    fn last(&self) -> Result<()> {
        Ok(())
    }
}

#[test]
fn another_macro_may_generate_the_trait() {
    connected(WrittenServer::new(Writer), |near| {
        let written = WrittenClient::from_transport(near).unwrap();
        written.unit("x").unwrap();
        let names = ["a".to_owned(), "b".to_owned()];
        assert_eq!(written.value(&names, Some(1)).unwrap(), ["a"]);
        let mut bytes = Vec::new();
        written.bytes(5).unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, 5_u64.to_be_bytes());
        assert_eq!(written.common("word").unwrap(), "WORD");
        assert_eq!(written.both("word", &b"s"[..]).unwrap(), 5);
        let (length, mut stream) = written.back("word", &b"s"[..]).unwrap();
        stream.read_to_end(&mut bytes).unwrap();
        assert_eq!((length, bytes.last()), (4, Some(&b's')));
        drop(stream);
        written.last().unwrap();
        WrittenClient::close(written).unwrap();
    });
}

/// Parameters with the names of variables in generated code.
#[rpc_service]
trait Words {
    fn one(&self, reply: &str) -> Result<String>;
    fn several(&self, reply: u8, call: u8, received: u8, client: u8) -> Result<u8>;
    fn pass(&self, call: &str, reply: impl Read) -> Result<(String, impl Read)>;
}

impl Words for Writer {
    fn one(&self, reply: &str) -> Result<String> {
        Ok(reply.to_owned())
    }

    fn several(&self, reply: u8, call: u8, received: u8, client: u8) -> Result<u8> {
        Ok(reply + call + received + client)
    }

    fn pass(&self, call: &str, reply: impl Read) -> Result<(String, impl Read)> {
        Ok((call.to_owned(), reply))
    }
}

#[test]
fn parameters_may_have_the_names_of_variables_in_generated_code() {
    connected(WordsServer::new(Writer), |near| {
        let words = WordsClient::from_transport(near).unwrap();
        assert_eq!(words.one("a").unwrap(), "a");
        assert_eq!(words.several(1, 2, 3, 4).unwrap(), 10);
        let (call, mut reply) = words.pass("a", &b"b"[..]).unwrap();
        let mut text = String::new();
        reply.read_to_string(&mut text).unwrap();
        assert_eq!((call.as_str(), text.as_str()), ("a", "b"));
        drop(reply);
        WordsClient::close(words).unwrap();
    });
}

/// A private trait among private types, inside a function.
#[test]
fn a_trait_may_be_private_to_a_function() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Secret(u8);

    #[rpc_service]
    trait Vault {
        fn swap(&self, secret: Secret) -> Result<Secret>;
    }

    struct Shelf;

    impl Vault for Shelf {
        fn swap(&self, secret: Secret) -> Result<Secret> {
            Ok(Secret(!secret.0))
        }
    }

    connected(VaultServer::new(Shelf), |near| {
        let vault = VaultClient::from_transport(near).unwrap();
        assert_eq!(vault.swap(Secret(1)).unwrap(), Secret(254));
        VaultClient::close(vault).unwrap();
    });
}

/// Keywords as names, and the trait's visibility for generated items.
mod raw {
    use super::{Result, rpc_service};

    #[rpc_service]
    pub(super) trait r#Match {
        fn r#move(&self, r#type: &str, r#loop: u8) -> Result<String>;
    }

    #[rpc_service]
    pub(in crate::writing::raw) trait Inner {
        fn r#async(&mut self, r#self_: u8) -> Result<u8>;
    }

    #[expect(dead_code, reason = "that it can be named here is the test")]
    fn nameable(server: InnerServer<u8>, client: InnerClient) -> (InnerServer<u8>, InnerClient) {
        (server, client)
    }
}

impl raw::Match for Writer {
    fn r#move(&self, r#type: &str, r#loop: u8) -> Result<String> {
        Ok(format!("{type} {loop}", r#type = r#type, r#loop = r#loop))
    }
}

#[test]
fn names_may_be_keywords_and_travel_without_their_prefix() {
    use raw::{Match, MatchClient, MatchServer};
    let contract = MatchServer::new(Writer).contracts().iter().next().unwrap();
    assert_eq!((contract.name(), contract.endpoints()[0].name()), ("Match", "move"));
    assert_eq!(contract.endpoints()[0].parameter_names(), ["type", "loop"]);
    connected(MatchServer::new(Writer), |near| {
        let client = MatchClient::from_transport(near).unwrap();
        assert_eq!(client.r#move("a", 1).unwrap(), "a 1");
        MatchClient::close(client).unwrap();
    });
}
