// #[orm(name = "order_status")]
// pub enum OrderStatus {
//     Pending,
//     #[orm(rename = "under way")]
//     UnderWay,
// }

const _: () = {
    #[automatically_derived]
    impl ::orm_core::types::DbEnum for OrderStatus {
        const NAME: &'static str = "order_status";
        const LABELS: &'static [&'static str] = &["pending", "under way"];
        fn label(self) -> &'static str {
            match self {
                OrderStatus::Pending => "pending",
                OrderStatus::UnderWay => "under way",
            }
        }
        fn from_label(label: &str) -> ::orm_core::__private::Option<Self> {
            match label {
                "pending" => ::orm_core::__private::Option::Some(OrderStatus::Pending),
                "under way" => ::orm_core::__private::Option::Some(OrderStatus::UnderWay),
                _ => ::orm_core::__private::Option::None,
            }
        }
    }
    #[automatically_derived]
    impl ::orm_core::types::SqlType for OrderStatus {
        type Base = OrderStatus;
        type Nullify<U: ::orm_core::types::SqlType> = U;
        const TYPE: &'static ::orm_core::types::PgType = &::orm_core::types::enum_type(
            "order_status",
            ::orm_core::__private::Option::None,
            &["pending", "under way"],
        );
        fn encode(&self, out: &mut ::orm_core::__private::BytesMut) -> bool {
            ::orm_core::types::encode_enum(
                ::orm_core::__private::Clone::clone(self),
                out,
            )
        }
        fn decode(
            raw: ::orm_core::types::Raw<'_>,
        ) -> ::orm_core::__private::Result<Self, ::orm_core::types::DecodeError> {
            ::orm_core::types::decode_enum(raw)
        }
        fn same(&self, other: &Self) -> bool {
            ::orm_core::__private::same_variant(self, other)
        }
    }
};
