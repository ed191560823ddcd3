//! What is measured: the list of scenarios, each a piece of work that every subject does in its own way.

/// The kinds of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// All rows of `users`, which has this many.
    Read(usize),
    /// Users left joined to their posts, as pairs.
    LeftJoin(usize),
    /// So many users with their ten posts each and the ten comments of each post.
    Nested(usize),
    /// The same of so many users among a hundred: what a page shows, where waiting for the network is most of the time.
    Path(usize),
    /// New users in one transaction, with their keys.
    Insert(usize),
    /// So many different users by key, one after the other.
    Get(usize),
    /// The same from eight tasks, over a pool of eight connections.
    GetPooled(usize),
    /// One user after the other out of so many that a session has loaded.
    IdentityMap(usize),
    /// One column of some of the users that were loaded, written back in one transaction. Loading is not timed.
    Update { loaded: usize, changed: usize },
    /// So many orders with five items each, in one transaction.
    Orders(usize),
    /// Comments that were loaded, in one transaction. Loading is not timed.
    Delete(usize),
    /// So many transactions, one after the other, that read a user, change a column and write it.
    Short(usize),
}

/// A piece of work, and how it is measured.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) work: Work,
    /// How often the work is done for one sample; the sample is divided by it.
    pub(crate) repeat: usize,
    /// Samples of each subject.
    pub(crate) rounds: usize,
    /// Whether each round trip takes 1 ms longer than the machine needs.
    pub(crate) latency: bool,
}

impl Work {
    /// How many operations the work consists of, for those whose time is given for one.
    pub(crate) fn operations(self) -> usize {
        match self {
            Work::Get(n) | Work::GetPooled(n) | Work::Short(n) => n,
            Work::IdentityMap(_) => IDENTITY_MAP_GETS,
            _ => 1,
        }
    }

    /// The same work done less often: enough to count its statements by.
    pub(crate) fn shortened(self) -> Work {
        match self {
            Work::Get(_) => Work::Get(100),
            Work::GetPooled(_) => Work::GetPooled(100),
            Work::Short(_) => Work::Short(10),
            work => work,
        }
    }

    /// Whether the tables have to be filled anew before each sample.
    pub(crate) fn writes(self) -> bool {
        matches!(
            self,
            Work::Insert(_) | Work::Update { .. } | Work::Orders(_) | Work::Delete(_)
        )
    }

    /// Whether the work takes so long that no round of it is spent on warming up.
    pub(crate) fn is_long(self) -> bool {
        match self {
            Work::Read(n) | Work::Insert(n) => n >= 100_000,
            Work::Update { changed, .. } => changed >= 10_000,
            _ => false,
        }
    }
}

/// How many gets from the identity map are one sample.
pub(crate) const IDENTITY_MAP_GETS: usize = 100_000;

/// The list. `quick` leaves out what takes long and takes fewer samples.
pub(crate) fn all(quick: bool) -> Vec<Scenario> {
    let mut list = Vec::new();
    let mut add = |name: &str, work: Work, repeat: usize, rounds: usize| {
        list.push(Scenario {
            name: name.to_owned(),
            work,
            repeat,
            rounds: if quick { rounds.min(5) } else { rounds },
            latency: false,
        });
    };
    add("read 1", Work::Read(1), 200, 25);
    add("read 10", Work::Read(10), 200, 25);
    add("read 100", Work::Read(100), 50, 25);
    add("read 1,000", Work::Read(1_000), 10, 25);
    add("read 10,000", Work::Read(10_000), 1, 25);
    add("read 100,000", Work::Read(100_000), 1, 9);
    add("left join 10,000", Work::LeftJoin(10_000), 1, 21);
    add("nested 100", Work::Nested(100), 1, 15);
    add("nested 1,000", Work::Nested(1_000), 1, 7);
    add("insert 1", Work::Insert(1), 20, 25);
    add("insert 10", Work::Insert(10), 20, 25);
    add("insert 100", Work::Insert(100), 5, 25);
    add("insert 1,000", Work::Insert(1_000), 1, 25);
    add("insert 10,000", Work::Insert(10_000), 1, 11);
    add("insert 100,000", Work::Insert(100_000), 1, 5);
    let gets = if quick { 1_000 } else { 10_000 };
    add("get by key", Work::Get(gets), 1, 5);
    add("get by key, 8 tasks", Work::GetPooled(gets), 1, 5);
    add("get from identity map", Work::IdentityMap(1_000), 1, 11);
    let update = |loaded, changed| Work::Update { loaded, changed };
    add("update 1 of 1", update(1, 1), 1, 25);
    add("update 1 of 1,000", update(1_000, 1), 1, 25);
    add("update 100 of 1,000", update(1_000, 100), 1, 25);
    add("update all 1,000", update(1_000, 1_000), 1, 11);
    add("update 1 of 10,000", update(10_000, 1), 1, 15);
    add("update 1,000 of 10,000", update(10_000, 1_000), 1, 9);
    add("update all 10,000", update(10_000, 10_000), 1, 5);
    add("update 1 of 100,000", update(100_000, 1), 1, 7);
    add("update 10,000 of 100,000", update(100_000, 10_000), 1, 3);
    add("update all 100,000", update(100_000, 100_000), 1, 3);
    add("1,000 orders x 5 items", Work::Orders(1_000), 1, 15);
    add("delete 1,000", Work::Delete(1_000), 1, 15);
    add("short transaction", Work::Short(200), 1, 25);
    let mut add_slow = |name: &str, work: Work, rounds: usize| {
        list.push(Scenario {
            name: format!("{name}, 1 ms"),
            work,
            // A session learns how far the server is, and what a path costs it, from the first few times.
            repeat: if matches!(work, Work::Path(_)) { 10 } else { 1 },
            rounds: if quick { rounds.min(3) } else { rounds },
            latency: true,
        });
    };
    add_slow("read 100", Work::Read(100), 15);
    add_slow("nested 100", Work::Nested(100), 9);
    add_slow("load path 1", Work::Path(1), 15);
    add_slow("load path 10", Work::Path(10), 15);
    add_slow("insert 100", Work::Insert(100), 11);
    add_slow("update 100 of 1,000", update(1_000, 100), 7);
    add_slow("1,000 orders x 5 items", Work::Orders(1_000), 9);
    add_slow("delete 1,000", Work::Delete(1_000), 7);
    add_slow("short transaction", Work::Short(20), 15);
    if quick {
        list.retain(|scenario| !scenario.work.is_long());
    }
    list
}
