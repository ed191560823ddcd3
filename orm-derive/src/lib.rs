//! The derives of orm-core.

mod check;
mod ctxt;
mod expand;
mod names;
mod parse;

use proc_macro::TokenStream;
use syn::DeriveInput;

use ctxt::Ctxt;

/// Makes a struct the row of a table.
#[proc_macro_derive(Model, attributes(orm))]
pub fn derive_model(input: TokenStream) -> TokenStream {
    derive(input, |cx, input| {
        let mut model = parse::model::read(cx, input);
        check::model(cx, &model);
        model.broken = cx.failed();
        expand::model(&model)
    })
}

/// Makes an enum a native PostgreSQL enum.
#[proc_macro_derive(DbEnum, attributes(orm))]
pub fn derive_db_enum(input: TokenStream) -> TokenStream {
    derive(input, |cx, input| {
        expand::db_enum(&parse::enumeration::read(cx, input))
    })
}

/// Reads rows of hand-written SQL into a struct.
#[proc_macro_derive(FromRow, attributes(orm))]
pub fn derive_from_row(input: TokenStream) -> TokenStream {
    derive(input, |cx, input| {
        expand::from_row(&parse::row::read(cx, input))
    })
}

/// A set of changes to a model.
#[proc_macro_derive(Changes, attributes(orm))]
pub fn derive_changes(input: TokenStream) -> TokenStream {
    derive(input, |cx, input| {
        expand::changes(&parse::row::read_changes(cx, input))
    })
}

/// Read, check, write: the mistakes found on the way stand before the code.
fn derive(
    input: TokenStream,
    make: impl FnOnce(&Ctxt, &DeriveInput) -> proc_macro2::TokenStream,
) -> TokenStream {
    let input = match syn::parse::<DeriveInput>(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error().into(),
    };
    let cx = Ctxt::new();
    let code = make(&cx, &input);
    let errors = cx.finish();
    quote::quote! { #errors #code }.into()
}
