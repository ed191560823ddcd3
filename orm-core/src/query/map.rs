//! Rows as maps: what is selected as a pair, by the first of the two.

use std::collections::HashMap;
use std::hash::Hash;

use super::{Executor, Query, Running, Selection};
use crate::error::Error;
use crate::expr::Standalone;

/// What can be a map's key: anything that is `Eq` and `Hash`, so numbers with a fraction in floating point are none.
///
/// ```
/// use orm_core::query::MapKey;
///
/// fn takes<Key: MapKey>() {}
/// takes::<(i32, String)>(); // and not `f64`
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a map",
    label = "expected a key that can be compared and hashed: a number, text, a date, a handle",
    note = "a float is equal to itself only nearly: cast it, or group by something else"
)]
pub trait MapKey: Eq + Hash {}

#[diagnostic::do_not_recommend]
impl<K: Eq + Hash> MapKey for K {}

// What is read is a parameter of each, as that of `all`: else a wrong executor would be reported at the method's name.
impl<K: Selection, V: Selection, Scope: Standalone, G> Query<(K, V), Scope, G> {
    /// All rows as a map, from the first of what is selected to the second: a column and the whole entity, two columns, a
    /// column and a tuple. One statement, as [`all`](Query::all).
    ///
    /// SQLAlchemy: `dict(session.execute(..).all())`, where of two rows with one key the last wins. Here that is an error:
    /// use [`to_groups`](Query::to_groups) where a key may come again.
    ///
    /// The order of the rows is lost. For a map in the order of its keys: `q.all(..).await?.into_iter().collect::<BTreeMap<_, _>>()`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let by_name = User::query().select((User::NAME, User::ALL)).to_map(&mut db).await?; // `HashMap<String, Handle<User>>`
    /// assert_eq!(db[by_name["Bob"]].email, "bob@example.com");
    /// let prices = Product::query().select((Product::NAME, Product::PRICE)).to_map(&mut db).await?;
    /// assert_eq!(prices["Cable"], 1_900);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::MultipleFound`] where two rows have the same key; else as [`all`](Query::all).
    pub fn to_map<'a, X, A, B>(self, on: &'a mut X) -> Running<'a, HashMap<A, B>>
    where
        X: Executor,
        K: Selection<Row<X> = A>,
        V: Selection<Row<X> = B>,
        A: MapKey + Send + 'a,
        B: Send + 'a,
    {
        let what = self.to_sql();
        let rows = self.all(on);
        Running::new(async move {
            let rows = rows.await?;
            let mut map = HashMap::with_capacity(rows.len());
            for (key, value) in rows {
                if map.insert(key, value).is_some() {
                    let what = format!("for one key of a map; `to_groups` keeps them all: {what}");
                    return Err(Error::MultipleFound { what });
                }
            }
            Ok(map)
        })
    }

    /// All rows as a map from the first of what is selected to everything that was selected with it, which stays in the
    /// query's order. One statement, as [`all`](Query::all). SQLAlchemy has nothing
    /// like it; its users write `itertools.groupby`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let q = Product::query().order_by(Product::NAME).select((Product::CATEGORY_ID, Product::NAME));
    /// let shelves = q.to_groups(&mut db).await?; // `HashMap<Option<i32>, Vec<String>>`
    /// assert_eq!(shelves[&None], ["Cable"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`all`](Query::all).
    pub fn to_groups<'a, X, A, B>(self, on: &'a mut X) -> Running<'a, HashMap<A, Vec<B>>>
    where
        X: Executor,
        K: Selection<Row<X> = A>,
        V: Selection<Row<X> = B>,
        A: MapKey + Send + 'a,
        B: Send + 'a,
    {
        let rows = self.all(on);
        Running::new(async move {
            let mut groups: HashMap<A, Vec<B>> = HashMap::new();
            for (key, value) in rows.await? {
                groups.entry(key).or_default().push(value);
            }
            Ok(groups)
        })
    }

    /// As [`to_groups`](Query::to_groups), with the groups in the order in which the query gives the first row of each: for
    /// a page with headings. One statement.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// let q = Order::query().join(Order::USER).order_by((User::NAME, Order::ID)).select((User::NAME, Order::ID));
    /// let orders: Vec<(String, Vec<i32>)> = q.to_ordered_groups(&mut db).await?;
    /// assert_eq!(orders, [("Ann".to_owned(), vec![1, 2]), ("Bob".to_owned(), vec![3])]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`all`](Query::all).
    pub fn to_ordered_groups<'a, X, A, B>(self, on: &'a mut X) -> Running<'a, Vec<(A, Vec<B>)>>
    where
        X: Executor,
        K: Selection<Row<X> = A>,
        V: Selection<Row<X> = B>,
        A: MapKey + Clone + Send + 'a,
        B: Send + 'a,
    {
        let rows = self.all(on);
        Running::new(async move { Ok(in_order(rows.await?)) })
    }
}

fn in_order<K: Eq + Hash + Clone, V>(rows: Vec<(K, V)>) -> Vec<(K, Vec<V>)> {
    let mut places: HashMap<K, usize> = HashMap::new();
    let mut groups: Vec<(K, Vec<V>)> = Vec::new();
    for (key, value) in rows {
        match places.get(&key) {
            Some(place) => groups[*place].1.push(value),
            None => {
                places.insert(key.clone(), groups.len());
                groups.push((key, vec![value]));
            }
        }
    }
    groups
}
