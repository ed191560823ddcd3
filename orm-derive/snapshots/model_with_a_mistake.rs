// struct Product {
//     #[orm(primary_key)]
//     id: i32,
//     #[orm(lenght = 200)]
//     name: String,
// }

::core::compile_error! {
    "there is no attribute `lenght`\nhelp: did you mean `length`?"
}
///A `Product` that is being put together: `None` is "no value yet". Derived.
#[allow(dead_code, non_camel_case_types, private_interfaces, unreachable_pub)]
struct ProductDraft {
    ///The column `id`.
    id: ::orm_core::__private::Option<i32>,
    ///The column `name`.
    name: ::orm_core::__private::Option<String>,
}
///A new `Product` on its way into a session. A type parameter is `Set` once its required column has a value. Derived.
#[must_use = "it has to be given to a session: `db.add(..)`"]
#[allow(dead_code, non_camel_case_types, private_interfaces, unreachable_pub)]
struct ProductCreate {
    new: ::orm_core::__private::Building<ProductDraft>,
    given: ::orm_core::__private::PhantomData<fn() -> ()>,
}
///`Product` under another name, to have it in a query twice: `Aliased<Product, 1>`. Derived.
#[allow(dead_code, non_camel_case_types, unreachable_pub)]
enum ProductAs<const N: u8> {}
const _: () = {
    const _: ::orm_core::__private::Codec<i32> = ::orm_core::__private::codec::<i32>();
    const _: ::orm_core::__private::Codec<String> = ::orm_core::__private::codec::<
        String,
    >();
    static __TABLE: ::orm_core::model::Table = ::orm_core::__private::broken_table(
        "Product",
        "product",
        ::orm_core::session::arena::<Product>,
    );
    #[allow(dead_code, private_interfaces, unreachable_pub)]
    impl Product {
        ///The column `id` of `product`.
        const ID: ::orm_core::expr::Column<Product, i32> = ::orm_core::expr::Column::new(
            0u16,
        );
        ///The column `name` of `product`.
        const NAME: ::orm_core::expr::Column<Product, String> = ::orm_core::expr::Column::new(
            1u16,
        );
        ///All columns of `product`: the whole row in a select list, `.select((Product::ALL, ..))`.
        const ALL: ::orm_core::expr::All<Product> = ::orm_core::expr::All::new();
        ///A query of `Product`: `Product::query().filter(..).all(&mut db).await?`.
        fn query() -> ::orm_core::query::EntityQuery<Product> {
            ::orm_core::query::entity::<Product>()
        }
        ///A new `Product`, to be filled in and given to a session: `db.add(Product::create())`. What is required and still missing, the compiler says there.
        fn create() -> ProductCreate {
            ::orm_core::__private::Default::default()
        }
        ///The column of this name, or of the field of this name, to sort by what a request asks for: `Product::query().order_by(Product::column(name)?)`.
        ///
        /// # Errors
        /// `Error::Invalid`: there is no such column. The message has those that there are.
        fn column(
            name: &str,
        ) -> ::orm_core::Result<::orm_core::expr::NamedColumn<Product>> {
            ::orm_core::expr::NamedColumn::<Product>::find(name)
        }
    }
    #[allow(dead_code, private_interfaces, unreachable_pub)]
    impl<const N: u8> ProductAs<N> {
        ///The column `id` of `product`.
        const ID: ::orm_core::expr::Column<ProductAs<N>, i32> = ::orm_core::expr::Column::new(
            0u16,
        );
        ///The column `name` of `product`.
        const NAME: ::orm_core::expr::Column<ProductAs<N>, String> = ::orm_core::expr::Column::new(
            1u16,
        );
        ///All columns of `product`: the whole row in a select list.
        const ALL: ::orm_core::expr::All<ProductAs<N>> = ::orm_core::expr::All::new();
        ///A query of `Product` under this alias: `type Other = Aliased<Product, 1>; Other::query()`.
        fn query() -> ::orm_core::query::Query<
            ::orm_core::expr::Whole<Product>,
            (ProductAs<N>, ()),
        > {
            ::orm_core::query::entity_as::<ProductAs<N>>()
        }
    }
    #[allow(dead_code, private_bounds, private_interfaces, unreachable_pub)]
    impl ProductCreate {
        ///Gives the column `id` a value.
        fn id(mut self, value: impl ::orm_core::model::IntoColumn<i32>) -> Self {
            ::orm_core::__private::give(&mut self.new.draft.id, value);
            self
        }
        ///Gives the column `name` a value.
        fn name(mut self, value: impl ::orm_core::model::IntoColumn<String>) -> Self {
            ::orm_core::__private::give(&mut self.new.draft.name, value);
            self
        }
    }
    #[automatically_derived]
    impl ::orm_core::model::OfModel for ProductCreate {
        type Model = Product;
    }
    #[automatically_derived]
    impl ::orm_core::model::Insertable for ProductCreate {
        fn into_new(self) -> ::orm_core::model::New<Product> {
            self.new.into_new()
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
    impl<const PLACE: u16> ::orm_core::model::Nested<Product, PLACE> for ProductCreate {
        fn into_end(self) -> ::orm_core::model::LinkEnd {
            ::orm_core::__private::never()
        }
    }
    #[automatically_derived]
    impl ::orm_core::__private::Default for ProductCreate {
        fn default() -> Self {
            ProductCreate {
                new: ::orm_core::__private::Default::default(),
                given: ::orm_core::__private::PhantomData,
            }
        }
    }
    #[automatically_derived]
    impl ::orm_core::__private::Clone for ProductCreate {
        fn clone(&self) -> Self {
            ProductCreate {
                new: ::orm_core::__private::Clone::clone(&self.new),
                given: ::orm_core::__private::PhantomData,
            }
        }
    }
    #[automatically_derived]
    impl ::orm_core::__private::fmt::Debug for ProductCreate {
        fn fmt(
            &self,
            f: &mut ::orm_core::__private::fmt::Formatter<'_>,
        ) -> ::orm_core::__private::fmt::Result {
            ::orm_core::__private::debug_builder(f, "ProductCreate", &self.new)
        }
    }
    #[automatically_derived]
    impl ::orm_core::model::Source for Product {
        type Model = Product;
        type Name = (
            ::orm_core::__private::D0,
            (
                ::orm_core::__private::D2,
                (
                    ::orm_core::__private::D9,
                    (
                        ::orm_core::__private::DB,
                        (
                            ::orm_core::__private::D4,
                            (
                                ::orm_core::__private::D6,
                                (::orm_core::__private::DB, (::orm_core::__private::DF, ())),
                            ),
                        ),
                    ),
                ),
            ),
        );
        const ALIAS: ::orm_core::__private::Option<u8> = ::orm_core::__private::Option::None;
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
    impl ::orm_core::model::Model for Product {
        const TABLE: &'static ::orm_core::model::Table = &__TABLE;
        type Key = i32;
        type Draft = ProductDraft;
        type As<const N: u8> = ProductAs<N>;
        fn copy(&self) -> Self {
            ::orm_core::__private::never()
        }
        fn key(&self) -> Self::Key {
            ::orm_core::__private::never()
        }
        fn read_key(
            _: &mut ::orm_core::model::RowReader<'_>,
        ) -> ::orm_core::Result<Self::Key> {
            ::orm_core::__private::never()
        }
        fn encode_key(
            _: &Self::Key,
            _: usize,
            _: &mut ::orm_core::__private::BytesMut,
        ) -> bool {
            ::orm_core::__private::never()
        }
        fn read(_: &mut ::orm_core::model::RowReader<'_>) -> ::orm_core::Result<Self> {
            ::orm_core::__private::never()
        }
        fn encode(&self, _: u16, _: &mut ::orm_core::__private::BytesMut) -> bool {
            ::orm_core::__private::never()
        }
        fn write(
            &mut self,
            _: u16,
            _: ::orm_core::types::Raw<'_>,
        ) -> ::orm_core::__private::Result<(), ::orm_core::types::DecodeError> {
            ::orm_core::__private::never()
        }
        fn diff(&self, _: &Self) -> ::orm_core::model::ColumnSet {
            ::orm_core::__private::never()
        }
    }
    #[automatically_derived]
    impl ::orm_core::model::Draft for ProductDraft {
        type Model = Product;
        fn given(&self) -> ::orm_core::model::ColumnSet {
            ::orm_core::__private::never()
        }
        fn encode(&self, _: u16, _: &mut ::orm_core::__private::BytesMut) -> bool {
            ::orm_core::__private::never()
        }
        fn write(
            &mut self,
            _: u16,
            _: ::orm_core::types::Raw<'_>,
        ) -> ::orm_core::__private::Result<(), ::orm_core::types::DecodeError> {
            ::orm_core::__private::never()
        }
        fn from_row(_: Product) -> Self {
            ::orm_core::__private::never()
        }
        fn into_row(self) -> Product {
            ::orm_core::__private::never()
        }
    }
    #[automatically_derived]
    impl ::orm_core::__private::Clone for ProductDraft {
        fn clone(&self) -> Self {
            ::orm_core::__private::never()
        }
    }
    #[automatically_derived]
    impl ::orm_core::__private::Default for ProductDraft {
        fn default() -> Self {
            ::orm_core::__private::never()
        }
    }
    #[automatically_derived]
    impl ::orm_core::__private::fmt::Debug for ProductDraft {
        fn fmt(
            &self,
            _: &mut ::orm_core::__private::fmt::Formatter<'_>,
        ) -> ::orm_core::__private::fmt::Result {
            ::orm_core::__private::never()
        }
    }
    #[automatically_derived]
    impl ::orm_core::schema::Models for Product {
        fn register(_: &mut ::orm_core::schema::Registry) {
            ::orm_core::__private::never()
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
            ::orm_core::__private::never()
        }
    }
    #[automatically_derived]
    impl ::orm_core::model::FromRow for Product {
        const WIDTH: usize = 0;
        fn positions(
            _: &::orm_core::model::ColumnNames<'_>,
        ) -> ::orm_core::Result<::orm_core::__private::Vec<usize>> {
            ::orm_core::__private::never()
        }
        fn from_row(
            _: &::orm_core::model::Row,
            _: &[usize],
        ) -> ::orm_core::Result<Self> {
            ::orm_core::__private::never()
        }
    }
};
