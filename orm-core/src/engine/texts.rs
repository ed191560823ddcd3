//! [`Texts`]: the text of statements that the layers above send again and again, and that depend on a table alone. Kept by the
//! engine, because a session often is too short to send one twice.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// Texts, by a number that whoever asks gives to its table.
#[derive(Debug, Default)]
pub(super) struct Texts(RwLock<HashMap<usize, Box<str>>>);

impl Texts {
    /// The text of a number. It is made when it is asked for first.
    pub(super) fn get(&self, of: usize, make: impl FnOnce() -> String) -> String {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = known.get(&of) {
            return (**text).to_owned();
        }
        drop(known);
        let text = make();
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(of, text.as_str().into());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_made_once() {
        let texts = Texts::default();
        let mut made = 0;
        for _ in 0..3 {
            let text = texts.get(7, || {
                made += 1;
                "SELECT 1".to_owned()
            });
            assert_eq!(text, "SELECT 1");
        }
        assert_eq!(made, 1);
        assert_eq!(texts.get(8, || "SELECT 2".to_owned()), "SELECT 2");
    }
}
