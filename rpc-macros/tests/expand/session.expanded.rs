trait Cursor {
    fn seek(&mut self, position: u64) -> Result<()>;
    fn rest(&mut self) -> Result<impl Read>;
    fn append(&mut self, content: impl Read) -> Result<u64>;
    fn replace(&mut self, content: impl Read) -> Result<impl Read>;
}
#[automatically_derived]
impl<__RpcService> Cursor for &mut __RpcService
where
    __RpcService: ?::rpc_core::__private::marker::Sized + Cursor,
{
    fn seek(&mut self, position: u64) -> Result<()> {
        <__RpcService as Cursor>::seek(&mut **self, position)
    }
    fn rest(&mut self) -> Result<impl Read> {
        <__RpcService as Cursor>::rest(&mut **self)
    }
    fn append(&mut self, content: impl Read) -> Result<u64> {
        <__RpcService as Cursor>::append(&mut **self, content)
    }
    fn replace(&mut self, content: impl Read) -> Result<impl Read> {
        <__RpcService as Cursor>::replace(&mut **self, content)
    }
}
#[automatically_derived]
impl<__RpcService> Cursor for ::rpc_core::__private::Box<__RpcService>
where
    __RpcService: ?::rpc_core::__private::marker::Sized + Cursor,
{
    fn seek(&mut self, position: u64) -> Result<()> {
        <__RpcService as Cursor>::seek(&mut **self, position)
    }
    fn rest(&mut self) -> Result<impl Read> {
        <__RpcService as Cursor>::rest(&mut **self)
    }
    fn append(&mut self, content: impl Read) -> Result<u64> {
        <__RpcService as Cursor>::append(&mut **self, content)
    }
    fn replace(&mut self, content: impl Read) -> Result<impl Read> {
        <__RpcService as Cursor>::replace(&mut **self, content)
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
    fn seek(&mut self, position: u64) -> Result<()> {
        ::rpc_core::__private::json(
                ::rpc_core::__private::unit(),
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::rpc_core::__private::Session::call(
                        ::rpc_core::__private::session(&mut self.session),
                        "seek",
                    )
                    .argument(
                        ::rpc_core::__private::parameter::<u64, _>().with(&position),
                    ),
            )
    }
    fn rest(&mut self) -> Result<::rpc_core::__private::OctetReader<'_>> {
        ::rpc_core::__private::octets(
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
    fn append(&mut self, content: impl Read) -> Result<u64> {
        ::rpc_core::__private::json(
                ::rpc_core::__private::result::<u64, _>(),
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::rpc_core::__private::Session::call(
                        ::rpc_core::__private::session(&mut self.session),
                        "append",
                    )
                    .with_octets(content),
            )
    }
    fn replace(
        &mut self,
        content: impl Read,
    ) -> Result<::rpc_core::__private::OctetReader<'_, impl Read>> {
        ::rpc_core::__private::octets(
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::rpc_core::__private::Session::call(
                        ::rpc_core::__private::session(&mut self.session),
                        "replace",
                    )
                    .with_octets(content),
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
                        ::rpc_core::__private::Method::new("seek")
                        .request(::rpc_core::__private::DataType::MarshaledJson)
                        .reply(::rpc_core::__private::DataType::MarshaledJson)
                        .parameters(& ["position"]), parameters : [u64], sent : [], value
                        : [()], returned : [], error : [::rpc_core::__private::ErrorOf <
                        Result < () > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("rest")
                        .request(::rpc_core::__private::DataType::MarshaledJson)
                        .reply(::rpc_core::__private::DataType::Octets).parameters(& []),
                        parameters : [], sent : [], value : [], returned : [], error :
                        [::rpc_core::__private::ErrorOf < Result < () > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("append")
                        .request(::rpc_core::__private::DataType::Octets)
                        .reply(::rpc_core::__private::DataType::MarshaledJson)
                        .parameters(& ["content"]), parameters : [], sent : [], value :
                        [u64], returned : [], error : [::rpc_core::__private::ErrorOf <
                        Result < () > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("replace")
                        .request(::rpc_core::__private::DataType::Octets)
                        .reply(::rpc_core::__private::DataType::Octets).parameters(&
                        ["content"]), parameters : [], sent : [], value : [], returned :
                        [], error : [::rpc_core::__private::ErrorOf < Result < () > >]
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
            "seek" => {
                __rpc_call
                    .takes(
                        ::rpc_core::__private::NamedParameters::new(
                            &["position"],
                            (::rpc_core::__private::parameter::<u64, _>(), ()),
                        ),
                    )
                    .replies(
                        ::rpc_core::__private::json(
                            ::rpc_core::__private::unit(),
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |(__rpc_received_position, ()), __rpc_reply| {
                            __rpc_reply
                                .send(
                                    <__RpcService as Cursor>::seek(
                                        &mut self.service,
                                        __rpc_received_position,
                                    ),
                                )
                        },
                    )
            }
            "rest" => {
                __rpc_call
                    .takes(::rpc_core::__private::NamedParameters::new(&[], ()))
                    .replies(
                        ::rpc_core::__private::octets(
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
            "append" => {
                __rpc_call
                    .takes(::rpc_core::__private::Octets)
                    .replies(
                        ::rpc_core::__private::json(
                            ::rpc_core::__private::result::<u64, _>(),
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |__rpc_received_content, __rpc_reply| {
                            __rpc_reply
                                .send(
                                    <__RpcService as Cursor>::append(
                                        &mut self.service,
                                        __rpc_received_content,
                                    ),
                                )
                        },
                    )
            }
            "replace" => {
                __rpc_call
                    .takes(::rpc_core::__private::Octets)
                    .replies(
                        ::rpc_core::__private::octets(
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |__rpc_received_content, __rpc_reply| {
                            __rpc_reply
                                .send(
                                    <__RpcService as Cursor>::replace(
                                        &mut self.service,
                                        __rpc_received_content,
                                    ),
                                )
                        },
                    )
            }
            _ => __rpc_call.unknown_endpoint(),
        }
    }
}
