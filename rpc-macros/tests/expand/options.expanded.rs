pub(crate) trait Vault {
    fn list_entries(&self) -> Result<Vec<Entry>>;
    #[deprecated]
    fn remove(&self, name: &str) -> Result<()>;
    #[cfg(unix)]
    fn r#move(&self, r#type: Kind) -> Result<()>;
    #[cfg_attr(feature = "extra", cfg(unix), doc = "Not everywhere.")]
    fn extra(&self, most: Option<u32>) -> Result<()>;
}
#[automatically_derived]
impl<__RpcService> Vault for &__RpcService
where
    __RpcService: ?::renamed::inner::__private::marker::Sized + Vault,
{
    fn list_entries(&self) -> Result<Vec<Entry>> {
        <__RpcService as Vault>::list_entries(&**self)
    }
    #[allow(deprecated)]
    fn remove(&self, name: &str) -> Result<()> {
        <__RpcService as Vault>::remove(&**self, name)
    }
    #[cfg(unix)]
    fn r#move(&self, r#type: Kind) -> Result<()> {
        <__RpcService as Vault>::r#move(&**self, r#type)
    }
    #[cfg_attr(feature = "extra", cfg(unix))]
    fn extra(&self, most: Option<u32>) -> Result<()> {
        <__RpcService as Vault>::extra(&**self, most)
    }
}
#[automatically_derived]
impl<__RpcService> Vault for ::renamed::inner::__private::Arc<__RpcService>
where
    __RpcService: ?::renamed::inner::__private::marker::Sized + Vault,
{
    fn list_entries(&self) -> Result<Vec<Entry>> {
        <__RpcService as Vault>::list_entries(&**self)
    }
    #[allow(deprecated)]
    fn remove(&self, name: &str) -> Result<()> {
        <__RpcService as Vault>::remove(&**self, name)
    }
    #[cfg(unix)]
    fn r#move(&self, r#type: Kind) -> Result<()> {
        <__RpcService as Vault>::r#move(&**self, r#type)
    }
    #[cfg_attr(feature = "extra", cfg(unix))]
    fn extra(&self, most: Option<u32>) -> Result<()> {
        <__RpcService as Vault>::extra(&**self, most)
    }
}
#[automatically_derived]
impl<__RpcService> Vault for ::renamed::inner::__private::Box<__RpcService>
where
    __RpcService: ?::renamed::inner::__private::marker::Sized + Vault,
{
    fn list_entries(&self) -> Result<Vec<Entry>> {
        <__RpcService as Vault>::list_entries(&**self)
    }
    #[allow(deprecated)]
    fn remove(&self, name: &str) -> Result<()> {
        <__RpcService as Vault>::remove(&**self, name)
    }
    #[cfg(unix)]
    fn r#move(&self, r#type: Kind) -> Result<()> {
        <__RpcService as Vault>::r#move(&**self, r#type)
    }
    #[cfg_attr(feature = "extra", cfg(unix))]
    fn extra(&self, most: Option<u32>) -> Result<()> {
        <__RpcService as Vault>::extra(&**self, most)
    }
}
/** Client of [`Vault`]: each method makes a call to a server.

 It may be shared between threads; a clone shares its connections. See `Client` for everything else about calls.*/
#[derive(::renamed::inner::__private::Clone, ::renamed::inner::__private::fmt::Debug)]
pub(crate) struct VaultClient {
    client: ::renamed::inner::__private::Client,
}
impl VaultClient {
    /// Connects to the server at an address.
    ///
    /// # Errors
    ///
    /// If the address is invalid or cannot be reached.
    pub(crate) fn connect(
        address: impl ::renamed::inner::__private::ToAddress,
    ) -> ::renamed::inner::__private::Result<Self, ::renamed::inner::__private::Error> {
        ::renamed::inner::__private::Result::map(
            ::renamed::inner::__private::Client::connect(address),
            Self::new,
        )
    }
    /// Connects to the server at an address, with this config.
    ///
    /// # Errors
    ///
    /// If the address is invalid or cannot be reached.
    pub(crate) fn connect_with(
        address: impl ::renamed::inner::__private::ToAddress,
        config: ::renamed::inner::__private::ClientConfig,
    ) -> ::renamed::inner::__private::Result<Self, ::renamed::inner::__private::Error> {
        ::renamed::inner::__private::Result::map(
            ::renamed::inner::__private::Client::connect_with(address, config),
            Self::new,
        )
    }
    /// Returns a client of the server at the other end of `transport`.
    ///
    /// # Errors
    ///
    /// If the transport cannot be set up.
    pub(crate) fn from_transport(
        transport: impl ::renamed::inner::__private::Transport,
    ) -> ::renamed::inner::__private::Result<Self, ::renamed::inner::__private::Error> {
        ::renamed::inner::__private::Result::map(
            ::renamed::inner::__private::Client::from_transport(transport),
            Self::new,
        )
    }
    /// Does the Close handshake on each idle connection. Dropping the client does not wait for
    /// the server, and does not report errors.
    ///
    /// # Errors
    ///
    /// The first failure of a handshake.
    pub(crate) fn close(
        client: Self,
    ) -> ::renamed::inner::__private::Result<(), ::renamed::inner::__private::Error> {
        ::renamed::inner::__private::Client::close(client.client)
    }
    /// Returns a client that makes its calls through `client`.
    #[must_use]
    pub(crate) fn new(client: ::renamed::inner::__private::Client) -> Self {
        Self {
            client: ::renamed::inner::__private::Client::of_service(client, "Vault"),
        }
    }
    /// Returns a client that shares the connections of `client`, and makes its calls with
    /// these options and those of `client` that they do not set.
    #[must_use]
    pub(crate) fn with_options(
        client: &Self,
        options: ::renamed::inner::__private::CallOptions,
    ) -> Self {
        Self::new(
            ::renamed::inner::__private::Client::with_options(&client.client, options),
        )
    }
}
#[automatically_derived]
impl Vault for VaultClient {
    fn list_entries(&self) -> Result<Vec<Entry>> {
        ::renamed::inner::__private::json(
                ::renamed::inner::__private::result::<Vec<Entry>, _>(),
                ::renamed::inner::__private::error::<
                    <Result<()> as ::renamed::inner::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::renamed::inner::__private::Client::call(
                        &self.client,
                        "vault.ListEntries",
                    )
                    .idempotent(),
            )
    }
    #[allow(deprecated)]
    fn remove(&self, name: &str) -> Result<()> {
        ::renamed::inner::__private::json(
                ::renamed::inner::__private::unit(),
                ::renamed::inner::__private::error::<
                    <Result<()> as ::renamed::inner::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::renamed::inner::__private::Client::call(&self.client, "Erase")
                    .argument(
                        ::renamed::inner::__private::parameter::<str, _>().with(name),
                    ),
            )
    }
    #[cfg(unix)]
    fn r#move(&self, r#type: Kind) -> Result<()> {
        ::renamed::inner::__private::json(
                ::renamed::inner::__private::unit(),
                ::renamed::inner::__private::error::<
                    <Result<()> as ::renamed::inner::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::renamed::inner::__private::Client::call(&self.client, "vault.Move")
                    .argument(
                        ::renamed::inner::__private::parameter::<Kind, _>().with(&r#type),
                    ),
            )
    }
    #[cfg_attr(feature = "extra", cfg(unix))]
    fn extra(&self, most: Option<u32>) -> Result<()> {
        ::renamed::inner::__private::json(
                ::renamed::inner::__private::unit(),
                ::renamed::inner::__private::error::<
                    <Result<()> as ::renamed::inner::__private::Outcome>::Error,
                    _,
                >(),
            )
            .of(
                ::renamed::inner::__private::Client::call(&self.client, "vault.Extra")
                    .argument(
                        ::renamed::inner::__private::parameter::<Option<u32>, _>()
                            .with(&most),
                    ),
            )
    }
}
/// Serves a [`Vault`]: all connections and all clones share the handler.
pub(crate) struct VaultServer<S> {
    service: ::renamed::inner::__private::Arc<S>,
}
#[automatically_derived]
impl<S> ::renamed::inner::__private::Clone for VaultServer<S> {
    fn clone(&self) -> Self {
        Self {
            service: ::renamed::inner::__private::Clone::clone(&self.service),
        }
    }
}
impl<S> VaultServer<S> {
    /// Returns a server with this handler.
    #[must_use]
    pub(crate) fn new(service: S) -> Self {
        Self {
            service: ::renamed::inner::__private::Arc::new(service),
        }
    }
}
#[automatically_derived]
impl<S> ::renamed::inner::__private::fmt::Debug for VaultServer<S> {
    fn fmt(
        &self,
        __rpc_formatter: &mut ::renamed::inner::__private::fmt::Formatter<'_>,
    ) -> ::renamed::inner::__private::fmt::Result {
        __rpc_formatter.write_str("VaultServer")
    }
}
#[automatically_derived]
#[allow(deprecated)]
impl<__RpcService> ::renamed::inner::__private::Service for VaultServer<__RpcService>
where
    __RpcService: Vault,
{
    const CONTRACT: ::renamed::inner::__private::Option<
        &'static ::renamed::inner::__private::Contract,
    > = ::renamed::inner::__private::Option::Some(
        &::renamed::inner::__private::Contract::new("Vault")
            .methods(
                &[
                    ::renamed::inner::__private::method_of!(
                        ::renamed::inner::__private::Method::new("vault.ListEntries")
                        .idempotent()
                        .request(::renamed::inner::__private::DataType::MarshaledJson)
                        .reply(::renamed::inner::__private::DataType::MarshaledJson)
                        .parameters(& []), parameters : [], sent : [], value : [Vec <
                        Entry >], returned : [], error :
                        [::renamed::inner::__private::ErrorOf < Result < () > >]
                    ),
                    ::renamed::inner::__private::method_of!(
                        ::renamed::inner::__private::Method::new("Erase").aliases(&
                        ["Delete", "vault.Remove"])
                        .request(::renamed::inner::__private::DataType::MarshaledJson)
                        .reply(::renamed::inner::__private::DataType::MarshaledJson)
                        .parameters(& ["name"]), parameters : [str], sent : [], value :
                        [()], returned : [], error :
                        [::renamed::inner::__private::ErrorOf < Result < () > >]
                    ),
                    #[cfg(unix)]
                    ::renamed::inner::__private::method_of!(
                        ::renamed::inner::__private::Method::new("vault.Move")
                        .request(::renamed::inner::__private::DataType::MarshaledJson)
                        .reply(::renamed::inner::__private::DataType::MarshaledJson)
                        .parameters(& ["type"]), parameters : [Kind], sent : [], value :
                        [()], returned : [], error :
                        [::renamed::inner::__private::ErrorOf < Result < () > >]
                    ),
                    #[cfg_attr(feature = "extra", cfg(unix))]
                    ::renamed::inner::__private::method_of!(
                        ::renamed::inner::__private::Method::new("vault.Extra")
                        .request(::renamed::inner::__private::DataType::MarshaledJson)
                        .reply(::renamed::inner::__private::DataType::MarshaledJson)
                        .parameters(& ["most"]).parameter_aliases(& [& ["count",
                        "limit"]]), parameters : [Option < u32 >], sent : [], value :
                        [()], returned : [], error :
                        [::renamed::inner::__private::ErrorOf < Result < () > >]
                    ),
                ],
            ),
    );
}
#[automatically_derived]
impl<__RpcService> ::renamed::inner::__private::Dispatch for VaultServer<__RpcService>
where
    __RpcService: Vault,
{
    fn contracts(&self) -> ::renamed::inner::__private::Contracts {
        ::renamed::inner::__private::contracts::<Self>()
    }
    fn dispatch<'__rpc>(
        &mut self,
        __rpc_call: ::renamed::inner::__private::Call<'__rpc>,
    ) -> ::renamed::inner::__private::Served<'__rpc> {
        match __rpc_call.endpoint() {
            "vault.ListEntries" => {
                __rpc_call
                    .takes(::renamed::inner::__private::NamedParameters::new(&[], ()))
                    .replies(
                        ::renamed::inner::__private::json(
                            ::renamed::inner::__private::result::<Vec<Entry>, _>(),
                            ::renamed::inner::__private::error::<
                                <Result<()> as ::renamed::inner::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |(), __rpc_reply| {
                            __rpc_reply
                                .send(<__RpcService as Vault>::list_entries(&*self.service))
                        },
                    )
            }
            #[allow(deprecated)]
            "Erase" | "Delete" | "vault.Remove" => {
                __rpc_call
                    .takes(
                        ::renamed::inner::__private::NamedParameters::new(
                            &["name"],
                            (::renamed::inner::__private::parameter::<str, _>(), ()),
                        ),
                    )
                    .replies(
                        ::renamed::inner::__private::json(
                            ::renamed::inner::__private::unit(),
                            ::renamed::inner::__private::error::<
                                <Result<()> as ::renamed::inner::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |(__rpc_received_name, ()), __rpc_reply| {
                            __rpc_reply
                                .send(
                                    <__RpcService as Vault>::remove(
                                        &*self.service,
                                        &__rpc_received_name,
                                    ),
                                )
                        },
                    )
            }
            #[cfg(unix)]
            "vault.Move" => {
                __rpc_call
                    .takes(
                        ::renamed::inner::__private::NamedParameters::new(
                            &["type"],
                            (::renamed::inner::__private::parameter::<Kind, _>(), ()),
                        ),
                    )
                    .replies(
                        ::renamed::inner::__private::json(
                            ::renamed::inner::__private::unit(),
                            ::renamed::inner::__private::error::<
                                <Result<()> as ::renamed::inner::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |(__rpc_received_type, ()), __rpc_reply| {
                            __rpc_reply
                                .send(
                                    <__RpcService as Vault>::r#move(
                                        &*self.service,
                                        __rpc_received_type,
                                    ),
                                )
                        },
                    )
            }
            #[cfg_attr(feature = "extra", cfg(unix))]
            "vault.Extra" => {
                __rpc_call
                    .takes(
                        ::renamed::inner::__private::NamedParameters::new(
                                &["most"],
                                (
                                    ::renamed::inner::__private::parameter::<Option<u32>, _>(),
                                    (),
                                ),
                            )
                            .aliases(&[("count", "most"), ("limit", "most")]),
                    )
                    .replies(
                        ::renamed::inner::__private::json(
                            ::renamed::inner::__private::unit(),
                            ::renamed::inner::__private::error::<
                                <Result<()> as ::renamed::inner::__private::Outcome>::Error,
                                _,
                            >(),
                        ),
                        |(__rpc_received_most, ()), __rpc_reply| {
                            __rpc_reply
                                .send(
                                    <__RpcService as Vault>::extra(
                                        &*self.service,
                                        __rpc_received_most,
                                    ),
                                )
                        },
                    )
            }
            _ => __rpc_call.unknown_endpoint(),
        }
    }
}
