//! Rust type <-> PostgreSQL type: what a column can hold, and how a value travels.
//!
//! Values travel in PostgreSQL's binary format, encoded by the code in this folder and nobody else. Nothing here knows
//! of models, queries or connections; every other module stands on this one.
//!
//! | file | what it is |
//! | --- | --- |
//! | `sql_type` | [`SqlType`], the trait that everything storable implements, and [`PgType`], the description of a PostgreSQL type |
//! | `param` | [`Param`]: one encoded value on its way to a statement, and its adaptation to the type that the server expects |
//! | `array_writer` | [`ArrayWriter`]: many values encoded as one array, for batches |
//! | `scalar` | `bool`, integers, floats, `String`, `Vec<u8>` |
//! | `array` | `Vec<T>` |
//! | `optional` | `Option<T>`: NULL |
//! | `show` | values off the wire as text, for those who asked to see them |
//! | `enumeration` | [`DbEnum`]: native PostgreSQL enums |
//! | `from_json` | a JSON value as the binary form of a column's type |
//! | `interval` | [`Interval`]: months, days, microseconds |
//! | `network` | [`Inet`], [`Cidr`], and `IpAddr` |
//! | `range` | [`PgRange`], [`Multirange`] |
//! | `text_search` | [`TsVector`], [`TsQuery`] |
//! | `decimal`, `uuid`, `time`, `json` | the types behind features |

mod array;
mod array_writer;
#[cfg(feature = "decimal")]
mod decimal;
mod enumeration;
#[cfg(feature = "json")]
mod from_json;
mod interval;
#[cfg(feature = "json")]
mod json;
mod network;
mod optional;
mod param;
mod range;
mod scalar;
mod show;
mod sql_type;
mod text_search;
#[cfg(feature = "chrono")]
mod time;
#[cfg(feature = "uuid")]
mod uuid;

#[doc(no_inline)]
pub use bytes::BytesMut;

pub use array::Element;
pub(crate) use array::elements;
pub use array_writer::ArrayWriter;
pub use enumeration::{DbEnum, decode_enum, encode_enum, enum_type};
#[cfg(feature = "json")]
pub(crate) use from_json::{comes_from_json, encode_json, not};
pub use interval::Interval;
#[cfg(feature = "json")]
pub use json::Json;
pub use network::{Cidr, Inet};
pub use param::Param;
pub(crate) use param::put_as;
pub use range::{Multirange, PgRange, RangeElement};
pub use sql_type::{DecodeError, KeyPart, Numeric, PgType, Raw, SqlType, TypeKind};
pub(crate) use text_search::REGCONFIG;
pub use text_search::{Lexeme, TsQuery, TsVector};
