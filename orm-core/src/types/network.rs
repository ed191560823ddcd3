//! Network addresses: [`IpAddr`] and [`Inet`] for `inet`, [`Cidr`] for `cidr`.
//!
//! The binary form is a head of four bytes (the family, the prefix's length, whether it is a `cidr`, the number of bytes to
//! come) and the address.

use std::fmt;
use std::net::IpAddr;

use bytes::{BufMut, BytesMut};

use super::array::array_of;
use super::sql_type::show_display;
use super::{DecodeError, Element, KeyPart, PgType, Raw, SqlType};

const CIDR: u32 = 650;
const INET: u32 = 869;

const FAMILY_4: u8 = 2;
const FAMILY_6: u8 = 3;

/// An address with the length of its network's prefix: `inet`. `192.168.0.7/24` is the host 7 of the network 192.168.0.
/// SQLAlchemy: `INET`.
///
/// ```
/// use orm_core::types::{Inet, Param};
///
/// let host = Inet::new("192.168.0.7".parse().unwrap(), 24);
/// assert_eq!(Param::new(&host).show(), "192.168.0.7/24");
/// assert_eq!(Inet::from("::1".parse::<std::net::IpAddr>().unwrap()).to_string(), "::1/128");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize))]
pub struct Inet {
    /// The address.
    pub address: IpAddr,
    /// The number of bits that are the network's, up to 32 or 128.
    pub prefix: u8,
}

/// A network: `cidr`. Unlike an [`Inet`] it has no bits behind its prefix. SQLAlchemy: `CIDR`.
///
/// ```
/// use orm_core::types::{Cidr, Param};
///
/// let network = Cidr::new("192.168.0.7".parse().unwrap(), 24);
/// assert_eq!(Param::new(&network).show(), "192.168.0.0/24");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

impl Inet {
    /// The address with a prefix of so many bits; all bits, if there are fewer.
    pub fn new(address: IpAddr, prefix: u8) -> Self {
        let prefix = prefix.min(bits(address));
        Inet { address, prefix }
    }
}

impl From<IpAddr> for Inet {
    fn from(address: IpAddr) -> Self {
        Inet::new(address, u8::MAX)
    }
}

impl Cidr {
    /// The network of an address, whose prefix has so many bits; what stands behind them becomes zero.
    pub fn new(address: IpAddr, prefix: u8) -> Self {
        let prefix = prefix.min(bits(address));
        let address = match address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                IpAddr::V4((u32::from(address) & mask).into())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                IpAddr::V6((u128::from(address) & mask).into())
            }
        };
        Cidr { address, prefix }
    }

    /// The first address.
    ///
    /// ```
    /// use orm_core::types::Cidr;
    ///
    /// let network = Cidr::new("192.168.0.7".parse().unwrap(), 24);
    /// assert_eq!((network.address().to_string().as_str(), network.prefix()), ("192.168.0.0", 24));
    /// ```
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The number of bits that all addresses of the network have in common.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }
}

impl fmt::Display for Inet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

fn write(address: IpAddr, prefix: u8, cidr: bool, out: &mut BytesMut) {
    let (family, length) = match address {
        IpAddr::V4(_) => (FAMILY_4, 4),
        IpAddr::V6(_) => (FAMILY_6, 16),
    };
    out.put_slice(&[family, prefix, u8::from(cidr), length]);
    match address {
        IpAddr::V4(address) => out.put_slice(&address.octets()),
        IpAddr::V6(address) => out.put_slice(&address.octets()),
    }
}

fn read<T>(raw: Raw<'_>, oids: &[u32]) -> Result<Inet, DecodeError> {
    let bytes = raw.not_null::<T>()?;
    if !oids.contains(&raw.oid) {
        return Err(DecodeError::type_mismatch::<T>(&raw));
    }
    let malformed = || DecodeError::malformed::<T>("the bytes are no network address");
    let ([family, prefix, _, _], address) = bytes.split_first_chunk().ok_or_else(malformed)?;
    let address = match *family {
        FAMILY_4 => <[u8; 4]>::try_from(address).map(IpAddr::from).ok(),
        FAMILY_6 => <[u8; 16]>::try_from(address).map(IpAddr::from).ok(),
        _ => None,
    };
    let address = address.filter(|address| *prefix <= bits(*address));
    Ok(Inet::new(address.ok_or_else(malformed)?, *prefix))
}

impl SqlType for Inet {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = &PgType::built_in("inet", INET, true, show_display::<Self>);

    fn encode(&self, out: &mut BytesMut) -> bool {
        write(self.address, self.prefix, false, out);
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        read::<Self>(raw, &[INET, CIDR])
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl SqlType for Cidr {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = &PgType::built_in("cidr", CIDR, true, show_display::<Self>);

    fn encode(&self, out: &mut BytesMut) -> bool {
        write(self.address, self.prefix, true, out);
        true
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        let Inet { address, prefix } = read::<Self>(raw, &[CIDR])?;
        Ok(Cidr { address, prefix })
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

/// A single address: an `inet` whose prefix is the whole address. Any other is an error when it is read: use [`Inet`].
///
/// ```
/// use orm_core::types::Param;
/// use std::net::Ipv4Addr;
///
/// assert_eq!(Param::new(&std::net::IpAddr::from(Ipv4Addr::LOCALHOST)).show(), "127.0.0.1");
/// ```
impl SqlType for IpAddr {
    type Base = Self;
    type Nullify<U: SqlType> = U;
    const TYPE: &'static PgType = &PgType::built_in("inet", INET, true, show_display::<Self>);

    fn encode(&self, out: &mut BytesMut) -> bool {
        Inet::from(*self).encode(out)
    }

    fn decode(raw: Raw<'_>) -> Result<Self, DecodeError> {
        let Inet { address, prefix } = read::<Self>(raw, &[INET])?;
        if prefix != bits(address) {
            return Err(DecodeError::malformed::<Self>(
                "the value has the prefix of a network, for which there is `Inet`",
            ));
        }
        Ok(address)
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl Element for Inet {
    const ARRAY: &'static PgType = &array_of::<Self>("inet[]", 1041);
}

impl Element for IpAddr {
    const ARRAY: &'static PgType = &array_of::<Self>("inet[]", 1041);
}

impl Element for Cidr {
    const ARRAY: &'static PgType = &array_of::<Self>("cidr[]", 651);
}

impl KeyPart for Inet {}
impl KeyPart for IpAddr {}
impl KeyPart for Cidr {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Param;
    use crate::types::sql_type::decode_own;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_come_back() {
        for (address, prefix) in [
            ("10.1.2.3", 8),
            ("0.0.0.0", 0),
            ("2001:db8::7", 32),
            ("::", 0),
        ] {
            let host = Inet::new(ip(address), prefix);
            assert_eq!(decode_own(Param::new(&host).bytes().unwrap()), Ok(host));
            let network = Cidr::new(ip(address), prefix);
            assert_eq!(
                decode_own(Param::new(&network).bytes().unwrap()),
                Ok(network)
            );
        }
        assert_eq!(Cidr::new(ip("10.1.2.3"), 8).to_string(), "10.0.0.0/8");
        assert_eq!(Cidr::new(ip("10.1.2.3"), 99).to_string(), "10.1.2.3/32");
        assert_eq!(Cidr::new(ip("10.1.2.3"), 0).to_string(), "0.0.0.0/0");
    }

    #[test]
    fn broken_bytes_and_prefixes_are_errors() {
        let whole = Param::new(&ip("10.1.2.3")).bytes().unwrap().to_vec();
        for length in 0..whole.len() {
            assert!(decode_own::<Inet>(&whole[..length]).is_err());
        }
        let network = Param::new(&Inet::new(ip("10.1.2.3"), 8));
        let error = decode_own::<IpAddr>(network.bytes().unwrap()).unwrap_err();
        assert!(error.0.contains("`Inet`"), "{error}");
        assert!(decode_own::<Inet>(&[2, 33, 0, 4, 1, 2, 3, 4]).is_err());
    }
}
