//! Who may call: processes of one user of this machine, and most services after a login.

use rpc_core::{Call, Contract, Contracts, Dispatch, Peer, Refused, Served, Status};

use super::services::User;

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
    let user = call.connection_extensions().get::<User>();
    match (call.service().map(Contract::name), user) {
        (Some("Depot" | "Admin"), None) => Err("log in first"),
        (Some("Admin"), Some(User(name))) if name != "admin" => Err("only the administrator may do that"),
        _ => Ok(()),
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
