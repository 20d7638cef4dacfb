//! A small map: a sorted vector of keys and values.

use serde::{Deserialize, Serialize};

/// Values by key, in ascending order of the keys. For few entries, most of them added at the end, this is smaller and faster than a tree.
/// It is written as a list of pairs; a list whose keys do not ascend is not read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Vec<(K, V)>", bound(deserialize = "K: Ord + Deserialize<'de>, V: Deserialize<'de>"))]
pub struct ByKey<K, V>(Vec<(K, V)>);

impl<K, V> Default for ByKey<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> TryFrom<Vec<(K, V)>> for ByKey<K, V> {
    type Error = &'static str;

    fn try_from(entries: Vec<(K, V)>) -> Result<Self, Self::Error> {
        let ascends = entries.is_sorted_by(|(a, _), (b, _)| a < b);
        if ascends { Ok(Self(entries)) } else { Err("keys do not ascend") }
    }
}

impl<K: Ord + Copy, V> ByKey<K, V> {
    fn find(&self, key: K) -> Result<usize, usize> {
        match self.0.last() {
            Some((last, _)) if *last < key => Err(self.0.len()),
            _ => self.0.binary_search_by_key(&key, |(key, _)| *key),
        }
    }

    /// The value of this key.
    pub fn get(&self, key: K) -> Option<&V> {
        self.find(key).ok().map(|index| &self.0[index].1)
    }

    /// The value of this key, to be changed.
    pub fn get_mut(&mut self, key: K) -> Option<&mut V> {
        self.find(key).ok().map(|index| &mut self.0[index].1)
    }

    /// The value of this key; if there is none, `new` is added.
    pub fn entry(&mut self, key: K, new: impl FnOnce() -> V) -> &mut V {
        let index = self.find(key).unwrap_or_else(|index| {
            self.0.insert(index, (key, new()));
            index
        });
        &mut self.0[index].1
    }

    /// Adds all values of `other`; where both have a key, its value is that of `other`.
    pub fn extend(&mut self, other: &Self)
    where
        V: Clone,
    {
        let is_later = |key: &K| self.0.last().is_none_or(|(last, _)| last < key);
        if other.0.first().is_none_or(|(key, _)| is_later(key)) {
            return self.0.extend_from_slice(&other.0);
        }
        let mut theirs = other.0.iter().peekable();
        let mut both = Vec::with_capacity(self.0.len() + other.0.len());
        for (key, value) in std::mem::take(&mut self.0) {
            while let Some(earlier) = theirs.next_if(|(their, _)| *their < key) {
                both.push(earlier.clone());
            }
            both.push(theirs.next_if(|(their, _)| *their == key).cloned().unwrap_or((key, value)));
        }
        both.extend(theirs.cloned());
        self.0 = both;
    }

    /// Removes the value of this key.
    pub fn remove(&mut self, key: K) -> Option<V> {
        self.find(key).ok().map(|index| self.0.remove(index).1)
    }

    /// The keys and values, by ascending key.
    pub fn iter(&self) -> impl Iterator<Item = (K, &V)> + Clone {
        self.0.iter().map(|(key, value)| (*key, value))
    }

    /// The keys, ascending.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = K> + '_ {
        self.0.iter().map(|(key, _)| *key)
    }

    /// The values, by ascending key.
    pub fn values(&self) -> impl Iterator<Item = &V> + Clone {
        self.0.iter().map(|(_, value)| value)
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K, V> IntoIterator for ByKey<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_sorted_however_they_are_added() {
        let mut map = ByKey::default();
        for key in [5, 1, 9, 5, 3] {
            *map.entry(key, || 0) += key;
        }
        assert_eq!(map.iter().collect::<Vec<_>>(), [(1, &1), (3, &3), (5, &10), (9, &9)]);
        assert_eq!((map.remove(3), map.remove(4)), (Some(3), None));
        assert_eq!((map.get(9), map.get(3), map.len()), (Some(&9), None, 3));
        let other = ByKey::try_from(vec![(0, 8), (5, 7), (7, 6), (12, 5)]).expect("they ascend");
        map.extend(&other);
        assert_eq!(map.iter().collect::<Vec<_>>(), [(0, &8), (1, &1), (5, &7), (7, &6), (9, &9), (12, &5)]);
        map.extend(&ByKey::try_from(vec![(13, 1)]).expect("it ascends"));
        assert_eq!((map.len(), map.get(13)), (7, Some(&1)));
    }

    #[test]
    fn what_does_not_ascend_is_not_read() {
        let read = |text: &str| serde_json::from_str::<ByKey<u32, u8>>(text).map(|map| map.len()).ok();
        let texts = ["[[1,2],[3,4]]", "[]", "[[3,4],[1,2]]", "[[1,2],[1,3]]"];
        assert_eq!(texts.map(read), [Some(2), Some(0), None, None]);
    }
}
