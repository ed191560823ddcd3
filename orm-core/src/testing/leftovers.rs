//! How to tell which databases on a user's server belong to processes that are gone.
//!
//! A throw-away server goes with everything on it. On the server of `DATABASE_URL`, a process that was killed leaves its
//! databases, and every process leaves its templates (nothing of ours runs when a process ends). So the next process
//! drops them; [`desk`](super::desk) sends what is asked here. A pid proves nothing, as the server may serve several
//! machines and containers. But the server knows who is connected: every process makes its databases over connections
//! which it keeps open, and whose `application_name` is the tag that its databases' names begin with.

const PREFIX: &str = "orm_test";

/// The name of a process among all that use the server. The pid is for people; the nonce makes it unique.
pub(super) fn tag(pid: u32, nonce: u32) -> String {
    format!("{PREFIX}_{pid}_{nonce:08x}")
}

/// Selects the names of the databases whose process is not connected. Only those of our own role: these are all that it
/// may drop, and of these we see who is connected.
///
/// Nobody's database is taken for a leftover while it is made: its process was connected before, and PostgreSQL looks at
/// the connections later than at the databases.
pub(super) fn query() -> String {
    let tag = format!("^{PREFIX}_[0-9]+_[0-9a-f]{{8}}");
    format!(
        "SELECT d.datname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba \
         WHERE d.datname ~ '{tag}_' AND r.rolname = current_user \
         AND substring(d.datname from '{tag}') NOT IN \
         (SELECT a.application_name FROM pg_stat_activity a WHERE a.application_name IS NOT NULL)"
    )
}
