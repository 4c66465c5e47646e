//! remoc over TCP, a stream of small items from the server through one of its channels.

use std::net::SocketAddr;

use remoc::rch::mpsc::{self, Receiver, Sender};
use remoc::{Cfg, Connect, ConnectExt};
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};

use super::Caller;
use crate::plan::{Outcome, Plan};
use crate::roles::items::{Item, Tally};

/// Its settings. More parallel channels, larger buffers of bytes and receiving many at once made no
/// difference or were slower.
pub(super) const SETTINGS: &str = "\
remoc: TCP_NODELAY on both ends; a bounded channel (`rch::mpsc`) of 1024 items with its default codec; queues of 1024
  messages; no parallel channels";

/// The number of items that wait on either side, and of messages in each queue.
const BUFFER: usize = 1024;

/// A request for items: how many, and where to send them.
#[derive(Debug, Serialize, Deserialize)]
struct Ask {
    count: u32,
    items: Sender<Item, remoc::codec::Default, BUFFER>,
}

fn config() -> Cfg {
    Cfg { shared_send_queue: BUFFER, transport_send_queue: BUFFER, transport_receive_queue: BUFFER, ..Cfg::default() }
}

pub(super) async fn serve() -> Outcome<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // fails when the client exits
            tokio::spawn(serve_one(socket));
        }
    });
    Ok(address)
}

async fn serve_one(socket: TcpStream) -> Outcome<()> {
    socket.set_nodelay(true)?;
    let (reader, writer) = socket.into_split();
    let (sender, mut asks) = mpsc::channel::<Ask, remoc::codec::Default>();
    Connect::io(config(), reader, writer).provide(sender).await?;
    while let Some(ask) = asks.recv().await? {
        for item in Item::all(ask.count) {
            ask.items.send(item).await?;
        }
    }
    Ok(())
}

pub(super) async fn connect(plan: &Plan, address: SocketAddr) -> Outcome<Fetcher> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let (reader, writer) = socket.into_split();
    let asks = Connect::io(config(), reader, writer).consume().await?;
    Ok(Fetcher { asks, count: plan.work.items()? })
}

#[derive(Clone)]
pub(super) struct Fetcher {
    asks: Sender<Ask>,
    count: u32,
}

impl Caller for Fetcher {
    async fn call(&mut self) -> Outcome<()> {
        let (sender, mut items): (Sender<Item>, Receiver<Item>) = mpsc::with_local_buffer(BUFFER);
        self.asks.send(Ask { count: self.count, items: sender.set_buffer() }).await?;
        let mut tally = Tally::default();
        while let Some(item) = items.recv().await? {
            tally.add(&item);
        }
        tally.check(self.count)
    }
}
