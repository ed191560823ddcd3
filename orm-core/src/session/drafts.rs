//! [`Drafts`]: where an arena keeps what its pending entities are made of, until they are rows.
//!
//! Beside the rows and not among them: a draft may be larger than its row, and a session that only reads has none.

/// The drafts of one model, each in a place of its own.
#[derive(Debug)]
pub(super) struct Drafts<D>(Vec<Option<D>>);

impl<D> Drafts<D> {
    pub(super) fn new() -> Self {
        Drafts(Vec::new())
    }

    pub(super) fn reserve(&mut self, drafts: usize) {
        self.0.reserve(drafts);
    }

    /// Keeps a draft and says where.
    pub(super) fn put(&mut self, draft: D) -> u32 {
        self.0.push(Some(draft));
        (self.0.len() - 1) as u32
    }

    /// Gives a draft away. Its place is empty until those behind it are, which a flush takes one after the other; with the
    /// last one goes the memory.
    pub(super) fn take(&mut self, at: u32) -> Option<D> {
        let draft = self.0.get_mut(at as usize)?.take();
        while let Some(None) = self.0.last() {
            self.0.pop();
        }
        if self.0.is_empty() {
            self.0 = Vec::new();
        }
        draft
    }

    pub(super) fn get(&self, at: u32) -> Option<&D> {
        self.0.get(at as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, at: u32) -> Option<&mut D> {
        self.0.get_mut(at as usize)?.as_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_where_it_was_put_until_it_is_taken() {
        let mut drafts = Drafts::new();
        let at = ["a", "b", "c"].map(|draft| drafts.put(draft));
        assert_eq!(drafts.take(at[1]), Some("b"));
        assert_eq!((drafts.get(at[1]), drafts.get(at[2])), (None, Some(&"c")));
        assert_eq!(drafts.take(at[2]), Some("c"));
        assert_eq!(drafts.put("d"), at[1]);
        assert_eq!(
            (drafts.get(at[0]), drafts.get(at[1])),
            (Some(&"a"), Some(&"d"))
        );
    }

    #[test]
    fn with_the_last_draft_goes_the_memory() {
        let mut drafts = Drafts::new();
        let at = ["a", "b", "c"].map(|draft| drafts.put(draft));
        for at in at {
            drafts.take(at);
        }
        assert_eq!(drafts.0.capacity(), 0);
    }
}
