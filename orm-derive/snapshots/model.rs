// #[orm(table = "products", has_many(reviews:Review, via = product))]
// pub struct Product {
//     #[orm(primary_key)]
//     pub id: i32,
//     #[orm(length = 200)]
//     pub name: String,
//     #[orm(default = 0)]
//     stock: i32,
//     #[orm(belongs_to(category:Category))]
//     pub category_id: Option<i32>,
// }

///A `Product` that is being put together: `None` is "no value yet". Derived.
#[allow(dead_code, non_camel_case_types, private_interfaces, unreachable_pub)]
pub struct ProductDraft {
    ///The column `id`.
    pub id: ::orm_core::__private::Option<i32>,
    ///The column `name`.
    pub name: ::orm_core::__private::Option<String>,
    ///The column `stock`.
    stock: ::orm_core::__private::Option<i32>,
    ///The column `category_id`.
    pub category_id: ::orm_core::__private::Option<Option<i32>>,
}
///A new `Product` on its way into a session. A type parameter is `Set` once its required column has a value. Derived.
#[must_use = "it has to be given to a session: `db.add(..)`"]
#[allow(dead_code, non_camel_case_types, private_interfaces, unreachable_pub)]
pub struct ProductCreate<Name = ::orm_core::model::Unset> {
    new: ::orm_core::__private::Building<ProductDraft>,
    given: ::orm_core::__private::PhantomData<fn() -> (Name,)>,
}
#[doc(hidden)]
#[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations)]
pub mod product_columns {
    pub enum name_of_Product {}
}
///`Product` under another name, to have it in a query twice: `Aliased<Product, 1>`. Derived.
#[allow(dead_code, non_camel_case_types, unreachable_pub)]
pub enum ProductAs<const N: u8> {}
const _: () = {
    use ::orm_core::{self as __orm, __private};
    const __CODECS: &(
        __private::Codec<i32>,
        __private::Codec<String>,
        __private::Codec<i32>,
        __private::Codec<Option<i32>>,
    ) = &(
        __private::codec::<i32>(),
        __private::codec::<String>(),
        __private::codec::<i32>(),
        __private::codec::<Option<i32>>(),
    );
    static __TABLE: __orm::model::Table = __orm::model::Table {
        model: "Product",
        schema: __private::Option::None,
        name: "products",
        columns: &[
            __orm::model::ColumnInfo {
                identity: true,
                ..__private::column("id", "id", &__CODECS.0)
            },
            __orm::model::ColumnInfo {
                declared: __private::Option::Some("varchar(200)"),
                ..__private::column("name", "name", &__CODECS.1)
            },
            __private::column("stock", "stock", &__CODECS.2),
            __private::column("category_id", "category_id", &__CODECS.3),
        ],
        primary_key: &[0u16],
        version: __private::Option::None,
        relations: &[&__CATEGORY, &__REVIEWS],
        uniques: &[],
        deferred_uniques: &[],
        indexes: &[],
        checks: &[],
        is_bare_link: false,
        arena: __orm::session::arena::<Product>,
        knot: __orm::model::Knot::new(),
    };
    #[allow(dead_code)]
    trait __Otherwise {
        const ALL: __orm::model::NotAModel = __orm::model::NotAModel;
        const PRODUCT: __orm::model::NothingOfThisName = __orm::model::NothingOfThisName;
    }
    impl<T> __Otherwise for T {}
    static __CATEGORY: __orm::model::RelationInfo = __orm::model::RelationInfo {
        name: "CATEGORY",
        index: 0u16,
        from: &__TABLE,
        to: __private::target::<Category, Option<i32>>(),
        kind: __orm::model::RelationKind::BelongsTo(__orm::model::ForeignKey {
            columns: &[3u16],
            references: __private::Option::None,
            on_delete: __orm::model::OnDelete::NoAction,
            deferred: false,
        }),
        cascade: __orm::model::Cascade {
            delete: false,
            delete_orphan: false,
            passive_deletes: false,
        },
        members: __orm::model::Members::ALL,
    };
    const fn __reviews_via() -> &'static __orm::model::RelationInfo {
        __private::mark(&<Review>::ALL)
            .leads_back::<Review, Product, _>(&<Review>::PRODUCT);
        <Review>::PRODUCT.__via()
    }
    static __REVIEWS: __orm::model::RelationInfo = __orm::model::RelationInfo {
        name: "REVIEWS",
        index: 1u16,
        from: &__TABLE,
        to: <Review as __orm::model::Model>::TABLE,
        kind: __orm::model::RelationKind::HasMany {
            via: __reviews_via(),
        },
        cascade: __orm::model::Cascade {
            delete: false,
            delete_orphan: false,
            passive_deletes: false,
        },
        members: __orm::model::Members::ALL,
    };
    #[allow(dead_code, private_interfaces, unreachable_pub)]
    impl Product {
        ///The column `id` of `products`.
        pub const ID: __orm::expr::Column<Product, i32> = __orm::expr::Column::new(0u16);
        ///The column `name` of `products`.
        pub const NAME: __orm::expr::Column<Product, String> = __orm::expr::Column::new(
            1u16,
        );
        ///The column `stock` of `products`.
        const STOCK: __orm::expr::Column<Product, i32> = __orm::expr::Column::new(2u16);
        ///The column `category_id` of `products`.
        pub const CATEGORY_ID: __orm::expr::Column<Product, Option<i32>> = __orm::expr::Column::new(
            3u16,
        );
        ///The one, or none, `Category` that `category_id` leads to: `category`. `.with(Product::CATEGORY)` loads it, `db.related(handle, Product::CATEGORY)?` reads it.
        pub const CATEGORY: __orm::model::Relation<
            Product,
            Category,
            __orm::model::OptionalOne,
        > = __orm::model::Relation::new(&__CATEGORY);
        ///Each `Review` whose `product` is this one: `reviews`. `.with(Product::REVIEWS)` loads it, `db.related(handle, Product::REVIEWS)?` reads it.
        pub const REVIEWS: __orm::model::Relation<Product, Review, __orm::model::Many> = __orm::model::Relation::new(
            &__REVIEWS,
        );
        ///All columns of `products`: the whole row in a select list, `.select((Product::ALL, ..))`.
        pub const ALL: __orm::expr::All<Product> = __orm::expr::All::new();
        ///A query of `Product`: `Product::query().filter(..).all(&mut db).await?`.
        pub fn query() -> __orm::query::EntityQuery<Product> {
            __orm::query::entity::<Product>()
        }
        ///A new `Product`, to be filled in and given to a session: `db.add(Product::create())`. What is required and still missing, the compiler says there.
        pub fn create() -> ProductCreate {
            __private::Default::default()
        }
        ///The column of this name, or of the field of this name, to sort by what a request asks for: `Product::query().order_by(Product::column(name)?)`.
        ///
        /// # Errors
        /// `Error::Invalid`: there is no such column. The message has those that there are.
        pub fn column(name: &str) -> __orm::Result<__orm::expr::NamedColumn<Product>> {
            __orm::expr::NamedColumn::<Product>::find(name)
        }
    }
    #[allow(dead_code, private_interfaces, unreachable_pub)]
    impl<const N: u8> ProductAs<N> {
        ///The column `id` of `products`.
        pub const ID: __orm::expr::Column<ProductAs<N>, i32> = __orm::expr::Column::new(
            0u16,
        );
        ///The column `name` of `products`.
        pub const NAME: __orm::expr::Column<ProductAs<N>, String> = __orm::expr::Column::new(
            1u16,
        );
        ///The column `stock` of `products`.
        const STOCK: __orm::expr::Column<ProductAs<N>, i32> = __orm::expr::Column::new(
            2u16,
        );
        ///The column `category_id` of `products`.
        pub const CATEGORY_ID: __orm::expr::Column<ProductAs<N>, Option<i32>> = __orm::expr::Column::new(
            3u16,
        );
        ///The one, or none, `Category` that `category_id` leads to: `category`.
        pub const CATEGORY: __orm::model::Relation<
            ProductAs<N>,
            Category,
            __orm::model::OptionalOne,
        > = __orm::model::Relation::new(&__CATEGORY);
        ///Each `Review` whose `product` is this one: `reviews`.
        pub const REVIEWS: __orm::model::Relation<
            ProductAs<N>,
            Review,
            __orm::model::Many,
        > = __orm::model::Relation::new(&__REVIEWS);
        ///All columns of `products`: the whole row in a select list.
        pub const ALL: __orm::expr::All<ProductAs<N>> = __orm::expr::All::new();
        ///A query of `Product` under this alias: `type Other = Aliased<Product, 1>; Other::query()`.
        pub fn query() -> __orm::query::Query<
            __orm::expr::Whole<Product>,
            (ProductAs<N>, ()),
        > {
            __orm::query::entity_as::<ProductAs<N>>()
        }
    }
    const _: () = __private::key_part::<i32>();
    #[automatically_derived]
    impl __orm::model::Source for Product {
        type Model = Product;
        type Name = (
            __private::D9,
            (
                __private::DA,
                (
                    __private::DD,
                    (
                        __private::DB,
                        (
                            __private::DF,
                            (__private::D8, (__private::D2, (__private::D1, ()))),
                        ),
                    ),
                ),
            ),
        );
        const ALIAS: __private::Option<u8> = __private::Option::None;
    }
    #[automatically_derived]
    impl __orm::model::Model for Product {
        const TABLE: &'static __orm::model::Table = &__TABLE;
        type Draft = ProductDraft;
        type As<const N: u8> = ProductAs<N>;
        fn copy(&self) -> Self {
            __private::copied::<Product>()(self)
        }
        type Key = i32;
        fn key(&self) -> i32 {
            __private::Clone::clone(&self.id)
        }
        fn read_key(row: &mut __orm::model::RowReader<'_>) -> __orm::Result<i32> {
            __CODECS.0.read(row, &__TABLE, 0u16)
        }
        fn encode_key(key: &i32, part: usize, out: &mut __private::BytesMut) -> bool {
            match part {
                0usize => __CODECS.0.encode(key, out),
                _ => false,
            }
        }
        fn read(row: &mut __orm::model::RowReader<'_>) -> __orm::Result<Self> {
            __private::Result::Ok(Product {
                id: __CODECS.0.read(row, &__TABLE, 0u16)?,
                name: __CODECS.1.read(row, &__TABLE, 1u16)?,
                stock: __CODECS.2.read(row, &__TABLE, 2u16)?,
                category_id: __CODECS.3.read(row, &__TABLE, 3u16)?,
            })
        }
        fn encode(&self, column: u16, out: &mut __private::BytesMut) -> bool {
            match column {
                0u16 => __CODECS.0.encode(&self.id, out),
                1u16 => __CODECS.1.encode(&self.name, out),
                2u16 => __CODECS.2.encode(&self.stock, out),
                3u16 => __CODECS.3.encode(&self.category_id, out),
                _ => false,
            }
        }
        fn write(
            &mut self,
            column: u16,
            value: __orm::types::Raw<'_>,
        ) -> __private::Result<(), __orm::types::DecodeError> {
            match column {
                0u16 => __CODECS.0.write(&mut self.id, value),
                1u16 => __CODECS.1.write(&mut self.name, value),
                2u16 => __CODECS.2.write(&mut self.stock, value),
                3u16 => __CODECS.3.write(&mut self.category_id, value),
                _ => __private::no_such_column(column),
            }
        }
        fn diff(&self, before: &Self) -> __orm::model::ColumnSet {
            __private::columns_where(
                &[
                    __CODECS.0.differs(&self.id, &before.id),
                    __CODECS.1.differs(&self.name, &before.name),
                    __CODECS.2.differs(&self.stock, &before.stock),
                    __CODECS.3.differs(&self.category_id, &before.category_id),
                ],
            )
        }
    }
    #[automatically_derived]
    impl __orm::schema::Models for Product {
        fn register(registry: &mut __orm::schema::Registry) {
            __private::register(registry, &__TABLE);
        }
    }
    #[automatically_derived]
    impl __orm::schema::Member for Product {}
    #[automatically_derived]
    impl __orm::model::OfModel for Product {
        type Model = Product;
    }
    #[automatically_derived]
    impl __orm::model::Insertable for Product {
        fn into_new(self) -> __orm::model::New<Product> {
            __orm::model::New {
                draft: <ProductDraft as __orm::model::Draft>::from_row(self),
                links: __private::Vec::new(),
            }
        }
    }
    #[automatically_derived]
    impl __private::Clone for ProductDraft {
        fn clone(&self) -> Self {
            ProductDraft {
                id: __CODECS.0.clone_given(&self.id),
                name: __CODECS.1.clone_given(&self.name),
                stock: __CODECS.2.clone_given(&self.stock),
                category_id: __CODECS.3.clone_given(&self.category_id),
            }
        }
    }
    #[automatically_derived]
    impl __private::fmt::Debug for ProductDraft {
        fn fmt(&self, f: &mut __private::fmt::Formatter<'_>) -> __private::fmt::Result {
            __private::debug_draft(
                f,
                "ProductDraft",
                &__TABLE,
                &[
                    __CODECS.0.shown(&self.id),
                    __CODECS.1.shown(&self.name),
                    __CODECS.2.shown(&self.stock),
                    __CODECS.3.shown(&self.category_id),
                ],
            )
        }
    }
    #[automatically_derived]
    impl __private::Default for ProductDraft {
        fn default() -> Self {
            ProductDraft {
                id: __private::Option::None,
                name: __private::Option::None,
                stock: __private::Option::None,
                category_id: __private::Option::None,
            }
        }
    }
    fn __stock_default() -> i32 {
        __orm::model::IntoColumn::<i32>::into_column(0)
    }
    #[automatically_derived]
    impl __orm::model::Draft for ProductDraft {
        type Model = Product;
        fn given(&self) -> __orm::model::ColumnSet {
            __private::columns_where(
                &[
                    self.id.is_some(),
                    self.name.is_some(),
                    self.stock.is_some(),
                    self.category_id.is_some(),
                ],
            )
        }
        fn encode(&self, column: u16, out: &mut __private::BytesMut) -> bool {
            match column {
                0u16 => __CODECS.0.encode_given(&self.id, out),
                1u16 => __CODECS.1.encode_given(&self.name, out),
                2u16 => __CODECS.2.encode_given(&self.stock, out),
                3u16 => __CODECS.3.encode_given(&self.category_id, out),
                _ => false,
            }
        }
        fn write(
            &mut self,
            column: u16,
            value: __orm::types::Raw<'_>,
        ) -> __private::Result<(), __orm::types::DecodeError> {
            match column {
                0u16 => __CODECS.0.write_given(&mut self.id, value),
                1u16 => __CODECS.1.write_given(&mut self.name, value),
                2u16 => __CODECS.2.write_given(&mut self.stock, value),
                3u16 => __CODECS.3.write_given(&mut self.category_id, value),
                _ => __private::no_such_column(column),
            }
        }
        fn apply_defaults(&mut self) {
            self.stock.get_or_insert_with(__stock_default);
        }
        fn from_row(row: Product) -> Self {
            ProductDraft {
                id: __private::Option::Some(row.id),
                name: __private::Option::Some(row.name),
                stock: __private::Option::Some(row.stock),
                category_id: __private::Option::Some(row.category_id),
            }
        }
        fn into_row(self) -> Product {
            Product {
                id: __CODECS.0.given(self.id),
                name: __CODECS.1.given(self.name),
                stock: __CODECS.2.given(self.stock),
                category_id: __CODECS.3.given(self.category_id),
            }
        }
    }
    #[allow(dead_code, private_bounds, private_interfaces, unreachable_pub)]
    impl<__Name> ProductCreate<__Name> {
        ///Gives the column `id` a value.
        pub fn id(mut self, value: impl __orm::model::IntoColumn<i32>) -> Self {
            __private::give(&mut self.new.draft.id, value);
            self
        }
        ///Gives the column `name` its value, which is required.
        pub fn name(
            mut self,
            value: impl __orm::model::IntoColumn<String>,
        ) -> ProductCreate<__orm::model::Set>
        where
            __Name: __orm::model::MissingFor<Product>,
        {
            __private::give(&mut self.new.draft.name, value);
            ProductCreate {
                new: self.new,
                given: __private::PhantomData,
            }
        }
        ///Gives the column `stock` a value.
        fn stock(mut self, value: impl __orm::model::IntoColumn<i32>) -> Self {
            __private::give(&mut self.new.draft.stock, value);
            self
        }
        ///Gives the column `category_id` a value.
        pub fn category_id(
            mut self,
            value: impl __orm::model::IntoColumn<Option<i32>>,
        ) -> Self {
            __private::give(&mut self.new.draft.category_id, value);
            self
        }
        ///Sets the relationship `CATEGORY`, and with it `category_id`: a handle, or a new `Category`.
        pub fn category(
            mut self,
            target: impl __orm::model::Nested<
                Category,
                { __orm::model::OPTIONAL_TARGET },
            >,
        ) -> ProductCreate<__Name> {
            self.new.link(Product::CATEGORY.info(), target);
            ProductCreate {
                new: self.new,
                given: __private::PhantomData,
            }
        }
        ///Adds to the relationship `REVIEWS`: handles, or each a new `Review`. May be called several times.
        pub fn reviews<
            __Member: __orm::model::Nested<Review, { __private::place(__reviews_via()) }>,
        >(mut self, members: impl __orm::model::Several<__Member>) -> Self {
            self.new.members(Product::REVIEWS.info(), members);
            self
        }
    }
    #[automatically_derived]
    impl<__Name> __orm::model::OfModel for ProductCreate<__Name> {
        type Model = Product;
    }
    #[automatically_derived]
    impl<__Name> __orm::model::Insertable for ProductCreate<__Name>
    where
        __Name: __orm::model::GivenFor<Product, product_columns::name_of_Product>,
    {
        fn into_new(self) -> __orm::model::New<Product> {
            self.new.into_new()
        }
    }
    #[automatically_derived]
    impl<const PLACE: u16> __orm::model::Nested<Product, PLACE> for Product {
        fn into_end(self) -> __orm::model::LinkEnd {
            __orm::model::LinkEnd::New(
                __private::Into::into(__orm::model::Insertable::into_new(self)),
            )
        }
    }
    #[automatically_derived]
    impl<__Name> __orm::model::Nested<Product, { __orm::model::TARGET }>
    for ProductCreate<__Name>
    where
        __Name: __orm::model::GivenFor<Product, product_columns::name_of_Product>,
    {
        fn into_end(self) -> __orm::model::LinkEnd {
            self.new.into_end()
        }
    }
    #[automatically_derived]
    impl<__Name> __orm::model::Nested<Product, { __orm::model::OPTIONAL_TARGET }>
    for ProductCreate<__Name>
    where
        __Name: __orm::model::GivenFor<Product, product_columns::name_of_Product>,
    {
        fn into_end(self) -> __orm::model::LinkEnd {
            self.new.into_end()
        }
    }
    #[automatically_derived]
    impl<__Name> __orm::model::Nested<Product, 0u16> for ProductCreate<__Name>
    where
        __Name: __orm::model::GivenFor<Product, product_columns::name_of_Product>,
    {
        fn into_end(self) -> __orm::model::LinkEnd {
            self.new.into_end()
        }
    }
    #[automatically_derived]
    impl __private::Default for ProductCreate {
        fn default() -> Self {
            ProductCreate {
                new: __private::Default::default(),
                given: __private::PhantomData,
            }
        }
    }
    #[automatically_derived]
    impl<__Name> __private::Clone for ProductCreate<__Name> {
        fn clone(&self) -> Self {
            ProductCreate {
                new: __private::Clone::clone(&self.new),
                given: __private::PhantomData,
            }
        }
    }
    #[automatically_derived]
    impl<__Name> __private::fmt::Debug for ProductCreate<__Name> {
        fn fmt(&self, f: &mut __private::fmt::Formatter<'_>) -> __private::fmt::Result {
            __private::debug_builder(f, "ProductCreate", &self.new)
        }
    }
    #[automatically_derived]
    impl<const N: u8> __orm::model::Source for ProductAs<N> {
        type Model = Product;
        type Name = __private::Numbered<N, <Product as __orm::model::Source>::Name>;
        const ALIAS: __private::Option<u8> = __private::Option::Some(N);
    }
    #[automatically_derived]
    impl<const N: u8> __private::fmt::Debug for ProductAs<N> {
        fn fmt(&self, _: &mut __private::fmt::Formatter<'_>) -> __private::fmt::Result {
            match *self {}
        }
    }
    #[automatically_derived]
    impl __orm::model::LinksTo<Category> for Product {
        const LINK: &'static __orm::model::RelationInfo = &__CATEGORY;
    }
    #[automatically_derived]
    impl __orm::model::FromRow for Product {
        const WIDTH: usize = 4usize;
        fn positions(
            columns: &__orm::model::ColumnNames<'_>,
        ) -> __orm::Result<__private::Vec<usize>> {
            __private::positions(&__TABLE, columns)
        }
        #[inline]
        fn from_row(
            row: &__orm::model::Row,
            positions: &[usize],
        ) -> __orm::Result<Self> {
            __private::read_at(row, positions)
        }
    }
};
