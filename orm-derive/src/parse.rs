//! Parsing: from what the user wrote to a description of it. Mistakes of form are found here (an unknown word, a value of
//! the wrong kind); mistakes of meaning are left to `check`.
//!
//! | file | what it reads |
//! | --- | --- |
//! | `items` | the list between the parentheses of `#[orm(..)]`, whatever its words mean |
//! | `values` | the value of a word: a text, a number, a list of names |
//! | `spec` | which words there are, and what to say of one that there isn't |
//! | `types` | what can be seen of a type |
//! | `shape` | whether the thing has a shape that can be derived for |
//! | `model`, `field`, `relation` | `#[derive(Model)]` |
//! | `link`, `members` | what lies between the sides of a `many_to_many`; condition and order of members |
//! | `enumeration` | `#[derive(DbEnum)]` |
//! | `row` | `#[derive(FromRow)]` and `#[derive(Changes)]` |

pub(crate) mod enumeration;
pub(crate) mod field;
pub(crate) mod items;
pub(crate) mod link;
pub(crate) mod members;
pub(crate) mod model;
pub(crate) mod relation;
pub(crate) mod row;
pub(crate) mod shape;
pub(crate) mod spec;
pub(crate) mod types;
pub(crate) mod values;

use syn::{Path, parse_quote};

use crate::ctxt::Ctxt;

/// Where orm-core is found unless `crate = ".."` says otherwise.
fn default_crate() -> Path {
    parse_quote!(::orm_core)
}

/// `crate = "path::to::orm_core"`
fn crate_path(cx: &Ctxt, item: &items::Item, form: &str) -> Option<Path> {
    let text = values::text(cx, item, form)?;
    match syn::LitStr::new(&text.value, text.span).parse_with(Path::parse_mod_style) {
        Ok(path) => Some(path),
        Err(_) => {
            cx.error_at(
                text.span,
                format!("the value of `crate` has to be a path\nhelp: write `{form}`"),
            );
            None
        }
    }
}
