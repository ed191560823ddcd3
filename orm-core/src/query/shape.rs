//! [`Shape`]: a number that stands for the text of a statement and the types of its parameters. The renderer makes it on its way
//! along a query's nodes, in place of the text (`render::sink`). By it the text is found (`texts`), and on a connection what is
//! prepared of it (`engine::prepared`).
//!
//! **Equal shapes are equal texts.** What is mixed into a shape says all that the text is made of, in its order. Our own words,
//! names, tables and types live as long as the program, so that an address stands for them, however long they are; what is made
//! at run time is mixed as it is. Two that differ meet by chance once in 2^128, and nobody can choose them so that they do,
//! because they are mixed under a secret of this process. Builds with debug assertions compare the texts each time.
//!
//! **Equal texts may be two shapes**: two literals of the same words, two models of one table. They are kept twice, and the server
//! prepares them once.

use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::sync::LazyLock;

/// See the head of this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape([u64; 2]);

/// A shape is a hash already.
impl Hash for Shape {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0[0]);
    }
}

/// The hasher of maps by shape, which gives what it is given.
#[derive(Default)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, _: &[u8]) {
        unreachable!("a shape is hashed as a number")
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A map by shape.
pub(crate) type ByShape<T> = std::collections::HashMap<Shape, T, BuildHasherDefault<AsItIs>>;

/// What a piece of a text is, so that a name and the same letters as words are two things.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece {
    Words,
    Name,
    Function,
    MadeWords,
    MadeName,
    MadeFunction,
    Table,
    Alias,
    Column,
    Whole,
    Type,
    Param,
    Statement,
}

/// A shape in the making: two lanes, each of which takes all that is mixed in, in its own way.
pub(super) struct Mixer {
    lanes: [u64; 2],
    secret: [u64; 2],
}

/// What this process mixes under, from the randomness that keeps hash maps safe.
static SECRET: LazyLock<[u64; 4]> = LazyLock::new(|| {
    let random = RandomState::new();
    std::array::from_fn(|at| random.hash_one(at))
});

impl Mixer {
    pub(super) fn new() -> Self {
        let [a, b, c, d] = *SECRET;
        Mixer {
            lanes: [a, b],
            secret: [c, d],
        }
    }

    pub(super) fn finish(&self) -> Shape {
        Shape(self.lanes)
    }

    /// Text that lives as long as the program.
    pub(super) fn text(&mut self, piece: Piece, text: &'static str) {
        self.mix(
            text.as_ptr().addr() as u64,
            tagged(piece, text.len() as u64),
        );
    }

    /// Text that was made at run time.
    pub(super) fn made(&mut self, piece: Piece, text: &str) {
        self.mix(text.len() as u64, tagged(piece, 0));
        let (pairs, rest) = text.as_bytes().as_chunks::<16>();
        for pair in pairs {
            self.mix_pair(pair);
        }
        if !rest.is_empty() {
            let mut last = [0; 16];
            last[..rest.len()].copy_from_slice(rest);
            self.mix_pair(&last);
        }
    }

    /// Something that lives as long as the program, and a number beside it.
    pub(super) fn address<T>(&mut self, piece: Piece, of: &'static T, number: u64) {
        self.mix(std::ptr::from_ref(of).addr() as u64, tagged(piece, number));
    }

    /// Two numbers.
    pub(super) fn numbers(&mut self, piece: Piece, first: usize, second: u32) {
        self.mix(first as u64, tagged(piece, second.into()));
    }

    /// A statement that is written already.
    pub(super) fn shape(&mut self, piece: Piece, shape: Shape) {
        let [first, second] = shape.0;
        self.mix(first, tagged(piece, 0));
        self.mix(second, tagged(piece, 1));
    }

    fn mix_pair(&mut self, pair: &[u8; 16]) {
        let whole = u128::from_le_bytes(*pair);
        self.mix(whole as u64, (whole >> 64) as u64);
    }

    /// Multiplies what came before and the new under a secret, to twice the width, and folds that: each bit of the one meets each
    /// bit of the other. The lanes multiply them crosswise.
    #[inline]
    fn mix(&mut self, a: u64, b: u64) {
        let [first, second] = self.lanes;
        let [one, other] = self.secret;
        self.lanes = [fold(first ^ a, one ^ b), fold(second ^ b, other ^ a)];
    }
}

fn tagged(piece: Piece, number: u64) -> u64 {
    number << 8 | piece as u64
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn shape(mix: impl FnOnce(&mut Mixer)) -> Shape {
        let mut mixer = Mixer::new();
        mix(&mut mixer);
        mixer.finish()
    }

    #[test]
    fn the_same_pieces_are_one_shape() {
        let one = |shape: &mut Mixer| {
            shape.text(Piece::Words, "SELECT ");
            shape.made(Piece::MadeName, "größe");
            shape.numbers(Piece::Param, 1, 23);
        };
        assert_eq!(shape(one), shape(one));
    }

    #[test]
    fn what_differs_anywhere_is_another() {
        static TEXT: &str = "user";
        static NUMBERS: [u32; 2] = [0; 2];
        let inner = shape(|shape| shape.text(Piece::Words, TEXT));
        let shapes = [
            shape(|_| ()),
            inner,
            shape(|shape| shape.text(Piece::Name, TEXT)),
            shape(|shape| shape.text(Piece::Words, &TEXT[..2])),
            shape(|shape| shape.text(Piece::Words, &TEXT[2..])),
            shape(|shape| shape.made(Piece::MadeWords, "user")),
            shape(|shape| shape.made(Piece::MadeWords, "user\0")),
            shape(|shape| {
                shape.made(Piece::MadeWords, "us");
                shape.made(Piece::MadeWords, "er");
            }),
            shape(|shape| {
                shape.made(Piece::MadeWords, "er");
                shape.made(Piece::MadeWords, "us");
            }),
            shape(|shape| shape.made(Piece::MadeWords, "a text of more than sixteen bytes")),
            shape(|shape| shape.made(Piece::MadeWords, "a text of more than sixteen bytez")),
            shape(|shape| shape.numbers(Piece::Param, 1, 23)),
            shape(|shape| shape.numbers(Piece::Param, 1, 20)),
            shape(|shape| shape.numbers(Piece::Param, 2, 23)),
            shape(|shape| shape.address(Piece::Table, &NUMBERS[0], 0)),
            shape(|shape| shape.address(Piece::Table, &NUMBERS[1], 0)),
            shape(|shape| shape.address(Piece::Table, &NUMBERS[0], 1)),
            shape(|shape| shape.address(Piece::Alias, &NUMBERS[0], 0)),
            shape(|shape| shape.shape(Piece::Statement, inner)),
        ];
        let lanes: HashSet<u64> = shapes.iter().flat_map(|shape| shape.0).collect();
        assert_eq!(lanes.len(), 2 * shapes.len(), "and in both lanes");
    }

    #[test]
    fn each_bit_of_a_piece_is_seen_wherever_it_stands() {
        let mut lanes = HashSet::new();
        for place in 0..4 {
            for bit in 0..32 {
                let shape = shape(|shape| {
                    for at in 0..4 {
                        shape.numbers(Piece::Param, 0, if at == place { 1 << bit } else { 0 });
                        shape.numbers(Piece::Param, if at == place { 1 << bit } else { 0 }, 0);
                    }
                });
                lanes.extend(shape.0);
            }
        }
        assert_eq!(lanes.len(), 2 * 4 * 32);
    }
}
