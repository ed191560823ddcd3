//! [`Texts`]: the texts of statements, by their shapes, so that a text is written once and not each time. One for the process,
//! since texts depend on models and queries, and on no database. `render` asks it.

use std::sync::{PoisonError, RwLock};

use super::effect::Effect;
use super::shape::{ByShape, Shape};
use super::statement::SqlText;

/// How many bytes of text are kept before all are forgotten and it begins anew: thousands of statements. Programs that make
/// shapes without end don't grow by more.
const ROOM: usize = 1 << 20;

/// A text that is longer is not kept, because it would push out many others: the VALUES of an INSERT of many rows.
const LONGEST: usize = ROOM / 64;

/// The texts of this process.
pub(super) static TEXTS: Texts = Texts::new();

/// See the head of this file.
pub(super) struct Texts(RwLock<Kept>);

struct Kept {
    texts: ByShape<SqlText>,
    bytes: usize,
}

impl Texts {
    const fn new() -> Self {
        Texts(RwLock::new(Kept {
            texts: ByShape::with_hasher(std::hash::BuildHasherDefault::new()),
            bytes: 0,
        }))
    }

    // A panic leaves nothing half done, so a poisoned lock is as good as another.
    fn known(&self, shape: Shape) -> Option<SqlText> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        kept.texts.get(&shape).cloned()
    }

    /// The text of a shape. It is made when it is asked for first, with what it may do.
    pub(super) fn get(&self, shape: Shape, make: impl Fn() -> (String, Effect)) -> SqlText {
        if let Some(text) = self.known(shape) {
            debug_assert_eq!(text, make().0, "equal shapes are equal texts");
            return text;
        }
        // Without the lock, because what is made may ask for texts in turn.
        let (text, effect) = make();
        let text = SqlText::of_shape(text, shape, effect);
        if text.len() > LONGEST {
            return text;
        }
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + text.len() > ROOM {
            kept.texts.clear();
            kept.bytes = 0;
        }
        let known = kept.texts.len();
        // Another thread may have made it meanwhile. What that has given out stays the one that all share.
        let shared = kept.texts.entry(shape).or_insert_with(|| text).clone();
        if kept.texts.len() > known {
            kept.bytes += shared.len();
        }
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::shape::{Mixer, Piece};

    fn shape(of: &str) -> Shape {
        let mut mixer = Mixer::new();
        mixer.made(Piece::MadeWords, of);
        mixer.finish()
    }

    fn get(texts: &Texts, of: &str, text: &str) -> SqlText {
        texts.get(shape(of), || (text.to_owned(), Effect::Reads))
    }

    #[test]
    fn a_text_is_kept() {
        let texts = Texts::new();
        let text = |of: &str| get(&texts, of, of);
        let (first, second) = (text("SELECT 1"), text("SELECT 1"));
        assert!(std::ptr::eq(&*first, &*second));
        assert_eq!(text("SELECT 2"), "SELECT 2");
    }

    #[test]
    fn texts_without_end_are_forgotten() {
        let texts = Texts::new();
        let long = "x".repeat(LONGEST - 10);
        let first = get(&texts, "0", &format!("{long}0"));
        for n in 1..1_000 {
            get(&texts, &n.to_string(), &format!("{long}{n}"));
            let kept = texts.0.read().expect("nothing panicked");
            assert!(kept.bytes <= ROOM && kept.texts.len() <= ROOM / long.len());
        }
        let again = get(&texts, "0", &format!("{long}0"));
        assert!(first == again && !std::ptr::eq(&*first, &*again));
    }

    #[test]
    fn a_text_of_great_length_is_not_kept() {
        let texts = Texts::new();
        let short = get(&texts, "short", "SELECT 1");
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(get(&texts, "long", &long), long);
        assert_eq!(texts.0.read().expect("nothing panicked").texts.len(), 1);
        let again = get(&texts, "short", "SELECT 1");
        assert!(std::ptr::eq(&*short, &*again));
    }
}
