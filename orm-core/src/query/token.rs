//! The tokens of keyset pagination: a place in an order, as text that a client may keep and send back.
//!
//! A token holds the values of the ordering at one row, which order they are of, and a check sum. What comes back is
//! compared with all of it before anything is sent; values travel as parameters, so a forged token can at worst name another
//! place in the same order.

use bytes::Bytes;

use super::render;
use crate::error::{Error, Result};
use crate::expr::OrderNode;
use crate::types::{Param, PgType, TypeKind};

const VERSION: u8 = 1;
const HASH: usize = 8;

/// The token of a place.
pub(super) fn write(order: &[OrderNode], values: &[Option<Bytes>]) -> String {
    let mut out = vec![VERSION];
    out.extend(fingerprint(order));
    for value in values {
        match value {
            None => out.extend((-1_i32).to_be_bytes()),
            Some(bytes) => {
                out.extend((bytes.len() as i32).to_be_bytes());
                out.extend_from_slice(bytes);
            }
        }
    }
    out.extend(hash(&out));
    out.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The values of a token.
///
/// # Errors
/// [`Error::Invalid`] for what is no token, was changed on its way, or belongs to another order.
pub(super) fn read(token: &str, order: &[OrderNode]) -> Result<Vec<Param>> {
    let broken = || {
        Error::invalid(
            "this is no page token, or it was cut or changed on its way: begin again without one",
        )
    };
    let bytes = unhex(token).ok_or_else(broken)?;
    let (body, sum) = bytes.split_last_chunk::<HASH>().ok_or_else(broken)?;
    if hash(body) != *sum {
        return Err(broken());
    }
    let (VERSION, rest) = body
        .split_first()
        .map(|(v, rest)| (*v, rest))
        .ok_or_else(broken)?
    else {
        return Err(broken());
    };
    let (print, mut rest) = rest.split_first_chunk::<HASH>().ok_or_else(broken)?;
    if *print != fingerprint(order) {
        return Err(Error::invalid(
            "this page token is of a query with another order: a token goes with the order that it came from, so begin \
             again without one",
        ));
    }
    let mut values = Vec::with_capacity(order.len());
    for part in order {
        let ty = part.ty.ok_or_else(broken)?;
        let (length, tail) = rest.split_first_chunk::<4>().ok_or_else(broken)?;
        let value = match usize::try_from(i32::from_be_bytes(*length)) {
            Err(_) => {
                rest = tail;
                None
            }
            Ok(length) => {
                let (value, tail) = tail.split_at_checked(length).ok_or_else(broken)?;
                rest = tail;
                Some(value)
            }
        };
        if value.is_some_and(|value| !plausible(value, ty)) {
            return Err(broken());
        }
        values.push(Param::from_bytes(ty, value.map(Bytes::copy_from_slice)));
    }
    if rest.is_empty() {
        Ok(values)
    } else {
        Err(broken())
    }
}

/// Whether the bytes can be a value of the type: a forged token is found here and not by the server, as far as it goes.
fn plausible(value: &[u8], ty: &PgType) -> bool {
    let length = match ty.name {
        "bool" => 1,
        "int2" => 2,
        "int4" | "float4" | "date" => 4,
        "int8" | "float8" | "timestamp" | "timestamptz" | "time" => 8,
        "uuid" => 16,
        // What travels undeclared is text; a list of texts is none.
        _ if !ty.declared && !matches!(ty.kind, TypeKind::Array(_)) => {
            return std::str::from_utf8(value).is_ok_and(|text| !text.contains('\0'));
        }
        _ => return true,
    };
    value.len() == length
}

/// What tells one order from another: its SQL, and the values in it.
fn fingerprint(order: &[OrderNode]) -> [u8; HASH] {
    let statement = render::statement(&|sql| sql.order_by(order));
    let mut text = statement.sql.as_bytes().to_vec();
    for param in &statement.params {
        text.extend_from_slice(param.bytes().unwrap_or_default());
    }
    hash(&text)
}

/// FNV-1a, which is the same in every version of Rust: tokens outlive programs.
fn hash(bytes: &[u8]) -> [u8; HASH] {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash.to_be_bytes()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |digit: u8| char::from(digit).to_digit(16).map(|digit| digit as u8);
    text.chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}
