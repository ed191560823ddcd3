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
        <bool as ::orm_core::__private::Default>::default()
    }
    #[automatically_derived]
    impl ::orm_core::model::FromRow for Report {
        fn positions(
            columns: &::orm_core::model::ColumnNames<'_>,
        ) -> ::orm_core::Result<::orm_core::__private::Vec<usize>> {
            ::orm_core::__private::positions("Report", &["name", "sum"], columns)
        }
        fn from_row(
            row: &::orm_core::model::Row,
            positions: &[usize],
        ) -> ::orm_core::Result<Self> {
            ::orm_core::__private::Result::Ok(Report {
                name: __NAME.get(row, positions[0usize])?,
                total: __TOTAL.get(row, positions[1usize])?,
                shown: __shown_skipped(),
            })
        }
    }
};
