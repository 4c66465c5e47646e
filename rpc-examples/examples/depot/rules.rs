//! Who may call: one user of this machine, with a token, or as an administrator.

use rpc_core::{Call, Contract, Contracts, Dispatch, Peer, Refused, Served, Status};

use super::services::{Administrator, User};

/// Lets only processes of this user connect. Who has no known user is refused.
pub(crate) fn admit(peer: &Peer, owner: u32) -> Result<(), Refused> {
    match peer.credentials() {
        Some(credentials) if credentials.uid == owner => Ok(()),
        _ => Err(Refused::new(format!("{peer} may not call, only user {owner}"))),
    }
}

/// Checks each call before its service gets it.
#[derive(Clone)]
pub(crate) struct Guarded<D>(pub(crate) D);

fn check(call: &Call<'_>) -> Result<(), &'static str> {
    match (call.service().map(Contract::name), call.metadata().get("token")) {
        // anybody may log in, and hear that an endpoint does not exist
        (Some("Login") | None, _) => Ok(()),
        (Some("Admin"), _) => call.connection_extensions().get().map(|Administrator| ()).ok_or("log in first"),
        (Some(_), Some("t-ann")) => {
            call.extensions().insert(User("ann"));
            Ok(())
        }
        (Some(_), _) => Err("the token is missing or unknown"),
    }
}

impl<D: Dispatch> Dispatch for Guarded<D> {
    fn contracts(&self) -> Contracts {
        self.0.contracts()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        match check(&call) {
            Ok(()) => self.0.dispatch(call),
            Err(reason) => call.refuse(Status::RequestError, reason),
        }
    }
}
