/// What is stored.
pub trait Vault: Send + Sync {
    /// Names and sizes of what is stored.
    fn list(&self, prefix: &str) -> Result<Vec<Entry>>;
    fn count(&self) -> Result<u64, CountError>;
    fn rename(&self, from: &str, to: String, limit: Option<u32>) -> Result<()>;
    fn fetch(&self, name: &str) -> Result<impl Read + Send>;
    fn digest<'a>(&'a self, content: impl io::Read + 'a) -> io::Result<Digest>;
    fn store(&self, name: &str, content: impl Read) -> Result<Receipt>;
    fn append(&self, name: &str, position: u64, content: impl Read) -> Result<()>;
    fn open(&self, name: &str) -> Result<(Entry, impl Read)>;
    fn compress<'a>(&'a self, plain: impl Read + Send + 'a) -> Result<impl Read + 'a>;
    fn convert(
        &self,
        format: Format,
        content: impl io::Read,
    ) -> Result<(Entry, impl Read)>;
}
#[automatically_derived]
impl<__RpcService> Vault for &__RpcService
where
    __RpcService: ?::rpc_core::__private::marker::Sized + Vault,
    Self: Send + Sync,
{
    fn list(&self, prefix: &str) -> Result<Vec<Entry>> {
        <__RpcService as Vault>::list(&**self, prefix)
    }
    fn count(&self) -> Result<u64, CountError> {
        <__RpcService as Vault>::count(&**self)
    }
    fn rename(&self, from: &str, to: String, limit: Option<u32>) -> Result<()> {
        <__RpcService as Vault>::rename(&**self, from, to, limit)
    }
    fn fetch(&self, name: &str) -> Result<impl Read + Send> {
        <__RpcService as Vault>::fetch(&**self, name)
    }
    fn digest<'a>(&'a self, content: impl io::Read + 'a) -> io::Result<Digest> {
        <__RpcService as Vault>::digest(&**self, content)
    }
    fn store(&self, name: &str, content: impl Read) -> Result<Receipt> {
        <__RpcService as Vault>::store(&**self, name, content)
    }
    fn append(&self, name: &str, position: u64, content: impl Read) -> Result<()> {
        <__RpcService as Vault>::append(&**self, name, position, content)
    }
    fn open(&self, name: &str) -> Result<(Entry, impl Read)> {
        <__RpcService as Vault>::open(&**self, name)
    }
    fn compress<'a>(&'a self, plain: impl Read + Send + 'a) -> Result<impl Read + 'a> {
        <__RpcService as Vault>::compress(&**self, plain)
    }
    fn convert(
        &self,
        format: Format,
        content: impl io::Read,
    ) -> Result<(Entry, impl Read)> {
        <__RpcService as Vault>::convert(&**self, format, content)
    }
}
#[automatically_derived]
impl<__RpcService> Vault for ::rpc_core::__private::Arc<__RpcService>
where
    __RpcService: ?::rpc_core::__private::marker::Sized + Vault,
    Self: Send + Sync,
{
    fn list(&self, prefix: &str) -> Result<Vec<Entry>> {
        <__RpcService as Vault>::list(&**self, prefix)
    }
    fn count(&self) -> Result<u64, CountError> {
        <__RpcService as Vault>::count(&**self)
    }
    fn rename(&self, from: &str, to: String, limit: Option<u32>) -> Result<()> {
        <__RpcService as Vault>::rename(&**self, from, to, limit)
    }
    fn fetch(&self, name: &str) -> Result<impl Read + Send> {
        <__RpcService as Vault>::fetch(&**self, name)
    }
    fn digest<'a>(&'a self, content: impl io::Read + 'a) -> io::Result<Digest> {
        <__RpcService as Vault>::digest(&**self, content)
    }
    fn store(&self, name: &str, content: impl Read) -> Result<Receipt> {
        <__RpcService as Vault>::store(&**self, name, content)
    }
    fn append(&self, name: &str, position: u64, content: impl Read) -> Result<()> {
        <__RpcService as Vault>::append(&**self, name, position, content)
    }
    fn open(&self, name: &str) -> Result<(Entry, impl Read)> {
        <__RpcService as Vault>::open(&**self, name)
    }
    fn compress<'a>(&'a self, plain: impl Read + Send + 'a) -> Result<impl Read + 'a> {
        <__RpcService as Vault>::compress(&**self, plain)
    }
    fn convert(
        &self,
        format: Format,
        content: impl io::Read,
    ) -> Result<(Entry, impl Read)> {
        <__RpcService as Vault>::convert(&**self, format, content)
    }
}
#[automatically_derived]
impl<__RpcService> Vault for ::rpc_core::__private::Box<__RpcService>
where
    __RpcService: ?::rpc_core::__private::marker::Sized + Vault,
    Self: Send + Sync,
{
    fn list(&self, prefix: &str) -> Result<Vec<Entry>> {
        <__RpcService as Vault>::list(&**self, prefix)
    }
    fn count(&self) -> Result<u64, CountError> {
        <__RpcService as Vault>::count(&**self)
    }
    fn rename(&self, from: &str, to: String, limit: Option<u32>) -> Result<()> {
        <__RpcService as Vault>::rename(&**self, from, to, limit)
    }
    fn fetch(&self, name: &str) -> Result<impl Read + Send> {
        <__RpcService as Vault>::fetch(&**self, name)
    }
    fn digest<'a>(&'a self, content: impl io::Read + 'a) -> io::Result<Digest> {
        <__RpcService as Vault>::digest(&**self, content)
    }
    fn store(&self, name: &str, content: impl Read) -> Result<Receipt> {
        <__RpcService as Vault>::store(&**self, name, content)
    }
    fn append(&self, name: &str, position: u64, content: impl Read) -> Result<()> {
        <__RpcService as Vault>::append(&**self, name, position, content)
    }
    fn open(&self, name: &str) -> Result<(Entry, impl Read)> {
        <__RpcService as Vault>::open(&**self, name)
    }
    fn compress<'a>(&'a self, plain: impl Read + Send + 'a) -> Result<impl Read + 'a> {
        <__RpcService as Vault>::compress(&**self, plain)
    }
    fn convert(
        &self,
        format: Format,
        content: impl io::Read,
    ) -> Result<(Entry, impl Read)> {
        <__RpcService as Vault>::convert(&**self, format, content)
    }
}
/** Client of [`Vault`]: each method makes a call to a server.

 It may be shared between threads; a clone shares its connections. See `Client` for everything else about calls.*/
#[derive(::rpc_core::__private::Clone, ::rpc_core::__private::fmt::Debug)]
pub struct VaultClient {
    client: ::rpc_core::__private::Client,
}
impl VaultClient {
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
            client: ::rpc_core::__private::Client::of_service(client, "Vault"),
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
impl Vault for VaultClient {
    fn list(&self, prefix: &str) -> Result<Vec<Entry>> {
        ::rpc_core::__private::json(
                ::rpc_core::__private::result::<Vec<Entry>, _>(),
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::rpc_core::__private::Client::call(&self.client, "list")
                    .argument(::rpc_core::__private::parameter::<str, _>().with(prefix)),
            )
    }
    fn count(&self) -> Result<u64, CountError> {
        ::rpc_core::__private::json(
                ::rpc_core::__private::result::<u64, _>(),
                ::rpc_core::__private::error::<
                    <Result<(), CountError> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(::rpc_core::__private::Client::call(&self.client, "count"))
    }
    fn rename(&self, from: &str, to: String, limit: Option<u32>) -> Result<()> {
        ::rpc_core::__private::json(
                ::rpc_core::__private::unit(),
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::rpc_core::__private::Client::call(&self.client, "rename")
                    .argument(
                        ::rpc_core::__private::NamedArguments(
                            &[
                                (
                                    "from",
                                    &::rpc_core::__private::parameter::<str, _>().with(from),
                                ),
                                (
                                    "to",
                                    &::rpc_core::__private::parameter::<String, _>().with(&to),
                                ),
                                (
                                    "limit",
                                    &::rpc_core::__private::parameter::<Option<u32>, _>()
                                        .with(&limit),
                                ),
                            ],
                        ),
                    ),
            )
    }
    fn fetch(&self, name: &str) -> Result<::rpc_core::__private::OctetReader<'static>> {
        ::rpc_core::__private::octets(
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::rpc_core::__private::Client::call(&self.client, "fetch")
                    .argument(::rpc_core::__private::parameter::<str, _>().with(name)),
            )
    }
    fn digest<'a>(&'a self, content: impl io::Read + 'a) -> io::Result<Digest> {
        ::rpc_core::__private::json(
                ::rpc_core::__private::result::<Digest, _>(),
                ::rpc_core::__private::error::<
                    <io::Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::rpc_core::__private::Client::call(&self.client, "digest")
                    .with_octets(content),
            )
    }
    fn store(&self, name: &str, content: impl Read) -> Result<Receipt> {
        ::rpc_core::__private::json(
                ::rpc_core::__private::result::<Receipt, _>(),
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::rpc_core::__private::Client::call(&self.client, "store")
                    .argument(::rpc_core::__private::parameter::<str, _>().with(name))
                    .with_octets(content),
            )
    }
    fn append(&self, name: &str, position: u64, content: impl Read) -> Result<()> {
        ::rpc_core::__private::json(
                ::rpc_core::__private::unit(),
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::rpc_core::__private::Client::call(&self.client, "append")
                    .argument(
                        ::rpc_core::__private::NamedArguments(
                            &[
                                (
                                    "name",
                                    &::rpc_core::__private::parameter::<str, _>().with(name),
                                ),
                                (
                                    "position",
                                    &::rpc_core::__private::parameter::<u64, _>()
                                        .with(&position),
                                ),
                            ],
                        ),
                    )
                    .with_octets(content),
            )
    }
    fn open(
        &self,
        name: &str,
    ) -> Result<(Entry, ::rpc_core::__private::OctetReader<'static>)> {
        ::rpc_core::__private::json_and_octets(
                ::rpc_core::__private::result::<Entry, _>(),
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::rpc_core::__private::Client::call(&self.client, "open")
                    .argument(::rpc_core::__private::parameter::<str, _>().with(name)),
            )
    }
    fn compress<'a>(
        &'a self,
        plain: impl Read + Send + 'a,
    ) -> Result<::rpc_core::__private::OctetReader<'static, impl Read + Send + 'a>> {
        ::rpc_core::__private::octets(
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::rpc_core::__private::Client::call(&self.client, "compress")
                    .with_octets(plain),
            )
    }
    fn convert(
        &self,
        format: Format,
        content: impl io::Read,
    ) -> Result<(Entry, ::rpc_core::__private::OctetReader<'static, impl io::Read>)> {
        ::rpc_core::__private::json_and_octets(
                ::rpc_core::__private::result::<Entry, _>(),
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::rpc_core::__private::Client::call(&self.client, "convert")
                    .argument(
                        ::rpc_core::__private::parameter::<Format, _>().with(&format),
                    )
                    .with_octets(content),
            )
    }
}
/// Serves a [`Vault`]: all connections and all clones share the handler.
pub struct VaultServer<S> {
    service: ::rpc_core::__private::Arc<S>,
}
#[automatically_derived]
impl<S> ::rpc_core::__private::Clone for VaultServer<S> {
    fn clone(&self) -> Self {
        Self {
            service: ::rpc_core::__private::Clone::clone(&self.service),
        }
    }
}
impl<S> VaultServer<S> {
    /// Returns a server with this handler.
    #[must_use]
    pub fn new(service: S) -> Self {
        Self {
            service: ::rpc_core::__private::Arc::new(service),
        }
    }
}
#[automatically_derived]
impl<S> ::rpc_core::__private::fmt::Debug for VaultServer<S> {
    fn fmt(
        &self,
        __rpc_formatter: &mut ::rpc_core::__private::fmt::Formatter<'_>,
    ) -> ::rpc_core::__private::fmt::Result {
        __rpc_formatter.write_str("VaultServer")
    }
}
#[automatically_derived]
impl<__RpcService> ::rpc_core::__private::Service for VaultServer<__RpcService>
where
    __RpcService: Vault,
{
    const CONTRACT: ::rpc_core::__private::Option<
        &'static ::rpc_core::__private::Contract,
    > = ::rpc_core::__private::Option::Some(
        &::rpc_core::__private::Contract::new("Vault")
            .docs("What is stored.")
            .methods(
                &[
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("list")
                        .docs("Names and sizes of what is stored.")
                        .request(::rpc_core::__private::DataType::MarshaledJson)
                        .reply(::rpc_core::__private::DataType::MarshaledJson)
                        .parameters(& ["prefix"]), parameters : [str], sent : [], value :
                        [Vec < Entry >], returned : [], error :
                        [::rpc_core::__private::ErrorOf < Result < () > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("count")
                        .request(::rpc_core::__private::DataType::MarshaledJson)
                        .reply(::rpc_core::__private::DataType::MarshaledJson)
                        .parameters(& []), parameters : [], sent : [], value : [u64],
                        returned : [], error : [::rpc_core::__private::ErrorOf < Result <
                        (), CountError > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("rename")
                        .request(::rpc_core::__private::DataType::MarshaledJson)
                        .reply(::rpc_core::__private::DataType::MarshaledJson)
                        .parameters(& ["from", "to", "limit"]), parameters : [str,
                        String, Option < u32 >], sent : [], value : [()], returned : [],
                        error : [::rpc_core::__private::ErrorOf < Result < () > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("fetch")
                        .request(::rpc_core::__private::DataType::MarshaledJson)
                        .reply(::rpc_core::__private::DataType::Octets).parameters(&
                        ["name"]), parameters : [str], sent : [], value : [], returned :
                        [], error : [::rpc_core::__private::ErrorOf < Result < () > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("digest")
                        .request(::rpc_core::__private::DataType::Octets)
                        .reply(::rpc_core::__private::DataType::MarshaledJson)
                        .parameters(& ["content"]), parameters : [], sent : [], value :
                        [Digest], returned : [], error : [::rpc_core::__private::ErrorOf
                        < io::Result < () > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("store")
                        .request(::rpc_core::__private::DataType::MarshaledJsonThenOctets)
                        .reply(::rpc_core::__private::DataType::MarshaledJson)
                        .parameters(& ["name", "content"]), parameters : [str], sent :
                        [], value : [Receipt], returned : [], error :
                        [::rpc_core::__private::ErrorOf < Result < () > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("append")
                        .request(::rpc_core::__private::DataType::MarshaledJsonThenOctets)
                        .reply(::rpc_core::__private::DataType::MarshaledJson)
                        .parameters(& ["name", "position", "content"]), parameters :
                        [str, u64], sent : [], value : [()], returned : [], error :
                        [::rpc_core::__private::ErrorOf < Result < () > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("open")
                        .request(::rpc_core::__private::DataType::MarshaledJson)
                        .reply(::rpc_core::__private::DataType::MarshaledJsonThenOctets)
                        .parameters(& ["name"]), parameters : [str], sent : [], value :
                        [Entry], returned : [], error : [::rpc_core::__private::ErrorOf <
                        Result < () > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("compress")
                        .request(::rpc_core::__private::DataType::Octets)
                        .reply(::rpc_core::__private::DataType::Octets).parameters(&
                        ["plain"]), parameters : [], sent : [], value : [], returned :
                        [], error : [::rpc_core::__private::ErrorOf < Result < () > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("convert")
                        .request(::rpc_core::__private::DataType::MarshaledJsonThenOctets)
                        .reply(::rpc_core::__private::DataType::MarshaledJsonThenOctets)
                        .parameters(& ["format", "content"]), parameters : [Format], sent
                        : [], value : [Entry], returned : [], error :
                        [::rpc_core::__private::ErrorOf < Result < () > >]
                    ),
                ],
            ),
    );
}
#[automatically_derived]
impl<__RpcService> ::rpc_core::__private::Dispatch for VaultServer<__RpcService>
where
    __RpcService: Vault,
{
    fn contracts(&self) -> ::rpc_core::__private::Contracts {
        ::rpc_core::__private::contracts::<Self>()
    }
    fn dispatch<'__rpc>(
        &mut self,
        __rpc_call: ::rpc_core::__private::Call<'__rpc>,
    ) -> ::rpc_core::__private::Served<'__rpc> {
        match __rpc_call.endpoint() {
            "list" => {
                __rpc_call
                    .takes(
                        ::rpc_core::__private::NamedParameters::new(
                            &["prefix"],
                            (::rpc_core::__private::parameter::<str, _>(), ()),
                        ),
                    )
                    .replies(
                        ::rpc_core::__private::json(
                            ::rpc_core::__private::result::<Vec<Entry>, _>(),
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |(__rpc_received_prefix, ()), __rpc_reply| {
                            __rpc_reply
                                .send(
                                    <__RpcService as Vault>::list(
                                        &*self.service,
                                        &__rpc_received_prefix,
                                    ),
                                )
                        },
                    )
            }
            "count" => {
                __rpc_call
                    .takes(::rpc_core::__private::NamedParameters::new(&[], ()))
                    .replies(
                        ::rpc_core::__private::json(
                            ::rpc_core::__private::result::<u64, _>(),
                            ::rpc_core::__private::error::<
                                <Result<
                                    (),
                                    CountError,
                                > as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |(), __rpc_reply| {
                            __rpc_reply
                                .send(<__RpcService as Vault>::count(&*self.service))
                        },
                    )
            }
            "rename" => {
                __rpc_call
                    .takes(
                        ::rpc_core::__private::NamedParameters::new(
                            &["from", "to", "limit"],
                            (
                                ::rpc_core::__private::parameter::<str, _>(),
                                (
                                    ::rpc_core::__private::parameter::<String, _>(),
                                    (::rpc_core::__private::parameter::<Option<u32>, _>(), ()),
                                ),
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
                        |
                            (
                                __rpc_received_from,
                                (__rpc_received_to, (__rpc_received_limit, ())),
                            ),
                            __rpc_reply|
                        {
                            __rpc_reply
                                .send(
                                    <__RpcService as Vault>::rename(
                                        &*self.service,
                                        &__rpc_received_from,
                                        __rpc_received_to,
                                        __rpc_received_limit,
                                    ),
                                )
                        },
                    )
            }
            "fetch" => {
                __rpc_call
                    .takes(
                        ::rpc_core::__private::NamedParameters::new(
                            &["name"],
                            (::rpc_core::__private::parameter::<str, _>(), ()),
                        ),
                    )
                    .replies(
                        ::rpc_core::__private::octets(
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |(__rpc_received_name, ()), __rpc_reply| {
                            __rpc_reply
                                .send(
                                    <__RpcService as Vault>::fetch(
                                        &*self.service,
                                        &__rpc_received_name,
                                    ),
                                )
                        },
                    )
            }
            "digest" => {
                __rpc_call
                    .takes(::rpc_core::__private::Octets)
                    .replies(
                        ::rpc_core::__private::json(
                            ::rpc_core::__private::result::<Digest, _>(),
                            ::rpc_core::__private::error::<
                                <io::Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |__rpc_received_content, __rpc_reply| {
                            __rpc_reply
                                .send(
                                    <__RpcService as Vault>::digest(
                                        &*self.service,
                                        __rpc_received_content,
                                    ),
                                )
                        },
                    )
            }
            "store" => {
                __rpc_call
                    .takes(
                        ::rpc_core::__private::AndOctets(
                            ::rpc_core::__private::NamedParameters::new(
                                &["name"],
                                (::rpc_core::__private::parameter::<str, _>(), ()),
                            ),
                        ),
                    )
                    .replies(
                        ::rpc_core::__private::json(
                            ::rpc_core::__private::result::<Receipt, _>(),
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |
                            ((__rpc_received_name, ()), __rpc_received_content),
                            __rpc_reply|
                        {
                            __rpc_reply
                                .send(
                                    <__RpcService as Vault>::store(
                                        &*self.service,
                                        &__rpc_received_name,
                                        __rpc_received_content,
                                    ),
                                )
                        },
                    )
            }
            "append" => {
                __rpc_call
                    .takes(
                        ::rpc_core::__private::AndOctets(
                            ::rpc_core::__private::NamedParameters::new(
                                &["name", "position"],
                                (
                                    ::rpc_core::__private::parameter::<str, _>(),
                                    (::rpc_core::__private::parameter::<u64, _>(), ()),
                                ),
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
                        |
                            (
                                (__rpc_received_name, (__rpc_received_position, ())),
                                __rpc_received_content,
                            ),
                            __rpc_reply|
                        {
                            __rpc_reply
                                .send(
                                    <__RpcService as Vault>::append(
                                        &*self.service,
                                        &__rpc_received_name,
                                        __rpc_received_position,
                                        __rpc_received_content,
                                    ),
                                )
                        },
                    )
            }
            "open" => {
                __rpc_call
                    .takes(
                        ::rpc_core::__private::NamedParameters::new(
                            &["name"],
                            (::rpc_core::__private::parameter::<str, _>(), ()),
                        ),
                    )
                    .replies(
                        ::rpc_core::__private::json_and_octets(
                            ::rpc_core::__private::result::<Entry, _>(),
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |(__rpc_received_name, ()), __rpc_reply| {
                            __rpc_reply
                                .send(
                                    <__RpcService as Vault>::open(
                                        &*self.service,
                                        &__rpc_received_name,
                                    ),
                                )
                        },
                    )
            }
            "compress" => {
                __rpc_call
                    .takes(::rpc_core::__private::Octets)
                    .replies(
                        ::rpc_core::__private::octets(
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |__rpc_received_plain, __rpc_reply| {
                            __rpc_reply
                                .send(
                                    <__RpcService as Vault>::compress(
                                        &*self.service,
                                        __rpc_received_plain,
                                    ),
                                )
                        },
                    )
            }
            "convert" => {
                __rpc_call
                    .takes(
                        ::rpc_core::__private::AndOctets(
                            ::rpc_core::__private::NamedParameters::new(
                                &["format"],
                                (::rpc_core::__private::parameter::<Format, _>(), ()),
                            ),
                        ),
                    )
                    .replies(
                        ::rpc_core::__private::json_and_octets(
                            ::rpc_core::__private::result::<Entry, _>(),
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |
                            ((__rpc_received_format, ()), __rpc_received_content),
                            __rpc_reply|
                        {
                            __rpc_reply
                                .send(
                                    <__RpcService as Vault>::convert(
                                        &*self.service,
                                        __rpc_received_format,
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
