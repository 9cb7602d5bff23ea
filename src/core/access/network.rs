//! Lists of addresses that a login may come from.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// An IPv4 or IPv6 network, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceNetwork(IpNet);

impl SourceNetwork {
    /// Whether an address is in it. An IPv4 address that came mapped into IPv6 is the IPv4 address.
    pub fn has(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Its last address, for proving what it allows.
    pub fn last_address(&self) -> IpAddr {
        self.0.broadcast()
    }

    /// Its first address that a computer may have, for proving what it allows; `None` only for a network
    /// without any.
    pub fn first_address(&self) -> Option<IpAddr> {
        self.0.hosts().next()
    }
}

/// A text that is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// It is neither an address nor a network.
    #[error("an address or a network such as 10.1.2.0/24 or 2001:db8::/32 is wanted, not {found:?}")]
    Unreadable {
        /// What was there.
        found: String,
    },
    /// It has bits beyond its length, so that it is not clear what is meant.
    #[error("{found} is an address within a network; the network is {network}, the address alone {address}")]
    HasHostBits {
        /// What was there.
        found: String,
        /// The network it is in.
        network: String,
        /// The address alone.
        address: IpAddr,
    },
}

impl FromStr for SourceNetwork {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let found = || text.escape_debug().take(60).collect::<String>();
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self(IpNet::from(address.to_canonical())));
        }
        let net: IpNet = text.parse().map_err(|_| NetworkError::Unreadable { found: found() })?;
        if let IpAddr::V6(address) = net.addr()
            && address.to_ipv4_mapped().is_some()
        {
            // ::ffff:10.0.0.0/104 would silently match nothing, since addresses are compared as IPv4.
            return Err(NetworkError::Unreadable { found: found() });
        }
        if net.trunc() != net {
            return Err(NetworkError::HasHostBits {
                found: found(),
                network: net.trunc().to_string(),
                address: net.addr(),
            });
        }
        Ok(Self(net))
    }
}

/// `10.1.2.0/24`; one address without its length.
impl fmt::Display for SourceNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(network: &str, address: &str, expect: bool) {
        let network: SourceNetwork = network.parse().unwrap();
        assert_eq!(network.has(address.parse().unwrap()), expect, "{address} in {network}");
    }

    #[test]
    fn an_address_is_in_its_network() {
        check("10.1.2.0/24", "10.1.2.255", true);
        check("10.1.2.0/24", "10.1.3.0", false);
        check("10.1.2.0/24", "::ffff:10.1.2.9", true);
        check("::ffff:10.1.2.9", "10.1.2.9", true);
        check("2001:db8::/32", "2001:db8:1::1", true);
        check("2001:db8::/32", "2001:db9::1", false);
        check("0.0.0.0/0", "203.0.113.9", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("192.0.2.7", "192.0.2.7", true);
        check("192.0.2.7", "192.0.2.6", false);
    }

    #[test]
    fn a_network_is_read_as_it_is_shown() {
        for text in ["10.1.2.0/24", "192.0.2.7", "2001:db8::/32", "::1", "0.0.0.0/0"] {
            assert_eq!(text.parse::<SourceNetwork>().unwrap().to_string(), text);
        }
        for wrong in ["", "10.1.2", "10.1.2.0/33", "10.1.2.0/24 ", "host.example", "::ffff:10.0.0.0/104"] {
            assert!(wrong.parse::<SourceNetwork>().is_err(), "{wrong:?}");
        }
        let error = "10.1.2.3/24".parse::<SourceNetwork>().unwrap_err().to_string();
        assert!(error.contains("10.1.2.0/24") && error.contains("alone 10.1.2.3"), "{error}");
    }
}
