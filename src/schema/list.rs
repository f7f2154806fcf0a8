//! A list whose copies share their elements.
//!
//! A table is copied whenever one of its columns changes, and every version of it is kept. Its
//! columns, constraints and indexes are shared by all versions that did not change them.

use std::iter::Map;
use std::slice;
use std::sync::Arc;

/// Elements in order, shared between copies of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(Vec<Arc<T>>);

impl<T> Default for List<T> {
    fn default() -> Self {
        List(Vec::new())
    }
}

impl<T> List<T> {
    /// The elements in order.
    pub fn iter(&self) -> Iter<'_, T> {
        self.0.iter().map(Arc::as_ref)
    }

    /// The element at an index.
    pub fn get(&self, at: usize) -> Option<&T> {
        self.0.get(at).map(Arc::as_ref)
    }

    /// Whether both lists have the very same element at an index, shared since they were copied.
    pub fn shares(&self, other: &List<T>, at: usize) -> bool {
        match (self.0.get(at), other.0.get(at)) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            _ => false,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push(&mut self, element: T) {
        // Every version keeps its own list: room for as many again would be wasted in each.
        if self.0.len() == self.0.capacity() {
            self.0.reserve_exact(1 + self.0.len() / 8);
        }
        self.0.push(Arc::new(element));
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.0.retain(|element| keep(element));
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        List(elements.into_iter().map(Arc::new).collect())
    }
}

impl<T: Clone> List<T> {
    /// Changes the elements that are meant; the others stay shared.
    pub(super) fn edit(&mut self, is_meant: impl Fn(&T) -> bool, mut edit: impl FnMut(&mut T)) {
        for element in &mut self.0 {
            if is_meant(element) {
                edit(Arc::make_mut(element));
            }
        }
    }

    /// The first element that is meant, to be changed.
    pub(super) fn find_mut(&mut self, is_meant: impl Fn(&T) -> bool) -> Option<&mut T> {
        self.0
            .iter_mut()
            .find(|element| is_meant(element))
            .map(Arc::make_mut)
    }
}

/// The elements of a [`List`].
pub type Iter<'a, T> = Map<slice::Iter<'a, Arc<T>>, fn(&'a Arc<T>) -> &'a T>;

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
