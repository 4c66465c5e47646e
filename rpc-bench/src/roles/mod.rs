//! The roles of processes: servers and clients, ours and those of rivals.

mod bare;
mod content;
mod copying;
mod hand;
mod items;
mod json_alone;
mod ours;
mod ping;
mod rivals;
mod socket;
mod tls;

use std::any::Any;

use crate::plan::{Network, Outcome, Plan, Source, Subject, Work};

pub(crate) use content::{fill_file, produce};
pub(crate) use ours::BenchClient;
pub(crate) use ours::{Bench, serve_in_process};
pub(crate) use rivals::settings;

/// A connected client that performs units of work.
pub(crate) trait Client {
    /// Performs the work this many times. Fails if any result is wrong.
    fn run(&mut self, times: u64) -> Outcome<()>;
}

/// Returns one caller's share of the calls.
fn share(times: u64, callers: u64, at: u64) -> u64 {
    times / callers + u64::from(at < times % callers)
}

/// Returns the content that a server sends from memory.
pub(crate) fn server_content(plan: &Plan) -> Vec<u8> {
    let sends = matches!(plan.work, Work::Down(Source::Memory | Source::Unknown));
    content::memory(if sends { plan.bytes } else { 0 })
}

/// Returns the content that a client sends from memory.
pub(crate) fn client_content(plan: &Plan) -> Vec<u8> {
    content::memory(if plan.work == Work::Up { plan.bytes } else { 0 })
}

/// Starts the server of a plan. Returns its address and a value that keeps it running.
pub(crate) fn serve(plan: &Plan, content: Vec<u8>) -> Outcome<(String, Box<dyn Any>)> {
    match (plan.server, plan.work) {
        (Subject::Ours, _) => ours::serve(plan, content),
        (Subject::Bare, _) if plan.network == Network::Tls => tls::serve(plan, content),
        (Subject::Bare, Work::Calls { .. }) => ping::serve(plan),
        (Subject::Bare, _) => bare::serve(plan, content),
        (Subject::Rival(rival), _) => rivals::serve(rival, plan, content),
        (Subject::JsonAlone | Subject::JsonRead, _) => Ok(json_alone::serve()),
        (Subject::ByHand, _) => Err("there is no hand-written server".into()),
    }
}

/// Connects the client of a plan.
pub(crate) fn connect(plan: &Plan, address: &str, content: Vec<u8>) -> Outcome<Box<dyn Client>> {
    match (plan.client, plan.work) {
        (Subject::Ours, _) => ours::connect(plan, address, content),
        (Subject::Bare, _) if plan.network == Network::Tls => tls::connect(plan, address, content),
        (Subject::Bare, Work::Calls { .. }) => ping::connect(plan, address),
        (Subject::Bare, _) => bare::connect(plan, address, content),
        (Subject::Rival(rival), _) => rivals::connect(rival, plan, address),
        (Subject::JsonAlone, _) => json_alone::connect(plan),
        (Subject::JsonRead, _) => json_alone::connect_reader(plan),
        (Subject::ByHand, _) => hand::connect(plan, address),
    }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn the_shares_of_all_callers_are_all_the_work() {
        for times in [0, 1, 63, 64, 65, 1000] {
            assert_eq!((0..64).map(|at| share(times, 64, at)).sum::<u64>(), times);
        }
    }
}
