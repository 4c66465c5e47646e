//! Metrics of servers and clients for any exporter of the crate `metrics`, by OpenTelemetry's
//! names. Copy this file into your program; `docs/metrics.md` explains it.

use std::time::Duration;

use metrics::{Label, Unit, counter, describe_counter, describe_histogram, gauge, histogram};
use rpc_core::{CallReport, ConnectionInfo, Ended, ErrorKind, Observer, Side, Status};

/// The bounds of histograms of calls, in seconds, that OpenTelemetry advises.
pub(crate) const BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Records what servers and clients report.
pub(crate) struct Metrics;

impl Metrics {
    /// Tells the recorder, which must be installed already, the units.
    pub(crate) fn describe() -> Metrics {
        describe_histogram!("rpc.server.call.duration", Unit::Seconds, "The time from a request to its reply's end");
        describe_histogram!("rpc.client.call.duration", Unit::Seconds, "The time from a call to its reply's end");
        describe_histogram!("rpc_core.pool.wait", Unit::Seconds, "The wait of a call for a free connection");
        describe_counter!("rpc_core.sent", Unit::Bytes, "Sent for calls, headers included");
        describe_counter!("rpc_core.received", Unit::Bytes, "Received for calls, headers included");
        Metrics
    }
}

impl Observer for Metrics {
    fn call_ended(&self, call: &CallReport<'_>) {
        let (endpoint, side) = (call.endpoint, call.side.as_str());
        let method = call.service.map_or_else(|| endpoint.to_owned(), |service| format!("{service}/{endpoint}"));
        let bytes = [Label::new("side", side), Label::new("rpc.method", method.clone())];
        counter!("rpc_core.sent", bytes.iter()).increment(call.sent);
        counter!("rpc_core.received", bytes.iter()).increment(call.received);

        let server = call.peer.filter(|_| call.side == Side::Client).and_then(|peer| peer.tcp_address());
        let failed = call.status.filter(|status| *status != Status::Ok).map(|status| status.to_string());
        let error = call.error.filter(|error| *error != ErrorKind::Remote).map(|error| error.to_string());
        let labels = [
            ("rpc.system.name", Some("rpc-core".to_owned())),
            ("rpc.method", Some(method)),
            ("rpc.response.status_code", call.status.map(|status| status.to_string())),
            ("error.type", error.or(failed)),
            ("server.address", server.map(|server| server.ip().to_string())),
            ("server.port", server.map(|server| server.port().to_string())),
        ];
        let labels: Vec<_> = labels.into_iter().filter_map(|(name, text)| Some(Label::new(name, text?))).collect();
        histogram!(format!("rpc.{side}.call.duration"), labels).record(call.elapsed);
    }

    fn connection_opened(&self, connection: &ConnectionInfo<'_>) {
        gauge!("rpc_core.connections", "side" => connection.side.as_str()).increment(1);
    }

    fn connection_closed(&self, connection: &ConnectionInfo<'_>, end: Result<Ended, ErrorKind>) {
        let (side, end) = (connection.side.as_str(), end.map_or_else(ErrorKind::as_str, Ended::as_str));
        gauge!("rpc_core.connections", "side" => side).decrement(1);
        counter!("rpc_core.connections.closed", "side" => side, "end" => end).increment(1);
    }

    fn connection_refused(&self, _connection: &ConnectionInfo<'_>, _reason: &str) {
        counter!("rpc_core.connections.refused").increment(1);
    }

    fn pool_waited(&self, waited: Duration) {
        histogram!("rpc_core.pool.wait").record(waited);
    }
}
