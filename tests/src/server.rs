//! A PostgreSQL of a test's own, for what cannot be tried on a shared server: passwords, TLS, too few connections.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// A running server. It is stopped, and its files are removed, when the last test drops it.
#[derive(Debug)]
pub struct Server {
    directory: PathBuf,
    /// `None` while it is stopped.
    process: Option<Child>,
    /// The TCP port on 127.0.0.1, and the number of the Unix socket.
    pub port: u16,
    /// Whether it speaks TLS: PostgreSQL may be built without it, and the certificates need `openssl`.
    pub tls: bool,
}

/// Everyone needs a password (`secret`) over TCP; `slow` may connect twice at most; `tls_only` only with TLS.
const HBA: &str = "\
    local all postgres trust\n\
    hostssl all tls_only 127.0.0.1/32 trust\n\
    host all tls_only 127.0.0.1/32 reject\n\
    host all all 127.0.0.1/32 scram-sha-256\n";

impl Server {
    /// The server that the tests of a process share.
    ///
    /// # Panics
    /// When PostgreSQL's programs are not there or do not start.
    pub fn shared() -> Arc<Server> {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Server::start());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// A server that no other test sees, so that it may be stopped.
    ///
    /// # Panics
    /// When PostgreSQL's programs are not there or do not start.
    pub fn own() -> Server {
        Server::start()
    }

    /// Stops the server, which ends all its connections, and starts it again with the same data and at the same port.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self) {
        self.stop();
        self.process = Some(self.launch());
    }

    /// The same, as a standby that is read only. It follows nobody.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart_as_standby(&mut self) {
        let signal = self.directory.join("data/standby.signal");
        std::fs::write(&signal, "").expect("a file in the data directory");
        own(&signal);
        self.restart();
    }

    /// The directory of its socket and its certificates: `ca.crt` has signed `server.crt`, which is made out to `localhost`.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The superuser's address, by the socket.
    pub fn socket_url(&self) -> String {
        let directory = self.directory.display();
        format!(
            "postgresql://postgres@/postgres?host={directory}&port={}",
            self.port
        )
    }

    /// A user's address by TCP.
    pub fn tcp_url(&self, user: &str, host: &str, options: &str) -> String {
        format!(
            "postgresql://{user}:secret@{host}:{}/postgres?{options}",
            self.port
        )
    }

    fn start() -> Server {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("there is a free port")
            .port();
        let directory =
            std::env::temp_dir().join(format!("orm-test-{}-{port}", std::process::id()));
        std::fs::create_dir(&directory).expect("the directory is new");
        own(&directory);
        let data = directory.join("data");
        run(program("initdb")
            .args([
                "-A",
                "trust",
                "-U",
                "postgres",
                "--no-sync",
                "-E",
                "UTF8",
                "-D",
            ])
            .arg(&data));
        std::fs::write(data.join("pg_hba.conf"), HBA).expect("a file in the data directory");
        let tls = has_tls(&data) && make_certificates(&directory);
        let mut server = Server {
            directory,
            process: None,
            port,
            tls,
        };
        server.process = Some(server.launch());
        server.psql(
            "CREATE ROLE app LOGIN PASSWORD 'secret'; CREATE ROLE tls_only LOGIN; \
             CREATE ROLE slow LOGIN PASSWORD 'secret' CONNECTION LIMIT 2",
        );
        server
    }

    /// Starts the program and waits until it takes connections.
    fn launch(&self) -> Child {
        let (data, directory) = (self.directory.join("data"), &self.directory);
        let process = program("postgres")
            .arg("-D")
            .arg(&data)
            .args([
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "fsync=off",
                "-c",
                "max_connections=20",
            ])
            .args(["-c", "password_encryption=scram-sha-256"])
            .args(["-c", if self.tls { "ssl=on" } else { "ssl=off" }])
            .args([
                "-c",
                &format!("ssl_cert_file={}/server.crt", directory.display()),
            ])
            .args([
                "-c",
                &format!("ssl_key_file={}/server.key", directory.display()),
            ])
            .args(["-c", &format!("ssl_ca_file={}/ca.crt", directory.display())])
            .args([
                "-k",
                &directory.display().to_string(),
                "-p",
                &self.port.to_string(),
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("postgres starts");
        let give_up = Instant::now() + Duration::from_secs(20);
        let ready = || {
            let pid = std::fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            pid.lines()
                .nth(7)
                .is_some_and(|line| matches!(line.trim(), "ready" | "standby"))
        };
        while !ready() {
            assert!(Instant::now() < give_up, "the server does not get ready");
            std::thread::sleep(Duration::from_millis(5));
        }
        process
    }

    fn stop(&mut self) {
        let Some(process) = &mut self.process else {
            return;
        };
        // SIGINT is the fast shutdown; the standard library can only kill.
        let id = process.id().to_string();
        let asked = Command::new("kill").args(["-INT", &id]).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = process.kill();
        }
        let _ = process.wait();
        self.process = None;
    }

    fn psql(&self, sql: &str) {
        run(program("psql")
            .args([
                "-U",
                "postgres",
                "-d",
                "postgres",
                "-v",
                "ON_ERROR_STOP=1",
                "-qc",
                sql,
            ])
            .arg("-h")
            .arg(&self.directory)
            .args(["-p", &self.port.to_string()]));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Whether TLS can be tried here. Says so when it cannot.
fn has_openssl() -> bool {
    let there = Command::new("openssl").arg("version").output().is_ok();
    if !there {
        eprintln!("skipped: TLS is not tried without the program `openssl`");
    }
    there
}

/// Whether this PostgreSQL was built with TLS.
fn has_tls(data: &Path) -> bool {
    let library = program("postgres")
        .args(["-C", "ssl_library", "-D"])
        .arg(data)
        .output();
    library.is_ok_and(|library| !library.stdout.trim_ascii().is_empty())
}

/// A CA and a certificate for `localhost`. False where there is no openssl.
fn make_certificates(directory: &Path) -> bool {
    if !has_openssl() {
        return false;
    }
    let script = "\
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test-ca \
            -keyout ca.key -out ca.crt && \
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost \
            -keyout server.key -out server.csr && \
        printf 'subjectAltName=DNS:localhost\\nbasicConstraints=CA:FALSE\\n' > server.ext && \
        openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.crt && \
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=other-ca \
            -keyout other.key -out other.crt && \
        chmod 600 server.key && chmod a+r ca.crt other.crt";
    run(Command::new("sh")
        .arg("-c")
        .arg(script)
        .current_dir(directory));
    if is_root() {
        run(Command::new("chown")
            .arg("postgres")
            .args(["server.key", "server.crt", "ca.crt"])
            .current_dir(directory));
    }
    true
}

/// One of PostgreSQL's programs, as a user that it accepts.
fn program(name: &str) -> Command {
    let mut command = Command::new(find(name));
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("PG") {
            command.env_remove(variable);
        }
    }
    command.current_dir("/");
    if let (true, Some((uid, gid))) = (is_root(), postgres_user()) {
        command.uid(uid).gid(gid);
    }
    command
}

fn find(name: &str) -> PathBuf {
    let mut places: Vec<PathBuf> = std::env::var_os("ORM_PG_BIN")
        .map(PathBuf::from)
        .into_iter()
        .collect();
    let mut packaged: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    packaged.sort();
    places.extend(packaged.into_iter().rev());
    places.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    places
        .into_iter()
        .map(|place| place.join(name))
        .find(|path| path.exists())
        .unwrap_or_else(|| {
            panic!("PostgreSQL's `{name}` is not on this machine: set ORM_PG_BIN to its directory")
        })
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("`id` runs");
    id.stdout.starts_with(b"0\n")
}

/// `postgres`, or else `nobody`.
fn postgres_user() -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    ["postgres:", "nobody:"].iter().find_map(|name| {
        let line = users.lines().find(|line| line.starts_with(name))?;
        let mut ids = line.split(':').skip(2);
        Some((ids.next()?.parse().ok()?, ids.next()?.parse().ok()?))
    })
}

fn own(directory: &Path) {
    if let (true, Some((uid, gid))) = (is_root(), postgres_user()) {
        std::os::unix::fs::chown(directory, Some(uid), Some(gid)).expect("root may give away");
    }
}

fn run(command: &mut Command) {
    let output = command.output().expect("the program starts");
    assert!(
        output.status.success(),
        "{command:?} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
