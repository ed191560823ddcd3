//! What can be said of a field's type by looking at it. A derive sees words and not types: an alias is whatever it is
//! called. Where that isn't enough, the generated code lets the compiler check.

use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// The type without the invisible parentheses that a `macro_rules!` puts around what it was given.
pub(crate) fn ungrouped(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        };
    }
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ungrouped(ty) {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        _ => None,
    }
}

/// The last name of the type's path: `DateTime` of `chrono::DateTime<Utc>`.
pub(crate) fn name(ty: &Type) -> Option<String> {
    last_segment(ty).map(|segment| segment.ident.to_string())
}

fn inside<'a>(ty: &'a Type, wrapper: &str) -> Option<&'a Type> {
    let segment = last_segment(ty).filter(|segment| segment.ident == wrapper)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) if arguments.args.len() == 1 => Some(inner),
        _ => None,
    }
}

/// `T` of `Option<T>`.
pub(crate) fn inside_option(ty: &Type) -> Option<&Type> {
    inside(ty, "Option")
}

/// `T` of `Vec<T>`, `Vec<Option<T>>`, and of `T` itself.
pub(crate) fn element(ty: &Type) -> &Type {
    match inside(ty, "Vec") {
        Some(element) => inside_option(element).unwrap_or(element),
        None => ty,
    }
}

/// Whether a name stands somewhere in the type.
pub(crate) fn mentions(ty: &Type, word: &str) -> bool {
    let text = quote::quote!(#ty).to_string();
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .any(|other| other == word)
}

/// Whether it is an array, going by its name.
pub(crate) fn is_array(ty: &Type) -> bool {
    inside(ty, "Vec").is_some_and(|element| name(element).as_deref() != Some("u8"))
}

/// Whether it is one of the integers that a sequence can generate, going by its name.
pub(crate) fn is_integer(ty: &Type) -> bool {
    matches!(name(ty).as_deref(), Some("i16" | "i32" | "i64"))
}

/// Whether it is known to be no key, going by its name: equality is not the same in Rust and in PostgreSQL, or there is no
/// order.
pub(crate) fn is_no_key(ty: &Type) -> bool {
    matches!(name(ty).as_deref(), Some("f32" | "f64" | "Value" | "Json"))
}

/// Whether it is a type of Rust's own that PostgreSQL has not: the type to take in its place.
pub(crate) fn in_its_place(ty: &Type) -> Option<&'static str> {
    let Type::Path(path) = ungrouped(ty) else {
        return None;
    };
    match path.path.get_ident()?.to_string().as_str() {
        "u8" | "i8" => Some("i16"),
        "u16" => Some("i32"),
        "u32" | "u64" | "u128" | "usize" | "i128" | "isize" => Some("i64"),
        "char" => Some("String"),
        _ => None,
    }
}

/// The feature of orm-core that the type is behind, going by its name.
pub(crate) fn feature(ty: &Type) -> Option<&'static str> {
    let base = inside_option(ty).unwrap_or(ty);
    match name(element(base)).as_deref() {
        Some("Uuid") => Some("uuid"),
        Some("DateTime" | "NaiveDateTime" | "NaiveDate" | "NaiveTime") => Some("chrono"),
        Some("Decimal") => Some("decimal"),
        Some("Value") => Some("json"),
        _ => None,
    }
}

/// The types that are known to be neither text nor a number with digits behind the point. A name that isn't among them
/// may be an alias of anything.
const KNOWN: [&str; 17] = [
    "bool",
    "i8",
    "i16",
    "i32",
    "i64",
    "u8",
    "u16",
    "u32",
    "u64",
    "f32",
    "f64",
    "Uuid",
    "DateTime",
    "NaiveDateTime",
    "NaiveDate",
    "NaiveTime",
    "Json",
];

/// Whether the type can be text, going by its name.
pub(crate) fn may_be_text(ty: &Type) -> bool {
    name(ty)
        .is_none_or(|name| !KNOWN.contains(&name.as_str()) && name != "Decimal" && name != "Vec")
}

/// Whether the type can be an integer, going by its name.
pub(crate) fn may_be_integer(ty: &Type) -> bool {
    is_integer(ty) || (may_be_text(ty) && may_be_decimal(ty))
}

/// Whether the type can be a version, going by its name.
pub(crate) fn may_be_version(ty: &Type) -> bool {
    match name(ty).as_deref() {
        Some("i32" | "i64" | "Uuid" | "DateTime") | None => true,
        Some("i16") => false,
        Some(_) => may_be_text(ty) && may_be_decimal(ty),
    }
}

/// Whether the type can be `Decimal`, going by its name.
pub(crate) fn may_be_decimal(ty: &Type) -> bool {
    name(ty).is_none_or(|name| !KNOWN.contains(&name.as_str()) && name != "String" && name != "Vec")
}

/// The type as a user writes it, for messages.
pub(crate) fn show(ty: &Type) -> String {
    let ty = ungrouped(ty);
    let text = quote::quote!(#ty).to_string();
    ["<", ">", "::", ","]
        .iter()
        .fold(text, |text, mark| match *mark {
            "," => text.replace(" ,", ","),
            _ => text
                .replace(&format!(" {mark} "), mark)
                .replace(&format!(" {mark}"), mark)
                .replace(&format!("{mark} "), mark),
        })
}
