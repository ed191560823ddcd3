//! A topological order of ids and edges. Knows nothing of entities, tables or SQL; gives the same answer on every run.
//! The flush orders rows with it, `create_all` tables.

/// Groups nodes that lead to one another (strongly connected components), and orders the groups so that edges lead
/// forward. Nodes without an edge between them keep the order of their numbers.
///
/// An edge `(a, b)` says "a before b".
pub(crate) fn components(nodes: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for (first, then) in edges {
        before[*then].push(*first);
    }
    for list in &mut before {
        list.sort_unstable();
        list.dedup();
    }
    let mut walk = Walk {
        before: &before,
        number: vec![0; nodes],
        lowest: vec![0; nodes],
        on_stack: vec![false; nodes],
        stack: Vec::new(),
        next: 1,
        groups: Vec::new(),
    };
    for node in 0..nodes {
        if walk.number[node] == 0 {
            walk.visit(node);
        }
    }
    walk.groups
}

/// Tarjan's walk along the edges' tails. A group is complete once everything before it is, which is the order wanted.
/// The recursion is as deep as the longest chain of tables.
struct Walk<'a> {
    before: &'a [Vec<usize>],
    number: Vec<usize>,
    lowest: Vec<usize>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    next: usize,
    groups: Vec<Vec<usize>>,
}

impl Walk<'_> {
    fn visit(&mut self, node: usize) {
        self.number[node] = self.next;
        self.lowest[node] = self.next;
        self.next += 1;
        self.stack.push(node);
        self.on_stack[node] = true;
        for at in 0..self.before[node].len() {
            let other = self.before[node][at];
            if self.number[other] == 0 {
                self.visit(other);
                self.lowest[node] = self.lowest[node].min(self.lowest[other]);
            } else if self.on_stack[other] {
                self.lowest[node] = self.lowest[node].min(self.number[other]);
            }
        }
        if self.lowest[node] == self.number[node] {
            let mut group = Vec::new();
            while let Some(member) = self.stack.pop() {
                self.on_stack[member] = false;
                group.push(member);
                if member == node {
                    break;
                }
            }
            group.sort_unstable();
            self.groups.push(group);
        }
    }
}

/// One row must be written before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    pub before: usize,
    pub after: usize,
    /// Whether there is a way to write the later row first after all, at the price of one more statement.
    pub breakable: bool,
    /// How many levels further on the later row is at least. 0 where rows of one level are written in an order that suits
    /// the two.
    pub gap: usize,
}

/// For each row, how many others at least must be written one after the other before it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Levels {
    pub of: Vec<usize>,
    /// The positions of the edges that had to be broken.
    pub broken: Vec<usize>,
}

/// Puts rows on levels, so that edges lead from lower to higher ones. Breaks rings at breakable edges.
///
/// # Errors
/// The positions of the edges of a ring that has no breakable one, each behind the next: the later row of one is the
/// earlier row of the one before it.
pub(crate) fn levels(rows: usize, edges: &[Edge]) -> Result<Levels, Vec<usize>> {
    if edges.is_empty() {
        return Ok(Levels {
            of: vec![0; rows],
            broken: Vec::new(),
        });
    }
    let mut waits_for = vec![0_usize; rows];
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); rows];
    let mut into: Vec<Vec<usize>> = vec![Vec::new(); rows];
    for (at, edge) in edges.iter().enumerate() {
        waits_for[edge.after] += 1;
        out[edge.before].push(at);
        into[edge.after].push(at);
    }
    let mut open = vec![true; edges.len()];
    let mut done = vec![false; rows];
    let mut levels = Levels {
        of: vec![0; rows],
        broken: Vec::new(),
    };
    let mut ready: std::collections::VecDeque<usize> =
        (0..rows).filter(|row| waits_for[*row] == 0).collect();
    let mut first = 0;
    loop {
        while let Some(row) = ready.pop_front() {
            done[row] = true;
            for at in &out[row] {
                if std::mem::replace(&mut open[*at], false) {
                    let after = edges[*at].after;
                    levels.of[after] = levels.of[after].max(levels.of[row] + edges[*at].gap);
                    waits_for[after] -= 1;
                    if waits_for[after] == 0 {
                        ready.push_back(after);
                    }
                }
            }
        }
        while first < rows && done[first] {
            first += 1;
        }
        if first == rows {
            return Ok(levels);
        }
        let ring = ring(first, edges, &into, &open);
        let weakest = ring.iter().copied().filter(|at| edges[*at].breakable).min();
        let Some(at) = weakest else {
            return Err(ring);
        };
        open[at] = false;
        levels.broken.push(at);
        let after = edges[at].after;
        waits_for[after] -= 1;
        if waits_for[after] == 0 {
            ready.push_back(after);
        }
    }
}

/// The edges of a ring that keeps a row waiting, walked against their direction.
fn ring(start: usize, edges: &[Edge], into: &[Vec<usize>], open: &[bool]) -> Vec<usize> {
    let mut path: Vec<usize> = Vec::new();
    let mut seen = std::collections::HashMap::from([(start, 0)]);
    let mut row = start;
    loop {
        let Some(at) = into[row].iter().copied().find(|at| open[*at]) else {
            unreachable!("a row that waits for nothing has been written")
        };
        path.push(at);
        row = edges[at].before;
        if let Some(from) = seen.insert(row, path.len()) {
            return path.split_off(from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(before: usize, after: usize, breakable: bool) -> Edge {
        Edge {
            before,
            after,
            breakable,
            gap: 1,
        }
    }

    #[test]
    fn nodes_without_edges_keep_their_order() {
        assert_eq!(components(3, &[]), [[0], [1], [2]]);
    }

    #[test]
    fn what_comes_before_is_given_before() {
        assert_eq!(components(3, &[(2, 0), (0, 1)]), [[2], [0], [1]]);
    }

    #[test]
    fn a_ring_is_one_group() {
        assert_eq!(
            components(4, &[(0, 1), (1, 0), (1, 2), (3, 0)]),
            [vec![3], vec![0, 1], vec![2]]
        );
    }

    #[test]
    fn a_chain_of_rows_has_a_level_each() {
        let levels = levels(3, &[edge(1, 0, false), edge(0, 2, false)]).unwrap();
        assert_eq!(levels.of, [1, 0, 2]);
        assert!(levels.broken.is_empty());
    }

    #[test]
    fn a_ring_is_broken_where_it_can_be() {
        let edges = [edge(0, 1, false), edge(1, 0, true)];
        let levels = levels(2, &edges).unwrap();
        assert_eq!((levels.of, levels.broken), (vec![0, 1], vec![1]));
    }

    #[test]
    fn a_row_that_refers_to_itself_is_a_ring() {
        assert_eq!(levels(1, &[edge(0, 0, true)]).unwrap().broken, [0]);
        assert_eq!(levels(1, &[edge(0, 0, false)]), Err(vec![0]));
    }

    #[test]
    fn a_ring_that_cannot_be_broken_is_named() {
        let edges = [edge(0, 1, false), edge(1, 2, false), edge(2, 0, false)];
        let ring = levels(3, &edges).unwrap_err();
        assert_eq!(ring, [2, 1, 0]);
    }

    #[test]
    fn rows_of_one_level_may_wait_for_one_another() {
        let same_level = |before, after| Edge {
            gap: 0,
            ..edge(before, after, false)
        };
        let edges = [same_level(0, 1), edge(1, 2, false), same_level(2, 3)];
        assert_eq!(levels(4, &edges).unwrap().of, [0, 0, 1, 1]);
    }

    #[test]
    fn what_lies_behind_a_ring_is_not_broken() {
        // 2 waits for the ring 0 <-> 1 and is no part of it.
        let edges = [edge(0, 1, true), edge(1, 0, false), edge(1, 2, true)];
        assert_eq!(levels(3, &edges).unwrap().broken, [0]);
    }
}
