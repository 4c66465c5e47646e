//! Numbers that JSON does not have.

use rpc_core::{ClientConfig, Error, Result, ServerConfig, rpc_service};
use rpc_tests::{TransportKind, watchdog};

#[rpc_service]
trait Numbers {
    fn inverse(&self, number: f64) -> Result<f64>;
    fn sum(&self, numbers: &[f32], start: f32) -> Result<f32>;
    fn optional(&self, number: Option<f64>) -> Result<Option<f64>>;
}

#[derive(Clone)]
struct Plain;

impl Numbers for Plain {
    fn inverse(&self, number: f64) -> Result<f64> {
        Ok(1.0 / number)
    }

    fn sum(&self, numbers: &[f32], start: f32) -> Result<f32> {
        Ok(start + numbers.iter().sum::<f32>())
    }

    fn optional(&self, number: Option<f64>) -> Result<Option<f64>> {
        Ok(number)
    }
}

const WHY: &str = "; JSON has no NaN and no infinity, which are sent as null: use `Option<f64>` or text for them";

fn assert_explained(error: &Error, start: &str) {
    let text = error.to_string();
    assert!(text.starts_with(start) && text.ends_with(WHY), "{text}");
    assert!(error.connection_usable());
}

/// `null` arrived for them, and the error did not say why.
#[test]
fn nan_and_infinity_are_explained_to_who_sends_them() {
    watchdog(|| {
        for shared in [0, 1] {
            let config = ClientConfig::default().shared_connections(shared);
            let service = NumbersServer::new(Plain);
            let (client, connections) =
                TransportKind::Memory.serve_with(service, config, ServerConfig::default(), |near| near);
            let numbers = NumbersClient::new(client.clone());
            let start = "inverse: the parameter `number` does not fit f64, found null: invalid type: null";
            assert_explained(&numbers.inverse(f64::NAN).unwrap_err(), start);
            let start = "sum: the parameter `numbers` does not fit Vec<f32>, found [1.0,null]: ";
            assert_explained(&numbers.sum(&[1.0, f32::INFINITY], 0.0).unwrap_err(), start);
            let start = "sum: the parameter `start` does not fit f32, found null: ";
            assert_explained(&numbers.sum(&[], f32::NEG_INFINITY).unwrap_err(), start);
            assert_eq!(numbers.optional(Some(f64::NAN)).unwrap(), None);

            let start = "protocol error: the reply of inverse does not fit f64, found null: ";
            assert_explained(&numbers.inverse(0.0).unwrap_err(), start);
            let mut replies = client.pipeline::<_, f64>("inverse", [2.0, 0.0]).unwrap();
            assert_eq!(replies.next().unwrap().unwrap().to_bits(), 0.5_f64.to_bits());
            assert_explained(&replies.next().unwrap().unwrap_err(), start);
            drop(replies);
            assert!(connections.count() <= 1 + shared);
        }
    });
}
