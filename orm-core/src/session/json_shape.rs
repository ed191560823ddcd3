//! [`JsonShape`]: which columns and relationships of a model a JSON document may set. Typed where it is put together; what
//! `from_json` reads documents by is the plain [`Shape`] inside.

use std::fmt;
use std::marker::PhantomData;

use crate::expr::Column;
use crate::model::{
    AnyDraft, ColumnSet, Itself, Model, OnUpdate, Relation, RelationInfo, RelationShape, Table,
    Target, Writable,
};
use crate::types::comes_from_json;

/// Which fields of a model a JSON document may set: a whitelist, as a document is what a stranger sends. Nothing is allowed
/// that wasn't named, so a field that a model gets later is not open to the world. pydantic: the model of a request body.
///
/// ```
/// use orm_core::prelude::*;
/// use orm_core::session::JsonShape;
/// # #[derive(Model, Clone)] #[orm(table = "products")]
/// # pub struct Product { #[orm(primary_key)] pub id: i32, pub name: String }
/// # #[derive(Model, Clone)] #[orm(table = "orders", has_many(items: Item, via = order))]
/// # pub struct Order { #[orm(primary_key)] pub id: i32, pub note: Option<String> }
/// # #[derive(Model, Clone)] #[orm(table = "items")]
/// # pub struct Item { #[orm(primary_key)] pub id: i32, pub quantity: i32,
/// #     #[orm(belongs_to(order: Order))] pub order_id: i32, #[orm(belongs_to(product: Product))] pub product_id: i32 }
///
/// let item = JsonShape::new().allow(Item::QUANTITY).existing(Item::PRODUCT);
/// let order = JsonShape::new().allow(Order::NOTE).nested(Order::ITEMS, item);
/// # let _: JsonShape<Order> = order;
/// // {"note": "to the back door", "items": [{"quantity": 2, "product": 7}, {"quantity": 1, "product": {"id": 9}}]}
/// ```
///
/// The document calls columns by the names of the struct's fields, and relationships by their own: `items`.
pub struct JsonShape<M> {
    shape: Shape,
    model: PhantomData<fn() -> M>,
}

/// A shape without the type of its model.
#[derive(Clone)]
pub(super) struct Shape {
    pub(super) table: &'static Table,
    /// Makes a draft of the model.
    pub(super) draft: fn() -> Box<dyn AnyDraft>,
    pub(super) columns: ColumnSet,
    pub(super) along: Vec<Along>,
    pub(super) ignore_unknown: bool,
}

/// What a document may say of a relationship.
#[derive(Clone)]
pub(super) struct Along {
    pub(super) relation: &'static RelationInfo,
    /// New ones, and what may be set of them.
    pub(super) nested: Option<Members>,
    /// Rows that are there.
    pub(super) existing: Option<fn() -> Box<dyn AnyDraft>>,
}

/// What may be set of the new ones of a relationship.
#[derive(Clone)]
pub(super) enum Members {
    /// The same as of the ones that they hang on.
    AsAbove,
    Of(Shape),
}

impl<M: Model> JsonShape<M> {
    /// A shape that allows nothing yet.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::session::JsonShape;
    ///
    /// let nothing = JsonShape::<Tag>::new();
    /// let error = db.add_json(&nothing, &serde_json::json!({"word": "used"})).await.unwrap_err();
    /// assert_eq!(error.validation().expect("it was refused").rejections[0].field, "word");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new() -> Self {
        JsonShape {
            shape: Shape {
                table: M::TABLE,
                draft: draft::<M>,
                columns: ColumnSet::default(),
                along: Vec::new(),
                ignore_unknown: false,
            },
            model: PhantomData,
        }
    }

    /// Allows a column. It must be in the document, unless it can be NULL or has a default.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::session::JsonShape;
    ///
    /// let shape = JsonShape::new().allow(Product::NAME).allow(Product::PRICE);
    /// let product = db.add_json(&shape, &serde_json::json!({"name": "Mouse", "price": 2900})).await?;
    /// assert_eq!(db.draft(product)?.price, Some(2900));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// When the server computes the column, or its type has no form in JSON (`interval`, ranges, and the types of extensions).
    #[must_use]
    #[track_caller]
    pub fn allow<T>(mut self, column: Column<M, T>) -> Self {
        let info = column.info();
        let path = format!("{}.{}", M::TABLE.model, info.field);
        assert!(
            info.computed.is_none(),
            "`{path}` is computed by the server, so no document can set it"
        );
        assert!(
            comes_from_json(info.ty),
            "`{path}` is of type `{}`, which has no form in JSON",
            info.ty
        );
        self.shape.columns.insert(column.position());
        self
    }

    /// Allows every column but those that are not for a client to say: identity keys, versions, what the server makes or
    /// computes (`server_default`, `computed`, `on_update`), and foreign keys, which relationships set. For models that have
    /// no other column to hide, now and later.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::session::JsonShape;
    ///
    /// let shape = JsonShape::new().every_column(); // name, price and stock; not the key, and no foreign key
    /// let body = serde_json::json!({"name": "Mouse", "price": 2900, "stock": 3});
    /// let mouse = db.add_json::<Product>(&shape, &body).await?;
    /// db.commit().await?;
    /// assert_eq!(db[mouse].stock, 3);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn every_column(mut self) -> Self {
        let table = M::TABLE;
        let foreign_keys = table.relations.iter().filter_map(|one| one.foreign_key());
        let foreign: ColumnSet = foreign_keys
            .flat_map(|key| key.columns.iter().copied())
            .collect();
        for (at, column) in table.columns.iter().enumerate() {
            let at = at as u16;
            let made = column.identity
                || column.computed.is_some()
                || column.server_default.is_some()
                || column.on_update != OnUpdate::Keep
                || table.version == Some(at);
            if !made && !foreign.contains(at) && comes_from_json(column.ty) {
                self.shape.columns.insert(at);
            }
        }
        self
    }

    /// Allows new entities along a relationship, each an object of the shape that is given; a list of objects where the
    /// relationship leads to many. Of a child, the foreign key to its parent is given by its place.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::session::JsonShape;
    ///
    /// let product = JsonShape::new().allow(Product::NAME).allow(Product::PRICE);
    /// let shape = JsonShape::new().allow(Category::NAME).nested(Category::PRODUCTS, product);
    /// let body = serde_json::json!({"name": "Mice", "products": [{"name": "Mouse", "price": 2900}]});
    /// let mice = db.add_json(&shape, &body).await?;
    /// assert_eq!(db.related(mice, Category::PRODUCTS)?.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn nested<To: Target, S: RelationShape + Writable>(
        mut self,
        relation: Relation<M, To, S>,
        of: JsonShape<To::Model>,
    ) -> Self {
        self.along(relation.info()).nested = Some(Members::Of(of.shape));
        self
    }

    /// Allows new entities along a relationship that leads back to the model, of this same shape, to any depth: a tree.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::session::JsonShape;
    ///
    /// let shape = JsonShape::new().allow(Category::NAME).recursive(Category::CHILDREN);
    /// let body = serde_json::json!({"name": "Books", "children": [{"name": "Poems", "children": []}]});
    /// let books = db.add_json(&shape, &body).await?;
    /// assert_eq!(db.related(books, Category::CHILDREN)?.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn recursive<S: RelationShape + Writable>(
        mut self,
        relation: Relation<M, Itself<M>, S>,
    ) -> Self {
        self.along(relation.info()).nested = Some(Members::AsAbove);
        self
    }

    /// Allows rows that are there along a relationship, named by their primary key: `7`, or an object of the key's fields,
    /// `{"id": 7}`. They are looked up before anything is added.
    ///
    /// Where [`nested`](JsonShape::nested) is allowed, too, an object with a key that the nested shape does not allow names a
    /// row that is there, and any other object is a new one.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::session::JsonShape;
    ///
    /// let shape = JsonShape::new().existing(Order::USER);
    /// let order = db.add_json(&shape, &serde_json::json!({"user": 2})).await?; // SELECT .. FROM users WHERE id = $1
    /// assert_eq!(db.draft(order)?.user_id, Some(2));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn existing<To: Target, S: RelationShape + Writable>(
        mut self,
        relation: Relation<M, To, S>,
    ) -> Self {
        self.along(relation.info()).existing = Some(draft::<To::Model>);
        self
    }

    /// Passes over fields that aren't allowed, here and not in what is nested, in place of refusing the document.
    /// pydantic: `extra="ignore"`, which is its default; ours is `"forbid"`.
    ///
    /// ```
    #[doc = include_str!("../guide/shop.txt")]
    /// use orm_core::session::JsonShape;
    ///
    /// let shape = JsonShape::new().allow(Tag::WORD).ignore_unknown();
    /// let tag = db.add_json(&shape, &serde_json::json!({"word": "used", "colour": "red"})).await?;
    /// assert_eq!(db.draft(tag)?.word.as_deref(), Some("used"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn ignore_unknown(mut self) -> Self {
        self.shape.ignore_unknown = true;
        self
    }

    pub(super) fn erased(&self) -> &Shape {
        &self.shape
    }

    fn along(&mut self, relation: &'static RelationInfo) -> &mut Along {
        let all = &mut self.shape.along;
        let known = all
            .iter()
            .position(|along| std::ptr::eq(along.relation, relation));
        let at = known.unwrap_or_else(|| {
            all.push(Along {
                relation,
                nested: None,
                existing: None,
            });
            all.len() - 1
        });
        &mut all[at]
    }
}

fn draft<M: Model>() -> Box<dyn AnyDraft> {
    Box::new(<M::Draft as Default>::default())
}

impl Along {
    /// The relationship's name in a document.
    pub(super) fn name(&self) -> String {
        self.relation.name.to_lowercase()
    }
}

impl<M: Model> Default for JsonShape<M> {
    fn default() -> Self {
        JsonShape::new()
    }
}

impl<M> Clone for JsonShape<M> {
    fn clone(&self) -> Self {
        JsonShape {
            shape: self.shape.clone(),
            model: PhantomData,
        }
    }
}

/// The names that are allowed: `Order {note, items: Item {quantity, product: existing}}`.
impl<M> fmt::Debug for JsonShape<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shape.fmt(f)
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {{", self.table.model)?;
        let mut comma = "";
        for column in self.columns.iter() {
            write!(f, "{comma}{}", self.table.columns[column as usize].field)?;
            comma = ", ";
        }
        for along in &self.along {
            write!(f, "{comma}{}: ", along.name())?;
            comma = ", ";
            match &along.nested {
                Some(Members::AsAbove) => f.write_str("the same")?,
                Some(Members::Of(shape)) => shape.fmt(f)?,
                None => {}
            }
            if along.existing.is_some() {
                let or = if along.nested.is_some() { " or " } else { "" };
                write!(f, "{or}existing")?;
            }
        }
        f.write_str("}")
    }
}
