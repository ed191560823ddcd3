//! What each derive emits, for a small example, as files that can be read: `snapshots/`. Each begins with the example.
//! `SNAPSHOT=overwrite` writes them anew.

use std::path::Path;

use proc_macro2::TokenStream;
use syn::{DeriveInput, parse_quote};

use crate::Derive;

/// Compares the code that a derive makes with the file of that name.
fn check(name: &str, input: &DeriveInput, derive: Derive) {
    let found = format!(
        "{}\n{}",
        pretty(name, quote::quote! { #input })
            .lines()
            .map(|line| format!("// {line}\n"))
            .collect::<String>(),
        pretty(name, crate::derived(input, derive))
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("snapshots/{name}.rs"));
    if std::env::var_os("SNAPSHOT").is_some_and(|wish| wish == "overwrite") {
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(
            found,
            expected,
            "{}, line {}: is the new code what you meant? `SNAPSHOT=overwrite cargo test -p orm-derive` keeps it",
            path.display(),
            number + 1
        );
    }
    assert_eq!(found.len(), expected.len(), "{}", path.display());
}

fn pretty(name: &str, code: TokenStream) -> String {
    let file = syn::parse2(code).unwrap_or_else(|error| panic!("{name}: {error}"));
    prettyplease::unparse(&file)
}

#[test]
fn a_model() {
    check(
        "model",
        &parse_quote! {
            #[orm(table = "products", has_many(reviews: Review, via = product))]
            pub struct Product {
                #[orm(primary_key)]
                pub id: i32,
                #[orm(length = 200)]
                pub name: String,
                #[orm(default = 0)]
                stock: i32,
                #[orm(belongs_to(category: Category))]
                pub category_id: Option<i32>,
            }
        },
        crate::model,
    );
}

#[test]
fn a_model_with_a_mistake() {
    check(
        "model_with_a_mistake",
        &parse_quote! {
            struct Product {
                #[orm(primary_key)]
                id: i32,
                #[orm(lenght = 200)]
                name: String,
            }
        },
        crate::model,
    );
}

#[test]
fn an_enum() {
    check(
        "db_enum",
        &parse_quote! {
            #[orm(name = "order_status")]
            pub enum OrderStatus {
                Pending,
                #[orm(rename = "under way")]
                UnderWay,
            }
        },
        crate::db_enum,
    );
}

#[test]
fn a_row() {
    check(
        "from_row",
        &parse_quote! {
            struct Report {
                name: String,
                #[orm(column = "sum")]
                total: Option<i64>,
                #[orm(skip)]
                shown: bool,
            }
        },
        crate::from_row,
    );
}

#[test]
fn a_set_of_changes() {
    check(
        "changes",
        &parse_quote! {
            #[orm(model = Product)]
            struct ProductPatch {
                name: Option<String>,
                #[orm(field = stock)]
                quantity: Option<i32>,
                #[orm(skip)]
                token: String,
            }
        },
        crate::changes,
    );
}

#[test]
fn a_rowset() {
    check(
        "rowset",
        &parse_quote! {
            pub struct Spent {
                pub user_id: i32,
                #[orm(column = "sum")]
                pub total: Option<i64>,
            }
        },
        crate::rowset,
    );
}
