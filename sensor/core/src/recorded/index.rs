use core::borrow::Borrow;

/// A sorted map from a key to one or more values, built once.
///
/// Look-ups are binary searches: no hash that whoever chooses the keys could attack, and no order but the
/// keys' own.
#[derive(Clone, Debug)]
pub(super) struct Index<K, V> {
    keys: Vec<K>,
    /// Where the values of `keys[i]` end; they start where those of `keys[i - 1]` end.
    ends: Vec<usize>,
    values: Vec<V>,
}

impl<K, V> Default for Index<K, V> {
    fn default() -> Self {
        Self { keys: Vec::new(), ends: Vec::new(), values: Vec::new() }
    }
}

impl<K: Ord, V> Index<K, V> {
    /// Makes an index of pairs in any order; values of one key keep the order in which they came.
    pub(super) fn new(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut pairs: Vec<(K, V)> = pairs.into_iter().collect();
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        let mut index = Self { values: Vec::with_capacity(pairs.len()), ..Self::default() };
        for (key, value) in pairs {
            index.values.push(value);
            if index.keys.last() == Some(&key) {
                index.ends.pop();
            } else {
                index.keys.push(key);
            }
            index.ends.push(index.values.len());
        }
        index
    }

    /// Returns the values of a key; none where it is not there.
    pub(super) fn values<Q: Ord + ?Sized>(&self, key: &Q) -> &[V]
    where
        K: Borrow<Q>,
    {
        match self.keys.binary_search_by(|probe| probe.borrow().cmp(key)) {
            Ok(at) => self.values_at(at),
            Err(_) => &[],
        }
    }

    /// Returns every key with its values, in the order of the keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &[V])> {
        self.keys.iter().enumerate().map(|(at, key)| (key, self.values_at(at)))
    }

    /// Returns the keys from the first one on of which `is_after` holds; it holds of all behind that.
    pub(super) fn from(&self, is_after: impl Fn(&K) -> bool) -> impl Iterator<Item = &K> {
        let start = self.keys.partition_point(|key| !is_after(key));
        self.keys.iter().skip(start)
    }

    fn values_at(&self, at: usize) -> &[V] {
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before).copied()).unwrap_or(0);
        let end = self.ends.get(at).copied().unwrap_or(start);
        self.values.get(start..end).unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn equals_a_naive_search(pairs in prop::collection::vec((0u8..20, any::<u16>()), 0..60)) {
            let index = Index::new(pairs.clone());
            for key in 0u8..=20 {
                let naive: Vec<u16> = pairs.iter().filter(|(k, _)| *k == key).map(|(_, v)| *v).collect();
                prop_assert_eq!(index.values(&key), naive.as_slice());
            }
            let all: usize = index.iter().map(|(_, values)| values.len()).sum();
            prop_assert_eq!(all, pairs.len());
        }
    }
}
