//! Typed values that a call or a connection carries from one piece of code to another.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, Mutex};

use crate::lock::lock;

/// Values of any types, at most one of each type: what a check finds out about a call or a
/// connection, for the handlers behind it.
///
/// ```
/// use rpc_core::Extensions;
///
/// #[derive(Debug, Clone, PartialEq)]
/// struct User(String);
///
/// let extensions = Extensions::default();
/// assert_eq!(extensions.insert(User("ann".to_owned())), None);
/// assert_eq!(extensions.get(), Some(User("ann".to_owned())));
/// assert_eq!(extensions.get::<u32>(), None);
/// ```
///
/// Threads may share it. Values are cloned out, so a large one belongs into an `Arc`. To keep a
/// value from being replaced by somebody else's of the same type, use a type of your own.
#[derive(Default)]
pub struct Extensions {
    /// Few values are expected, so a search through all is quick. Each is in an `Arc`, so that none
    /// is cloned under the lock.
    values: Mutex<Vec<(TypeId, Value)>>,
}

type Value = Arc<dyn Any + Send + Sync>;

impl Extensions {
    /// Adds a value. Returns the one of its type that it replaces, if there was one.
    pub fn insert<T: Clone + Send + Sync + 'static>(&self, value: T) -> Option<T> {
        let mut values = lock(&self.values);
        let former = take(&mut values, TypeId::of::<T>());
        values.push((TypeId::of::<T>(), Arc::new(value)));
        drop(values);
        former.and_then(out_of)
    }

    /// Returns a clone of the value of this type.
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        let values = lock(&self.values);
        let (_, value) = values.iter().find(|(id, _)| *id == TypeId::of::<T>())?;
        let value = Arc::clone(value);
        drop(values);
        out_of(value)
    }

    /// Removes the value of this type, and returns it.
    pub fn remove<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        let taken = take(&mut lock(&self.values), TypeId::of::<T>());
        taken.and_then(out_of)
    }
}

fn take(values: &mut Vec<(TypeId, Value)>, id: TypeId) -> Option<Value> {
    let at = values.iter().position(|(other, _)| *other == id)?;
    Some(values.swap_remove(at).1)
}

fn out_of<T: Clone + Send + Sync + 'static>(value: Value) -> Option<T> {
    value.downcast().ok().map(Arc::unwrap_or_clone)
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extensions").field("count", &lock(&self.values).len()).finish()
    }
}
