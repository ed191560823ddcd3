//! The lowest layer: what stands between the parentheses of `#[orm(..)]`, as a list of items, before anybody asks what
//! an item means. A broken item is reported and passed over; the others are kept.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Meta, Token, token};

use crate::ctxt::Ctxt;

/// One item of a list: its name and what follows it.
pub(crate) struct Item {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

/// What follows an item's name.
pub(crate) enum Value {
    /// Nothing: `primary_key`.
    Flag,
    /// `= ..`: `length = 100`.
    Is(Expr),
    /// `(..)`: `unique(first, last)`.
    List(TokenStream),
    /// Something that has been reported already.
    Broken,
}

/// All items of all `#[orm(..)]` attributes of a thing.
pub(crate) fn of_attributes(cx: &Ctxt, attributes: &[Attribute]) -> Vec<Item> {
    let mut items = Vec::new();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("orm"))
    {
        match &attribute.meta {
            Meta::List(list) if matches!(list.delimiter, syn::MacroDelimiter::Paren(_)) => {
                items.extend(of_tokens(cx, list.tokens.clone()));
            }
            meta => cx.error(meta, "write the attributes in parentheses: `#[orm(..)]`"),
        }
    }
    items
}

/// The items of a list.
pub(crate) fn of_tokens(cx: &Ctxt, tokens: TokenStream) -> Vec<Item> {
    let mut items = Vec::new();
    parse(cx, tokens, |input| items = of_stream(cx, input));
    items
}

/// Lets a function that reports its own mistakes read tokens to their end.
pub(crate) fn parse(cx: &Ctxt, tokens: TokenStream, read: impl FnOnce(ParseStream<'_>)) {
    let whole = |input: ParseStream<'_>| {
        read(input);
        Ok(())
    };
    if let Err(error) = whole.parse2(tokens) {
        cx.push(error);
    }
}

/// The items up to the end of the stream.
pub(crate) fn of_stream(cx: &Ctxt, input: ParseStream<'_>) -> Vec<Item> {
    let mut items = Vec::new();
    while !input.is_empty() {
        match item(cx, input) {
            Ok(item) => items.push(item),
            Err(error) => {
                cx.push(error);
                skip_to_comma(input);
            }
        }
        comma(cx, input);
    }
    items
}

fn item(cx: &Ctxt, input: ParseStream<'_>) -> syn::Result<Item> {
    if !input.peek(Ident::peek_any) {
        return Err(input.error("expected the name of an attribute"));
    }
    let name = input.call(Ident::parse_any)?;
    let value = if input.peek(Token![=]) {
        assigned(cx, &name, input)?
    } else if input.peek(token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        Value::List(content.parse()?)
    } else {
        Value::Flag
    };
    Ok(Item { name, value })
}

fn assigned(cx: &Ctxt, name: &Ident, input: ParseStream<'_>) -> syn::Result<Value> {
    let equals: Token![=] = input.parse()?;
    if input.is_empty() || input.peek(Token![,]) {
        cx.error(equals, format!("`{name} =` needs a value"));
        return Ok(Value::Broken);
    }
    let span = input.span();
    match input.parse() {
        Ok(value) => Ok(Value::Is(ungrouped(value))),
        Err(error) => {
            // At the end of the tokens syn has only the attribute to point at; the value's first word is better.
            let at = if input.is_empty() { span } else { error.span() };
            cx.error_at(
                at,
                format!("the value of `{name}` is not a complete Rust expression"),
            );
            skip_to_comma(input);
            Ok(Value::Broken)
        }
    }
}

/// A value without the invisible parentheses that a `macro_rules!` puts around what it was given.
fn ungrouped(mut value: Expr) -> Expr {
    while let Expr::Group(group) = value {
        value = *group.expr;
    }
    value
}

/// Reads the comma after an item.
pub(crate) fn comma(cx: &Ctxt, input: ParseStream<'_>) {
    if input.is_empty() {
        return;
    }
    if input.parse::<Token![,]>().is_err() {
        cx.error_at(input.span(), "expected a comma before this");
        skip_to_comma(input);
        let _ = input.parse::<Token![,]>();
    }
}

/// Passes over what is left of a broken item.
pub(crate) fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _ = input.parse::<TokenTree>();
    }
}

impl Item {
    /// Where the item's value stands, or its name if it has none.
    pub(crate) fn value_span(&self) -> Span {
        match &self.value {
            Value::Is(value) => value.span(),
            Value::List(tokens) if !tokens.is_empty() => tokens.span(),
            _ => self.name.span(),
        }
    }
}
