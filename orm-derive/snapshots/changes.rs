// #[orm(model = Product)]
// struct ProductPatch {
//     name: Option<String>,
//     #[orm(field = stock)]
//     quantity: Option<i32>,
//     #[orm(skip)]
//     token: String,
// }

const _: () = {
    #[automatically_derived]
    impl ::orm_core::model::Changes for ProductPatch {
        type Model = Product;
        fn apply(self, row: &mut Product) {
            ::orm_core::__private::change(&mut row.name, self.name);
            ::orm_core::__private::change(&mut row.stock, self.quantity);
        }
    }
    #[automatically_derived]
    impl ::orm_core::model::ChangesOf<Product> for ProductPatch {}
};
