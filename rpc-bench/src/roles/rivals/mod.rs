//! Other libraries, each with the settings that its documentation advises.

mod jsonrpsee;
mod remoc;
mod tarpc;
mod tonic_calls;
mod tonic_items;
mod tonic_stream;

use std::any::Any;
use std::net::SocketAddr;
use std::thread;

use tokio::runtime::{Builder, Runtime};

use super::{Client, share};
use crate::plan::{Flavour, Outcome, Plan, Rival, Tuning, Work};

/// Returns the settings of all rivals, for the output.
pub(crate) fn settings() -> String {
    let runtimes = "\
All rivals: tokio's runtime with one or two threads, for the server and for the client, whichever is best in the case
  (\"1 + 2\" means one for the server and two for the client)";
    [tarpc::SETTINGS, tonic_calls::SETTINGS, tonic_items::SETTINGS, jsonrpsee::SETTINGS, remoc::SETTINGS, runtimes]
        .join("\n")
}

/// Starts a rival's server.
pub(crate) fn serve(rival: Rival, plan: &Plan, content: Vec<u8>) -> Outcome<(String, Box<dyn Any>)> {
    let runtime = runtime(flavours(plan)?.0)?;
    let address = match (rival, plan.work) {
        (Rival::Tonic, Work::Down(_)) => runtime.block_on(async { tonic_stream::serve(plan, content) })?,
        (Rival::Tonic, Work::ItemsDown(_)) => runtime.block_on(async { tonic_items::serve(plan) })?,
        (Rival::Tonic, _) => runtime.block_on(async { tonic_calls::serve() })?,
        (Rival::TarpcBincode, _) => runtime.block_on(tarpc::serve_bincode())?,
        (Rival::TarpcJson, _) => runtime.block_on(tarpc::serve_json())?,
        (Rival::Jsonrpsee, _) => runtime.block_on(jsonrpsee::serve())?,
        (Rival::Remoc, _) => runtime.block_on(remoc::serve())?,
    };
    // a single-threaded runtime only runs while a thread blocks on it
    thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    Ok((address.to_string(), Box::new(())))
}

/// Connects a rival's client.
pub(crate) fn connect(rival: Rival, plan: &Plan, address: &str) -> Outcome<Box<dyn Client>> {
    let runtime = runtime(flavours(plan)?.1)?;
    let address: SocketAddr = address.parse()?;
    let callers = match plan.work {
        Work::Calls { callers, .. } => callers as u64,
        Work::Down(_) | Work::Up | Work::ItemsDown(_) | Work::ItemsUp(_) => 1,
    };
    Ok(match (rival, plan.work) {
        (Rival::Tonic, Work::Down(_)) => {
            let caller = runtime.block_on(tonic_stream::connect(plan, address))?;
            Box::new(Tasks { runtime, caller, callers })
        }
        (Rival::Tonic, Work::ItemsDown(_)) => {
            let caller = runtime.block_on(tonic_items::connect(plan, address))?;
            Box::new(Tasks { runtime, caller, callers })
        }
        (Rival::Tonic, _) => {
            let caller = runtime.block_on(tonic_calls::connect(address))?;
            Box::new(Tasks { runtime, caller, callers })
        }
        (Rival::TarpcBincode, _) => {
            let caller = runtime.block_on(tarpc::connect_bincode(address))?;
            Box::new(Tasks { runtime, caller, callers })
        }
        (Rival::TarpcJson, _) => {
            let caller = runtime.block_on(tarpc::connect_json(address))?;
            Box::new(Tasks { runtime, caller, callers })
        }
        (Rival::Jsonrpsee, _) => {
            let caller = runtime.block_on(jsonrpsee::connect(address))?;
            Box::new(Tasks { runtime, caller, callers })
        }
        (Rival::Remoc, _) => {
            let caller = runtime.block_on(remoc::connect(plan, address))?;
            Box::new(Tasks { runtime, caller, callers })
        }
    })
}

/// Returns the runtimes of the server and of the client.
fn flavours(plan: &Plan) -> Outcome<(Flavour, Flavour)> {
    match plan.tuning {
        Tuning::Runtimes { server, client } | Tuning::Stream { server, client, .. } => Ok((server, client)),
        Tuning::None | Tuning::Observed | Tuning::Shared(_) | Tuning::Copies { .. } => {
            Err("the plan of a rival has no runtime".into())
        }
    }
}

fn runtime(flavour: Flavour) -> Outcome<Runtime> {
    let mut builder = match flavour {
        Flavour::OneThread => Builder::new_current_thread(),
        Flavour::TwoThreads => Builder::new_multi_thread(),
    };
    Ok(builder.worker_threads(2).enable_all().build()?)
}

/// Makes one call; clones share a connection.
trait Caller: Clone + Send + 'static {
    fn call(&mut self) -> impl Future<Output = Outcome<()>> + Send;
}

/// A task for each caller.
struct Tasks<C> {
    runtime: Runtime,
    caller: C,
    callers: u64,
}

impl<C: Caller> Client for Tasks<C> {
    fn run(&mut self, times: u64) -> Outcome<()> {
        let tasks: Vec<_> = (0..self.callers)
            .map(|at| {
                let mut caller = self.caller.clone();
                let share = share(times, self.callers, at);
                // also for a single caller, because a worker thread is faster to wake than this one
                self.runtime.spawn(async move {
                    for _ in 0..share {
                        caller.call().await?;
                    }
                    Outcome::Ok(())
                })
            })
            .collect();
        self.runtime.block_on(async {
            for task in tasks {
                task.await??;
            }
            Ok(())
        })
    }
}
