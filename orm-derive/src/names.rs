//! Names: from one case to another, and the nearest of several to a mistyped one.

use proc_macro2::Ident;
use syn::ext::IdentExt;

/// The name without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// `OrderItem` is `order_item`, `HTTPStatus` is `http_status`.
pub(crate) fn snake_case(name: &str) -> String {
    words(name).join("_")
}

/// The constant of a field: `stock_quantity` is `STOCK_QUANTITY`.
pub(crate) fn constant(field: &Ident) -> Ident {
    let name = plain(field).to_uppercase();
    // Upper-case words are no keywords, except for what isn't a letter: a field `_` does not exist.
    Ident::new(&name, field.span())
}

/// A type's name from a field's: `stock_quantity` is `StockQuantity`.
pub(crate) fn pascal_case(name: &str) -> String {
    words(name).iter().map(|word| capitalised(word)).collect()
}

/// The digits of a name's hash (FNV-1a, 32 bits), by which types tell tables apart: see `orm_core::expr::Without`.
pub(crate) fn digits(name: &str) -> [u32; 8] {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    std::array::from_fn(|at| hash >> (4 * at) & 0xf)
}

/// The words of a name, in lower case: at underscores, and where upper case begins a word.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in name.split('_').filter(|part| !part.is_empty()) {
        let letters: Vec<char> = part.chars().collect();
        let mut word = String::new();
        for (at, letter) in letters.iter().enumerate() {
            let after_lower = at > 0 && !letters[at - 1].is_uppercase();
            let before_lower = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
            if letter.is_uppercase() && (after_lower || before_lower) && !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            word.extend(letter.to_lowercase());
        }
        words.push(word);
    }
    words
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// How an enum's variants become labels: `rename_all`.
#[derive(Clone, Copy)]
pub(crate) enum Case {
    Snake,
    Lower,
    Upper,
    ScreamingSnake,
    Pascal,
    Camel,
    Kebab,
}

impl Case {
    /// The values of `rename_all`.
    pub(crate) const ALL: [(&'static str, Case); 7] = [
        ("snake_case", Case::Snake),
        ("lowercase", Case::Lower),
        ("UPPERCASE", Case::Upper),
        ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
        ("PascalCase", Case::Pascal),
        ("camelCase", Case::Camel),
        ("kebab-case", Case::Kebab),
    ];

    /// The label of a variant.
    pub(crate) fn apply(self, variant: &str) -> String {
        match self {
            Case::Snake => snake_case(variant),
            Case::Lower => variant.to_lowercase(),
            Case::Upper => variant.to_uppercase(),
            Case::ScreamingSnake => snake_case(variant).to_uppercase(),
            Case::Pascal => variant.to_owned(),
            Case::Kebab => words(variant).join("-"),
            Case::Camel => {
                let mut words = words(variant).into_iter();
                let first = words.next().unwrap_or_default();
                first + &words.map(|word| capitalised(&word)).collect::<String>()
            }
        }
    }
}

/// The name among several that a mistyped one was meant to be, if one is near enough; or that it is the beginning of.
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase();
    let names: Vec<&str> = names.into_iter().collect();
    let begun = |name: &&&str| word.len() > 1 && name.starts_with(&folded);
    if let Some(name) = names.iter().find(begun) {
        return Some(name);
    }
    names
        .into_iter()
        .map(|name| (distance(&folded, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= (name.len().max(word.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters have to be added, dropped, changed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// `a`, `b` and `c`, for messages.
pub(crate) fn list<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names
        .iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    match quoted.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases() {
        assert_eq!(snake_case("OrderItem"), "order_item");
        assert_eq!(snake_case("HTTPStatus"), "http_status");
        assert_eq!(snake_case("Address2"), "address2");
        assert_eq!(pascal_case("stock_quantity"), "StockQuantity");
        assert_eq!(Case::Camel.apply("InProgress"), "inProgress");
        assert_eq!(Case::Kebab.apply("InProgress"), "in-progress");
        assert_eq!(Case::ScreamingSnake.apply("InProgress"), "IN_PROGRESS");
        assert_eq!(Case::Upper.apply("InProgress"), "INPROGRESS");
    }

    #[test]
    fn the_nearest_name() {
        let names = ["primary_key", "column", "length"];
        assert_eq!(nearest("lenght", names), Some("length"));
        assert_eq!(nearest("primarykey", names), Some("primary_key"));
        assert_eq!(nearest("colum", names), Some("column"));
        assert_eq!(nearest("zebra", names), None);
    }
}
