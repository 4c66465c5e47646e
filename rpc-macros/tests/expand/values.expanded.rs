pub trait Depot {
    fn entries(&self, prefix: &str) -> Result<impl Iterator<Item = Result<Entry>>>;
    fn import(
        &self,
        batch: &str,
        entries: impl Iterator<Item = Result<Entry>>,
    ) -> Result<Summary>;
    fn ticks(&self, ticks: impl Iterator<Item = io::Result<()>>) -> Result<()>;
    fn scan(
        &self,
        query: &Query,
    ) -> Result<(Plan, impl Iterator<Item = Result<Row, RowError>> + Send)>;
    fn enrich(
        &self,
        rows: impl Iterator<Item = Result<Row>>,
    ) -> Result<impl Iterator<Item = Result<Row>>>;
    fn index(&self, content: impl Read) -> Result<impl Iterator<Item = Result<Match>>>;
    fn pack<'a>(
        &'a self,
        name: &str,
        rows: impl Iterator<Item = Result<()>> + 'a,
    ) -> Result<impl Read + 'a>;
}
#[automatically_derived]
impl<__RpcService> Depot for &__RpcService
where
    __RpcService: ?::rpc_core::__private::marker::Sized + Depot,
{
    fn entries(&self, prefix: &str) -> Result<impl Iterator<Item = Result<Entry>>> {
        <__RpcService as Depot>::entries(&**self, prefix)
    }
    fn import(
        &self,
        batch: &str,
        entries: impl Iterator<Item = Result<Entry>>,
    ) -> Result<Summary> {
        <__RpcService as Depot>::import(&**self, batch, entries)
    }
    fn ticks(&self, ticks: impl Iterator<Item = io::Result<()>>) -> Result<()> {
        <__RpcService as Depot>::ticks(&**self, ticks)
    }
    fn scan(
        &self,
        query: &Query,
    ) -> Result<(Plan, impl Iterator<Item = Result<Row, RowError>> + Send)> {
        <__RpcService as Depot>::scan(&**self, query)
    }
    fn enrich(
        &self,
        rows: impl Iterator<Item = Result<Row>>,
    ) -> Result<impl Iterator<Item = Result<Row>>> {
        <__RpcService as Depot>::enrich(&**self, rows)
    }
    fn index(&self, content: impl Read) -> Result<impl Iterator<Item = Result<Match>>> {
        <__RpcService as Depot>::index(&**self, content)
    }
    fn pack<'a>(
        &'a self,
        name: &str,
        rows: impl Iterator<Item = Result<()>> + 'a,
    ) -> Result<impl Read + 'a> {
        <__RpcService as Depot>::pack(&**self, name, rows)
    }
}
#[automatically_derived]
impl<__RpcService> Depot for ::rpc_core::__private::Arc<__RpcService>
where
    __RpcService: ?::rpc_core::__private::marker::Sized + Depot,
{
    fn entries(&self, prefix: &str) -> Result<impl Iterator<Item = Result<Entry>>> {
        <__RpcService as Depot>::entries(&**self, prefix)
    }
    fn import(
        &self,
        batch: &str,
        entries: impl Iterator<Item = Result<Entry>>,
    ) -> Result<Summary> {
        <__RpcService as Depot>::import(&**self, batch, entries)
    }
    fn ticks(&self, ticks: impl Iterator<Item = io::Result<()>>) -> Result<()> {
        <__RpcService as Depot>::ticks(&**self, ticks)
    }
    fn scan(
        &self,
        query: &Query,
    ) -> Result<(Plan, impl Iterator<Item = Result<Row, RowError>> + Send)> {
        <__RpcService as Depot>::scan(&**self, query)
    }
    fn enrich(
        &self,
        rows: impl Iterator<Item = Result<Row>>,
    ) -> Result<impl Iterator<Item = Result<Row>>> {
        <__RpcService as Depot>::enrich(&**self, rows)
    }
    fn index(&self, content: impl Read) -> Result<impl Iterator<Item = Result<Match>>> {
        <__RpcService as Depot>::index(&**self, content)
    }
    fn pack<'a>(
        &'a self,
        name: &str,
        rows: impl Iterator<Item = Result<()>> + 'a,
    ) -> Result<impl Read + 'a> {
        <__RpcService as Depot>::pack(&**self, name, rows)
    }
}
#[automatically_derived]
impl<__RpcService> Depot for ::rpc_core::__private::Box<__RpcService>
where
    __RpcService: ?::rpc_core::__private::marker::Sized + Depot,
{
    fn entries(&self, prefix: &str) -> Result<impl Iterator<Item = Result<Entry>>> {
        <__RpcService as Depot>::entries(&**self, prefix)
    }
    fn import(
        &self,
        batch: &str,
        entries: impl Iterator<Item = Result<Entry>>,
    ) -> Result<Summary> {
        <__RpcService as Depot>::import(&**self, batch, entries)
    }
    fn ticks(&self, ticks: impl Iterator<Item = io::Result<()>>) -> Result<()> {
        <__RpcService as Depot>::ticks(&**self, ticks)
    }
    fn scan(
        &self,
        query: &Query,
    ) -> Result<(Plan, impl Iterator<Item = Result<Row, RowError>> + Send)> {
        <__RpcService as Depot>::scan(&**self, query)
    }
    fn enrich(
        &self,
        rows: impl Iterator<Item = Result<Row>>,
    ) -> Result<impl Iterator<Item = Result<Row>>> {
        <__RpcService as Depot>::enrich(&**self, rows)
    }
    fn index(&self, content: impl Read) -> Result<impl Iterator<Item = Result<Match>>> {
        <__RpcService as Depot>::index(&**self, content)
    }
    fn pack<'a>(
        &'a self,
        name: &str,
        rows: impl Iterator<Item = Result<()>> + 'a,
    ) -> Result<impl Read + 'a> {
        <__RpcService as Depot>::pack(&**self, name, rows)
    }
}
/** Client of [`Depot`]: each method makes a call to a server.

 It may be shared between threads; a clone shares its connections. See `Client` for everything else about calls.*/
#[derive(::rpc_core::__private::Clone, ::rpc_core::__private::fmt::Debug)]
pub struct DepotClient {
    client: ::rpc_core::__private::Client,
}
impl DepotClient {
    /// Connects to the server at an address.
    ///
    /// # Errors
    ///
    /// If the address is invalid or cannot be reached.
    pub fn connect(
        address: impl ::rpc_core::__private::ToAddress,
    ) -> ::rpc_core::__private::Result<Self, ::rpc_core::__private::Error> {
        ::rpc_core::__private::Result::map(
            ::rpc_core::__private::Client::connect(address),
            Self::new,
        )
    }
    /// Connects to the server at an address, with this config.
    ///
    /// # Errors
    ///
    /// If the address is invalid or cannot be reached.
    pub fn connect_with(
        address: impl ::rpc_core::__private::ToAddress,
        config: ::rpc_core::__private::ClientConfig,
    ) -> ::rpc_core::__private::Result<Self, ::rpc_core::__private::Error> {
        ::rpc_core::__private::Result::map(
            ::rpc_core::__private::Client::connect_with(address, config),
            Self::new,
        )
    }
    /// Returns a client of the server at the other end of `transport`.
    ///
    /// # Errors
    ///
    /// If the transport cannot be set up.
    pub fn from_transport(
        transport: impl ::rpc_core::__private::Transport,
    ) -> ::rpc_core::__private::Result<Self, ::rpc_core::__private::Error> {
        ::rpc_core::__private::Result::map(
            ::rpc_core::__private::Client::from_transport(transport),
            Self::new,
        )
    }
    /// Does the Close handshake on each idle connection. Dropping the client does not wait for
    /// the server, and does not report errors.
    ///
    /// # Errors
    ///
    /// The first failure of a handshake.
    pub fn close(
        client: Self,
    ) -> ::rpc_core::__private::Result<(), ::rpc_core::__private::Error> {
        ::rpc_core::__private::Client::close(client.client)
    }
    /// Returns a client that makes its calls through `client`.
    #[must_use]
    pub fn new(client: ::rpc_core::__private::Client) -> Self {
        Self {
            client: ::rpc_core::__private::Client::of_service(client, "Depot"),
        }
    }
    /// Returns a client that shares the connections of `client`, and makes its calls with
    /// these options and those of `client` that they do not set.
    #[must_use]
    pub fn with_options(
        client: &Self,
        options: ::rpc_core::__private::CallOptions,
    ) -> Self {
        Self::new(::rpc_core::__private::Client::with_options(&client.client, options))
    }
}
#[automatically_derived]
#[allow(refining_impl_trait)]
impl Depot for DepotClient {
    fn entries(
        &self,
        prefix: &str,
    ) -> Result<
        ::rpc_core::__private::ValueReader<
            'static,
            Entry,
            <Result<()> as ::rpc_core::__private::Outcome>::Error,
        >,
    > {
        ::rpc_core::__private::values(
                ::rpc_core::__private::items(
                    ::rpc_core::__private::result::<Entry, _>(),
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
                ::rpc_core::__private::Client::call(&self.client, "entries")
                    .argument(::rpc_core::__private::parameter::<str, _>().with(prefix)),
            )
    }
    fn import(
        &self,
        batch: &str,
        entries: impl Iterator<Item = Result<Entry>>,
    ) -> Result<Summary> {
        ::rpc_core::__private::json(
                ::rpc_core::__private::result::<Summary, _>(),
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::rpc_core::__private::Client::call(&self.client, "import")
                    .argument(::rpc_core::__private::parameter::<str, _>().with(batch))
                    .with_items(
                        ::rpc_core::__private::items(
                            ::rpc_core::__private::result::<Entry, _>(),
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        entries,
                    ),
            )
    }
    fn ticks(&self, ticks: impl Iterator<Item = io::Result<()>>) -> Result<()> {
        ::rpc_core::__private::json(
                ::rpc_core::__private::unit(),
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::rpc_core::__private::Client::call(&self.client, "ticks")
                    .with_items(
                        ::rpc_core::__private::items(
                            ::rpc_core::__private::unit(),
                            ::rpc_core::__private::error::<
                                <io::Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        ticks,
                    ),
            )
    }
    fn scan(
        &self,
        query: &Query,
    ) -> Result<
        (
            Plan,
            ::rpc_core::__private::ValueReader<
                'static,
                Row,
                <Result<(), RowError> as ::rpc_core::__private::Outcome>::Error,
            >,
        ),
    > {
        ::rpc_core::__private::json_and_values(
                ::rpc_core::__private::result::<Plan, _>(),
                ::rpc_core::__private::items(
                    ::rpc_core::__private::result::<Row, _>(),
                    ::rpc_core::__private::error::<
                        <Result<(), RowError> as ::rpc_core::__private::Outcome>::Error,
                        _,
                    >(),
                ),
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::rpc_core::__private::Client::call(&self.client, "scan")
                    .argument(::rpc_core::__private::parameter::<Query, _>().with(query)),
            )
    }
    fn enrich(
        &self,
        rows: impl Iterator<Item = Result<Row>>,
    ) -> Result<
        ::rpc_core::__private::ValueReader<
            'static,
            Row,
            <Result<()> as ::rpc_core::__private::Outcome>::Error,
            ::rpc_core::__private::SentItems<
                impl Iterator<Item = Result<Row>>,
                Row,
                <Result<()> as ::rpc_core::__private::Outcome>::Error,
            >,
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
                ::rpc_core::__private::Client::call(&self.client, "enrich")
                    .with_items(
                        ::rpc_core::__private::items(
                            ::rpc_core::__private::result::<Row, _>(),
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        rows,
                    ),
            )
    }
    fn index(
        &self,
        content: impl Read,
    ) -> Result<
        ::rpc_core::__private::ValueReader<
            'static,
            Match,
            <Result<()> as ::rpc_core::__private::Outcome>::Error,
            impl Read,
        >,
    > {
        ::rpc_core::__private::values(
                ::rpc_core::__private::items(
                    ::rpc_core::__private::result::<Match, _>(),
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
                ::rpc_core::__private::Client::call(&self.client, "index")
                    .with_octets(content),
            )
    }
    fn pack<'a>(
        &'a self,
        name: &str,
        rows: impl Iterator<Item = Result<()>> + 'a,
    ) -> Result<
        ::rpc_core::__private::OctetReader<
            'static,
            ::rpc_core::__private::SentItems<
                impl Iterator<Item = Result<()>> + 'a,
                (),
                <Result<()> as ::rpc_core::__private::Outcome>::Error,
            >,
        >,
    > {
        ::rpc_core::__private::octets(
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::rpc_core::__private::Client::call(&self.client, "pack")
                    .argument(::rpc_core::__private::parameter::<str, _>().with(name))
                    .with_items(
                        ::rpc_core::__private::items(
                            ::rpc_core::__private::unit(),
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        rows,
                    ),
            )
    }
}
/// Serves a [`Depot`]: all connections and all clones share the handler.
pub struct DepotServer<S> {
    service: ::rpc_core::__private::Arc<S>,
}
#[automatically_derived]
impl<S> ::rpc_core::__private::Clone for DepotServer<S> {
    fn clone(&self) -> Self {
        Self {
            service: ::rpc_core::__private::Clone::clone(&self.service),
        }
    }
}
impl<S> DepotServer<S> {
    /// Returns a server with this handler.
    #[must_use]
    pub fn new(service: S) -> Self {
        Self {
            service: ::rpc_core::__private::Arc::new(service),
        }
    }
}
#[automatically_derived]
impl<S> ::rpc_core::__private::fmt::Debug for DepotServer<S> {
    fn fmt(
        &self,
        __rpc_formatter: &mut ::rpc_core::__private::fmt::Formatter<'_>,
    ) -> ::rpc_core::__private::fmt::Result {
        __rpc_formatter.write_str("DepotServer")
    }
}
#[automatically_derived]
impl<__RpcService> ::rpc_core::__private::Service for DepotServer<__RpcService>
where
    __RpcService: Depot,
{
    const CONTRACT: ::rpc_core::__private::Option<
        &'static ::rpc_core::__private::Contract,
    > = ::rpc_core::__private::Option::Some(
        &::rpc_core::__private::Contract::new("Depot")
            .methods(
                &[
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("entries")
                        .request(::rpc_core::__private::DataType::MarshaledJson)
                        .reply(::rpc_core::__private::DataType::Octets).returns_values()
                        .parameters(& ["prefix"]), parameters : [str], sent : [], value :
                        [], returned : [Entry, ::rpc_core::__private::ErrorOf < Result <
                        () > >], error : [::rpc_core::__private::ErrorOf < Result < () >
                        >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("import")
                        .request(::rpc_core::__private::DataType::MarshaledJsonThenOctets)
                        .reply(::rpc_core::__private::DataType::MarshaledJson)
                        .takes_values().parameters(& ["batch", "entries"]), parameters :
                        [str], sent : [Entry, ::rpc_core::__private::ErrorOf < Result <
                        () > >], value : [Summary], returned : [], error :
                        [::rpc_core::__private::ErrorOf < Result < () > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("ticks")
                        .request(::rpc_core::__private::DataType::Octets)
                        .reply(::rpc_core::__private::DataType::MarshaledJson)
                        .takes_values().parameters(& ["ticks"]), parameters : [], sent :
                        [(), ::rpc_core::__private::ErrorOf < io::Result < () > >], value
                        : [()], returned : [], error : [::rpc_core::__private::ErrorOf <
                        Result < () > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("scan")
                        .request(::rpc_core::__private::DataType::MarshaledJson)
                        .reply(::rpc_core::__private::DataType::MarshaledJsonThenOctets)
                        .returns_values().parameters(& ["query"]), parameters : [Query],
                        sent : [], value : [Plan], returned : [Row,
                        ::rpc_core::__private::ErrorOf < Result < (), RowError > >],
                        error : [::rpc_core::__private::ErrorOf < Result < () > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("enrich")
                        .request(::rpc_core::__private::DataType::Octets)
                        .reply(::rpc_core::__private::DataType::Octets).takes_values()
                        .returns_values().parameters(& ["rows"]), parameters : [], sent :
                        [Row, ::rpc_core::__private::ErrorOf < Result < () > >], value :
                        [], returned : [Row, ::rpc_core::__private::ErrorOf < Result < ()
                        > >], error : [::rpc_core::__private::ErrorOf < Result < () > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("index")
                        .request(::rpc_core::__private::DataType::Octets)
                        .reply(::rpc_core::__private::DataType::Octets).returns_values()
                        .parameters(& ["content"]), parameters : [], sent : [], value :
                        [], returned : [Match, ::rpc_core::__private::ErrorOf < Result <
                        () > >], error : [::rpc_core::__private::ErrorOf < Result < () >
                        >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("pack")
                        .request(::rpc_core::__private::DataType::MarshaledJsonThenOctets)
                        .reply(::rpc_core::__private::DataType::Octets).takes_values()
                        .parameters(& ["name", "rows"]), parameters : [str], sent : [(),
                        ::rpc_core::__private::ErrorOf < Result < () > >], value : [],
                        returned : [], error : [::rpc_core::__private::ErrorOf < Result <
                        () > >]
                    ),
                ],
            ),
    );
}
#[automatically_derived]
impl<__RpcService> ::rpc_core::__private::Dispatch for DepotServer<__RpcService>
where
    __RpcService: Depot,
{
    fn contracts(&self) -> ::rpc_core::__private::Contracts {
        ::rpc_core::__private::contracts::<Self>()
    }
    fn dispatch<'__rpc>(
        &mut self,
        __rpc_call: ::rpc_core::__private::Call<'__rpc>,
    ) -> ::rpc_core::__private::Served<'__rpc> {
        match __rpc_call.endpoint() {
            "entries" => {
                __rpc_call
                    .takes(
                        ::rpc_core::__private::NamedParameters::new(
                            &["prefix"],
                            (::rpc_core::__private::parameter::<str, _>(), ()),
                        ),
                    )
                    .replies(
                        ::rpc_core::__private::values(
                            ::rpc_core::__private::items(
                                ::rpc_core::__private::result::<Entry, _>(),
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
                        |(__rpc_received_prefix, ()), __rpc_reply| {
                            __rpc_reply
                                .send(
                                    <__RpcService as Depot>::entries(
                                        &*self.service,
                                        &__rpc_received_prefix,
                                    ),
                                )
                        },
                    )
            }
            "import" => {
                __rpc_call
                    .takes(
                        ::rpc_core::__private::AndValues(
                            ::rpc_core::__private::NamedParameters::new(
                                &["batch"],
                                (::rpc_core::__private::parameter::<str, _>(), ()),
                            ),
                            ::rpc_core::__private::items(
                                ::rpc_core::__private::result::<Entry, _>(),
                                ::rpc_core::__private::error::<
                                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                    _,
                                >(),
                            ),
                        ),
                    )
                    .replies(
                        ::rpc_core::__private::json(
                            ::rpc_core::__private::result::<Summary, _>(),
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |
                            ((__rpc_received_batch, ()), __rpc_received_entries),
                            __rpc_reply|
                        {
                            __rpc_reply
                                .send(
                                    <__RpcService as Depot>::import(
                                        &*self.service,
                                        &__rpc_received_batch,
                                        __rpc_received_entries,
                                    ),
                                )
                        },
                    )
            }
            "ticks" => {
                __rpc_call
                    .takes(
                        ::rpc_core::__private::Values(
                            ::rpc_core::__private::items(
                                ::rpc_core::__private::unit(),
                                ::rpc_core::__private::error::<
                                    <io::Result<()> as ::rpc_core::__private::Outcome>::Error,
                                    _,
                                >(),
                            ),
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
                        |__rpc_received_ticks, __rpc_reply| {
                            __rpc_reply
                                .send(
                                    <__RpcService as Depot>::ticks(
                                        &*self.service,
                                        __rpc_received_ticks,
                                    ),
                                )
                        },
                    )
            }
            "scan" => {
                __rpc_call
                    .takes(
                        ::rpc_core::__private::NamedParameters::new(
                            &["query"],
                            (::rpc_core::__private::parameter::<Query, _>(), ()),
                        ),
                    )
                    .replies(
                        ::rpc_core::__private::json_and_values(
                            ::rpc_core::__private::result::<Plan, _>(),
                            ::rpc_core::__private::items(
                                ::rpc_core::__private::result::<Row, _>(),
                                ::rpc_core::__private::error::<
                                    <Result<
                                        (),
                                        RowError,
                                    > as ::rpc_core::__private::Outcome>::Error,
                                    _,
                                >(),
                            ),
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |(__rpc_received_query, ()), __rpc_reply| {
                            __rpc_reply
                                .send(
                                    <__RpcService as Depot>::scan(
                                        &*self.service,
                                        &__rpc_received_query,
                                    ),
                                )
                        },
                    )
            }
            "enrich" => {
                __rpc_call
                    .takes(
                        ::rpc_core::__private::Values(
                            ::rpc_core::__private::items(
                                ::rpc_core::__private::result::<Row, _>(),
                                ::rpc_core::__private::error::<
                                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                    _,
                                >(),
                            ),
                        ),
                    )
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
                        |__rpc_received_rows, __rpc_reply| {
                            __rpc_reply
                                .send(
                                    <__RpcService as Depot>::enrich(
                                        &*self.service,
                                        __rpc_received_rows,
                                    ),
                                )
                        },
                    )
            }
            "index" => {
                __rpc_call
                    .takes(::rpc_core::__private::Octets)
                    .replies(
                        ::rpc_core::__private::values(
                            ::rpc_core::__private::items(
                                ::rpc_core::__private::result::<Match, _>(),
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
                        |__rpc_received_content, __rpc_reply| {
                            __rpc_reply
                                .send(
                                    <__RpcService as Depot>::index(
                                        &*self.service,
                                        __rpc_received_content,
                                    ),
                                )
                        },
                    )
            }
            "pack" => {
                __rpc_call
                    .takes(
                        ::rpc_core::__private::AndValues(
                            ::rpc_core::__private::NamedParameters::new(
                                &["name"],
                                (::rpc_core::__private::parameter::<str, _>(), ()),
                            ),
                            ::rpc_core::__private::items(
                                ::rpc_core::__private::unit(),
                                ::rpc_core::__private::error::<
                                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                    _,
                                >(),
                            ),
                        ),
                    )
                    .replies(
                        ::rpc_core::__private::octets(
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |((__rpc_received_name, ()), __rpc_received_rows), __rpc_reply| {
                            __rpc_reply
                                .send(
                                    <__RpcService as Depot>::pack(
                                        &*self.service,
                                        &__rpc_received_name,
                                        __rpc_received_rows,
                                    ),
                                )
                        },
                    )
            }
            _ => __rpc_call.unknown_endpoint(),
        }
    }
}
