//! A pointer to a service is a service; without streams, the trait may even be a trait object.

use std::sync::Arc;

use rpc_core::{Result, rpc_service};

#[rpc_service]
trait Counter {
    fn next(&self, step: u32) -> Result<u32>;
}

#[rpc_service]
trait Tally {
    fn next(&mut self, step: u32) -> Result<u32>;
}

struct Doubling;

impl Counter for Doubling {
    fn next(&self, step: u32) -> Result<u32> {
        Ok(2 * step)
    }
}

struct Sum(u32);

impl Tally for Sum {
    fn next(&mut self, step: u32) -> Result<u32> {
        self.0 += step;
        Ok(self.0)
    }
}

fn shared(counter: impl Counter) -> u32 {
    counter.next(2).unwrap()
}

fn session(mut tally: impl Tally) -> u32 {
    tally.next(2).unwrap()
}

fn main() {
    assert_eq!(shared(&Doubling), 4);
    assert_eq!(shared(Arc::new(Doubling)), 4);
    assert_eq!(shared(Box::new(Doubling) as Box<dyn Counter>), 4);
    assert_eq!(shared(&&(Arc::new(Doubling) as Arc<dyn Counter>)), 4);
    let mut sum = Sum(0);
    assert_eq!(session(&mut sum), 2);
    assert_eq!(session(&mut sum as &mut dyn Tally), 4);
    assert_eq!(session(Box::new(sum) as Box<dyn Tally>), 6);
    let _ = CounterServer::new(Arc::new(Doubling) as Arc<dyn Counter>);
    let _ = TallyServer::new(Box::new(Sum(0)) as Box<dyn Tally>);
}
