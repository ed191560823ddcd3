//! A struct that is being typed: `struct Product { id: i32, name: }`. An editor runs the derives on it as it stands, and what
//! is complete in it should be known all the same: the fields that can be read are kept, the others left out.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::Parser;
use syn::{DeriveInput, Field, Variant};

/// The struct or enum without the members that cannot be read; `None` where the mistake is not in a member.
pub(crate) fn without_broken_members(tokens: TokenStream) -> Option<DeriveInput> {
    let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_enum = tokens
        .iter()
        .any(|token| matches!(token, TokenTree::Ident(word) if word == "enum"));
    let body = tokens.iter_mut().rev().find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group),
        _ => None,
    })?;
    let whole = members(body.stream()).filter(|member| {
        let member = member.clone();
        if is_enum {
            syn::parse2::<Variant>(member).is_ok()
        } else {
            Field::parse_named.parse2(member).is_ok()
        }
    });
    let comma = TokenTree::Punct(proc_macro2::Punct::new(',', proc_macro2::Spacing::Alone));
    let stream = whole.flat_map(|member| member.into_iter().chain([comma.clone()]));
    let mut kept = Group::new(Delimiter::Brace, stream.collect());
    kept.set_span(body.span());
    *body = kept;
    syn::parse2(tokens.into_iter().collect()).ok()
}

/// What stands between the commas that separate members: those of `HashMap<K, V>` do not.
fn members(body: TokenStream) -> impl Iterator<Item = TokenStream> {
    let (mut members, mut depth, mut before) = (vec![TokenStream::new()], 0_usize, ' ');
    for token in body {
        let sign = match &token {
            TokenTree::Punct(punct) => punct.as_char(),
            _ => ' ',
        };
        match sign {
            '<' => depth += 1,
            '>' if before != '-' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                members.push(TokenStream::new());
                before = ' ';
                continue;
            }
            _ => {}
        }
        before = sign;
        members.last_mut().expect("never empty").extend([token]);
    }
    members.into_iter().filter(|member| !member.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<String> {
        let input = without_broken_members(text.parse().unwrap()).unwrap();
        match input.data {
            syn::Data::Struct(data) => data
                .fields
                .iter()
                .map(|field| field.ident.as_ref().unwrap().to_string())
                .collect(),
            syn::Data::Enum(data) => data
                .variants
                .iter()
                .map(|variant| variant.ident.to_string())
                .collect(),
            syn::Data::Union(_) => unreachable!(),
        }
    }

    #[test]
    fn a_half_typed_member_is_left_out() {
        let text = "#[orm(table = \"t\")] pub struct P { #[orm(primary_key)] id: i32, name: , na, pairs: Map<i32, fn() -> i32>, pub }";
        assert!(syn::parse_str::<DeriveInput>(text).is_err());
        assert_eq!(fields(text), ["id", "pairs"]);
        assert_eq!(
            fields("enum State { New, Sold = , 3, Gone }"),
            ["New", "Gone"]
        );
    }

    #[test]
    fn the_other_columns_stay_known() {
        let text = "struct P { #[orm(primary_key)] id: i32, name: , stock: i32 }";
        let code = crate::derive_tokens(text.parse().unwrap(), crate::model).to_string();
        assert_eq!(code.matches("compile_error").count(), 1, "{code}");
        assert!(
            code.contains("const ID") && code.contains("const STOCK"),
            "{code}"
        );
        assert!(!code.contains("NAME"), "{code}");
    }

    #[test]
    fn a_mistake_elsewhere_is_not_mended() {
        for text in ["struct", "struct P", "struct { id: i32 }", "fn f() {}"] {
            assert!(
                without_broken_members(text.parse().unwrap()).is_none(),
                "{text}"
            );
        }
    }
}
