//! What a to-many or a `has_one` says of its members: `order_by(position, desc(created_at))`, `filter = recent`, `read_only`.

use proc_macro2::{Ident, Span};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprPath, Token};

use super::items::{Item, Value};
use super::relation::take;
use super::values;
use crate::ctxt::Ctxt;

/// Which members, and in which order.
#[derive(Default)]
pub(crate) struct Members {
    pub(crate) order_by: Vec<OrderPart>,
    /// The function that gives the condition.
    pub(crate) filter: Option<ExprPath>,
    pub(crate) read_only: bool,
}

/// A column there, and whether in descending order.
pub(crate) struct OrderPart {
    pub(crate) column: Ident,
    pub(crate) descending: bool,
}

/// Takes the options of members out of those of a relationship.
pub(super) fn read(cx: &Ctxt, options: &mut Vec<Item>) -> Members {
    let order_by = take(options, "order_by").map_or_else(Vec::new, |item| order_by(cx, &item));
    let filter = take(options, "filter");
    let read_only = take(options, "read_only").and_then(|item| values::flag(cx, &item));
    if let (Some(filter), None) = (&filter, &read_only) {
        cx.error(
            &filter.name,
            "a relationship with a `filter` has only some of the rows, so nothing can be put into it\n\
             help: add `read_only`, and keep a relationship without a `filter` to write to",
        );
    }
    Members {
        order_by,
        filter: filter.and_then(|item| function(cx, &item)),
        read_only: read_only.is_some(),
    }
}

/// `order_by = position`, `order_by(position, desc(created_at))`
fn order_by(cx: &Ctxt, item: &Item) -> Vec<OrderPart> {
    let parts = match &item.value {
        Value::Broken => return Vec::new(),
        Value::Is(value) => vec![value.clone()],
        Value::List(tokens) => {
            let list = Punctuated::<Expr, Token![,]>::parse_terminated;
            match list.parse2(tokens.clone()) {
                Ok(parts) if !parts.is_empty() => parts.into_iter().collect(),
                _ => return wrong(cx, item.value_span()),
            }
        }
        Value::Flag => return wrong(cx, item.name.span()),
    };
    let mut read = Vec::new();
    for part in &parts {
        match order_part(part) {
            Some(part) => read.push(part),
            None => return wrong(cx, part.span()),
        }
    }
    read
}

fn order_part(part: &Expr) -> Option<OrderPart> {
    let Expr::Call(call) = part else {
        let column = values::as_name(part)?;
        return Some(OrderPart {
            column,
            descending: false,
        });
    };
    let direction = values::as_name(&call.func)?;
    let descending = match direction.to_string().as_str() {
        "desc" => true,
        "asc" => false,
        _ => return None,
    };
    let column = values::as_name(call.args.first().filter(|_| call.args.len() == 1)?)?;
    Some(OrderPart { column, descending })
}

fn wrong(cx: &Ctxt, at: Span) -> Vec<OrderPart> {
    cx.error_at(
        at,
        "`order_by` has to be columns of the other model\n\
         help: write `order_by = position` or `order_by(position, desc(created_at))`",
    );
    Vec::new()
}

/// `filter = recent`: the name of a function.
fn function(cx: &Ctxt, item: &Item) -> Option<ExprPath> {
    match &item.value {
        Value::Is(Expr::Path(path)) => Some(path.clone()),
        Value::Broken => None,
        _ => {
            cx.error_at(
                item.value_span(),
                "`filter` has to name a function without arguments that gives the condition\n\
                 help: write `filter = recent`, with `fn recent() -> Filter<Order>`",
            );
            None
        }
    }
}
