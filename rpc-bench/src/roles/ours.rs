//! Our side: a service as any user would write it, and calls to it.

use std::any::Any;
use std::fs::File;
use std::io::{Read, Seek};
use std::process::Child;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rpc_core::{
    CallReport, ClientConfig, Error, Observer, Result, Server, ServerConfig, ServerHandle, rpc_service, values,
};

use super::content::{self, Unknown};
use super::items::{Item, Tally};
use super::tls;
use super::{Client, share};
use crate::plan::{Network, Order, Outcome, Plan, Receipt, Source, Tuning, Work};
use rpc_tls::{Identity, Roots, TlsAcceptor, TlsConnector};

/// The size of a receiver's buffer.
const BUFFER: usize = 512 << 10;

#[rpc_service]
pub(crate) trait Bench {
    fn fetch(&self) -> Result<impl Read>;
    fn fetch_unknown(&self) -> Result<impl Read>;
    fn fetch_file(&self) -> Result<impl Read>;
    fn fetch_output(&self) -> Result<impl Read>;
    fn store(&self, content: impl Read) -> Result<u64>;
    fn order(&self, order: &Order) -> Result<Receipt>;
    fn items(&self, count: u32) -> Result<impl Iterator<Item = Result<Item>>>;
    fn tally(&self, items: impl Iterator<Item = Result<Item>>) -> Result<Tally>;
}

pub(crate) struct Shelf {
    plan: Plan,
    content: Vec<u8>,
    buffer: Mutex<Vec<u8>>,
    producer: Mutex<Option<Child>>,
}

impl Shelf {
    fn new(plan: &Plan, content: Vec<u8>) -> Shelf {
        Shelf {
            content,
            buffer: Mutex::new(vec![0; if plan.work == Work::Up { BUFFER } else { 0 }]),
            plan: plan.clone(),
            producer: Mutex::new(None),
        }
    }
}

impl Bench for Shelf {
    fn fetch(&self) -> Result<impl Read> {
        Ok(&self.content[..])
    }

    fn fetch_unknown(&self) -> Result<impl Read> {
        Ok(Unknown(&self.content))
    }

    fn fetch_file(&self) -> Result<impl Read> {
        Ok(File::open(&self.plan.source)?)
    }

    fn fetch_output(&self) -> Result<impl Read> {
        let (child, output) = content::producer(self.plan.bytes)?;
        let last = self.producer.lock().unwrap_or_else(PoisonError::into_inner).replace(child);
        if let Some(mut last) = last {
            last.wait()?;
        }
        Ok(output)
    }

    fn store(&self, mut content: impl Read) -> Result<u64> {
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(drain(&mut content, &mut buffer)?)
    }

    fn order(&self, order: &Order) -> Result<Receipt> {
        Ok(order.clone().book())
    }

    fn items(&self, count: u32) -> Result<impl Iterator<Item = Result<Item>>> {
        Ok(values(Item::all(count)))
    }

    fn tally(&self, items: impl Iterator<Item = Result<Item>>) -> Result<Tally> {
        tally(items)
    }
}

fn tally(items: impl Iterator<Item = Result<Item>>) -> Result<Tally> {
    let mut tally = Tally::default();
    for item in items {
        tally.add(&item?);
    }
    Ok(tally)
}

/// Reads to the end and discards the bytes.
fn drain(source: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<u64> {
    let mut total = 0;
    loop {
        match source.read(buffer)? {
            0 => return Ok(total),
            count => total += count as u64,
        }
    }
}

pub(crate) fn serve(plan: &Plan, content: Vec<u8>) -> Outcome<(String, Box<dyn Any>)> {
    let handle = serve_in_process(plan, content)?;
    Ok((handle.address().to_string(), Box::new(handle)))
}

/// Starts a server on other threads of this process.
pub(crate) fn serve_in_process(plan: &Plan, content: Vec<u8>) -> Outcome<ServerHandle> {
    let address = match plan.network {
        Network::Tcp => "tcp://127.0.0.1:0".to_owned(),
        Network::Unix => format!("unix://{}", plan.socket.display()),
        Network::Tls => "tls://127.0.0.1:0".to_owned(),
    };
    let config = match plan.tuning {
        Tuning::Observed => ServerConfig::default().observer(Arc::new(Counter::default())),
        _ if plan.network == Network::Tls => {
            let (certificate, key) = tls::certificate(plan)?;
            ServerConfig::default().tls(TlsAcceptor::new(Identity::from_pem(certificate, key)?))
        }
        _ => ServerConfig::default(),
    };
    Ok(Server::bind_with(&*address, config)?.spawn(BenchServer::new(Arc::new(Shelf::new(plan, content))))?)
}

/// Counts calls and their bytes.
#[derive(Default)]
struct Counter {
    calls: AtomicU64,
    bytes: AtomicU64,
}

impl Observer for Counter {
    fn call_ended(&self, call: &CallReport<'_>) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(call.sent + call.received, Ordering::Relaxed);
    }
}

pub(crate) fn connect(plan: &Plan, address: &str, content: Vec<u8>) -> Outcome<Box<dyn Client>> {
    let callers = match plan.work {
        Work::Calls { callers, .. } => callers,
        Work::Down(_) | Work::Up | Work::ItemsDown(_) | Work::ItemsUp(_) => 1,
    };
    let config = match plan.tuning {
        Tuning::Shared(connections) => ClientConfig::default().shared_connections(connections),
        Tuning::Observed => ClientConfig::default().observer(Arc::new(Counter::default())),
        // so that callers that share a client need not reconnect
        _ => ClientConfig::default().max_idle_connections(callers).max_connections(callers),
    };
    let config = match plan.network {
        Network::Tls => config.tls(TlsConnector::new(Roots::from_pem_file(&plan.socket)?)),
        Network::Tcp | Network::Unix => config,
    };
    let client = rpc_core::Client::connect_with(address, config)?;
    let client = Caller { bench: BenchClient::new(client.clone()), client, plan: plan.clone() };
    Ok(match plan.work {
        Work::Down(source) if source.goes_to_file() => {
            Box::new(ToFile { client, sink: File::options().write(true).open(&plan.sink)?, source })
        }
        Work::Down(source) => Box::new(ToBuffer { client, buffer: vec![0; BUFFER], source }),
        Work::Up => Box::new(FromMemory { client, content }),
        Work::Calls { callers, batch } => Box::new(Calls { client, callers, batch, order: Order::sample() }),
        Work::ItemsDown(count) => Box::new(ItemsDown { client, count }),
        Work::ItemsUp(count) => Box::new(ItemsUp { client, count }),
    })
}

/// What all these clients share.
struct Caller {
    bench: BenchClient,
    client: rpc_core::Client,
    plan: Plan,
}

impl Caller {
    fn check(&self, moved: u64) -> Outcome<()> {
        if moved == self.plan.bytes as u64 { Ok(()) } else { Err(format!("{moved} bytes moved").into()) }
    }
}

struct ToBuffer {
    client: Caller,
    buffer: Vec<u8>,
    source: Source,
}

impl Client for ToBuffer {
    fn run(&mut self, times: u64) -> Outcome<()> {
        for _ in 0..times {
            let moved = if self.source == Source::Unknown {
                drain(&mut self.client.bench.fetch_unknown()?, &mut self.buffer)?
            } else {
                drain(&mut self.client.bench.fetch()?, &mut self.buffer)?
            };
            self.client.check(moved)?;
        }
        Ok(())
    }
}

struct ToFile {
    client: Caller,
    sink: File,
    source: Source,
}

impl Client for ToFile {
    fn run(&mut self, times: u64) -> Outcome<()> {
        for _ in 0..times {
            self.sink.rewind()?;
            let moved = if self.source == Source::Child {
                self.client.bench.fetch_output()?.copy_to(&mut self.sink)?
            } else {
                self.client.bench.fetch_file()?.copy_to(&mut self.sink)?
            };
            self.client.check(moved)?;
        }
        Ok(())
    }
}

struct FromMemory {
    client: Caller,
    content: Vec<u8>,
}

impl Client for FromMemory {
    fn run(&mut self, times: u64) -> Outcome<()> {
        for _ in 0..times {
            let moved = self.client.bench.store(&self.content[..])?;
            self.client.check(moved)?;
        }
        Ok(())
    }
}

struct ItemsDown {
    client: Caller,
    count: u32,
}

impl Client for ItemsDown {
    fn run(&mut self, times: u64) -> Outcome<()> {
        (0..times).try_for_each(|_| tally(self.client.bench.items(self.count)?)?.check(self.count))
    }
}

struct ItemsUp {
    client: Caller,
    count: u32,
}

impl Client for ItemsUp {
    fn run(&mut self, times: u64) -> Outcome<()> {
        (0..times).try_for_each(|_| self.client.bench.tally(values(Item::all(self.count)))?.check(self.count))
    }
}

struct Calls {
    client: Caller,
    callers: usize,
    batch: usize,
    order: Order,
}

impl Calls {
    fn one_by_one(&self, times: u64) -> Result<()> {
        for _ in 0..times {
            let receipt = self.client.bench.order(&self.order)?;
            receipt.check().map_err(|error| Error::new(error.to_string()))?;
        }
        Ok(())
    }
}

impl Client for Calls {
    fn run(&mut self, times: u64) -> Outcome<()> {
        if self.batch > 1 {
            for _ in 0..times {
                let orders = std::iter::repeat_n(&self.order, self.batch);
                for receipt in self.client.client.pipeline::<_, Receipt>("order", orders)? {
                    receipt?.check()?;
                }
            }
            return Ok(());
        }
        if self.callers == 1 {
            return Ok(self.one_by_one(times)?);
        }
        let calls = &*self;
        thread::scope(|scope| {
            let shares = (0..calls.callers as u64).map(|at| share(times, calls.callers as u64, at));
            let callers: Vec<_> = shares.map(|share| scope.spawn(move || calls.one_by_one(share))).collect();
            callers.into_iter().try_for_each(|caller| match caller.join() {
                Ok(outcome) => Ok(outcome?),
                Err(_) => Err("a caller panicked".into()),
            })
        })
    }
}
