//! [`Effect`]: what a statement may do to the database. The renderer notes it while it writes a text, and it stays with the text
//! ([`SqlText::effect`](super::SqlText)); a session asks, of the transaction that it has open.
//!
//! Only what is known to read counts as reading: SELECTs that this crate puts together, call nothing but known functions, lock no rows
//! and have no write in WITH. All else may do more: writes, hand-written SQL, of which nobody knows, and SQL in a query's fragments.

/// The greater one is that of several statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Effect {
    /// Nothing that anybody could notice or wait for: it may as well run once more.
    Reads,
    /// May write rows or lock them, until the end of the transaction.
    #[default]
    MayHold,
}

impl Effect {
    /// That of a function or an aggregate.
    pub(super) fn of_call(function: &str) -> Self {
        match KNOWN.binary_search(&function) {
            Ok(_) => Effect::Reads,
            Err(_) => Effect::MayHold,
        }
    }
}

/// Functions and aggregates of PostgreSQL that this crate has typed, and that do nothing but compute. Sorted, for binary search.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "abs", "age", "array_agg", "array_append", "array_position", "array_prepend", "array_remove", "avg", "bool_and",
    "bool_or", "btrim", "cardinality", "cbrt", "ceil", "coalesce", "concat", "concat_ws", "corr", "count", "covar_pop",
    "covar_samp", "date_part", "date_trunc", "dense_rank", "exp", "first_value", "floor", "greatest", "grouping",
    "host", "initcap", "isempty", "jsonb_agg", "jsonb_array_length", "jsonb_build_object", "jsonb_set",
    "jsonb_typeof", "lag", "last_value", "lead", "least", "left", "length", "ln", "log", "lower", "lower_inc",
    "lower_inf", "lpad", "ltrim", "make_date", "make_interval", "masklen", "max", "min", "mode", "network", "now",
    "nth_value", "ntile", "nullif", "percentile_cont", "percentile_disc", "phraseto_tsquery", "pi",
    "plainto_tsquery", "position", "power", "rank", "regr_intercept", "regr_slope", "repeat", "replace", "reverse",
    "right", "round", "row_number", "rpad", "rtrim", "setweight", "sign", "split_part", "sqrt", "stddev_pop",
    "stddev_samp", "string_agg", "strpos", "substr", "sum", "timezone", "to_char", "to_jsonb", "to_timestamp",
    "to_tsquery", "to_tsvector", "trunc", "ts_headline", "ts_rank", "ts_rank_cd", "unnest", "upper", "upper_inc",
    "upper_inf", "var_pop", "var_samp", "websearch_to_tsquery",
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_known_functions_are_sorted() {
        assert!(super::KNOWN.is_sorted());
    }
}
