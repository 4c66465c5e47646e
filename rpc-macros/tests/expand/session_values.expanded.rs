trait Cursor {
    fn rest(&mut self) -> Result<impl Iterator<Item = Result<Row>>>;
}
#[automatically_derived]
impl<__RpcService> Cursor for &mut __RpcService
where
    __RpcService: ?::rpc_core::__private::marker::Sized + Cursor,
{
    fn rest(&mut self) -> Result<impl Iterator<Item = Result<Row>>> {
        <__RpcService as Cursor>::rest(&mut **self)
    }
}
#[automatically_derived]
impl<__RpcService> Cursor for ::rpc_core::__private::Box<__RpcService>
where
    __RpcService: ?::rpc_core::__private::marker::Sized + Cursor,
{
    fn rest(&mut self) -> Result<impl Iterator<Item = Result<Row>>> {
        <__RpcService as Cursor>::rest(&mut **self)
    }
}
/** Client of [`Cursor`]: each method makes a call to the handler of this session.

 It has one connection, which makes one call at a time; a returned stream borrows the client until it is dropped. It may borrow its session, so that several clients use the same one after the other.*/
#[derive(::rpc_core::__private::fmt::Debug)]
struct CursorClient<S = ::rpc_core::__private::Session> {
    session: S,
}
impl CursorClient {
    /// Connects to the server at an address.
    ///
    /// # Errors
    ///
    /// If the address is invalid or cannot be reached.
    fn connect(
        address: impl ::rpc_core::__private::ToAddress,
    ) -> ::rpc_core::__private::Result<Self, ::rpc_core::__private::Error> {
        ::rpc_core::__private::Result::map(
            ::rpc_core::__private::Session::connect(address),
            Self::new,
        )
    }
    /// Connects to the server at an address, with this config.
    ///
    /// # Errors
    ///
    /// If the address is invalid or cannot be reached.
    fn connect_with(
        address: impl ::rpc_core::__private::ToAddress,
        config: ::rpc_core::__private::ClientConfig,
    ) -> ::rpc_core::__private::Result<Self, ::rpc_core::__private::Error> {
        ::rpc_core::__private::Result::map(
            ::rpc_core::__private::Session::connect_with(address, config),
            Self::new,
        )
    }
    /// Returns a client of the server at the other end of `transport`.
    ///
    /// # Errors
    ///
    /// If the transport cannot be set up.
    fn from_transport(
        transport: impl ::rpc_core::__private::Transport,
    ) -> ::rpc_core::__private::Result<Self, ::rpc_core::__private::Error> {
        ::rpc_core::__private::Result::map(
            ::rpc_core::__private::Session::from_transport(transport),
            Self::new,
        )
    }
    /// Does the Close handshake on each idle connection. Dropping the client does not wait for
    /// the server, and does not report errors.
    ///
    /// # Errors
    ///
    /// The first failure of a handshake.
    fn close(
        client: Self,
    ) -> ::rpc_core::__private::Result<(), ::rpc_core::__private::Error> {
        ::rpc_core::__private::Session::close(client.session)
    }
}
impl<
    S: ::rpc_core::__private::BorrowMut<::rpc_core::__private::Session>,
> CursorClient<S> {
    /// Returns a client that makes its calls through `session`: a `Session`, or a `&mut
    /// Session` that others use after it.
    #[must_use]
    fn new(mut session: S) -> Self {
        ::rpc_core::__private::Session::set_service(
            ::rpc_core::__private::session(&mut session),
            "Cursor",
        );
        Self { session }
    }
    /// Sets options of later calls. Those that are set already and not in `options` stay.
    fn set_options(client: &mut Self, options: ::rpc_core::__private::CallOptions) {
        ::rpc_core::__private::Session::set_options(
            ::rpc_core::__private::session(&mut client.session),
            options,
        );
    }
}
#[automatically_derived]
#[allow(refining_impl_trait)]
impl<__RpcService> Cursor for CursorClient<__RpcService>
where
    __RpcService: ::rpc_core::__private::BorrowMut<::rpc_core::__private::Session>,
{
    fn rest(
        &mut self,
    ) -> Result<
        ::rpc_core::__private::ValueReader<
            '_,
            Row,
            <Result<()> as ::rpc_core::__private::Outcome>::Error,
        >,
    > {
        ::rpc_core::__private::values(
                ::rpc_core::__private::items(
                    ::rpc_core::__private::result::<Row, _>(),
                    ::rpc_core::__private::error::<
                        <Result<()> as ::rpc_core::__private::Outcome>::Error,
                        _,
                    >(),
                ),
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::rpc_core::__private::Session::call(
                    ::rpc_core::__private::session(&mut self.session),
                    "rest",
                ),
            )
    }
}
/// Serves a [`Cursor`]: each connection is a session and gets its own clone of the handler.
#[derive(::rpc_core::__private::Clone)]
struct CursorServer<S> {
    service: S,
}
impl<S> CursorServer<S> {
    /// Returns a server with this handler.
    #[must_use]
    fn new(service: S) -> Self {
        Self { service }
    }
}
#[automatically_derived]
impl<S> ::rpc_core::__private::fmt::Debug for CursorServer<S> {
    fn fmt(
        &self,
        __rpc_formatter: &mut ::rpc_core::__private::fmt::Formatter<'_>,
    ) -> ::rpc_core::__private::fmt::Result {
        __rpc_formatter.write_str("CursorServer")
    }
}
#[automatically_derived]
impl<__RpcService> ::rpc_core::__private::Service for CursorServer<__RpcService>
where
    __RpcService: Cursor,
{
    const CONTRACT: ::rpc_core::__private::Option<
        &'static ::rpc_core::__private::Contract,
    > = ::rpc_core::__private::Option::Some(
        &::rpc_core::__private::Contract::new("Cursor")
            .session()
            .methods(
                &[
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("rest")
                        .request(::rpc_core::__private::DataType::MarshaledJson)
                        .reply(::rpc_core::__private::DataType::Octets).returns_values()
                        .parameters(& []), parameters : [], sent : [], value : [],
                        returned : [Row, ::rpc_core::__private::ErrorOf < Result < () >
                        >], error : [::rpc_core::__private::ErrorOf < Result < () > >]
                    ),
                ],
            ),
    );
}
#[automatically_derived]
impl<__RpcService> ::rpc_core::__private::Dispatch for CursorServer<__RpcService>
where
    __RpcService: Cursor,
{
    fn contracts(&self) -> ::rpc_core::__private::Contracts {
        ::rpc_core::__private::contracts::<Self>()
    }
    fn dispatch<'__rpc>(
        &mut self,
        __rpc_call: ::rpc_core::__private::Call<'__rpc>,
    ) -> ::rpc_core::__private::Served<'__rpc> {
        match __rpc_call.endpoint() {
            "rest" => {
                __rpc_call
                    .takes(::rpc_core::__private::NamedParameters::new(&[], ()))
                    .replies(
                        ::rpc_core::__private::values(
                            ::rpc_core::__private::items(
                                ::rpc_core::__private::result::<Row, _>(),
                                ::rpc_core::__private::error::<
                                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                    _,
                                >(),
                            ),
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |(), __rpc_reply| {
                            __rpc_reply
                                .send(<__RpcService as Cursor>::rest(&mut self.service))
                        },
                    )
            }
            _ => __rpc_call.unknown_endpoint(),
        }
    }
}
