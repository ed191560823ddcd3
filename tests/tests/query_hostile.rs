//! Whatever a string holds, the SQL is the same: in every place where one can go, values, patterns, names out of requests,
//! names of functions. `PLACES` and `NAMES` have one line for each place.

use futures_util::TryStreamExt;
use orm_core::Error;
use orm_core::prelude::*;
use orm_core::query::values;
use tests::fixture::Fixture;
use tests::models::Author;
use tests::queries::*;

#[derive(Rowset)]
struct Word {
    word: String,
}

/// The text of what a query sends, with a string in it that came from outside.
type Place = (&'static str, fn(&str) -> String);

/// Where a string is a value: the text must be the same for all strings.
const PLACES: &[Place] = &[
    ("eq", |s| sql(User::USERNAME.eq(s))),
    ("is_distinct_from", |s| {
        sql(User::FULL_NAME.is_distinct_from(s.to_owned()))
    }),
    ("in_", |s| sql(User::USERNAME.in_([s, "x"]))),
    ("not_in", |s| sql(User::USERNAME.not_in([s]))),
    ("between", |s| sql(User::USERNAME.between(s, s))),
    ("like", |s| sql(User::USERNAME.like(s))),
    ("ilike", |s| sql(User::USERNAME.ilike(s))),
    ("contains", |s| sql(User::USERNAME.contains(s))),
    ("icontains", |s| sql(User::USERNAME.icontains(s))),
    ("starts_with", |s| sql(User::USERNAME.starts_with(s))),
    ("ends_with", |s| sql(User::USERNAME.ends_with(s))),
    ("a function's argument", |s| {
        sql(func::coalesce(User::FULL_NAME, s).eq(s))
    }),
    ("a tsquery", |s| {
        let query =
            func::call::<String, _>("plainto_tsquery", (func::cast::<String, _>(value(s)),));
        User::query().select(query).to_sql()
    }),
    ("a condition of a related row", |s| {
        sql(User::ADDRESSES.any(Address::CITY.eq(s)))
    }),
    ("a selected value", |s| {
        User::query().select(value(s)).to_sql()
    }),
    ("a group", |s| {
        let name = func::coalesce(User::FULL_NAME, s);
        User::query().group_by(name.clone()).select(name).to_sql()
    }),
    ("a subquery", |s| {
        let cities = Address::query()
            .filter(Address::CITY.eq(s))
            .select(Address::USER_ID);
        sql(User::ID.in_query(cities))
    }),
    ("a union", |s| {
        let named = || User::query().filter(User::USERNAME.eq(s));
        named().union(named()).to_sql()
    }),
    ("a window", |s| {
        let by = window().partition_by(func::coalesce(User::FULL_NAME, s));
        User::query().select(row_number().over(by)).to_sql()
    }),
    ("a list of values", |s| {
        values::<Word, _>([(s.to_owned(),)]).query().to_sql()
    }),
    ("an array", |s| {
        Order::query()
            .filter(Order::TAGS.eq(vec![s.to_owned()]))
            .to_sql()
    }),
    ("JSON", |s| {
        let json = serde_json::json!({ s: [s] });
        Order::query().filter(Order::METADATA.eq(json)).to_sql()
    }),
    ("a JSON key", |s| {
        let text = Order::METADATA.get(s).get_text(s).eq(s);
        Order::query().filter(text).to_sql()
    }),
    ("a JSON path", |s| {
        let text = Order::METADATA.get_path_text([s, "x", s]).eq(s);
        Order::query().filter(text).to_sql()
    }),
    ("keys of JSON", |s| {
        let any = Order::METADATA
            .has_key(s)
            .or(Order::METADATA.has_any_key([s]));
        Order::query()
            .filter(any.or(Order::METADATA.has_all_keys([s, "x"])))
            .to_sql()
    }),
    ("a path in jsonpath", |s| {
        let found = Order::METADATA
            .path_exists(s)
            .or(Order::METADATA.path_match(s));
        Order::query().filter(found).to_sql()
    }),
    ("JSON without a key, set at a path, built", |s| {
        let set = func::jsonb_set(Order::METADATA, [s, "x"], value(serde_json::json!(s)));
        let built = func::jsonb_build_object(((s, s), ("x", 1)));
        Order::query()
            .select((
                Order::METADATA.without_key(s),
                Order::METADATA.without_path([s]),
                set,
                built,
            ))
            .to_sql()
    }),
    ("each kind of tsquery", |s| {
        let text = || func::to_tsvector("english", User::USERNAME);
        let found = text()
            .search(func::websearch_to_tsquery("english", s))
            .or(text().search(func::plainto_tsquery("english", s)))
            .or(text().search(func::phraseto_tsquery("english", s)))
            .or(text().search(func::to_tsquery("english", s)));
        sql(found)
    }),
    ("a configuration of text search", |s| {
        sql(func::to_tsvector(s, User::USERNAME).search(func::websearch_to_tsquery(s, "x")))
    }),
    ("a regular expression", |s| {
        sql(User::USERNAME.matches(s).or(User::USERNAME.similar_to(s)))
    }),
    ("ANY of a list", |s| {
        let list = || value(vec![s.to_owned()]);
        sql(User::USERNAME
            .like(list().as_any())
            .and(User::USERNAME.gt(list().as_all())))
    }),
    ("a separator", |s| {
        User::query()
            .select(func::string_agg(User::USERNAME, s))
            .to_sql()
    }),
    ("an element of a list", |s| {
        Order::query()
            .select((
                func::array_prepend(s, Order::TAGS),
                func::array_append(Order::TAGS, s),
            ))
            .to_sql()
    }),
    ("an update", |s| {
        User::query()
            .update((User::USERNAME.set(s),))
            .to_sql()
            .unwrap()
    }),
    ("an insert in WITH", |s| {
        let new = User::insert([User::create().username(s).email(s)]);
        let new = new.as_cte::<Word, _, _, _, _>((User::USERNAME,)).unwrap();
        new.query().to_sql()
    }),
    ("a CTE", |s| {
        let named = User::query()
            .filter(User::USERNAME.eq(s))
            .select((User::USERNAME,));
        named.as_cte::<Word>().query().to_sql()
    }),
];

fn sql<E, I>(condition: E) -> String
where
    E: Condition + orm_core::expr::Within<(User, ()), I> + orm_core::expr::PerRow,
{
    User::query().filter(condition).select(User::ID).to_sql()
}

/// Where a string is a name: what stands before it, what behind it, and between them a name and nothing else.
const NAMES: &[(&str, &str, fn(&str) -> String, &str)] = &[
    (
        "a function",
        "SELECT ",
        |s| {
            User::query()
                .select(func::call::<i32, _>(s.to_owned(), ()))
                .to_sql()
        },
        "() FROM users",
    ),
    (
        "a collation",
        "SELECT users.id FROM users ORDER BY users.email COLLATE ",
        |s| {
            User::query()
                .order_by(User::EMAIL.collate(s).desc())
                .select(User::ID)
                .to_sql()
        },
        " DESC",
    ),
];

/// Where a string names something that must be known: it is found or refused, and never reaches SQL.
const LOOKUPS: &[(&str, fn(&str) -> Result<String, Error>)] = &[
    ("a column", |s| {
        let column = User::column(s)?;
        Ok(User::query().order_by(column.desc()).to_sql())
    }),
    ("a page token", |s| {
        let by_name = User::query().order_by(User::USERNAME);
        by_name.page(2).after(s).to_sql()
    }),
    ("the token of a page before", |s| {
        let by_name = User::query().order_by(User::USERNAME);
        by_name.page(2).before(s).to_sql()
    }),
    ("a sort key", |s| {
        let q = User::query().sort_by(s, |keys| keys.key("name", User::USERNAME))?;
        Ok(q.to_sql())
    }),
];

/// A generator of our own, so that the strings are the same for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }
}

fn strings() -> Vec<String> {
    const PARTS: &[&str] = &[
        "'",
        "''",
        "\"",
        "\"\"",
        "\\",
        "\\'",
        "\0",
        "$1",
        "$2",
        "$$",
        "$x$",
        "--",
        "/*",
        "*/",
        ";",
        ")",
        "(",
        "%",
        "_",
        ",",
        "\n",
        "\r\n",
        "\t",
        " ",
        "?",
        ":name",
        "::int",
        "NULL",
        "users",
        "DROP TABLE users",
        "OR 1=1",
        "ä",
        "ß",
        "🦀",
        "\u{202e}",
        "\u{feff}",
        "\u{0301}",
        "ﷺ",
        "a",
        "A",
        "0",
        "-",
        ".",
        "E'",
        "U&'",
        "{",
        "}",
        "[",
        "\u{7f}",
        "\u{1}",
    ];
    let mut dice = Dice(7);
    let mut strings: Vec<String> = PARTS.iter().map(|part| (*part).to_owned()).collect();
    for _ in 0..500 {
        let parts = 1 + dice.roll(8);
        strings.push((0..parts).map(|_| PARTS[dice.roll(PARTS.len())]).collect());
    }
    strings.push(String::new());
    strings.push("'; -- ".repeat(20_000));
    strings
}

#[test]
fn a_value_never_changes_the_statement() {
    for (place, sql) in PLACES {
        let usual = sql("usual");
        for s in &strings() {
            assert_eq!(sql(s), usual, "{place}: {s:?}");
        }
    }
}

/// Whether a text is a name or a name behind a schema's, each bare or in quotes, and nothing else.
fn is_name(text: &str) -> bool {
    let mut rest = text;
    for part in 0..2 {
        rest = match rest.strip_prefix('"') {
            Some(quoted) => match end_of_quoted(quoted) {
                Some(rest) => rest,
                None => return false,
            },
            None => rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_'),
        };
        if rest.is_empty() {
            return true;
        }
        match rest.strip_prefix('.') {
            Some(next) if part == 0 => rest = next,
            _ => return false,
        }
    }
    false
}

/// What stands behind the quote that ends a quoted name.
fn end_of_quoted(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        let (before, behind) = rest.split_once('"')?;
        if before.contains('\0') {
            return None;
        }
        match behind.strip_prefix('"') {
            Some(more) => rest = more,
            None => return Some(behind),
        }
    }
}

#[test]
fn a_name_stays_a_name() {
    assert!(
        is_name("lower") && is_name("\"a\"\"b\".\"c\"") && !is_name("\"a\" b") && !is_name("f()")
    );
    for (place, before, sql, behind) in NAMES {
        for s in &strings() {
            let sql = sql(s);
            let name = sql
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(behind));
            assert!(name.is_some_and(is_name), "{place}: {s:?} made {sql}");
        }
    }
}

#[test]
fn a_name_that_is_not_known_is_refused() {
    for (place, look_up) in LOOKUPS {
        for s in &strings() {
            match look_up(s) {
                // A sort key may be left out: an empty request, or one of nothing but commas and spaces.
                Ok(sql) => assert!(
                    *place == "a sort key" && !sql.contains("ORDER BY"),
                    "{place}: {s:?} made {sql}"
                ),
                Err(error) => assert!(
                    matches!(error, Error::Invalid { .. }),
                    "{place}: {s:?}: {error}"
                ),
            }
        }
    }
}

#[tokio::test]
async fn the_server_takes_every_string_for_what_it_is() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    for s in strings().iter().filter(|s| s.len() < 50) {
        let q = User::query().filter(User::ID.eq(1)).select((
            value(s.as_str()),
            func::coalesce(User::UPDATED_AT.is_null(), false),
        ));
        match q.one(&mut on).await {
            Ok((back, _)) => assert_eq!(back, *s),
            // PostgreSQL has no NUL in text.
            Err(error) => assert!(s.contains('\0'), "{s:?}: {error}"),
        }
        // A pattern that was escaped finds the string and nothing else.
        if !s.contains('\0') {
            let update = User::query()
                .filter(User::ID.eq(1))
                .update((User::FULL_NAME.set(format!("<{s}>")),));
            assert_eq!(update.exec(&mut on).await.unwrap(), 1);
            let found = User::query()
                .filter(User::FULL_NAME.contains(format!("<{s}>")))
                .select(User::ID);
            assert_eq!(found.all(&mut on).await.unwrap(), [1], "{s:?}");
        }
    }
    assert_eq!(User::query().count(&mut on).await.unwrap(), 4);
}

/// Tokens hold what rows hold: names by which a page ends are strings from outside, too.
#[tokio::test]
async fn a_page_goes_on_behind_every_string() {
    let on = Fixture::new::<(Author,)>().await;
    let mut conn = on.engine.acquire().await.unwrap();
    let mut names: Vec<_> = strings()
        .into_iter()
        .filter(|s| !s.contains('\0') && s.len() < 1000)
        .collect();
    names.sort();
    names.dedup();
    let rows = names.iter().map(|s| Author::create().name(s));
    Author::insert(rows).exec(&mut conn).await.unwrap();
    on.sent();
    let q = || Author::query().order_by(Author::NAME.collate("C"));
    let mut seen = Vec::new();
    let mut token = None;
    let mut texts = std::collections::BTreeSet::new();
    loop {
        let page = q()
            .page(3)
            .after_some(token)
            .fetch(&mut conn)
            .await
            .unwrap();
        seen.extend(page.rows.into_iter().map(|author| author.name));
        let Some(next) = page.next else {
            break;
        };
        texts.insert(q().page(3).after(next.as_str()).to_sql().unwrap());
        token = Some(next);
    }
    assert_eq!(seen, names);
    // The first page, and one text for all behind it.
    assert_eq!(texts.len(), 1);
    let sent: std::collections::BTreeSet<_> = on.sent().into_iter().collect();
    assert_eq!(sent.len(), 2, "{sent:?}");
}

/// A token that was changed in any way is refused before anything is sent, or names a place: it never changes the statement.
#[tokio::test]
async fn a_forged_token_is_refused_or_is_a_place() {
    let on = Fixture::new::<(Author,)>().await;
    let mut conn = on.engine.acquire().await.unwrap();
    let rows = ["a", "b", "c"].map(|name| Author::create().name(name));
    Author::insert(rows).exec(&mut conn).await.unwrap();
    let q = || {
        Author::query()
            .order_by((Author::NAME, Author::EMAIL.desc()))
            .page(1)
    };
    let token = q().fetch(&mut conn).await.unwrap().next.unwrap();
    let usual = q().after(token.as_str()).to_sql().unwrap();
    let mut dice = Dice(11);
    let mut refused = 0;
    for _ in 0..2000 {
        let mut forged: Vec<char> = token.chars().collect();
        for _ in 0..1 + dice.roll(3) {
            let at = dice.roll(forged.len());
            match dice.roll(3) {
                0 => forged[at] = ['0', 'f', '7', '\'', 'g', 'ä'][dice.roll(6)],
                1 => drop(forged.remove(at)),
                _ => forged.insert(at, '0'),
            }
        }
        let forged: String = forged.into_iter().collect();
        match q().after(forged).to_sql() {
            Ok(sql) => assert_eq!(sql, usual),
            Err(error) => {
                refused += 1;
                assert!(matches!(error, Error::Invalid { .. }), "{error}");
            }
        }
    }
    assert!(refused > 1900, "{refused}");
}

/// COPY takes no parameters: what goes in is rows in a binary form, what restricts rows on their way out is a setting.
#[tokio::test]
async fn copy_takes_every_string_for_what_it_is() {
    let on = Fixture::new::<(Author,)>().await;
    let mut conn = on.engine.acquire().await.unwrap();
    let mut names = strings();
    names.sort();
    names.dedup();
    names.retain(|s| !s.contains('\0') && s.len() < 1000);
    let rows = names.iter().map(|s| Author::create().name(s).email(s));
    let n = Author::copy_in(rows, &mut conn).await.unwrap();
    assert_eq!(n as usize, names.len());
    assert_eq!(
        on.sent(),
        ["COPY authors (name, email) FROM STDIN (FORMAT binary)"]
    );
    let mut texts = std::collections::BTreeSet::new();
    for name in &names {
        let q = Author::query()
            .filter(Author::NAME.eq(name))
            .filter(Author::EMAIL.in_([name.as_str(), "x"]))
            .select((Author::NAME, value(name.as_str())));
        let rows: Vec<_> = q
            .copy_out(&mut conn)
            .await
            .unwrap()
            .try_collect()
            .await
            .unwrap();
        assert_eq!(rows, [(name.clone(), name.clone())]);
        texts.extend(on.sent());
    }
    // BEGIN, the settings, COPY, COMMIT: whatever the string.
    assert_eq!(texts.len(), 4, "{texts:?}");
    // There is no NUL in text, wherever it is to go.
    let q = Author::query().filter(Author::NAME.eq("a\0b"));
    assert!(q.copy_out(&mut conn).await.is_err());
    let nul = [Author::create().name("a\0b")];
    assert!(Author::copy_in(nul, &mut conn).await.is_err());
    assert_eq!(Author::query().count(&mut conn).await.unwrap(), n as i64);
}
