//! Identifiers: quoted wherever PostgreSQL would not read them as they are. All names that reach SQL pass through here.

use std::fmt::Write;

/// Words that PostgreSQL keeps for itself and that therefore cannot stand bare as the name of a table or column:
/// `pg_get_keywords()` of category R (reserved), T (reserved, can be a function or type) and C (cannot be a function or
/// type), of PostgreSQL 15 to 18. Sorted, so that those with one first letter stand together.
const KEYWORDS: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "json",
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_scalar",
    "json_serialize",
    "json_table",
    "json_value",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "merge_action",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

/// The functions among the keywords: they have a grammar of their own and are called bare.
const KEYWORD_FUNCTIONS: &[&str] = &[
    "coalesce", "greatest", "grouping", "least", "left", "nullif", "right",
];

/// For each letter where the keywords begin that have it in front, and those behind it.
const BY_LETTER: [usize; 27] = {
    let mut starts = [KEYWORDS.len(); 27];
    let mut at = KEYWORDS.len();
    while at > 0 {
        at -= 1;
        // A letter without keywords begins where the next one does.
        let mut letter = 0;
        while letter <= (KEYWORDS[at].as_bytes()[0] - b'a') as usize {
            starts[letter] = at;
            letter += 1;
        }
    }
    starts
};

/// For each letter, as bits, how long the keywords are that have it in front: most names are of none's length.
const LENGTHS: [u32; 26] = {
    let mut lengths = [0; 26];
    let mut at = 0;
    while at < KEYWORDS.len() {
        let word = KEYWORDS[at].as_bytes();
        lengths[(word[0] - b'a') as usize] |= 1 << word.len();
        at += 1;
    }
    lengths
};

/// Whether a plain name is a keyword. Asked for each name in each statement, so it compares with few.
fn is_keyword(name: &str) -> bool {
    let letter = match name.as_bytes().first() {
        Some(first) if first.is_ascii_lowercase() => (first - b'a') as usize,
        _ => return false,
    };
    if name.len() > 31 || LENGTHS[letter] & (1 << name.len()) == 0 {
        return false;
    }
    let alike = &KEYWORDS[BY_LETTER[letter]..BY_LETTER[letter + 1]];
    alike.contains(&name)
}

/// Appends a name, quoted if it must be.
pub(crate) fn identifier(out: &mut String, name: &str) {
    if is_plain(name) && !is_keyword(name) {
        out.push_str(name);
    } else {
        quoted(out, name);
    }
}

/// Appends the name of a function, with its schema where it has one; each part quoted if it must be.
pub(crate) fn function(out: &mut String, name: &str) {
    match name.split_once('.') {
        Some((schema, name)) => qualified(out, Some(schema), name),
        None if KEYWORD_FUNCTIONS.contains(&name) => out.push_str(name),
        None => identifier(out, name),
    }
}

/// Appends a name with its schema.
pub(crate) fn qualified(out: &mut String, schema: Option<&str>, name: &str) {
    if let Some(schema) = schema {
        identifier(out, schema);
        out.push('.');
    }
    identifier(out, name);
}

fn is_plain(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_lowercase() || first == b'_')
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn quoted(out: &mut String, name: &str) {
    // A name cannot hold a NUL; without it the rest is a name that no table has, and the server says so.
    let name = name.replace('\0', "");
    let _ = write!(out, "\"{}\"", name.replace('"', "\"\""));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> String {
        let mut out = String::new();
        identifier(&mut out, name);
        out
    }

    #[test]
    fn plain_names_stand_bare_and_all_others_are_quoted() {
        assert_eq!(of("users"), "users");
        assert_eq!(of("user"), "\"user\"");
        assert_eq!(of("User"), "\"User\"");
        assert_eq!(of("a b"), "\"a b\"");
        assert_eq!(of("1st"), "\"1st\"");
        assert_eq!(of(""), "\"\"");
        assert_eq!(
            of("x\"; DROP TABLE users; --"),
            "\"x\"\"; DROP TABLE users; --\""
        );
        assert_eq!(of("größe"), "\"größe\"");
    }

    #[test]
    fn every_keyword_is_found() {
        assert!(KEYWORDS.is_sorted());
        assert!(KEYWORDS.iter().all(|word| is_keyword(word)));
        assert!(!is_keyword("zebra") && !is_keyword("_") && !is_keyword("als"));
    }

    #[test]
    fn functions_may_have_a_schema_and_a_grammar() {
        let of = |name| {
            let mut out = String::new();
            function(&mut out, name);
            out
        };
        assert_eq!(of("lower"), "lower");
        assert_eq!(of("coalesce"), "coalesce");
        assert_eq!(of("shop.net_price"), "shop.net_price");
        assert_eq!(of("My Shop.user"), "\"My Shop\".\"user\"");
        assert_eq!(of("f(); --"), "\"f(); --\"");
    }

    #[test]
    fn keywords_are_sorted() {
        assert!(KEYWORDS.is_sorted());
    }
}
