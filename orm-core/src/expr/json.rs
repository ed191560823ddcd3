//! JSON in columns of `serde_json::Value` and `Json<T>`: [`JsonOperators`], and functions that build, join and change it.
//!
//! They are `jsonb`'s. A column that was declared as `json` has to be cast first.

use serde_json::Value;

use super::operator::{Base, Joint, Like, operators};
use super::{Agg, AsExpr, Expr, Expression, Node, Operand, Solid};
use crate::types::{Json, Param, SqlType};

/// A type that is kept as JSON.
///
/// ```
/// use orm_core::{expr::JsonValue, types::Json};
///
/// fn is_json<T: JsonValue>() {}
/// is_json::<Json<Vec<i32>>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not JSON",
    label = "expected a `serde_json::Value` or a `Json<..>` column or expression"
)]
pub trait JsonValue: SqlType<Base = Self> {}
impl JsonValue for Value {}
impl<T> JsonValue for Json<T> where Json<T>: SqlType<Base = Json<T>> {}

operators! {
    /// Containment and concatenation of JSON. In the prelude.
    ///
    /// ```
    /// use orm_core::prelude::*;
    /// use serde_json::{Value, json};
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, data: Value }
    /// let q = Order::query().filter(Order::DATA.json_contains(json!({"gift": true}))).select(Order::ID);
    /// assert_eq!(q.to_sql(), "SELECT orders.id FROM orders WHERE orders.data @> $1");
    ///
    /// let q = Order::query()
    ///     .filter(Order::DATA.json_contained_by(json!({"gift": true, "parcels": 1})))
    ///     .select(Order::DATA.json_concat(json!({"seen": true})));
    /// assert_eq!(q.to_sql(), "SELECT orders.data || $1 FROM orders WHERE orders.data <@ $2");
    /// ```
    pub trait JsonContainment where JsonValue;
    /// `@>`: whether it has everything that the other has, at the same places. SQLAlchemy: `contains`.
    fn json_contains "@>" Value => bool;
    /// `<@`: whether the other has everything that this has. SQLAlchemy: `contained_by`.
    fn json_contained_by "<@" Value => bool;
    /// `||`: the members of both, those of the other in place of its own; of lists, the elements of both. SQLAlchemy: `+`.
    fn json_concat "||" Value => Value;
}

/// A member of an object by its name (`&str`, `String`), or an element of a list by its number (`i32`), the first being 0, -1
/// the last.
///
/// ```
/// use orm_core::expr::{JsonKey, Node};
///
/// let Node::Param(last) = (-1).into_key() else { unreachable!() };
/// assert_eq!(last.show(), "-1"); // the last element
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a name nor a number in JSON",
    label = "expected a `&str`, a `String` or an `i32`"
)]
pub trait JsonKey {
    /// As a parameter.
    fn into_key(self) -> Node;
}

impl JsonKey for &str {
    fn into_key(self) -> Node {
        Node::Param(Param::new(&self.to_owned()))
    }
}

impl JsonKey for String {
    fn into_key(self) -> Node {
        Node::Param(Param::new(&self))
    }
}

impl JsonKey for i32 {
    fn into_key(self) -> Node {
        Node::Param(Param::new(&self))
    }
}

fn path<P: AsRef<str>>(steps: impl IntoIterator<Item = P>) -> Node {
    let steps = steps.into_iter().map(|step| step.as_ref().to_owned());
    Node::Param(Param::new(&steps.collect::<Vec<String>>()))
}

/// What JSON has in it. What is not there is NULL, so results are `Option`s. In the prelude.
///
/// ```
/// use orm_core::prelude::*;
/// use serde_json::Value;
/// # #[derive(Model, Clone)] #[orm(table = "orders")]
/// # struct Order { #[orm(primary_key)] id: i32, data: Value }
/// let q = Order::query()
///     .filter(Order::DATA.get_as::<i32>("parcels").gt(1))
///     .select((Order::DATA.get("items").get(0).get_text("name"), Order::DATA.get_path_text(["to", "city"])));
/// assert_eq!(
///     q.to_sql(),
///     "SELECT orders.data -> $1 -> $2 ->> $3, orders.data #>> $4 FROM orders \
///      WHERE CAST(orders.data ->> $5 AS int4) > $6"
/// );
///
/// let sql = |condition: Filter<Order>| {
///     let text = Order::query().filter(condition).select(Order::ID).to_sql();
///     text.split_once("WHERE ").unwrap().1.to_owned()
/// };
/// assert_eq!(sql(Order::DATA.has_key("gift").for_model()), "orders.data ? $1");
/// assert_eq!(sql(Order::DATA.has_any_key(["gift", "card"]).for_model()), "orders.data ?| $1");
/// assert_eq!(sql(Order::DATA.has_all_keys(["gift", "card"]).for_model()), "orders.data ?& $1");
/// assert_eq!(sql(Order::DATA.path_exists("$.items[*] ? (@.n > 1)").for_model()), "orders.data @? $1");
/// assert_eq!(sql(Order::DATA.path_match("$.n > 1").for_model()), "orders.data @@ $1");
///
/// let q = Order::query().select((
///     Order::DATA.get_path(["to", "city"]),
///     Order::DATA.without_key("gift"),
///     Order::DATA.without_path(["to", "city"]),
/// ));
/// assert_eq!(q.to_sql(), "SELECT orders.data #> $1, orders.data - $2, orders.data #- $3 FROM orders");
/// ```
pub trait JsonOperators: Expression {
    /// `->`: a member or an element. SQLAlchemy: `column["a"]`.
    fn get<K: JsonKey>(self, key: K) -> Expr<Option<Value>, Self::Uses>
    where
        Base<Self>: JsonValue,
    {
        Expr::new(Node::infix(self.into_node(), "->", key.into_key()))
    }

    /// `->>`: a member or an element as text; that of text is without quotes. SQLAlchemy: `column["a"].astext`.
    fn get_text<K: JsonKey>(self, key: K) -> Expr<Option<String>, Self::Uses>
    where
        Base<Self>: JsonValue,
    {
        Expr::new(Node::infix(self.into_node(), "->>", key.into_key()))
    }

    /// A member or an element as a value of type `T`: `CAST(column ->> key AS type)`. What cannot be read as one is an error of
    /// the server's. SQLAlchemy: `column["a"].as_integer()`.
    ///
    /// ```
    /// # use orm_core::prelude::*;
    /// # #[derive(Model, Clone)] #[orm(table = "orders")]
    /// # struct Order { #[orm(primary_key)] id: i32, data: serde_json::Value }
    /// let q = Order::query().filter(Order::DATA.get_as::<i32>("weight").gt(10)).select(Order::ID);
    /// assert!(q.to_sql().ends_with("WHERE CAST(orders.data ->> $1 AS int4) > $2"));
    /// ```
    fn get_as<T: SqlType<Base = T>>(self, key: impl JsonKey) -> Expr<Option<T>, Self::Uses>
    where
        Base<Self>: JsonValue,
    {
        let text = Node::infix(self.into_node(), "->>", key.into_key());
        Expr::new(text.cast(T::TYPE))
    }

    /// `#>`: what a path leads to, of names and numbers as text. SQLAlchemy: `column[("a", "1")]`.
    fn get_path<P: AsRef<str>>(
        self,
        steps: impl IntoIterator<Item = P>,
    ) -> Expr<Option<Value>, Self::Uses>
    where
        Base<Self>: JsonValue,
    {
        Expr::new(Node::infix(self.into_node(), "#>", path(steps)))
    }

    /// `#>>`: what a path leads to, as text. SQLAlchemy: `column[("a", "1")].astext`.
    fn get_path_text<P: AsRef<str>>(
        self,
        steps: impl IntoIterator<Item = P>,
    ) -> Expr<Option<String>, Self::Uses>
    where
        Base<Self>: JsonValue,
    {
        Expr::new(Node::infix(self.into_node(), "#>>", path(steps)))
    }

    /// `?`: whether an object has a member of this name, or a list such a text. SQLAlchemy: `has_key`.
    fn has_key(self, key: impl Into<String>) -> Expr<Like<Self, bool>, Self::Uses>
    where
        Base<Self>: JsonValue,
    {
        let key = key.into().into_key();
        Expr::new(Node::infix(self.into_node(), "?", key))
    }

    /// `?|`: whether it has any of the names. SQLAlchemy: `has_any`.
    fn has_any_key<P: AsRef<str>>(
        self,
        keys: impl IntoIterator<Item = P>,
    ) -> Expr<Like<Self, bool>, Self::Uses>
    where
        Base<Self>: JsonValue,
    {
        Expr::new(Node::infix(self.into_node(), "?|", path(keys)))
    }

    /// `?&`: whether it has all of the names. SQLAlchemy: `has_all`.
    fn has_all_keys<P: AsRef<str>>(
        self,
        keys: impl IntoIterator<Item = P>,
    ) -> Expr<Like<Self, bool>, Self::Uses>
    where
        Base<Self>: JsonValue,
    {
        Expr::new(Node::infix(self.into_node(), "?&", path(keys)))
    }

    /// `@?`: whether a JSON path (`$.items[*] ? (@.price > 10)`) finds anything; NULL where it cannot be followed. A path that is
    /// none is an error of the server's. SQLAlchemy: `path_exists`.
    fn path_exists(self, path: impl Into<String>) -> Expr<Option<bool>, Self::Uses>
    where
        Base<Self>: JsonValue,
    {
        let path = path.into().into_key();
        Expr::new(Node::infix(self.into_node(), "@?", path))
    }

    /// `@@`: what a JSON path that asks something (`$.price > 10`) answers; NULL where it is no answer. SQLAlchemy: `path_match`.
    fn path_match(self, path: impl Into<String>) -> Expr<Option<bool>, Self::Uses>
    where
        Base<Self>: JsonValue,
    {
        let path = path.into().into_key();
        Expr::new(Node::infix(self.into_node(), "@@", path))
    }

    /// `-`: without the member of this name, or the element of this number. SQLAlchemy: `op("-")`.
    fn without_key<K: JsonKey>(self, key: K) -> Expr<Like<Self, Value>, Self::Uses>
    where
        Base<Self>: JsonValue,
    {
        Expr::new(Node::infix(self.into_node(), "-", key.into_key()))
    }

    /// `#-`: without what a path leads to. SQLAlchemy: `delete_path`.
    fn without_path<P: AsRef<str>>(
        self,
        steps: impl IntoIterator<Item = P>,
    ) -> Expr<Like<Self, Value>, Self::Uses>
    where
        Base<Self>: JsonValue,
    {
        Expr::new(Node::infix(self.into_node(), "#-", path(steps)))
    }
}

impl<E: Expression> JsonOperators for E {}

/// `jsonb_set(target, path, value, true)`: with the value at this path, new or not; the rest as it was.
/// SQLAlchemy: `func.jsonb_set(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # use serde_json::{Value, json};
/// # #[derive(Model, Clone)] #[orm(table = "orders")]
/// # struct Order { #[orm(primary_key)] id: i32, data: Value }
/// let q = Order::query().select(func::jsonb_set(Order::DATA, ["to", "city"], json!("Oslo")));
/// assert_eq!(q.to_sql(), "SELECT jsonb_set(orders.data, $1, $2) FROM orders");
/// # let _ = Order::query().update(Order::DATA.set(func::jsonb_set(Order::DATA, ["a"], json!(1))));
/// ```
pub fn jsonb_set<E, P, R>(
    target: E,
    steps: impl IntoIterator<Item = P>,
    new: R,
) -> Expr<Joint<E, R, Value, Value>, (E::Uses, R::Uses)>
where
    E: Expression,
    Base<E>: JsonValue,
    P: AsRef<str>,
    R: AsExpr<Value>,
{
    let arguments = vec![target.into_node(), path(steps), new.into_operand()];
    Expr::new(Node::call("jsonb_set", arguments))
}

/// `jsonb_array_length(list)`: the number of elements. Of what is no list it is an error of the server's.
/// SQLAlchemy: `func.jsonb_array_length(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # use serde_json::Value;
/// # #[derive(Model, Clone)] #[orm(table = "orders")]
/// # struct Order { #[orm(primary_key)] id: i32, data: Value }
/// let q = Order::query().select(func::jsonb_array_length(Order::DATA.get("items")));
/// assert_eq!(q.to_sql(), "SELECT jsonb_array_length(orders.data -> $1) FROM orders");
/// ```
pub fn jsonb_array_length<E: Expression>(list: E) -> Expr<Like<E, i32>, E::Uses>
where
    Base<E>: JsonValue,
{
    Expr::new(Node::call("jsonb_array_length", vec![list.into_node()]))
}

/// `jsonb_typeof(value)`: `object`, `array`, `string`, `number`, `boolean` or `null`. SQLAlchemy: `func.jsonb_typeof(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # use serde_json::Value;
/// # #[derive(Model, Clone)] #[orm(table = "orders")]
/// # struct Order { #[orm(primary_key)] id: i32, data: Value }
/// let q = Order::query().select(func::jsonb_typeof(Order::DATA));
/// assert_eq!(q.to_sql(), "SELECT jsonb_typeof(orders.data) FROM orders");
/// ```
pub fn jsonb_typeof<E: Expression>(value: E) -> Expr<Like<E, String>, E::Uses>
where
    Base<E>: JsonValue,
{
    Expr::new(Node::call("jsonb_typeof", vec![value.into_node()]))
}

/// `to_jsonb(value)`: anything as JSON. SQLAlchemy: `func.to_jsonb(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String }
/// assert_eq!(User::query().select(func::to_jsonb(User::NAME)).to_sql(), "SELECT to_jsonb(users.name) FROM users");
/// ```
pub fn to_jsonb<E: Expression>(value: E) -> Expr<Like<E, Value>, E::Uses> {
    Expr::new(Node::call("to_jsonb", vec![value.into_node().typed(true)]))
}

/// `jsonb_agg(expression)`: the values of all rows as a JSON list; NULL where there is no row.
/// SQLAlchemy: `func.jsonb_agg(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String }
/// let users = func::jsonb_agg(func::jsonb_build_object((("id", User::ID), ("name", User::NAME))));
/// assert_eq!(
///     User::query().select(users.order_by(User::NAME)).to_sql(),
///     "SELECT jsonb_agg(jsonb_build_object(CAST($1 AS text), users.id, CAST($2 AS text), users.name) \
///      ORDER BY users.name) FROM users"
/// );
/// ```
pub fn jsonb_agg<E: Expression>(expression: E) -> Expr<Option<Value>, Agg<E::Uses>> {
    super::function::aggregate("jsonb_agg", vec![expression.into_node().typed(true)])
}

/// `jsonb_build_object(name, value, ..)`: an object with these members: up to 8 pairs of a name and a value, a column or an
/// expression. A NULL becomes JSON's `null`. SQLAlchemy: `func.jsonb_build_object(..)`.
///
/// ```
/// # use orm_core::prelude::*;
/// # #[derive(Model, Clone)] #[orm(table = "users")]
/// # struct User { #[orm(primary_key)] id: i32, name: String }
/// let q = User::query().select(func::jsonb_build_object((("id", User::ID),)));
/// assert_eq!(q.to_sql(), "SELECT jsonb_build_object(CAST($1 AS text), users.id) FROM users");
/// ```
pub fn jsonb_build_object<M: Members>(members: M) -> Expr<Value, Solid<M::Uses>> {
    let mut arguments = Vec::new();
    members.push_to(&mut arguments);
    Expr::new(Node::call("jsonb_build_object", arguments))
}

/// What [`jsonb_build_object`] takes: a tuple of up to 8 pairs of a name and a value, a column or an expression.
///
/// ```
/// # use guide_shop::*;
/// # use orm_core::prelude::*;
/// use orm_core::expr::Members;
///
/// let mut arguments = Vec::new();
/// (("id", Tag::ID), ("word", Tag::WORD)).push_to(&mut arguments);
/// assert_eq!(arguments.len(), 4); // name, value, name, value
/// ```
#[diagnostic::on_unimplemented(
    message = "these are no members of an object",
    label = "expected a tuple of up to 8 pairs: `((\"id\", User::ID), (\"name\", User::NAME))`; found `{Self}`"
)]
pub trait Members {
    /// The tables that they use.
    type Uses;

    /// Appends the names and values.
    fn push_to(self, arguments: &mut Vec<Node>);
}

macro_rules! members {
    ($($key:ident $name:ident $at:tt),* => $uses:ty) => {
        impl<$($key: Into<String>, $name: Operand),*> Members for ($(($key, $name),)*) {
            type Uses = $uses;

            fn push_to(self, arguments: &mut Vec<Node>) {
                $(
                    arguments.push(self.$at.0.into().into_key().typed(true));
                    arguments.push(self.$at.1.into_any().typed(true));
                )*
            }
        }
    };
}

members!(KA A 0 => A::Uses);
members!(KA A 0, KB B 1 => (A::Uses, B::Uses));
members!(KA A 0, KB B 1, KC C 2 => (A::Uses, (B::Uses, C::Uses)));
members!(KA A 0, KB B 1, KC C 2, KD D 3 => (A::Uses, (B::Uses, (C::Uses, D::Uses))));
members!(KA A 0, KB B 1, KC C 2, KD D 3, KE E 4 => (A::Uses, (B::Uses, (C::Uses, (D::Uses, E::Uses)))));
members!(KA A 0, KB B 1, KC C 2, KD D 3, KE E 4, KF F 5 => (A::Uses, (B::Uses, (C::Uses, (D::Uses, (E::Uses, F::Uses))))));
members!(KA A 0, KB B 1, KC C 2, KD D 3, KE E 4, KF F 5, KG G 6 => (A::Uses, (B::Uses, (C::Uses, (D::Uses, (E::Uses, (F::Uses, G::Uses)))))));
members!(KA A 0, KB B 1, KC C 2, KD D 3, KE E 4, KF F 5, KG G 6, KH H 7 => (A::Uses, (B::Uses, (C::Uses, (D::Uses, (E::Uses, (F::Uses, (G::Uses, H::Uses))))))));
