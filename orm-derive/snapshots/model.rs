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
pub struct ProductCreate<__Name = ::orm_core::model::Unset> {
    draft: ProductDraft,
    links: ::orm_core::__private::Vec<::orm_core::model::DraftLink>,
    given: ::orm_core::__private::PhantomData<fn() -> (__Name,)>,
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
    const __ID: ::orm_core::__private::Codec<i32> = ::orm_core::__private::codec::<
        i32,
    >();
    const __NAME: ::orm_core::__private::Codec<String> = ::orm_core::__private::codec::<
        String,
    >();
    const __STOCK: ::orm_core::__private::Codec<i32> = ::orm_core::__private::codec::<
        i32,
    >();
    const __CATEGORY_ID: ::orm_core::__private::Codec<Option<i32>> = ::orm_core::__private::codec::<
        Option<i32>,
    >();
    static __TABLE: ::orm_core::model::Table = ::orm_core::model::Table {
        model: "Product",
        schema: ::orm_core::__private::Option::None,
        name: "products",
        columns: &[
            ::orm_core::model::ColumnInfo {
                field: "id",
                name: "id",
                ty: __ID.ty,
                declared: ::orm_core::__private::Option::None,
                nullable: __ID.nullable,
                identity: true,
                server_default: ::orm_core::__private::Option::None,
                computed: ::orm_core::__private::Option::None,
                on_update: ::orm_core::model::OnUpdate::Keep,
                unique: false,
            },
            ::orm_core::model::ColumnInfo {
                field: "name",
                name: "name",
                ty: __NAME.ty,
                declared: ::orm_core::__private::Option::Some("varchar(200)"),
                nullable: __NAME.nullable,
                identity: false,
                server_default: ::orm_core::__private::Option::None,
                computed: ::orm_core::__private::Option::None,
                on_update: ::orm_core::model::OnUpdate::Keep,
                unique: false,
            },
            ::orm_core::model::ColumnInfo {
                field: "stock",
                name: "stock",
                ty: __STOCK.ty,
                declared: ::orm_core::__private::Option::None,
                nullable: __STOCK.nullable,
                identity: false,
                server_default: ::orm_core::__private::Option::None,
                computed: ::orm_core::__private::Option::None,
                on_update: ::orm_core::model::OnUpdate::Keep,
                unique: false,
            },
            ::orm_core::model::ColumnInfo {
                field: "category_id",
                name: "category_id",
                ty: __CATEGORY_ID.ty,
                declared: ::orm_core::__private::Option::None,
                nullable: __CATEGORY_ID.nullable,
                identity: false,
                server_default: ::orm_core::__private::Option::None,
                computed: ::orm_core::__private::Option::None,
                on_update: ::orm_core::model::OnUpdate::Keep,
                unique: false,
            },
        ],
        primary_key: &[0u16],
        version: ::orm_core::__private::Option::None,
        relations: &[&__CATEGORY, &__REVIEWS],
        uniques: &[],
        deferred_uniques: &[],
        indexes: &[],
        checks: &[],
        is_bare_link: false,
        arena: ::orm_core::session::arena::<Product>,
        knot: ::orm_core::model::Knot::new(),
    };
    #[allow(dead_code)]
    trait __Otherwise {
        const ALL: ::orm_core::model::NotAModel = ::orm_core::model::NotAModel;
        const PRODUCT: ::orm_core::model::NothingOfThisName = ::orm_core::model::NothingOfThisName;
    }
    impl<T> __Otherwise for T {}
    static __CATEGORY: ::orm_core::model::RelationInfo = ::orm_core::model::RelationInfo {
        name: "CATEGORY",
        index: 0u16,
        from: &__TABLE,
        to: ::orm_core::__private::target::<Category, Option<i32>>(),
        kind: ::orm_core::model::RelationKind::BelongsTo(::orm_core::model::ForeignKey {
            columns: &[3u16],
            references: ::orm_core::__private::Option::None,
            on_delete: ::orm_core::model::OnDelete::NoAction,
            deferred: false,
        }),
        cascade: ::orm_core::model::Cascade {
            delete: false,
            delete_orphan: false,
            passive_deletes: false,
        },
        members: ::orm_core::model::Members::ALL,
    };
    const fn __reviews_via() -> &'static ::orm_core::model::RelationInfo {
        ::orm_core::__private::mark(&<Review>::ALL)
            .leads_back::<Review, Product, _>(&<Review>::PRODUCT);
        <Review>::PRODUCT.__via()
    }
    static __REVIEWS: ::orm_core::model::RelationInfo = ::orm_core::model::RelationInfo {
        name: "REVIEWS",
        index: 1u16,
        from: &__TABLE,
        to: <Review as ::orm_core::model::Model>::TABLE,
        kind: ::orm_core::model::RelationKind::HasMany {
            via: __reviews_via(),
        },
        cascade: ::orm_core::model::Cascade {
            delete: false,
            delete_orphan: false,
            passive_deletes: false,
        },
        members: ::orm_core::model::Members::ALL,
    };
    #[allow(dead_code, private_interfaces, unreachable_pub)]
    impl Product {
        ///The column `id` of `products`.
        pub const ID: ::orm_core::expr::Column<Product, i32> = ::orm_core::expr::Column::new(
            0u16,
        );
        ///The column `name` of `products`.
        pub const NAME: ::orm_core::expr::Column<Product, String> = ::orm_core::expr::Column::new(
            1u16,
        );
        ///The column `stock` of `products`.
        const STOCK: ::orm_core::expr::Column<Product, i32> = ::orm_core::expr::Column::new(
            2u16,
        );
        ///The column `category_id` of `products`.
        pub const CATEGORY_ID: ::orm_core::expr::Column<Product, Option<i32>> = ::orm_core::expr::Column::new(
            3u16,
        );
        ///The one, or none, `Category` that `category_id` leads to: `category`. `.with(Product::CATEGORY)` loads it, `db.related(handle, Product::CATEGORY)?` reads it.
        pub const CATEGORY: ::orm_core::model::Relation<
            Product,
            Category,
            ::orm_core::model::OptionalOne,
        > = ::orm_core::model::Relation::new(&__CATEGORY);
        ///Each `Review` whose `product` is this one: `reviews`. `.with(Product::REVIEWS)` loads it, `db.related(handle, Product::REVIEWS)?` reads it.
        pub const REVIEWS: ::orm_core::model::Relation<
            Product,
            Review,
            ::orm_core::model::Many,
        > = ::orm_core::model::Relation::new(&__REVIEWS);
        ///All columns of `products`: the whole row in a select list, `.select((Product::ALL, ..))`.
        pub const ALL: ::orm_core::expr::All<Product> = ::orm_core::expr::All::new();
        ///A query of `Product`: `Product::query().filter(..).all(&mut db).await?`.
        pub fn query() -> ::orm_core::query::EntityQuery<Product> {
            ::orm_core::query::entity::<Product>()
        }
        ///A new `Product`, to be filled in and given to a session: `db.add(Product::create())`. What is required and still missing, the compiler says there.
        pub fn create() -> ProductCreate {
            ::orm_core::__private::Default::default()
        }
        ///The column of this name, or of the field of this name, to sort by what a request asks for: `Product::query().order_by(Product::column(name)?)`.
        ///
        /// # Errors
        /// `Error::Invalid`: there is no such column. The message has those that there are.
        pub fn column(
            name: &str,
        ) -> ::orm_core::Result<::orm_core::expr::NamedColumn<Product>> {
            ::orm_core::expr::NamedColumn::<Product>::find(name)
        }
    }
    #[allow(dead_code, private_interfaces, unreachable_pub)]
    impl<const N: u8> ProductAs<N> {
        ///The column `id` of `products`.
        pub const ID: ::orm_core::expr::Column<ProductAs<N>, i32> = ::orm_core::expr::Column::new(
            0u16,
        );
        ///The column `name` of `products`.
        pub const NAME: ::orm_core::expr::Column<ProductAs<N>, String> = ::orm_core::expr::Column::new(
            1u16,
        );
        ///The column `stock` of `products`.
        const STOCK: ::orm_core::expr::Column<ProductAs<N>, i32> = ::orm_core::expr::Column::new(
            2u16,
        );
        ///The column `category_id` of `products`.
        pub const CATEGORY_ID: ::orm_core::expr::Column<ProductAs<N>, Option<i32>> = ::orm_core::expr::Column::new(
            3u16,
        );
        ///The one, or none, `Category` that `category_id` leads to: `category`.
        pub const CATEGORY: ::orm_core::model::Relation<
            ProductAs<N>,
            Category,
            ::orm_core::model::OptionalOne,
        > = ::orm_core::model::Relation::new(&__CATEGORY);
        ///Each `Review` whose `product` is this one: `reviews`.
        pub const REVIEWS: ::orm_core::model::Relation<
            ProductAs<N>,
            Review,
            ::orm_core::model::Many,
        > = ::orm_core::model::Relation::new(&__REVIEWS);
        ///All columns of `products`: the whole row in a select list.
        pub const ALL: ::orm_core::expr::All<ProductAs<N>> = ::orm_core::expr::All::new();
        ///A query of `Product` under this alias: `type Other = Aliased<Product, 1>; Other::query()`.
        pub fn query() -> ::orm_core::query::Query<
            ::orm_core::expr::Whole<Product>,
            (ProductAs<N>, ()),
        > {
            ::orm_core::query::entity_as::<ProductAs<N>>()
        }
    }
    const _: () = ::orm_core::__private::key_part::<i32>();
    const __COPIED: fn(&Product) -> Product = ::orm_core::__private::copied::<Product>();
    #[automatically_derived]
    impl ::orm_core::model::Source for Product {
        type Model = Product;
        type Name = (
            ::orm_core::__private::D9,
            (
                ::orm_core::__private::DA,
                (
                    ::orm_core::__private::DD,
                    (
                        ::orm_core::__private::DB,
                        (
                            ::orm_core::__private::DF,
                            (
                                ::orm_core::__private::D8,
                                (::orm_core::__private::D2, (::orm_core::__private::D1, ())),
                            ),
                        ),
                    ),
                ),
            ),
        );
        const ALIAS: ::orm_core::__private::Option<u8> = ::orm_core::__private::Option::None;
    }
    #[automatically_derived]
    impl ::orm_core::model::Model for Product {
        const TABLE: &'static ::orm_core::model::Table = &__TABLE;
        type Draft = ProductDraft;
        type As<const N: u8> = ProductAs<N>;
        fn copy(&self) -> Self {
            __COPIED(self)
        }
        type Key = i32;
        fn key(&self) -> i32 {
            ::orm_core::__private::Clone::clone(&self.id)
        }
        fn read_key(
            row: &mut ::orm_core::model::RowReader<'_>,
        ) -> ::orm_core::Result<i32> {
            __ID.read(row, &__TABLE, 0u16)
        }
        fn encode_key(
            key: &i32,
            part: usize,
            out: &mut ::orm_core::__private::BytesMut,
        ) -> bool {
            match part {
                0usize => __ID.encode(key, out),
                _ => false,
            }
        }
        fn read(row: &mut ::orm_core::model::RowReader<'_>) -> ::orm_core::Result<Self> {
            ::orm_core::__private::Result::Ok(Product {
                id: __ID.read(row, &__TABLE, 0u16)?,
                name: __NAME.read(row, &__TABLE, 1u16)?,
                stock: __STOCK.read(row, &__TABLE, 2u16)?,
                category_id: __CATEGORY_ID.read(row, &__TABLE, 3u16)?,
            })
        }
        fn encode(
            &self,
            column: u16,
            out: &mut ::orm_core::__private::BytesMut,
        ) -> bool {
            match column {
                0u16 => __ID.encode(&self.id, out),
                1u16 => __NAME.encode(&self.name, out),
                2u16 => __STOCK.encode(&self.stock, out),
                3u16 => __CATEGORY_ID.encode(&self.category_id, out),
                _ => false,
            }
        }
        fn write(
            &mut self,
            column: u16,
            value: ::orm_core::types::Raw<'_>,
        ) -> ::orm_core::__private::Result<(), ::orm_core::types::DecodeError> {
            match column {
                0u16 => __ID.write(&mut self.id, value),
                1u16 => __NAME.write(&mut self.name, value),
                2u16 => __STOCK.write(&mut self.stock, value),
                3u16 => __CATEGORY_ID.write(&mut self.category_id, value),
                _ => ::orm_core::__private::no_such_column(column),
            }
        }
        fn diff(&self, before: &Self) -> ::orm_core::model::ColumnSet {
            let mut changed = ::orm_core::model::ColumnSet::EMPTY;
            __ID.diff(&self.id, &before.id, 0u16, &mut changed);
            __NAME.diff(&self.name, &before.name, 1u16, &mut changed);
            __STOCK.diff(&self.stock, &before.stock, 2u16, &mut changed);
            __CATEGORY_ID
                .diff(&self.category_id, &before.category_id, 3u16, &mut changed);
            changed
        }
        fn on_update() -> ::orm_core::__private::Vec<(u16, ::orm_core::types::Param)> {
            ::orm_core::__private::values([])
        }
    }
    #[automatically_derived]
    impl ::orm_core::schema::Models for Product {
        fn register(registry: &mut ::orm_core::schema::Registry) {
            ::orm_core::__private::register(registry, &__TABLE);
        }
    }
    #[automatically_derived]
    impl ::orm_core::schema::Member for Product {}
    #[automatically_derived]
    impl ::orm_core::model::OfModel for Product {
        type Model = Product;
    }
    #[automatically_derived]
    impl ::orm_core::model::Insertable for Product {
        fn into_new(self) -> ::orm_core::model::New<Product> {
            ::orm_core::model::New {
                draft: <ProductDraft as ::orm_core::model::Draft>::from_row(self),
                links: ::orm_core::__private::Vec::new(),
            }
        }
    }
    #[automatically_derived]
    impl ::orm_core::__private::Clone for ProductDraft {
        fn clone(&self) -> Self {
            ProductDraft {
                id: __ID.clone_given(&self.id),
                name: __NAME.clone_given(&self.name),
                stock: __STOCK.clone_given(&self.stock),
                category_id: __CATEGORY_ID.clone_given(&self.category_id),
            }
        }
    }
    #[automatically_derived]
    impl ::orm_core::__private::fmt::Debug for ProductDraft {
        fn fmt(
            &self,
            f: &mut ::orm_core::__private::fmt::Formatter<'_>,
        ) -> ::orm_core::__private::fmt::Result {
            let mut fields = f.debug_struct("ProductDraft");
            __ID.debug_given(&self.id, "id", &mut fields);
            __NAME.debug_given(&self.name, "name", &mut fields);
            __STOCK.debug_given(&self.stock, "stock", &mut fields);
            __CATEGORY_ID.debug_given(&self.category_id, "category_id", &mut fields);
            fields.finish()
        }
    }
    #[automatically_derived]
    impl ::orm_core::__private::Default for ProductDraft {
        fn default() -> Self {
            ProductDraft {
                id: ::orm_core::__private::Option::None,
                name: ::orm_core::__private::Option::None,
                stock: ::orm_core::__private::Option::None,
                category_id: ::orm_core::__private::Option::None,
            }
        }
    }
    fn __stock_default() -> i32 {
        ::orm_core::model::IntoColumn::<i32>::into_column(0)
    }
    #[automatically_derived]
    impl ::orm_core::model::Draft for ProductDraft {
        type Model = Product;
        fn given(&self) -> ::orm_core::model::ColumnSet {
            ::orm_core::__private::given(
                &[
                    self.id.is_some(),
                    self.name.is_some(),
                    self.stock.is_some(),
                    self.category_id.is_some(),
                ],
            )
        }
        fn encode(
            &self,
            column: u16,
            out: &mut ::orm_core::__private::BytesMut,
        ) -> bool {
            match column {
                0u16 => __ID.encode_given(&self.id, out),
                1u16 => __NAME.encode_given(&self.name, out),
                2u16 => __STOCK.encode_given(&self.stock, out),
                3u16 => __CATEGORY_ID.encode_given(&self.category_id, out),
                _ => false,
            }
        }
        fn write(
            &mut self,
            column: u16,
            value: ::orm_core::types::Raw<'_>,
        ) -> ::orm_core::__private::Result<(), ::orm_core::types::DecodeError> {
            match column {
                0u16 => __ID.write_given(&mut self.id, value),
                1u16 => __NAME.write_given(&mut self.name, value),
                2u16 => __STOCK.write_given(&mut self.stock, value),
                3u16 => __CATEGORY_ID.write_given(&mut self.category_id, value),
                _ => ::orm_core::__private::no_such_column(column),
            }
        }
        fn apply_defaults(&mut self) {
            self.stock.get_or_insert_with(__stock_default);
        }
        fn from_row(row: Product) -> Self {
            ProductDraft {
                id: ::orm_core::__private::Option::Some(row.id),
                name: ::orm_core::__private::Option::Some(row.name),
                stock: ::orm_core::__private::Option::Some(row.stock),
                category_id: ::orm_core::__private::Option::Some(row.category_id),
            }
        }
        fn finish(self) -> ::orm_core::__private::Result<Product, u16> {
            ::orm_core::__private::Result::Ok(Product {
                id: __ID.finish(self.id, 0u16)?,
                name: __NAME.finish(self.name, 1u16)?,
                stock: __STOCK.finish(self.stock, 2u16)?,
                category_id: __CATEGORY_ID.finish(self.category_id, 3u16)?,
            })
        }
    }
    #[allow(dead_code, private_bounds, private_interfaces, unreachable_pub)]
    impl<__Name> ProductCreate<__Name> {
        ///Gives the column `id` a value.
        pub fn id(mut self, value: impl ::orm_core::model::IntoColumn<i32>) -> Self {
            self.draft.id = ::orm_core::__private::Option::Some(
                ::orm_core::model::IntoColumn::<i32>::into_column(value),
            );
            self
        }
        ///Gives the column `name` its value, which is required.
        pub fn name(
            mut self,
            value: impl ::orm_core::model::IntoColumn<String>,
        ) -> ProductCreate<::orm_core::model::Set>
        where
            __Name: ::orm_core::model::MissingFor<Product>,
        {
            self.draft.name = ::orm_core::__private::Option::Some(
                ::orm_core::model::IntoColumn::<String>::into_column(value),
            );
            ProductCreate {
                draft: self.draft,
                links: self.links,
                given: ::orm_core::__private::PhantomData,
            }
        }
        ///Gives the column `stock` a value.
        fn stock(mut self, value: impl ::orm_core::model::IntoColumn<i32>) -> Self {
            self.draft.stock = ::orm_core::__private::Option::Some(
                ::orm_core::model::IntoColumn::<i32>::into_column(value),
            );
            self
        }
        ///Gives the column `category_id` a value.
        pub fn category_id(
            mut self,
            value: impl ::orm_core::model::IntoColumn<Option<i32>>,
        ) -> Self {
            self.draft.category_id = ::orm_core::__private::Option::Some(
                ::orm_core::model::IntoColumn::<Option<i32>>::into_column(value),
            );
            self
        }
        ///Sets the relationship `CATEGORY`, and with it `category_id`: a handle, or a new `Category`.
        pub fn category(
            mut self,
            target: impl ::orm_core::model::Nested<
                Category,
                { ::orm_core::model::OPTIONAL_TARGET },
            >,
        ) -> ProductCreate<__Name> {
            self.links
                .push(::orm_core::model::DraftLink {
                    relation: Product::CATEGORY.info(),
                    end: ::orm_core::model::Nested::into_end(target),
                });
            ProductCreate {
                draft: self.draft,
                links: self.links,
                given: ::orm_core::__private::PhantomData,
            }
        }
        ///Adds to the relationship `REVIEWS`: handles, or each a new `Review`. May be called several times.
        pub fn reviews<
            __Member: ::orm_core::model::Nested<
                    Review,
                    { ::orm_core::__private::place(__reviews_via()) },
                >,
        >(mut self, members: impl ::orm_core::model::Several<__Member>) -> Self {
            ::orm_core::__private::members::<
                _,
                Review,
                { ::orm_core::__private::place(__reviews_via()) },
            >(&mut self.links, Product::REVIEWS.info(), members);
            self
        }
    }
    #[automatically_derived]
    impl<__Name> ::orm_core::model::OfModel for ProductCreate<__Name> {
        type Model = Product;
    }
    #[automatically_derived]
    impl<__Name> ::orm_core::model::Insertable for ProductCreate<__Name>
    where
        __Name: ::orm_core::model::GivenFor<Product, product_columns::name_of_Product>,
    {
        fn into_new(self) -> ::orm_core::model::New<Product> {
            let mut draft = self.draft;
            ::orm_core::model::Draft::apply_defaults(&mut draft);
            ::orm_core::model::New {
                draft,
                links: self.links,
            }
        }
    }
    #[automatically_derived]
    impl<const PLACE: u16> ::orm_core::model::Nested<Product, PLACE> for Product {
        fn into_end(self) -> ::orm_core::model::LinkEnd {
            ::orm_core::model::LinkEnd::New(
                ::orm_core::__private::Into::into(
                    ::orm_core::model::Insertable::into_new(self),
                ),
            )
        }
    }
    #[automatically_derived]
    impl<__Name> ::orm_core::model::Nested<Product, { ::orm_core::model::TARGET }>
    for ProductCreate<__Name>
    where
        __Name: ::orm_core::model::GivenFor<Product, product_columns::name_of_Product>,
    {
        fn into_end(self) -> ::orm_core::model::LinkEnd {
            ::orm_core::__private::nested(self.draft, self.links)
        }
    }
    #[automatically_derived]
    impl<
        __Name,
    > ::orm_core::model::Nested<Product, { ::orm_core::model::OPTIONAL_TARGET }>
    for ProductCreate<__Name>
    where
        __Name: ::orm_core::model::GivenFor<Product, product_columns::name_of_Product>,
    {
        fn into_end(self) -> ::orm_core::model::LinkEnd {
            ::orm_core::__private::nested(self.draft, self.links)
        }
    }
    #[automatically_derived]
    impl<__Name> ::orm_core::model::Nested<Product, 0u16> for ProductCreate<__Name>
    where
        __Name: ::orm_core::model::GivenFor<Product, product_columns::name_of_Product>,
    {
        fn into_end(self) -> ::orm_core::model::LinkEnd {
            ::orm_core::__private::nested(self.draft, self.links)
        }
    }
    #[automatically_derived]
    impl ::orm_core::__private::Default for ProductCreate {
        fn default() -> Self {
            ProductCreate {
                draft: ::orm_core::__private::Default::default(),
                links: ::orm_core::__private::Vec::new(),
                given: ::orm_core::__private::PhantomData,
            }
        }
    }
    #[automatically_derived]
    impl<__Name> ::orm_core::__private::Clone for ProductCreate<__Name> {
        fn clone(&self) -> Self {
            ProductCreate {
                draft: ::orm_core::__private::Clone::clone(&self.draft),
                links: ::orm_core::__private::Clone::clone(&self.links),
                given: ::orm_core::__private::PhantomData,
            }
        }
    }
    #[automatically_derived]
    impl<__Name> ::orm_core::__private::fmt::Debug for ProductCreate<__Name> {
        fn fmt(
            &self,
            f: &mut ::orm_core::__private::fmt::Formatter<'_>,
        ) -> ::orm_core::__private::fmt::Result {
            f.debug_struct("ProductCreate")
                .field("draft", &self.draft)
                .field("links", &self.links)
                .finish()
        }
    }
    #[automatically_derived]
    impl<const N: u8> ::orm_core::model::Source for ProductAs<N> {
        type Model = Product;
        type Name = ::orm_core::__private::Numbered<
            N,
            <Product as ::orm_core::model::Source>::Name,
        >;
        const ALIAS: ::orm_core::__private::Option<u8> = ::orm_core::__private::Option::Some(
            N,
        );
    }
    #[automatically_derived]
    impl<const N: u8> ::orm_core::__private::fmt::Debug for ProductAs<N> {
        fn fmt(
            &self,
            _: &mut ::orm_core::__private::fmt::Formatter<'_>,
        ) -> ::orm_core::__private::fmt::Result {
            match *self {}
        }
    }
    #[automatically_derived]
    impl ::orm_core::model::LinksTo<Category> for Product {
        const LINK: &'static ::orm_core::model::RelationInfo = &__CATEGORY;
    }
    #[automatically_derived]
    impl ::orm_core::model::FromRow for Product {
        const WIDTH: usize = 4usize;
        fn positions(
            columns: &::orm_core::model::ColumnNames<'_>,
        ) -> ::orm_core::Result<::orm_core::__private::Vec<usize>> {
            let mut at = ::orm_core::__private::Positions::new("Product", columns);
            at.column("id")?;
            at.column("name")?;
            at.column("stock")?;
            at.column("category_id")?;
            ::orm_core::__private::Result::Ok(at.finish())
        }
        fn from_row(
            row: &::orm_core::model::Row,
            positions: &[usize],
        ) -> ::orm_core::Result<Self> {
            let mut fields = ::orm_core::__private::Fields::new(
                "Product",
                row,
                positions,
            );
            ::orm_core::__private::Result::Ok(Product {
                id: __ID.next(&mut fields, "id")?,
                name: __NAME.next(&mut fields, "name")?,
                stock: __STOCK.next(&mut fields, "stock")?,
                category_id: __CATEGORY_ID.next(&mut fields, "category_id")?,
            })
        }
    }
};
