//! Network addresses: [`NetworkOperators`], `host` and `masklen`.

use std::net::IpAddr;

use super::operator::{Base, Like, operators};
use super::{Expr, Expression, Node};
use crate::types::{Cidr, Inet, SqlType};

/// A network address: `IpAddr`, [`Inet`] or [`Cidr`].
///
/// ```
/// fn is_address<T: orm_core::expr::Address>() {}
/// is_address::<std::net::IpAddr>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a network address",
    label = "expected an `IpAddr`, an `Inet` or a `Cidr`"
)]
pub trait Address: SqlType<Base = Self> {}
impl Address for IpAddr {}
impl Address for Inet {}
impl Address for Cidr {}

operators! {
    /// The operators of network addresses. In the prelude. SQLAlchemy: `op("<<")`, `op(">>")`.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// use orm_core::types::{Cidr, Inet};
    /// # #[derive(Model, Clone)] #[orm(table = "visits")]
    /// # struct Visit { #[orm(primary_key)] id: i32, address: Inet }
    /// let home = Cidr::new("192.168.0.0".parse().unwrap(), 16);
    /// let q = Visit::query().filter(Visit::ADDRESS.within(home)).select(func::host(Visit::ADDRESS));
    /// assert_eq!(q.to_sql(), "SELECT host(visits.address) FROM visits WHERE visits.address << $1");
    ///
    /// let sql = |condition: Filter<Visit>| {
    ///     let text = Visit::query().filter(condition).select(Visit::ID).to_sql();
    ///     text.split_once("visits.address ").unwrap().1.to_owned()
    /// };
    /// let one = Inet::new("192.168.0.7".parse().unwrap(), 32);
    /// assert_eq!(sql(Visit::ADDRESS.within_or_equal(home).for_model()), "<<= $1");
    /// assert_eq!(sql(Visit::ADDRESS.network_contains(one).for_model()), ">> $1");
    /// assert_eq!(sql(Visit::ADDRESS.network_contains_or_equal(one).for_model()), ">>= $1");
    /// assert_eq!(sql(Visit::ADDRESS.network_overlaps(home).for_model()), "&& $1");
    /// ```
    pub trait NetworkOperators where Address;
    /// `<<`: whether it lies in the network, and is not the network itself.
    fn within "<<" Cidr => bool;
    /// `<<=`: whether it lies in the network, or is it.
    fn within_or_equal "<<=" Cidr => bool;
    /// `>>`: whether, as a network, it has the address in it.
    fn network_contains ">>" Inet => bool;
    /// `>>=`: whether, as a network, it has the address in it, or is it.
    fn network_contains_or_equal ">>=" Inet => bool;
    /// `&&`: whether one of the two lies in the other.
    fn network_overlaps "&&" Cidr => bool;
}

/// `host(address)`: the address as text, without the prefix. SQLAlchemy: `func.host(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # use orm_core::types::Inet;
/// # #[derive(Model, Clone)] #[orm(table = "visits")]
/// # struct Visit { #[orm(primary_key)] id: i32, address: Inet }
/// assert_eq!(Visit::query().select(func::host(Visit::ADDRESS)).to_sql(), "SELECT host(visits.address) FROM visits");
/// ```
pub fn host<E: Expression>(address: E) -> Expr<Like<E, String>, E::Uses>
where
    Base<E>: Address,
{
    Expr::new(Node::call("host", vec![address.into_node()]))
}

/// `masklen(address)`: the number of bits of the prefix. SQLAlchemy: `func.masklen(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # use orm_core::types::Inet;
/// # #[derive(Model, Clone)] #[orm(table = "visits")]
/// # struct Visit { #[orm(primary_key)] id: i32, address: Inet }
/// assert_eq!(Visit::query().select(func::masklen(Visit::ADDRESS)).to_sql(), "SELECT masklen(visits.address) FROM visits");
/// ```
pub fn masklen<E: Expression>(address: E) -> Expr<Like<E, i32>, E::Uses>
where
    Base<E>: Address,
{
    Expr::new(Node::call("masklen", vec![address.into_node()]))
}

/// `network(address)`: the network in which it lies, by its prefix. SQLAlchemy: `func.network(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # use orm_core::types::Inet;
/// # #[derive(Model, Clone)] #[orm(table = "visits")]
/// # struct Visit { #[orm(primary_key)] id: i32, address: Inet }
/// assert_eq!(Visit::query().select(func::network(Visit::ADDRESS)).to_sql(), "SELECT network(visits.address) FROM visits");
/// ```
pub fn network<E: Expression>(address: E) -> Expr<Like<E, Cidr>, E::Uses>
where
    Base<E>: Address,
{
    Expr::new(Node::call("network", vec![address.into_node()]))
}
