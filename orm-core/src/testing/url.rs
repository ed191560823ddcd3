//! The address of one database on a server, made from the server's address.
//!
//! [`clerk`](super::clerk) gives every [`TestDb`](super::TestDb) its URL by this. The text is edited rather than put
//! together anew from its parts, so that whatever else the user's URL says stays as it was.

use tokio_postgres::Config;

use super::failure::Failure;

/// `url` with `database` in the place of the database it names.
pub(super) fn with_database(url: &str, database: &str) -> Result<String, Failure> {
    let changed = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        replace_path(url, database)
    } else {
        // In `key=value` form the last of two equal keys counts.
        format!("{url} dbname='{database}'")
    };
    // The message has no URL in it, because that may have a password in it.
    match changed.parse::<Config>() {
        Ok(config) if config.get_dbname() == Some(database) => Ok(changed),
        _ => Err(Failure::config(
            "cannot put the name of another database into the URL that DATABASE_URL has",
        )),
    }
}

fn replace_path(url: &str, database: &str) -> String {
    let (rest, parameters) = url.split_once('?').unwrap_or((url, ""));
    let authority = rest.find("://").map_or(0, |at| at + "://".len());
    let end = rest[authority..]
        .find('/')
        .map_or(rest.len(), |at| authority + at);
    // `?dbname=` would win over the path.
    let parameters: Vec<&str> = parameters
        .split('&')
        .filter(|p| !p.is_empty() && !p.starts_with("dbname="))
        .collect();
    let mark = if parameters.is_empty() { "" } else { "?" };
    format!("{}/{database}{mark}{}", &rest[..end], parameters.join("&"))
}

/// A directory as the value of a URL's parameter.
#[cfg(unix)]
pub(super) fn encode(path: &std::path::Path) -> String {
    let mut encoded = String::new();
    for &byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[track_caller]
    fn check(url: &str, expected: &str) {
        match with_database(url, "t1") {
            Ok(changed) => assert_eq!(changed, expected),
            Err(failure) => panic!("{url}: {failure:?}"),
        }
    }

    #[test]
    fn only_the_database_changes() {
        check(
            "postgres://u:p%2Fw@h:5433/shop",
            "postgres://u:p%2Fw@h:5433/t1",
        );
        check(
            "postgresql://h1:1,h2:2/shop?connect_timeout=3",
            "postgresql://h1:1,h2:2/t1?connect_timeout=3",
        );
        check("postgres://u@[::1]/shop", "postgres://u@[::1]/t1");
        check("postgres://%2Frun%2Fpg/shop", "postgres://%2Frun%2Fpg/t1");
    }

    #[test]
    fn a_url_without_a_database_gets_one() {
        check("postgres://u@h", "postgres://u@h/t1");
        check(
            "postgres://u@h?application_name=a",
            "postgres://u@h/t1?application_name=a",
        );
        check(
            "postgres:///?host=/tmp&user=u",
            "postgres:///t1?host=/tmp&user=u",
        );
    }

    #[test]
    fn the_parameter_dbname_goes() {
        check(
            "postgres://u@h/a?dbname=b&port=1",
            "postgres://u@h/t1?port=1",
        );
    }

    #[test]
    fn keys_and_values() {
        check(
            "host=/tmp user=u dbname=shop",
            "host=/tmp user=u dbname=shop dbname='t1'",
        );
    }

    #[test]
    fn what_is_no_url_is_an_error_without_the_password() {
        let failure = with_database("postgres://u:secret@h:port/x", "t1");
        assert!(
            matches!(&failure, Err(f) if !format!("{f:?}").contains("secret")),
            "{failure:?}"
        );
    }
}
