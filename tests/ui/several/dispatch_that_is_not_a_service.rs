use rpc_core::{Call, Contracts, Dispatch, Result, Served, Server, rpc_service};

#[rpc_service]
trait Depot {
    fn size(&self) -> Result<u64>;
}

#[derive(Clone)]
struct Handler;

impl Depot for Handler {
    fn size(&self) -> Result<u64> {
        Ok(0)
    }
}

#[derive(Clone)]
struct Guarded<D>(D);

impl<D: Dispatch> Dispatch for Guarded<D> {
    fn contracts(&self) -> Contracts {
        self.0.contracts()
    }

    fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
        self.0.dispatch(call)
    }
}

fn main() -> Result<()> {
    let depot = DepotServer::new(Handler);
    Server::bind("tcp://127.0.0.1:0")?.serve((depot.clone(), Guarded(depot)))
}
