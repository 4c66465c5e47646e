//! A service that knows who has logged in on a connection.

use std::io::{self, Read};
use std::thread;

use rpc_core::{Call, CallContext, Contract, Contracts, Dispatch, Error, Method, Result, Served, Service, rpc_service};

#[rpc_service]
pub(crate) trait Login {
    fn login(&mut self, name: &str, password: &str) -> Result<()>;
}

#[rpc_service]
pub(crate) trait Vault {
    fn owner(&self) -> Result<String>;
    fn content(&self) -> Result<impl Read>;
    fn store(&self, content: impl Read) -> Result<u64>;
}

#[derive(Clone)]
pub(crate) struct Guard;

/// Who has logged in on the connection.
#[derive(Clone)]
struct User(String);

fn context() -> CallContext {
    CallContext::current().expect("it is called by a server")
}

impl Login for Guard {
    fn login(&mut self, name: &str, password: &str) -> Result<()> {
        if password != "open sesame" {
            return Err(Error::new("the password is wrong"));
        }
        context().connection_extensions().insert(User(name.to_owned()));
        Ok(())
    }
}

impl Vault for Guard {
    fn owner(&self) -> Result<String> {
        let user = context().connection_extensions().get::<User>();
        user.map(|User(name)| name).ok_or_else(|| Error::new("log in first"))
    }

    fn content(&self) -> Result<impl Read> {
        self.owner()?;
        Ok(&b"the content"[..])
    }

    fn store(&self, mut content: impl Read) -> Result<u64> {
        Ok(rpc_core::copy(&mut content, &mut io::sink())?)
    }
}

/// Endpoints for the odd things that a hook may do.
#[derive(Clone)]
pub(crate) struct Odd;

impl Dispatch for Odd {
    fn contracts(&self) -> Contracts {
        const ODD: Contract = Contract::new("Odd").session().methods(&[Method::new("user"), Method::new("wait")]);
        (&ODD).into()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        match call.endpoint() {
            "user" => {
                let user = call.metadata().get("user").map(ToOwned::to_owned);
                call.takes_json().returns_json(|()| Ok::<_, Error>(user))
            }
            _ => call.takes_json().returns_json(|()| {
                let context = context();
                while !context.caller_is_gone() {
                    thread::yield_now();
                }
                Ok::<_, Error>(())
            }),
        }
    }
}

impl Service for Odd {}

pub(crate) fn services() -> (LoginServer<Guard>, VaultServer<Guard>, Odd) {
    (LoginServer::new(Guard), VaultServer::new(Guard), Odd)
}
