//! [`Kept`]: which copy each row of an arena is compared with, by slot.
//!
//! A flush costs what was touched and not what is loaded, so the slots stand in chunks, and there are only those in which a row was
//! handed out mutably. Where all rows are, it is nearly the plain array that it would be else.

use super::copies::CopyId;

/// How many slots stand together: few enough to be filled for one row, so many that a chunk is seldom made for many.
const CHUNK: usize = 64;

type Chunk = Option<Box<[Option<CopyId>; CHUNK]>>;

/// The copies that rows are compared with. None for most rows; a session that only reads has no chunk.
#[derive(Default)]
pub(super) struct Kept {
    chunks: Vec<Chunk>,
}

impl Kept {
    pub(super) fn get(&self, index: u32) -> Option<CopyId> {
        let chunk = self.chunks.get(index as usize / CHUNK)?.as_ref()?;
        chunk[index as usize % CHUNK]
    }

    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut CopyId> {
        self.place(index)?.as_mut()
    }

    pub(super) fn set(&mut self, index: u32, copy: CopyId) {
        let at = index as usize / CHUNK;
        if self.chunks.len() <= at {
            self.chunks.resize_with(at + 1, Chunk::default);
        }
        let chunk = self.chunks[at].get_or_insert_with(|| Box::new([None; CHUNK]));
        chunk[index as usize % CHUNK] = Some(copy);
    }

    pub(super) fn take(&mut self, index: u32) -> Option<CopyId> {
        self.place(index)?.take()
    }

    fn place(&mut self, index: u32) -> Option<&mut Option<CopyId>> {
        let chunk = self.chunks.get_mut(index as usize / CHUNK)?.as_mut()?;
        Some(&mut chunk[index as usize % CHUNK])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::copies::Copies;

    #[test]
    fn there_are_chunks_only_where_a_row_is_kept() {
        let mut copies = Copies::new();
        let mut kept = Kept::default();
        let (first, last) = (copies.compare("a"), copies.compare("b"));
        kept.set(CHUNK as u32 * 9 + 1, last);
        kept.set(3, first);
        assert_eq!(kept.chunks.iter().flatten().count(), 2);
        assert_eq!((kept.get(3), kept.get(4)), (Some(first), None));
        assert_eq!(kept.get_mut(CHUNK as u32 * 4), None);
        assert_eq!(kept.take(CHUNK as u32 * 9 + 1), Some(last));
        assert_eq!(kept.take(CHUNK as u32 * 9 + 1), None);
        assert_eq!(kept.get(CHUNK as u32 * 99), None);
    }
}
