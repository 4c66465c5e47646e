//! Aliases and what counts calls by name: several services on one server, sessions, reports.

use std::sync::{Arc, mpsc};

use rpc_core::{CallReport, Observer, Result, ServerConfig, Status, rpc_service};
use rpc_tests::{TransportKind, watchdog};

use super::depot::{Shown, assert_returns, new, old};
use old::Depot as _;

#[rpc_service]
trait Counter {
    #[rpc(alias = "next")]
    fn increment(&mut self) -> Result<u32>;
}

#[derive(Clone, Default)]
struct Count(u32);

impl Counter for Count {
    fn increment(&mut self) -> Result<u32> {
        self.0 += 1;
        if self.0 == 3 {
            panic!("as requested");
        }
        Ok(self.0)
    }
}

#[test]
fn a_call_by_an_alias_reaches_its_service() {
    watchdog(|| {
        let services = (CounterServer::new(Count::default()), new::DepotServer::new(Shown));
        let (client, connections) = TransportKind::Memory.serve(services);
        assert_returns(old::DepotClient::new(client.clone()).erase("a"), "remove a");
        assert_eq!(client.call("next").json::<u32>().unwrap(), 1);
        assert_eq!(client.call("increment").json::<u32>().unwrap(), 2);
        // a panic ends a session, by whatever name it was called
        let panicked = client.call("next").json::<u32>().unwrap_err();
        assert_eq!(panicked.remote().unwrap().status, Status::ServerError);
        assert_eq!(client.call("next").json::<u32>().unwrap(), 1);
        assert_eq!(connections.count(), 2);
    });
}

struct Names(mpsc::Sender<(Option<String>, String)>);

impl Observer for Names {
    fn call_ended(&self, report: &CallReport<'_>) {
        // the test may have ended
        _ = self.0.send((report.service.map(str::to_owned), report.endpoint.to_owned()));
    }
}

#[test]
fn reports_have_the_present_name() {
    watchdog(|| {
        let (names, reported) = mpsc::channel();
        let config = ServerConfig::default().observer(Arc::new(Names(names)));
        let service = new::DepotServer::new(Shown);
        let (client, _) = TransportKind::Memory.serve_with(service, Default::default(), config, |near| near);
        assert_returns(old::DepotClient::new(client).erase("a"), "remove a");
        assert_eq!(reported.recv().unwrap(), (Some("Depot".to_owned()), "remove".to_owned()));
    });
}
