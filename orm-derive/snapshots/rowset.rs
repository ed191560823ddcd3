// pub struct Spent {
//     pub user_id: i32,
//     #[orm(column = "sum")]
//     pub total: Option<i64>,
// }

///`Spent` under another name, to have it in a query twice: `AliasedRows<Spent, 1>`. Derived.
#[allow(dead_code, non_camel_case_types, unreachable_pub)]
pub enum SpentAs<const N: u8> {}
const _: () = {
    const __USER_ID: ::orm_core::__private::Codec<i32> = ::orm_core::__private::codec::<
        i32,
    >();
    const __TOTAL: ::orm_core::__private::Codec<Option<i64>> = ::orm_core::__private::codec::<
        Option<i64>,
    >();
    static __TABLE: ::orm_core::model::Table = ::orm_core::__private::rowset(
        "Spent",
        "spent",
        &[
            ::orm_core::__private::column("user_id", "user_id", &__USER_ID),
            ::orm_core::__private::column("total", "sum", &__TOTAL),
        ],
    );
    const _: fn(&Spent) = |row| {
        let _ = (&row.user_id, &row.total);
    };
    #[allow(dead_code, private_interfaces, unreachable_pub)]
    impl Spent {
        ///The column `user_id` of `spent`.
        pub const USER_ID: ::orm_core::expr::Column<Spent, i32> = ::orm_core::expr::Column::new(
            0u16,
        );
        ///The column `sum` of `spent`.
        pub const TOTAL: ::orm_core::expr::Column<Spent, Option<i64>> = ::orm_core::expr::Column::new(
            1u16,
        );
        ///All columns of `spent`: the whole struct in a select list.
        pub const ALL: ::orm_core::expr::All<Spent> = ::orm_core::expr::All::new();
    }
    #[automatically_derived]
    impl ::orm_core::expr::Selectable for Spent {
        type Name = (
            ::orm_core::__private::DF,
            (
                ::orm_core::__private::D5,
                (
                    ::orm_core::__private::DC,
                    (
                        ::orm_core::__private::D6,
                        (
                            ::orm_core::__private::D8,
                            (
                                ::orm_core::__private::DF,
                                (::orm_core::__private::D6, (::orm_core::__private::DB, ())),
                            ),
                        ),
                    ),
                ),
            ),
        );
        type Whole = ::orm_core::query::RowsOf<Spent>;
        type MaybeWhole = ::orm_core::query::MaybeRowsOf<Spent>;
        fn table_ref() -> ::orm_core::expr::TableRef {
            ::orm_core::expr::TableRef::of(&__TABLE)
        }
    }
    #[automatically_derived]
    impl ::orm_core::query::Rowset for Spent {
        type As<const N: u8> = SpentAs<N>;
    }
    #[allow(dead_code, private_interfaces, unreachable_pub)]
    impl<const N: u8> SpentAs<N> {
        ///The column `user_id` of `spent`.
        pub const USER_ID: ::orm_core::expr::Column<SpentAs<N>, i32> = ::orm_core::expr::Column::new(
            0u16,
        );
        ///The column `sum` of `spent`.
        pub const TOTAL: ::orm_core::expr::Column<SpentAs<N>, Option<i64>> = ::orm_core::expr::Column::new(
            1u16,
        );
        ///All columns of `spent`: the whole struct in a select list.
        pub const ALL: ::orm_core::expr::All<SpentAs<N>> = ::orm_core::expr::All::new();
    }
    #[automatically_derived]
    impl<const N: u8> ::orm_core::expr::Selectable for SpentAs<N> {
        type Name = ::orm_core::__private::Numbered<
            N,
            <Spent as ::orm_core::expr::Selectable>::Name,
        >;
        type Whole = ::orm_core::query::RowsOf<Spent>;
        type MaybeWhole = ::orm_core::query::MaybeRowsOf<Spent>;
        fn table_ref() -> ::orm_core::expr::TableRef {
            ::orm_core::expr::TableRef {
                table: &__TABLE,
                alias: ::orm_core::expr::Alias::Numbered(N),
            }
        }
    }
    #[automatically_derived]
    impl ::orm_core::model::FromRow for Spent {
        const WIDTH: usize = 2usize;
        fn positions(
            columns: &::orm_core::model::ColumnNames<'_>,
        ) -> ::orm_core::Result<::orm_core::__private::Vec<usize>> {
            let mut at = ::orm_core::__private::Positions::new("Spent", columns);
            at.column("user_id")?;
            at.column("sum")?;
            ::orm_core::__private::Result::Ok(at.finish())
        }
        #[inline]
        fn from_row(
            row: &::orm_core::model::Row,
            positions: &[usize],
        ) -> ::orm_core::Result<Self> {
            let mut fields = ::orm_core::__private::Fields::new("Spent", row, positions);
            ::orm_core::__private::Result::Ok(Spent {
                user_id: __USER_ID.next(&mut fields, "user_id")?,
                total: __TOTAL.next(&mut fields, "sum")?,
            })
        }
    }
    #[automatically_derived]
    impl ::orm_core::model::Record for Spent {
        type Fields = (i32, Option<i64>);
    }
};
