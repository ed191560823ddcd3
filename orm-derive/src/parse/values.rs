//! What an item's value has to be: nothing, a text, a number, an expression, a list of names. Each function reports a
//! value of the wrong kind and says how the attribute is written.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::{Expr, ExprLit, Lit, Token, punctuated::Punctuated};

use super::items::{Item, Value};
use crate::ctxt::Ctxt;

/// A value and where it was written.
#[derive(Clone)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
    /// Where the attribute's name was written.
    pub(crate) word: Span,
}

/// `primary_key`: a word that stands alone.
pub(crate) fn flag(cx: &Ctxt, item: &Item) -> Option<At<()>> {
    match item.value {
        Value::Flag => {}
        Value::Broken => return None,
        _ => cx.error_at(
            item.value_span(),
            format!("`{0}` takes no value: write `{0}` alone", item.name),
        ),
    }
    Some(At {
        value: (),
        span: item.name.span(),
        word: item.name.span(),
    })
}

/// `column = "name"`: a text in quotes, not empty.
pub(crate) fn text(cx: &Ctxt, item: &Item, form: &str) -> Option<At<String>> {
    match &item.value {
        Value::Is(Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        })) => not_empty(cx, &item.name, text),
        Value::Broken => None,
        _ => wrong_kind(cx, item, "a text in quotes", form),
    }
}

/// `check("price > 0")`: a text in quotes, in parentheses.
pub(crate) fn text_in_list(cx: &Ctxt, item: &Item, form: &str) -> Option<At<String>> {
    match &item.value {
        Value::List(tokens) => match syn::parse2::<syn::LitStr>(tokens.clone()) {
            Ok(text) => not_empty(cx, &item.name, &text),
            Err(_) => wrong_kind(cx, item, "a text in quotes", form),
        },
        _ => text(cx, item, form),
    }
}

fn not_empty(cx: &Ctxt, name: &Ident, text: &syn::LitStr) -> Option<At<String>> {
    if text.value().trim().is_empty() {
        cx.error(text, format!("the text of `{name}` is empty"));
        return None;
    }
    Some(At {
        value: text.value(),
        span: text.span(),
        word: name.span(),
    })
}

/// `length = 100`: a number.
pub(crate) fn number(cx: &Ctxt, item: &Item, form: &str) -> Option<At<u32>> {
    let number = match &item.value {
        Value::Is(Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        })) => number,
        Value::Broken => return None,
        _ => return wrong_kind(cx, item, "a whole number", form),
    };
    match number.base10_parse() {
        Ok(value) => Some(At {
            value,
            span: number.span(),
            word: item.name.span(),
        }),
        Err(_) => wrong_kind(cx, item, "a whole number", form),
    }
}

/// `default = 0`: an expression of Rust.
pub(crate) fn expression(cx: &Ctxt, item: &Item, form: &str) -> Option<At<Expr>> {
    match &item.value {
        Value::Is(value) => Some(At {
            value: value.clone(),
            span: item.name.span(),
            word: item.name.span(),
        }),
        Value::Broken => None,
        _ => wrong_kind(cx, item, "an expression", form),
    }
}

/// `via = category`: a name.
pub(crate) fn name(cx: &Ctxt, item: &Item, form: &str) -> Option<Ident> {
    match &item.value {
        Value::Is(value) => match as_name(value) {
            Some(name) => Some(name),
            None => wrong_kind(cx, item, "a name without quotes", form),
        },
        Value::Broken => None,
        _ => wrong_kind(cx, item, "a name", form),
    }
}

/// `from = Product`: a path without quotes. `wanted` says of what.
pub(crate) fn path(cx: &Ctxt, item: &Item, wanted: &str, form: &str) -> Option<syn::Path> {
    match &item.value {
        Value::Is(Expr::Path(path)) if path.qself.is_none() => Some(path.path.clone()),
        Value::Broken => None,
        _ => {
            cx.error_at(
                item.value_span(),
                format!(
                    "the value of `{}` has to be {wanted}, without quotes\nhelp: write `{form}`",
                    item.name
                ),
            );
            None
        }
    }
}

/// `unique(first, last)`: names in parentheses, one at least.
pub(crate) fn names(cx: &Ctxt, item: &Item, form: &str) -> Option<At<Vec<Ident>>> {
    let Value::List(tokens) = &item.value else {
        return match item.value {
            Value::Broken => None,
            _ => wrong_kind(cx, item, "a list of names", form),
        };
    };
    let list = Punctuated::<Ident, Token![,]>::parse_terminated_with;
    let parser = |input: syn::parse::ParseStream<'_>| list(input, Ident::parse_any);
    match parser.parse2(tokens.clone()) {
        Ok(names) if !names.is_empty() => Some(At {
            value: names.into_iter().collect(),
            span: item.name.span(),
            word: item.name.span(),
        }),
        _ => wrong_kind(cx, item, "a list of names without quotes", form),
    }
}

/// A value that is a single name.
pub(crate) fn as_name(value: &Expr) -> Option<Ident> {
    match value {
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident().cloned(),
        _ => None,
    }
}

/// `on_delete = "cascade"`: one of several texts.
pub(crate) fn choice<T: Copy>(
    cx: &Ctxt,
    item: &Item,
    form: &str,
    choices: &[(&'static str, T)],
) -> Option<At<T>> {
    let At { value, span, word } = text(cx, item, form)?;
    if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == value) {
        return Some(At {
            value: *choice,
            span,
            word,
        });
    }
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    let help = match crate::names::nearest(&value, names.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("it can be {}", crate::names::list(&names)),
    };
    cx.error_at(
        span,
        format!("`{} = \"{value}\"` is not known\nhelp: {help}", item.name),
    );
    None
}

fn wrong_kind<T>(cx: &Ctxt, item: &Item, wanted: &str, form: &str) -> Option<T> {
    let message = match item.value {
        Value::Flag => format!("`{}` needs {wanted}\nhelp: write `{form}`", item.name),
        _ => format!(
            "the value of `{}` has to be {wanted}\nhelp: write `{form}`",
            item.name
        ),
    };
    cx.error_at(item.value_span(), message);
    None
}

/// Reports an item that stands twice in one place, and keeps the first.
pub(crate) fn without_repeats(cx: &Ctxt, items: Vec<Item>, repeatable: &[&str]) -> Vec<Item> {
    let mut kept: Vec<Item> = Vec::new();
    for item in items {
        let again = kept.iter().any(|other| other.name == item.name);
        if again && !repeatable.iter().any(|name| item.name == name) {
            cx.error(&item.name, format!("`{}` is given twice", item.name));
        } else {
            kept.push(item);
        }
    }
    kept
}
