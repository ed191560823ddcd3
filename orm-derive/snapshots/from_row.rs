// struct Report {
//     name: String,
//     #[orm(column = "sum")]
//     total: Option<i64>,
//     #[orm(skip)]
//     shown: bool,
// }

const _: () = {
    const __NAME: ::orm_core::__private::Codec<String> = ::orm_core::__private::codec::<
        String,
    >();
    const __TOTAL: ::orm_core::__private::Codec<Option<i64>> = ::orm_core::__private::codec::<
        Option<i64>,
    >();
    fn __shown_skipped() -> bool {
        ::orm_core::__private::default_of::<bool>()
    }
    #[automatically_derived]
    impl ::orm_core::model::FromRow for Report {
        const WIDTH: usize = 2usize;
        fn positions(
            columns: &::orm_core::model::ColumnNames<'_>,
        ) -> ::orm_core::Result<::orm_core::__private::Vec<usize>> {
            let mut at = ::orm_core::__private::Positions::new("Report", columns);
            at.column("name")?;
            at.column("sum")?;
            ::orm_core::__private::Result::Ok(at.finish())
        }
        #[inline]
        fn from_row(
            row: &::orm_core::model::Row,
            positions: &[usize],
        ) -> ::orm_core::Result<Self> {
            let mut fields = ::orm_core::__private::Fields::new(
                "Report",
                row,
                positions,
            );
            ::orm_core::__private::Result::Ok(Report {
                name: __NAME.next(&mut fields, "name")?,
                total: __TOTAL.next(&mut fields, "sum")?,
                shown: __shown_skipped(),
            })
        }
    }
    #[automatically_derived]
    impl ::orm_core::model::Record for Report {
        type Fields = (String, Option<i64>);
    }
};
