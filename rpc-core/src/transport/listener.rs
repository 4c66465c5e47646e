//! Where connections come from: what a server needs of it, whatever kind of transport it yields.

use std::io;

use super::{Address, Parts, Transport};

/// Where a server's connections come from. [`SocketListener`](super::SocketListener) is one.
/// Implement it yourself to serve a transport that is not a socket, or to put a layer such as
/// encryption on each connection.
///
/// A server calls [`accept`](Listener::accept) on one thread, and drops the listener when it stops
/// to accept.
///
/// ```
/// use std::io;
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use std::sync::{Mutex, mpsc};
/// use std::time::Duration;
///
/// use rpc_core::transport::{Listener, MemoryStream, memory_pair};
/// use rpc_core::{Address, Client, ClientConfig, Server};
///
/// /// A server within this process, which connections reach through a channel.
/// struct Desk {
///     visitors: Mutex<mpsc::Receiver<Option<MemoryStream>>>,
///     bell: mpsc::Sender<Option<MemoryStream>>,
///     woken: AtomicBool,
/// }
///
/// impl Listener for Desk {
///     type Transport = MemoryStream;
///
///     fn accept(&self) -> io::Result<Option<MemoryStream>> {
///         let visitors = self.visitors.lock().unwrap();
///         let woken = self.woken.load(Ordering::SeqCst);
///         let next = if woken { visitors.try_recv().ok() } else { visitors.recv().ok() };
///         Ok(next.flatten())
///     }
///
///     fn address(&self) -> Address {
///         Address::Other("the desk".to_owned())
///     }
///
///     fn wake(&self) {
///         self.woken.store(true, Ordering::SeqCst);
///         _ = self.bell.send(None);
///     }
/// }
/// # use rpc_core::{Call, Contract, Contracts, Dispatch, Served};
/// # #[derive(Clone)]
/// # struct Doubler;
/// # impl Dispatch for Doubler {
/// #     fn contracts(&self) -> Contracts {
/// #         const { &Contract::new("Doubler") }.into()
/// #     }
/// #     fn dispatch<'c>(&mut self, call: Call<'c>) -> Served<'c> {
/// #         call.takes_json().returns_json(|number: u32| Ok::<_, rpc_core::Error>(number * 2))
/// #     }
/// # }
///
/// let (bell, visitors) = mpsc::channel();
/// let door = bell.clone();
/// let desk = Desk { visitors: Mutex::new(visitors), bell, woken: AtomicBool::new(false) };
/// let server = Server::new(desk)?.spawn(Doubler)?;
/// let connect = move |_left| {
///     let (near, far) = memory_pair();
///     door.send(Some(far)).map_err(|_| io::ErrorKind::ConnectionRefused)?;
///     Ok(near)
/// };
/// let client = Client::with_connector(server.address(), connect, ClientConfig::default());
/// assert_eq!(client.call("double").with(&21).json::<u32>()?, 42);
/// server.shutdown(Duration::from_secs(5));
/// # Ok::<(), rpc_core::Error>(())
/// ```
pub trait Listener: Send + Sync + 'static {
    /// What a connection is when it has been accepted. Its [`into_parts`](Transport::into_parts)
    /// runs on the connection's own thread, so a handshake belongs there, with a time limit of its
    /// own: the connection counts towards
    /// [`max_connections`](crate::ServerConfig::max_connections) meanwhile, and nothing else can
    /// end it. If it fails or panics, only that connection ends.
    type Transport: Transport;

    /// Blocks until there is a connection and returns it. After [`wake`](Listener::wake), returns
    /// the connections that wait already, without blocking, and then `Ok(None)`.
    ///
    /// `Ok(None)` without a wake means that no more connections will come: the server accepts no
    /// more, and serves those that it has.
    ///
    /// # Errors
    /// After some errors the server goes on: at once after those of one connection
    /// ([`ConnectionAborted`](io::ErrorKind::ConnectionAborted),
    /// [`ConnectionReset`](io::ErrorKind::ConnectionReset),
    /// [`NotConnected`](io::ErrorKind::NotConnected),
    /// [`Interrupted`](io::ErrorKind::Interrupted)), and after a pause of 50 ms if something is
    /// used up that may become free ([`OutOfMemory`](io::ErrorKind::OutOfMemory), and on Unix the
    /// system's `EMFILE`, `ENFILE`, `ENOBUFS` and `ENOMEM`). All others end it, and so does a
    /// panic.
    fn accept(&self) -> io::Result<Option<Self::Transport>>;

    /// Returns where clients connect.
    fn address(&self) -> Address;

    /// Makes [`accept`](Listener::accept) stop blocking, now and later. Called from another thread
    /// when the server stops, perhaps more than once. Must not block and not panic, because a
    /// shutdown waits for it and then for `accept`.
    fn wake(&self);
}

/// What a server can listen on: a [`Listener`], or a listening socket of std's.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a server can listen on",
    label = "not a listener",
    note = "to listen at an address, use `Server::bind`; a listener is a `TcpListener` or a `UnixListener` of std, or a type \
            for which you implement `rpc_core::transport::Listener`"
)]
pub trait IntoListener {
    /// The listener that it becomes.
    type Listener: Listener;

    /// Turns it into a listener.
    ///
    /// # Errors
    /// If it cannot be set up.
    fn into_listener(self) -> io::Result<Self::Listener>;
}

// of a type that is neither, the compiler would say only that it is no `Listener`
#[diagnostic::do_not_recommend]
impl<L: Listener> IntoListener for L {
    type Listener = L;

    fn into_listener(self) -> io::Result<L> {
        Ok(self)
    }
}

/// A listener whose type is erased, so that a server is compiled once and not for each of them.
pub(crate) trait ErasedListener: Send + Sync {
    /// As [`Listener::accept`].
    fn accept(&self) -> io::Result<Option<Accepted>>;

    /// As [`Listener::wake`].
    fn wake(&self);
}

/// An accepted connection whose transport has not been taken apart yet, which may block.
pub(crate) type Accepted = Box<dyn FnOnce() -> io::Result<Parts> + Send>;

impl<L: Listener> ErasedListener for L {
    fn accept(&self) -> io::Result<Option<Accepted>> {
        let accepted = Listener::accept(self)?;
        Ok(accepted.map(|transport| Box::new(move || transport.into_parts()) as Accepted))
    }

    fn wake(&self) {
        Listener::wake(self);
    }
}
