/// Adds an item to a list that mostly holds one.
///
/// A list that grows by itself starts with room for four. Where one is kept for each of a million stations,
/// that is most of the memory; this doubles from one.
pub(crate) fn push_tight<T>(list: &mut Vec<T>, item: T) {
    if list.len() == list.capacity() {
        list.reserve_exact(list.len().max(1));
    }
    list.push(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_item_takes_the_room_of_one() {
        let mut list = Vec::new();
        for (item, room) in [(1u64, 1), (2, 2), (3, 4), (4, 4), (5, 8)] {
            push_tight(&mut list, item);
            assert_eq!(list.capacity(), room);
        }
        assert_eq!(list, [1, 2, 3, 4, 5]);
    }
}
