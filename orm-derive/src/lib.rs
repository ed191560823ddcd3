//! The derives of orm-core.

mod check;
mod ctxt;
mod expand;
mod fallback;
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
        check::model(cx, &model, input);
        if cx.failed() {
            model.broken = true;
            return fallback::model(model, input);
        }
        expand::model(&model)
    })
}

/// Makes an enum a native PostgreSQL enum.
#[proc_macro_derive(DbEnum, attributes(orm))]
pub fn derive_db_enum(input: TokenStream) -> TokenStream {
    derive(input, |cx, input| {
        let described = parse::enumeration::read(cx, input);
        check::db_enum(cx, &described);
        if cx.failed() {
            return fallback::db_enum(&described, input);
        }
        expand::db_enum(&described)
    })
}

/// Reads rows of hand-written SQL into a struct.
#[proc_macro_derive(FromRow, attributes(orm))]
pub fn derive_from_row(input: TokenStream) -> TokenStream {
    derive(input, |cx, input| {
        let row = parse::row::read(cx, input);
        if cx.failed() {
            return fallback::from_row(&row, input);
        }
        expand::from_row(&row)
    })
}

/// A set of changes to a model.
#[proc_macro_derive(Changes, attributes(orm))]
pub fn derive_changes(input: TokenStream) -> TokenStream {
    derive(input, |cx, input| {
        let changes = parse::row::read_changes(cx, input);
        check::changes(cx, &changes);
        if cx.failed() {
            return fallback::changes(&changes, input);
        }
        expand::changes(&changes)
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
