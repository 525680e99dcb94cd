/// Rows of one size, each known by a number that stays its own until it is removed.
///
/// Rows stand in chunks, so that growing moves none and takes no more than one chunk too much. The number of a removed row
/// is given out again.
///
/// # Bounds
/// Holds what it is given; whoever inserts keeps the bound. At most 2^32 - 1 rows.
#[derive(Debug)]
pub(super) struct Slab<T> {
    chunks: Vec<Vec<T>>,
    free: Vec<u32>,
    count: usize,
}

/// A row that knows whether it is in use. The default one is not.
pub(super) trait Slot: Default {
    /// Tells whether the row is in use.
    fn is_live(&self) -> bool;
}

/// The number of no row.
pub(super) const NONE: u32 = u32::MAX;

/// Rows of a chunk, as a power of two.
const CHUNK_BITS: u32 = 10;
const CHUNK_ROWS: usize = 1 << CHUNK_BITS;

impl<T: Slot> Slab<T> {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new(), free: Vec::new(), count: 0 }
    }

    /// Returns how many rows are in use.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Returns one more than the highest number that was ever given out.
    pub(super) fn end(&self) -> u32 {
        let last = self.chunks.last().map_or(0, Vec::len);
        u32::try_from(self.chunks.len().saturating_sub(1) * CHUNK_ROWS + last).unwrap_or(NONE)
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> Option<&T> {
        self.chunks.get((number >> CHUNK_BITS) as usize)?.get(number as usize % CHUNK_ROWS)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.chunks.get_mut((number >> CHUNK_BITS) as usize)?.get_mut(number as usize % CHUNK_ROWS)
    }

    pub(super) fn insert(&mut self, row: T) -> u32 {
        self.count += 1;
        if let Some(number) = self.free.pop() {
            if let Some(place) = self.get_mut(number) {
                *place = row;
            }
            return number;
        }
        let number = self.end();
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK_ROWS => chunk.push(row),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK_ROWS);
                chunk.push(row);
                self.chunks.push(chunk);
            }
        }
        number
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<T> {
        let row = self.get_mut(number).filter(|row| row.is_live())?;
        let row = core::mem::take(row);
        self.count -= 1;
        self.free.push(number);
        Some(row)
    }

    /// Returns every row in use with its number, in the order of the numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0u32..).zip(self.chunks.iter().flatten()).filter(|(_, row)| row.is_live())
    }

    /// Returns every row in use with its number, to be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        (0u32..).zip(self.chunks.iter_mut().flatten()).filter(|(_, row)| row.is_live())
    }
}

impl<T> Slot for Option<Box<T>> {
    fn is_live(&self) -> bool {
        self.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn equals_a_map(steps in prop::collection::vec((any::<bool>(), 0u32..3_000), 0..4_000)) {
            let (mut slab, mut model) = (Slab::<Option<Box<u32>>>::new(), BTreeMap::new());
            for (insert, number) in steps {
                if insert {
                    prop_assert!(model.insert(slab.insert(Some(Box::new(number))), number).is_none());
                } else {
                    prop_assert_eq!(slab.remove(number).flatten().map(|row| *row), model.remove(&number));
                }
            }
            prop_assert_eq!(slab.len(), model.len());
            let rows: BTreeMap<u32, u32> =
                slab.iter().filter_map(|(number, row)| Some((number, **row.as_ref()?))).collect();
            prop_assert_eq!(rows, model);
        }
    }
}
