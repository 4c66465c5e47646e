use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rpc_core::{Address, AddressError, ToAddress};

fn address(place: impl ToAddress) -> Result<Address, AddressError> {
    place.to_address()
}

fn main() -> Result<(), AddressError> {
    let (text, host) = ("tcp://127.0.0.1:7411".to_owned(), "127.0.0.1".to_owned());
    let socket = SocketAddr::from(([127, 0, 0, 1], 7411));
    let expected: Address = text.parse()?;
    for found in [
        address(&*text),
        address(&text),
        address(text.clone()),
        address(&expected),
        address(expected.clone()),
        address(socket),
        address(&socket),
        address(("127.0.0.1", 7411)),
        address((&host, 7411)),
        address((host.clone(), 7411)),
        address(&(host, 7411)),
        address((Ipv4Addr::LOCALHOST, 7411)),
        address((IpAddr::from(Ipv4Addr::LOCALHOST), 7411)),
    ] {
        assert_eq!(found?, expected);
    }
    assert_eq!(address((Ipv6Addr::LOCALHOST, 7411))?.to_string(), "tcp://[::1]:7411");
    Ok(())
}
