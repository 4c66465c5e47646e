//! What a client does on each new connection before it is used, such as a login.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use crate::error::{Error, Fate, Operation, Result};

use super::config::{ConfiguredHook, OnConnect, Unprepared};
use super::connection::ClientConnection;
use super::deadline::Deadline;
use super::pool::Pool;
use super::{CallOptions, ClientConfig, Session};

impl ClientConfig {
    /// Sets what is done on each new connection before it is used: a login, for example. By default
    /// nothing is. It runs when the client connects, and in each call that needs a new connection,
    /// on the thread that waits for it.
    ///
    /// The generated client of a trait with `&mut self` can borrow the [`Session`]. Its calls end
    /// with the time limit of the call that needs the connection, and are cancelled with it. For
    /// [shared connections](ClientConfig::shared_connections) it runs on a thread of theirs, with
    /// the limits of this config only, and all calls that wait for the connection wait for it.
    ///
    /// If `prepare` returns an error, or leaves the session without its connection, the connection
    /// is closed, and the error is that of the call, which [never ran](Error::never_ran). But if
    /// the connection was lost or refused, and there are other servers, the next one is tried. A
    /// panic is one of the call, or closes a shared connection. If `prepare` calls the client whose
    /// connection it prepares, that call fails with
    /// [`Misuse::InOnConnect`](crate::Misuse::InOnConnect).
    ///
    /// ```
    /// use rpc_core::{CallContext, ClientConfig, Error, Result, Server, rpc_service};
    ///
    /// #[rpc_service]
    /// trait Login {
    ///     fn login(&mut self, name: &str, password: &str) -> Result<()>;
    /// }
    ///
    /// #[rpc_service]
    /// trait Vault {
    ///     fn owner(&self) -> Result<String>;
    /// }
    ///
    /// #[derive(Clone)]
    /// struct Handler;
    ///
    /// /// Who has logged in on a connection.
    /// #[derive(Clone)]
    /// struct User(String);
    ///
    /// impl Login for Handler {
    ///     fn login(&mut self, name: &str, password: &str) -> Result<()> {
    ///         if password != "open sesame" {
    ///             return Err(Error::new("the password is wrong"));
    ///         }
    ///         let context = CallContext::current().ok_or_else(|| Error::new("only a server knows connections"))?;
    ///         context.connection_extensions().insert(User(name.to_owned()));
    ///         Ok(())
    ///     }
    /// }
    ///
    /// impl Vault for Handler {
    ///     fn owner(&self) -> Result<String> {
    ///         let context = CallContext::current();
    ///         let user = context.and_then(|context| context.connection_extensions().get::<User>());
    ///         user.map(|User(name)| name).ok_or_else(|| Error::new("log in first"))
    ///     }
    /// }
    ///
    /// let services = (LoginServer::new(Handler), VaultServer::new(Handler));
    /// let server = Server::bind("tcp://127.0.0.1:0")?.spawn(services)?;
    ///
    /// let config = ClientConfig::default();
    /// let config = config.on_connect(|session| LoginClient::new(session).login("ann", "open sesame"));
    /// let vault = VaultClient::connect_with(server.address(), config)?;
    /// assert_eq!(vault.owner()?, "ann");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn on_connect(self, prepare: impl Fn(&mut Session) -> Result<()> + Send + Sync + 'static) -> Self {
        ClientConfig { on_connect: ConfiguredHook(Some(Arc::new(Login(prepare)))), ..self }
    }
}

struct Login<F>(F);

impl<F: Fn(&mut Session) -> Result<()> + Send + Sync> OnConnect for Login<F> {
    fn prepare(
        &self,
        connection: Box<ClientConnection>,
        config: ClientConfig,
        deadline: Deadline<'_>,
    ) -> Result<Box<ClientConnection>, Unprepared> {
        let config = ClientConfig { on_connect: ConfiguredHook::default(), ..config }.shared_connections(0);
        let pool = Arc::new(Pool::of_one(connection, config));
        let mut session = Session::of_pool(Arc::clone(&pool));
        session.set_options(CallOptions::within(deadline));
        (self.0)(&mut session).map_err(|error| {
            let refused = error.remote().is_some_and(|refusal| refusal.fate.never_ran);
            let lost = refused || matches!(error, Error::Transport { .. });
            Unprepared { error: error.with_fate(Fate::UNREACHED), lost }
        })?;
        drop(session);
        pool.take_only().ok_or_else(|| {
            let over = deadline.is_over(Instant::now());
            if over {
                let error = deadline.error(Operation::Connecting, Fate::UNREACHED);
                return Unprepared { error, lost: false };
            }
            let text = "the connection has ended in `on_connect`, which has not returned an error";
            let error = io::Error::new(io::ErrorKind::ConnectionAborted, text);
            let error = Error::Transport { operation: Operation::Connecting, error, fate: Fate::UNREACHED };
            Unprepared { error, lost: false }
        })
    }
}
