//! Why a connection could not be opened: what the driver reports, in words that say what to do. Called by `dial`, which adds
//! host and database.

use tokio_postgres::error::{DbError, SqlState};

/// Whether the other answer to "with TLS or without?" may fare better: the handshake failed, or the server has no
/// `pg_hba.conf` line for this kind of connection.
pub(super) fn is_about_tls(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        Some(code) => *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        None => error.to_string().contains("TLS"),
    }
}

/// What is wrong and what to do about it, without the address.
pub(super) fn reason(error: &tokio_postgres::Error) -> String {
    if let Some(db) = error.as_db_error() {
        return refusal(db);
    }
    let Some(source) = std::error::Error::source(error) else {
        return error.to_string();
    };
    if let Some(io) = source.downcast_ref::<std::io::Error>() {
        return unreachable(io);
    }
    match (error.to_string().as_str(), source.to_string().as_str()) {
        ("invalid configuration", "password missing") => {
            "the server asks for a password and the URL has none: postgresql://user:password@host/database"
                .to_owned()
        }
        ("error performing TLS handshake", "server does not support TLS") => {
            "the server does not offer TLS: use sslmode=prefer or sslmode=disable, or turn `ssl` on there".to_owned()
        }
        (what, why) => format!("{what}: {why}"),
    }
}

/// The server answered, and said no.
fn refusal(db: &DbError) -> String {
    let said = db.message();
    let hint = match *db.code() {
        SqlState::INVALID_PASSWORD => {
            "check user and password in the URL (special characters percent-encoded: @ is %40, / is %2F)"
        }
        SqlState::INVALID_CATALOG_NAME => {
            "create it with `CREATE DATABASE`, or correct the end of the URL"
        }
        SqlState::TOO_MANY_CONNECTIONS => {
            "the pools of all processes together (pool_size + max_overflow each) must stay below the server's \
             max_connections"
        }
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            "check the user in the URL, and the server's pg_hba.conf for this user, database and address"
        }
        SqlState::CANNOT_CONNECT_NOW => "try again in a moment",
        _ => return format!("the server refused: {said}"),
    };
    format!("the server refused: {said}; {hint}")
}

/// Nobody answered.
fn unreachable(io: &std::io::Error) -> String {
    use std::io::ErrorKind;
    // A failed TLS handshake arrives as an I/O error too, with rustls' error inside.
    #[cfg(feature = "tls")]
    if let Some(why) = io.get_ref().and_then(|inner| super::tls::explain(inner)) {
        return why;
    }
    match io.kind() {
        ErrorKind::ConnectionRefused => {
            "nothing listens there: is PostgreSQL running, and on this port?".to_owned()
        }
        ErrorKind::NotFound => {
            "there is no socket of PostgreSQL in that directory: is it running, and is the port right?".to_owned()
        }
        ErrorKind::TimedOut => format!("no answer ({io}): is the host right, and is there a firewall?"),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            "the other side closed the connection without an answer: is it PostgreSQL that listens there?".to_owned()
        }
        ErrorKind::PermissionDenied => io.to_string(),
        _ if io.to_string().contains("lookup") => format!("the host's name is not known ({io})"),
        _ => io.to_string(),
    }
}
