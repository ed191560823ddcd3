//! [`Info`]: what a program wants to have at hand wherever it has the session. Read by hooks and criteria.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;

use super::Session;

/// Values of a program's own, one of each type: who is logged in, which tenant is served, what hooks collect.
/// SQLAlchemy: `Session.info`.
///
/// ```
#[doc = include_str!("example_shop.txt")]
/// #[derive(Clone)]
/// struct CurrentUser(i32);
///
/// db.info_mut().insert(CurrentUser(7));
/// assert_eq!(db.info().get::<CurrentUser>().map(|user| user.0), Some(7));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "testing"))] fn main() {}
/// ```
/// A session begins with a copy of what its [`SessionOptions`](super::SessionOptions::info) hold. `rollback` changes nothing
/// here.
#[derive(Clone, Default)]
pub struct Info {
    values: HashMap<TypeId, Box<dyn Value>>,
}

/// A value that can be copied without its type.
trait Value: Any + Send + Sync {
    fn copied(&self) -> Box<dyn Value>;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<T: Clone + Send + Sync + 'static> Value for T {
    fn copied(&self) -> Box<dyn Value> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl Clone for Box<dyn Value> {
    fn clone(&self) -> Self {
        // Through the reference: the box itself is a value that can be copied, too.
        (**self).copied()
    }
}

impl Info {
    /// The value of a type.
    ///
    /// ```
    /// use orm_core::session::Info;
    ///
    /// let mut info = Info::default();
    /// info.insert(7_u64);
    /// assert_eq!(info.get::<u64>(), Some(&7));
    /// assert_eq!(info.get::<String>(), None);
    /// ```
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        let value = self.values.get(&TypeId::of::<T>())?;
        (**value).as_any().downcast_ref()
    }

    /// The value of a type, to be changed.
    ///
    /// ```
    /// use orm_core::session::Info;
    ///
    /// let mut info = Info::default();
    /// info.insert(vec!["first"]);
    /// info.get_mut::<Vec<&str>>().expect("it is there").push("second");
    /// assert_eq!(info.get::<Vec<&str>>().map(Vec::len), Some(2));
    /// ```
    pub fn get_mut<T: Clone + Send + Sync + 'static>(&mut self) -> Option<&mut T> {
        let value = self.values.get_mut(&TypeId::of::<T>())?;
        (**value).as_any_mut().downcast_mut()
    }

    /// The value of a type, made by `Default` where there is none: for what hooks collect.
    ///
    /// ```
    /// let mut info = orm_core::session::Info::default();
    /// info.get_or_default::<Vec<String>>().push("sold out".to_owned());
    /// assert_eq!(info.remove::<Vec<String>>().unwrap(), ["sold out"]);
    /// ```
    pub fn get_or_default<T: Clone + Default + Send + Sync + 'static>(&mut self) -> &mut T {
        let value = self
            .values
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Box::new(T::default()));
        (**value)
            .as_any_mut()
            .downcast_mut()
            .unwrap_or_else(|| unreachable!("a value stands under its own type"))
    }

    /// Puts a value in, and gives the one of the same type that was there.
    ///
    /// ```
    /// use orm_core::session::Info;
    ///
    /// let mut info = Info::default();
    /// assert_eq!(info.insert(1_i32), None);
    /// assert_eq!(info.insert(2_i32), Some(1));
    /// ```
    pub fn insert<T: Clone + Send + Sync + 'static>(&mut self, value: T) -> Option<T> {
        let old = self.values.insert(TypeId::of::<T>(), Box::new(value));
        old.and_then(|old| old.into_any().downcast().ok())
            .map(|old| *old)
    }

    /// Takes the value of a type out.
    ///
    /// ```
    /// use orm_core::session::Info;
    ///
    /// let mut info = Info::default();
    /// info.insert(1_i32);
    /// assert_eq!(info.remove::<i32>(), Some(1));
    /// assert_eq!(info.remove::<i32>(), None);
    /// ```
    pub fn remove<T: Clone + Send + Sync + 'static>(&mut self) -> Option<T> {
        let old = self.values.remove(&TypeId::of::<T>());
        old.and_then(|old| old.into_any().downcast().ok())
            .map(|old| *old)
    }

    /// Takes over the values of another; of a type that both have, the other's.
    pub(super) fn extend(&mut self, other: Info) {
        self.values.extend(other.values);
    }
}

/// How many values there are. They themselves are the program's secrets.
impl fmt::Debug for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Info({} values)", self.values.len())
    }
}

impl Session {
    /// Values of the program's own. SQLAlchemy: `Session.info`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// #[derive(Clone)]
    /// struct CurrentUser(i32);
    ///
    /// db.info_mut().insert(CurrentUser(1));
    /// let me = db.info().get::<CurrentUser>().map(|user| user.0);
    /// assert_eq!(me, Some(1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// The same, to be changed.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// db.info_mut().get_or_default::<Vec<String>>().push("sold out".to_owned());
    /// assert_eq!(db.info().get::<Vec<String>>().map(Vec::len), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn info_mut(&mut self) -> &mut Info {
        &mut self.info
    }
}
