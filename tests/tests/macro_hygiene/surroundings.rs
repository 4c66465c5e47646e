//! What surrounds the trait: other items with the names that generated code uses, no prelude, the
//! crate under another name.

use std::io::{self, Read};

use rpc_core::{CallOptions, Result};

use crate::connected;

/// Every name that generated code might use itself, defined by the user.
mod decoys {
    #![allow(dead_code, non_camel_case_types, non_upper_case_globals, reason = "decoys look like what they replace")]
    #![allow(clippy::new_ret_no_self, clippy::wrong_self_convention, reason = "methods are decoys too")]

    use serde::{Deserialize, Serialize};

    mod core {}
    mod std {}
    mod alloc {}
    mod rpc_core {}
    mod __private {}
    mod client {}
    mod service {}
    mod session {}

    macro_rules! types {
        ($($name:ident)*) => { $(#[derive(Debug, Serialize, Deserialize)] pub(crate) struct $name;)* };
    }
    types!(Box Arc Option String Some None Ok Err Sized Send Sync Clone Debug Drop From Into Client Session Error);
    types!(CallOptions ClientConfig Contract Method DataType Call Served Reply Outcome OctetReader ToAddress Transport Dispatch T E K By Self_);

    /// A type with the name of a customary type parameter.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    pub(crate) struct S(pub(crate) u8);

    // A pattern that is a plain name would match against these.
    pub(crate) const prefix: u8 = 1;
    pub(crate) const reply: u8 = 2;
    pub(crate) const call: u8 = 3;
    pub(crate) const formatter: u8 = 4;
    pub(crate) static content: u8 = 5;
    pub(crate) struct handler;
    pub(crate) fn parameter() {}
    pub(crate) fn result() {}
    pub(crate) fn error() {}

    pub(crate) type VaultResult<T> = ::std::result::Result<T, ::rpc_core::Error>;
    type Result = ();

    #[::rpc_core::rpc_service]
    pub(crate) trait Vault {
        fn take(&self, s: S) -> VaultResult<S>;
        fn several(&self, e: &S, k: S, none: Option) -> VaultResult<Box>;
        fn connect(&self, new: &str) -> VaultResult<()>;
        fn close(&self) -> VaultResult<String>;
        fn fetch(&self, address: ::std::string::String) -> VaultResult<impl ::std::io::Read>;
        fn new(&self, transport: impl ::std::io::Read) -> VaultResult<T>;
        fn with_options(&self, client: S, options: S, config: impl ::std::io::Read) -> VaultResult<S>;
        fn connect_with(&self, address: S, config: u8) -> VaultResult<(Error, impl ::std::io::Read)>;
        fn from_transport(&self, transport: impl ::std::io::Read) -> VaultResult<impl ::std::io::Read>;
        fn everything(&self, s: S, stream: impl ::std::io::Read) -> VaultResult<(S, impl ::std::io::Read)>;
    }

    #[::rpc_core::rpc_service]
    pub(crate) trait Cursor {
        fn take(&mut self, s: S) -> VaultResult<S>;
        fn rest(&mut self) -> VaultResult<impl ::std::io::Read>;
        fn set_options(&mut self, options: S) -> VaultResult<(S, impl ::std::io::Read)>;
    }
}

struct Decoyed;

impl decoys::Vault for Decoyed {
    fn take(&self, s: decoys::S) -> Result<decoys::S> {
        Ok(decoys::S(s.0 + 1))
    }

    fn several(&self, _: &decoys::S, _: decoys::S, _: decoys::Option) -> Result<decoys::Box> {
        Ok(decoys::Box)
    }

    fn connect(&self, _: &str) -> Result<()> {
        Ok(())
    }

    fn close(&self) -> Result<decoys::String> {
        Ok(decoys::String)
    }

    fn fetch(&self, address: String) -> Result<impl Read> {
        Ok(io::Cursor::new(address))
    }

    fn new(&self, _: impl Read) -> Result<decoys::T> {
        Ok(decoys::T)
    }

    fn with_options(&self, client: decoys::S, options: decoys::S, mut config: impl Read) -> Result<decoys::S> {
        let length = io::copy(&mut config, &mut io::sink())?;
        Ok(decoys::S(client.0 + options.0 + u8::try_from(length).unwrap()))
    }

    fn connect_with(&self, address: decoys::S, config: u8) -> Result<(decoys::Error, impl Read)> {
        Ok((decoys::Error, io::repeat(address.0).take(config.into())))
    }

    fn from_transport(&self, transport: impl Read) -> Result<impl Read> {
        Ok(transport)
    }

    fn everything(&self, s: decoys::S, stream: impl Read) -> Result<(decoys::S, impl Read)> {
        Ok((s, stream))
    }
}

#[test]
fn names_of_the_user_do_not_capture_generated_ones() {
    use decoys::Vault;
    connected(decoys::VaultServer::new(Decoyed), |near| {
        let vault = decoys::VaultClient::from_transport(near).unwrap();
        assert_eq!(vault.take(decoys::S(1)).unwrap(), decoys::S(2));
        vault.several(&decoys::S(1), decoys::S(2), decoys::Option).unwrap();
        vault.connect("methods may have the names of the client's own functions").unwrap();
        vault.close().unwrap();
        assert_eq!(vault.with_options(decoys::S(1), decoys::S(2), &b"abc"[..]).unwrap(), decoys::S(6));
        let (_, mut connected) = vault.connect_with(decoys::S(b'x'), 3).unwrap();
        let mut text = String::new();
        connected.read_to_string(&mut text).unwrap();
        assert_eq!(text, "xxx");
        drop(connected);
        let (kept, mut passed) = vault.everything(decoys::S(1), &b"abc"[..]).unwrap();
        passed.read_to_string(&mut text).unwrap();
        assert_eq!((kept, text.as_str()), (decoys::S(1), "xxxabc"));
        drop(passed);
        vault.from_transport(&b"def"[..]).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "xxxabcdef");
        let vault = decoys::VaultClient::with_options(&vault, CallOptions::default());
        let mut text = String::new();
        vault.fetch("bytes".to_owned()).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "bytes");
        decoys::VaultClient::close(vault).unwrap();
    });
}

/// Without the prelude there is no `Some`, no `Box`, no `Clone` and no trait in scope.
mod without_prelude {
    #![no_implicit_prelude]

    #[::rpc_core::rpc_service]
    pub(crate) trait Vault: ::core::marker::Send {
        fn count(&self, names: &[::std::string::String]) -> ::rpc_core::Result<u64>;
        fn rename(&self, from: &str, to: &::std::path::Path) -> ::rpc_core::Result<()>;
        fn fetch(&self) -> ::rpc_core::Result<impl ::std::io::Read>;
        fn measure(&self, content: impl ::std::io::Read) -> ::rpc_core::Result<u64>;
        fn store(&self, name: &str, content: impl ::std::io::Read) -> ::rpc_core::Result<()>;
        fn append(&self, name: &str, at: u64, content: impl ::std::io::Read) -> ::rpc_core::Result<()>;
        fn open(&self) -> ::rpc_core::Result<(u64, impl ::std::io::Read)>;
        fn compress(
            &self,
            plain: impl ::std::io::Read + ::core::marker::Send,
        ) -> ::rpc_core::Result<impl ::std::io::Read + ::core::marker::Send>;
    }

    #[::rpc_core::rpc_service]
    pub(crate) trait Cursor {
        fn seek(&mut self, position: u64) -> ::rpc_core::Result<()>;
        fn rest(&mut self) -> ::rpc_core::Result<impl ::std::io::Read>;
        fn insert(&mut self, position: u64, content: impl ::std::io::Read) -> ::rpc_core::Result<()>;
        fn position(&mut self) -> ::rpc_core::Result<(u64, impl ::std::io::Read)>;
        fn replace(&mut self, content: impl ::std::io::Read) -> ::rpc_core::Result<impl ::std::io::Read>;
    }

    pub(crate) struct Tape(pub(crate) u64);

    impl Cursor for Tape {
        fn seek(&mut self, position: u64) -> ::rpc_core::Result<()> {
            self.0 = position;
            ::rpc_core::Result::Ok(())
        }

        fn rest(&mut self) -> ::rpc_core::Result<impl ::std::io::Read> {
            ::rpc_core::Result::Ok(::std::io::Cursor::new(self.0.to_be_bytes()))
        }

        fn insert(&mut self, position: u64, _: impl ::std::io::Read) -> ::rpc_core::Result<()> {
            self.0 += position;
            ::rpc_core::Result::Ok(())
        }

        fn position(&mut self) -> ::rpc_core::Result<(u64, impl ::std::io::Read)> {
            ::rpc_core::Result::Ok((self.0, ::std::io::empty()))
        }

        fn replace(&mut self, content: impl ::std::io::Read) -> ::rpc_core::Result<impl ::std::io::Read> {
            ::rpc_core::Result::Ok(content)
        }
    }
}

#[test]
fn the_prelude_is_not_needed() {
    let _ = |vault: without_prelude::VaultClient| {
        use without_prelude::Vault;
        vault.count(&[])?;
        vault.rename("from", "to".as_ref())?;
        vault.store("name", vault.fetch()?)?;
        vault.append("name", 1, vault.open()?.1)?;
        vault.measure(vault.compress(vault.fetch()?)?)
    };
    use without_prelude::{Cursor, CursorClient, CursorServer, Tape};
    connected(CursorServer::new(Tape(0)), |near| {
        let mut cursor = CursorClient::from_transport(near).unwrap();
        cursor.seek(7).unwrap();
        let mut bytes = Vec::new();
        cursor.rest().unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, 7_u64.to_be_bytes());
        CursorClient::set_options(&mut cursor, CallOptions::default());
        cursor.insert(2, &b"content"[..]).unwrap();
        assert_eq!(cursor.position().unwrap().0, 9);
        cursor.replace(&b"new"[..]).unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes[8..], *b"new");
        CursorClient::close(cursor).unwrap();
    });
}

/// The crate under another name, and a decoy under its own.
mod other_name {
    pub(crate) use ::rpc_core as renamed;

    #[allow(dead_code, reason = "a decoy")]
    mod rpc_core {}

    #[renamed::rpc_service(crate = renamed)]
    pub(crate) trait Here {
        fn count(&self) -> renamed::Result<u64>;
    }

    #[renamed::rpc_service(crate = self::renamed)]
    pub(crate) trait FromSelf {
        fn count(&self) -> renamed::Result<u64>;
    }

    #[renamed::rpc_service(crate = crate::surroundings::other_name::renamed)]
    pub(crate) trait FromRoot {
        fn count(&self) -> renamed::Result<u64>;
    }
}

impl other_name::FromRoot for u64 {
    fn count(&self) -> Result<u64> {
        Ok(*self)
    }
}

#[test]
fn the_crate_may_have_another_name() {
    use other_name::{FromRoot, FromRootClient, FromRootServer};
    let _ = |here: other_name::HereClient| other_name::Here::count(&here);
    let _ = |from_self: other_name::FromSelfClient| other_name::FromSelf::count(&from_self);
    connected(FromRootServer::new(3), |near| {
        let client = FromRootClient::from_transport(near).unwrap();
        assert_eq!(client.count().unwrap(), 3);
        FromRootClient::close(client).unwrap();
    });
}
