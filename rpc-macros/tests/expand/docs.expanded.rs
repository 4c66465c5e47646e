#[doc(alias = "safe")]
/// What is stored.
///
///     indented
#[doc = include_str!("vault.md")]
trait Vault {
    /// One line.
    #[doc = concat!("and ", "another")]
    fn list(&self) -> Result<()>;
    /** A block.

    Its second line. */
    fn block(&self) -> Result<()>;
    ///
    fn empty(&self) -> Result<()>;
}
#[automatically_derived]
impl<__RpcService> Vault for &__RpcService
where
    __RpcService: ?::rpc_core::__private::marker::Sized + Vault,
{
    fn list(&self) -> Result<()> {
        <__RpcService as Vault>::list(&**self)
    }
    fn block(&self) -> Result<()> {
        <__RpcService as Vault>::block(&**self)
    }
    fn empty(&self) -> Result<()> {
        <__RpcService as Vault>::empty(&**self)
    }
}
#[automatically_derived]
impl<__RpcService> Vault for ::rpc_core::__private::Arc<__RpcService>
where
    __RpcService: ?::rpc_core::__private::marker::Sized + Vault,
{
    fn list(&self) -> Result<()> {
        <__RpcService as Vault>::list(&**self)
    }
    fn block(&self) -> Result<()> {
        <__RpcService as Vault>::block(&**self)
    }
    fn empty(&self) -> Result<()> {
        <__RpcService as Vault>::empty(&**self)
    }
}
#[automatically_derived]
impl<__RpcService> Vault for ::rpc_core::__private::Box<__RpcService>
where
    __RpcService: ?::rpc_core::__private::marker::Sized + Vault,
{
    fn list(&self) -> Result<()> {
        <__RpcService as Vault>::list(&**self)
    }
    fn block(&self) -> Result<()> {
        <__RpcService as Vault>::block(&**self)
    }
    fn empty(&self) -> Result<()> {
        <__RpcService as Vault>::empty(&**self)
    }
}
/** Client of [`Vault`]: each method makes a call to a server.

 It may be shared between threads; a clone shares its connections. See `Client` for everything else about calls.*/
#[derive(::rpc_core::__private::Clone, ::rpc_core::__private::fmt::Debug)]
struct VaultClient {
    client: ::rpc_core::__private::Client,
}
impl VaultClient {
    /// Connects to the server at an address.
    ///
    /// # Errors
    ///
    /// If the address is invalid or cannot be reached.
    fn connect(
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
    fn connect_with(
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
    fn from_transport(
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
    fn close(
        client: Self,
    ) -> ::rpc_core::__private::Result<(), ::rpc_core::__private::Error> {
        ::rpc_core::__private::Client::close(client.client)
    }
    /// Returns a client that makes its calls through `client`.
    #[must_use]
    fn new(client: ::rpc_core::__private::Client) -> Self {
        Self {
            client: ::rpc_core::__private::Client::of_service(client, "Vault"),
        }
    }
    /// Returns a client that shares the connections of `client`, and makes its calls with
    /// these options and those of `client` that they do not set.
    #[must_use]
    fn with_options(client: &Self, options: ::rpc_core::__private::CallOptions) -> Self {
        Self::new(::rpc_core::__private::Client::with_options(&client.client, options))
    }
}
#[automatically_derived]
impl Vault for VaultClient {
    fn list(&self) -> Result<()> {
        ::rpc_core::__private::json(
                ::rpc_core::__private::unit(),
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(::rpc_core::__private::Client::call(&self.client, "list"))
    }
    fn block(&self) -> Result<()> {
        ::rpc_core::__private::json(
                ::rpc_core::__private::unit(),
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(::rpc_core::__private::Client::call(&self.client, "block"))
    }
    fn empty(&self) -> Result<()> {
        ::rpc_core::__private::json(
                ::rpc_core::__private::unit(),
                ::rpc_core::__private::error::<
                    <Result<()> as ::rpc_core::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(::rpc_core::__private::Client::call(&self.client, "empty"))
    }
}
/// Serves a [`Vault`]: all connections and all clones share the handler.
struct VaultServer<S> {
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
    fn new(service: S) -> Self {
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
            .docs(
                ::rpc_core::__private::concat!(
                    "What is stored.", "\n", "", "\n", "    indented", "\n",
                    include_str!("vault.md")
                ),
            )
            .methods(
                &[
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("list")
                        .docs(::rpc_core::__private::concat!("One line.", "\n",
                        concat!("and ", "another")))
                        .request(::rpc_core::__private::DataType::MarshaledJson)
                        .reply(::rpc_core::__private::DataType::MarshaledJson)
                        .parameters(& []), parameters : [], sent : [], value : [()],
                        returned : [], error : [::rpc_core::__private::ErrorOf < Result <
                        () > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("block")
                        .docs("A block.\n\n   Its second line. ")
                        .request(::rpc_core::__private::DataType::MarshaledJson)
                        .reply(::rpc_core::__private::DataType::MarshaledJson)
                        .parameters(& []), parameters : [], sent : [], value : [()],
                        returned : [], error : [::rpc_core::__private::ErrorOf < Result <
                        () > >]
                    ),
                    ::rpc_core::__private::method_of!(
                        ::rpc_core::__private::Method::new("empty").docs("")
                        .request(::rpc_core::__private::DataType::MarshaledJson)
                        .reply(::rpc_core::__private::DataType::MarshaledJson)
                        .parameters(& []), parameters : [], sent : [], value : [()],
                        returned : [], error : [::rpc_core::__private::ErrorOf < Result <
                        () > >]
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
                    .takes(::rpc_core::__private::NamedParameters::new(&[], ()))
                    .replies(
                        ::rpc_core::__private::json(
                            ::rpc_core::__private::unit(),
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |(), __rpc_reply| {
                            __rpc_reply
                                .send(<__RpcService as Vault>::list(&*self.service))
                        },
                    )
            }
            "block" => {
                __rpc_call
                    .takes(::rpc_core::__private::NamedParameters::new(&[], ()))
                    .replies(
                        ::rpc_core::__private::json(
                            ::rpc_core::__private::unit(),
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |(), __rpc_reply| {
                            __rpc_reply
                                .send(<__RpcService as Vault>::block(&*self.service))
                        },
                    )
            }
            "empty" => {
                __rpc_call
                    .takes(::rpc_core::__private::NamedParameters::new(&[], ()))
                    .replies(
                        ::rpc_core::__private::json(
                            ::rpc_core::__private::unit(),
                            ::rpc_core::__private::error::<
                                <Result<()> as ::rpc_core::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |(), __rpc_reply| {
                            __rpc_reply
                                .send(<__RpcService as Vault>::empty(&*self.service))
                        },
                    )
            }
            _ => __rpc_call.unknown_endpoint(),
        }
    }
}
