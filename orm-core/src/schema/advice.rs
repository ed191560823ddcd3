//! What can be said to a refused statement beyond what the server says.

use crate::error::{Error, QueryError};

/// What comes with an extension, and the extension.
const EXTENSIONS: [(&str, &str); 14] = [
    ("citext", "citext"),
    ("crypt", "pgcrypto"),
    ("cube", "cube"),
    ("digest", "pgcrypto"),
    ("gen_salt", "pgcrypto"),
    ("geography", "postgis"),
    ("geometry", "postgis"),
    ("halfvec", "vector"),
    ("hstore", "hstore"),
    ("ltree", "ltree"),
    ("sparsevec", "vector"),
    ("uuid_generate_v1", "uuid-ossp"),
    ("uuid_generate_v4", "uuid-ossp"),
    ("vector", "vector"),
];

/// Tells which extension a type or function comes with that the database does not know.
pub(super) fn on_create(mut error: Error) -> Error {
    if let Error::Query(refused) = &mut error
        && refused
            .hint
            .as_deref()
            .is_none_or(|hint| !hint.contains("EXTENSION"))
        && let Some(extension) = missing_extension(refused)
    {
        refused.hint = Some(format!(
            "it comes with an extension, which this database does not have yet: run `CREATE EXTENSION {extension};` in it"
        ));
    }
    error
}

/// The server's language is its own, so the message is only searched for the name.
fn missing_extension(refused: &QueryError) -> Option<&'static str> {
    // undefined_object, undefined_function
    if !matches!(refused.code.as_deref(), Some("42704" | "42883")) {
        return None;
    }
    let mut words = refused
        .message
        .split(|c: char| !c.is_alphanumeric() && c != '_');
    let extension = words.find_map(|word| EXTENSIONS.iter().find(|(name, _)| *name == word));
    extension.map(|(_, extension)| match *extension {
        "uuid-ossp" => "\"uuid-ossp\"",
        plain => plain,
    })
}
