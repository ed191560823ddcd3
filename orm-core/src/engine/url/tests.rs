//! URLs as libpq's documentation and regression tests have them, and what is said of wrong ones.

use super::*;

fn parse(url: &str) -> Address {
    Address::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn error(url: &str) -> String {
    match Address::parse(url) {
        Ok(address) => panic!("{url} was read as {address}"),
        Err(error) => format!("{error} {error:?}"),
    }
}

/// The driver's configuration for the first host.
fn config(url: &str) -> Config {
    let address = parse(url);
    address.config_for(&address.hosts[0])
}

#[test]
fn the_parts_of_a_url() {
    for scheme in ["postgresql", "postgres"] {
        let config = config(&format!(
            "{scheme}://ann:pa%40ss%2F%3A%25@db.example:5433/my%20shop"
        ));
        assert_eq!(config.get_user(), Some("ann"));
        assert_eq!(config.get_password(), Some(b"pa@ss/:%".as_slice()));
        assert_eq!(config.get_dbname(), Some("my shop"));
        assert_eq!(config.get_ports(), [5433]);
    }
}

#[test]
fn every_part_may_be_left_out() {
    for (url, shown) in [
        ("postgresql://db.example/shop", "shop at db.example"),
        (
            "postgresql://db.example",
            "the default database at db.example",
        ),
        ("postgresql://ann@db.example/", "ann at db.example"),
        ("postgresql://ann:@db.example:/shop", "shop at db.example"),
        (
            "postgresql://db.example:5433?dbname=shop",
            "shop at db.example:5433",
        ),
        (
            "postgresql:///shop?host=db.example&port=5433",
            "shop at db.example:5433",
        ),
        (
            "postgresql://?host=db.example&dbname=shop",
            "shop at db.example",
        ),
    ] {
        assert_eq!(parse(url).to_string(), shown, "{url}");
    }
}

#[test]
fn hosts_of_all_kinds() {
    for (url, shown) in [
        ("postgresql://[::1]/shop", "shop at [::1]"),
        (
            "postgresql://[2001:db8::7]:5433/shop",
            "shop at [2001:db8::7]:5433",
        ),
        (
            "postgresql://a,b:5433,[::1]:5434/shop",
            "shop at a, b:5433, [::1]:5434",
        ),
        (
            "postgresql:///shop?host=a,b&port=5433",
            "shop at a:5433, b:5433",
        ),
        (
            "postgresql:///shop?host=a,b&port=5433,5434",
            "shop at a:5433, b:5434",
        ),
        ("postgresql://%2Fvar%2Frun/shop", "shop at /var/run"),
        (
            "postgresql://%2Fvar%2Frun:5433/shop",
            "shop at /var/run:5433",
        ),
        ("postgresql:///shop?host=/tmp", "shop at /tmp"),
        ("postgresql:///shop?hostaddr=127.0.0.1", "shop at 127.0.0.1"),
    ] {
        assert_eq!(parse(url).to_string(), shown, "{url}");
    }
    let config = config("postgresql://db.example/shop?hostaddr=10.0.0.7");
    assert_eq!(
        config.get_hostaddrs(),
        ["10.0.0.7".parse::<IpAddr>().unwrap()]
    );
    assert_eq!(
        config.get_hosts(),
        [tokio_postgres::config::Host::Tcp("db.example".to_owned())]
    );
}

#[test]
fn the_options_of_a_url() {
    let address = parse(
        "postgresql://db/shop?sslmode=verify-full&sslrootcert=/etc/ca.crt&application_name=till&connect_timeout=7\
         &options=-c%20statement_timeout%3D5s&target_session_attrs=read-write&keepalives_idle=30&channel_binding=require\
         &load_balance_hosts=random&tcp_user_timeout=5000&keepalives=1&keepalives_count=3&client_encoding=utf8",
    );
    assert_eq!(address.ssl.mode, SslMode::VerifyFull);
    assert_eq!(
        address.ssl.root_cert,
        Some(RootCert::File("/etc/ca.crt".into()))
    );
    let config = address.config_for(&address.hosts[0]);
    assert_eq!(config.get_application_name(), Some("till"));
    assert_eq!(config.get_options(), Some("-c statement_timeout=5s"));
    assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(7)));
    assert_eq!(config.get_keepalives_idle(), Duration::from_secs(30));
}

#[test]
fn hosts_are_shuffled_when_that_is_asked_for() {
    let order = |url: &str| {
        let address = parse(url);
        let hosts: Vec<_> = address
            .hosts_to_try()
            .iter()
            .map(ToString::to_string)
            .collect();
        hosts.join(",")
    };
    for _ in 0..100 {
        assert_eq!(order("postgresql://a,b,c/shop"), "a,b,c");
    }
    let random = "postgresql://a,b,c/shop?load_balance_hosts=random";
    let orders: std::collections::HashSet<_> = (0..1000).map(|_| order(random)).collect();
    assert_eq!(orders.len(), 6);
}

#[test]
fn all_modes_of_tls() {
    for (name, mode) in SSL_MODES {
        assert_eq!(
            parse(&format!("postgresql://db/shop?sslmode={name}"))
                .ssl
                .mode,
            mode
        );
        assert_eq!(mode.to_string(), name);
    }
    assert_eq!(parse("postgresql://db/shop").ssl.mode, SslMode::Prefer);
    assert_eq!(
        parse("postgresql://db/shop?ssl=true").ssl.mode,
        SslMode::Require
    );
    let with_ca = parse("postgresql://db/shop?sslmode=require&sslrootcert=/ca.crt");
    assert_eq!(with_ca.ssl.mode, SslMode::VerifyCa, "as in libpq");
}

#[test]
fn wrong_urls_say_what_is_wrong() {
    for (url, expected) in [
        (
            "host=db dbname=shop",
            "the address is not a URL: write `postgresql://",
        ),
        ("mysql://db/shop", "begins with `mysql://`"),
        (
            "postgresql+asyncpg://db/shop",
            "`postgresql+asyncpg://`, which names a Python driver",
        ),
        (
            "postgresql://db:http/shop",
            "a port in the URL is not a number",
        ),
        (
            "postgresql://db:70000/shop",
            "a port in the URL is not a number from 1 to 65535",
        ),
        (
            "postgresql://a:1,b:2,c/shop?port=1,2",
            "3 hosts, 0 addresses and 2 ports",
        ),
        ("postgresql://[::1/shop", "a `[` without its `]`"),
        (
            "postgresql://d%zzb/shop",
            "a `%` in the URL is not followed by two hexadecimal digits",
        ),
        (
            "postgresql://db/shop?sslmode",
            "an option of the URL has no `=`",
        ),
        (
            "postgresql://db/shop?sslmod=require",
            "option `sslmod` is not known: there are host,",
        ),
        (
            "postgresql://db/shop?sslmode=on",
            "option `sslmode` must be one of disable, allow, prefer, require",
        ),
        (
            "postgresql://db/shop?connect_timeout=soon",
            "option `connect_timeout` must be a number of seconds",
        ),
        (
            "postgresql://db/shop?sslcert=/a",
            "sslcert and sslkey belong together",
        ),
        (
            "postgresql://db/shop?sslnegotiation=direct",
            "sslnegotiation=direct needs sslmode=require",
        ),
    ] {
        let error = error(url);
        assert!(error.contains(expected), "{url}: {error}");
    }
}

#[test]
fn no_error_repeats_a_password() {
    // Special characters that should have been percent-encoded, and other slips.
    for password in [
        "hush",
        "hu@sh",
        "hush@",
        "hush/",
        "hu/sh",
        "12/hush",
        "hush?",
        "hu?sh",
        "hu?sh=1",
        "hu%sh",
        "hu%zzsh",
        "hu:sh",
        "[hush",
        "hu#sh",
        "hu&sh=x",
        "hush?a=b&",
        "hush@x?y",
        "hush/a@b/c",
    ] {
        for url in [
            format!("postgresql://ann:{password}@db/shop"),
            format!("postgresql://ann:{password}@db:port/shop"),
            format!("postgresql://ann:{password}@db/shop?sslmode=nonsense"),
            format!("postgresql://db/shop?password={password}&nonsense=1"),
            format!("postgres:/ann:{password}@db/shop"),
            format!("ann:{password}@db/shop"),
            format!("ann:{password}://db/shop"),
        ] {
            let shown = match Address::parse(&url) {
                Ok(address) => format!("{address} {address:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!shown.contains("hu"), "{url}: {shown}");
        }
    }
}
