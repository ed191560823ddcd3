//! Keyset pagination, compared with whole lists page by page, and numbered pages.

use orm_core::prelude::*;
use orm_core::query::Page;
use tests::fixture::{Fixture, text};
use tests::models::*;
use tests::refused;

/// Random rows with NULLs and duplicates, by a generator that is the same every time.
async fn notes(on: &Fixture, rows: usize) {
    let mut seed = 7_u64;
    let mut next = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    let mut conn = on.engine.acquire().await.unwrap();
    let new = (0..rows).map(|at| {
        let email = (next(3) > 0).then(|| format!("e{}", next(4)));
        Author {
            id: at as i32 * 3 + 1,
            name: format!("n{at}"),
            email,
        }
    });
    Author::insert(new.collect::<Vec<_>>())
        .exec(&mut conn)
        .await
        .unwrap();
    let books = (0..rows).map(|at| Book {
        id: at as i32 + 1,
        title: format!("t{}", next(3)),
        pages: next(4) as i32,
        binding: "b".into(),
        sides: 0,
        author_id: (next(4) > 0).then(|| next(rows as u64) as i32 * 3 + 1),
    });
    Book::insert(books.collect::<Vec<_>>())
        .exec(&mut conn)
        .await
        .unwrap();
    on.sent();
}

/// Walks all pages forwards and backwards, and compares them with the whole list in the same order.
macro_rules! walks {
    ($on:expr, $query:expr, $whole:expr, $size:expr) => {{
        let mut conn = $on.engine.acquire().await.unwrap();
        let whole = $whole.all(&mut conn).await.unwrap();
        let (mut forwards, mut token, mut last) = (Vec::new(), None::<String>, None);
        loop {
            let page = $query
                .page($size)
                .after_some(token.take())
                .fetch(&mut conn)
                .await
                .unwrap();
            assert!(page.rows.len() <= $size as usize);
            assert_eq!(page.prev.is_none(), forwards.is_empty());
            forwards.extend(page.rows.iter().cloned());
            token = page.next.clone();
            if token.is_none() {
                last = page.prev.or(last);
                break;
            }
        }
        assert_eq!(forwards, whole);
        let mut backwards = Vec::new();
        while let Some(token) = last.take() {
            let page = $query
                .page($size)
                .before(token)
                .fetch(&mut conn)
                .await
                .unwrap();
            backwards.splice(0..0, page.rows.iter().cloned());
            last = page.prev;
            assert!(page.next.is_some());
        }
        // All but the last page.
        assert_eq!(backwards[..], whole[..backwards.len()]);
        assert!(whole.len() - backwards.len() <= $size as usize);
    }};
}

#[tokio::test]
async fn all_pages_together_are_the_whole_list_forwards_and_backwards() {
    let on = Fixture::new::<All>().await;
    notes(&on, 60).await;
    for size in [1_u32, 7, 20] {
        let q = Author::query;
        walks!(on, q(), q().order_by(Author::ID), size);
        walks!(
            on,
            q().order_by(Author::EMAIL),
            q().order_by((Author::EMAIL, Author::ID)),
            size
        );
        walks!(
            on,
            q().order_by(Author::EMAIL.desc()),
            q().order_by((Author::EMAIL.desc(), Author::ID.desc())),
            size
        );
        walks!(
            on,
            q().order_by((Author::EMAIL.asc().nulls_first(), Author::ID.desc())),
            q().order_by((Author::EMAIL.asc().nulls_first(), Author::ID.desc())),
            size
        );
        walks!(
            on,
            q().order_by(Author::EMAIL.desc().nulls_last()),
            q().order_by((Author::EMAIL.desc().nulls_last(), Author::ID.desc())),
            size
        );
        let b = Book::query;
        walks!(
            on,
            b().order_by((Book::TITLE.desc(), Book::AUTHOR_ID, Book::PAGES.desc())),
            b().order_by((
                Book::TITLE.desc(),
                Book::AUTHOR_ID,
                Book::PAGES.desc(),
                Book::ID.desc()
            )),
            size
        );
        // Expressions, with values in them; a filter; a name that is known only at run time.
        walks!(
            on,
            b().filter(Book::PAGES.gt(0))
                .order_by((Book::PAGES * -2, func::upper(Book::TITLE))),
            b().filter(Book::PAGES.gt(0)).order_by((
                Book::PAGES * -2,
                func::upper(Book::TITLE),
                Book::ID
            )),
            size
        );
        walks!(
            on,
            b().order_by(Book::column("binding").unwrap()),
            b().order_by(Book::ID),
            size
        );
        // A row of a join is known by all keys; the far side of an outer join may be NULL.
        walks!(
            on,
            b().left_join(Book::AUTHOR)
                .order_by(Author::EMAIL)
                .select((Book::ID, Author::EMAIL)),
            b().left_join(Book::AUTHOR)
                .order_by((Author::EMAIL, Book::ID, Author::ID))
                .select((Book::ID, Author::EMAIL)),
            size
        );
        walks!(
            on,
            Author::query()
                .join(Author::BOOKS)
                .order_by(Author::EMAIL.desc())
                .select((Author::ID, Book::ID)),
            Author::query()
                .join(Author::BOOKS)
                .order_by((Author::EMAIL.desc(), Author::ID.desc(), Book::ID.desc()))
                .select((Author::ID, Book::ID)),
            size
        );
    }
}

#[tokio::test]
async fn columns_of_every_kind_of_type_order_pages() {
    let on = Fixture::new::<All>().await;
    on.elsewhere(
        "INSERT INTO samples (tags, numbers, blobs, blob, mood, moods, data, price) \
         SELECT array['t' || n % 3, 'x'], CASE WHEN n % 4 > 0 THEN array[n % 2, NULL] END, array['\\x00'::bytea], \
         CASE WHEN n % 3 > 0 THEN decode(repeat('00ff', n % 5), 'hex') END, \
         (array['very_good', 'bad', NULL])[1 + n % 3]::mood, array[(array['very_good', 'bad'])[1 + n % 2]]::mood[], \
         CASE WHEN n % 5 > 0 THEN jsonb_build_object('a', n % 4) END, \
         CASE WHEN n % 6 > 0 THEN (n % 7)::numeric / 4 END FROM generate_series(1, 40) AS n; \
         INSERT INTO documents (title, created_at) \
         SELECT 't' || n % 3, '2024-01-01T00:00:00.000001Z'::timestamptz + n % 5 * interval '1 day' \
         FROM generate_series(1, 25) AS n; \
         INSERT INTO seats SELECT n % 5, n, NULL FROM generate_series(1, 25) AS n",
    )
    .await;
    let s = || Sample::query();
    let i = Sample::ID;
    for size in [1_u32, 6] {
        walks!(
            on,
            s().order_by(Sample::TAGS),
            s().order_by((Sample::TAGS, i)),
            size
        );
        walks!(
            on,
            s().order_by(Sample::NUMBERS),
            s().order_by((Sample::NUMBERS, i)),
            size
        );
        walks!(
            on,
            s().order_by(Sample::BLOB),
            s().order_by((Sample::BLOB, i)),
            size
        );
        walks!(
            on,
            s().order_by(Sample::MOODS),
            s().order_by((Sample::MOODS, i)),
            size
        );
        walks!(
            on,
            s().order_by(Sample::DATA),
            s().order_by((Sample::DATA, i)),
            size
        );
        // Mixed directions, NULLs on both ends.
        walks!(
            on,
            s().order_by((
                Sample::MOOD.desc(),
                Sample::PRICE.asc().nulls_first(),
                Sample::DATA.desc().nulls_last()
            )),
            s().order_by((
                Sample::MOOD.desc(),
                Sample::PRICE.asc().nulls_first(),
                Sample::DATA.desc().nulls_last(),
                i.desc()
            )),
            size
        );
        let d = || Document::query();
        walks!(
            on,
            d().order_by((Document::TITLE.desc(), Document::CREATED_AT)),
            d().order_by((Document::TITLE.desc(), Document::CREATED_AT, Document::ID)),
            size
        );
        // All NULLs, and a key of two columns, one of which is in the order already.
        walks!(
            on,
            Seat::query().order_by((Seat::TAKEN_BY, Seat::ROW.desc())),
            Seat::query().order_by((Seat::TAKEN_BY, Seat::ROW.desc(), Seat::NUMBER.desc())),
            size
        );
    }
}

#[tokio::test]
async fn a_page_is_one_statement_that_counts_no_rows() {
    let on = Fixture::new::<All>().await;
    notes(&on, 10).await;
    let mut db = on.session();
    let q = || {
        Book::query()
            .filter(Book::PAGES.ge(0))
            .order_by((Book::TITLE, Book::PAGES.desc()))
    };
    let first = q().page(3).fetch(&mut db).await.unwrap();
    on.sent();
    let second: Page<Handle<Book>> = q()
        .page(3)
        .after_some(first.next)
        .fetch(&mut db)
        .await
        .unwrap();
    assert_eq!(second.rows.len(), 3);
    assert_eq!(
        on.sent(),
        [
            "SELECT books.id, books.title, books.pages, books.binding, books.sides, books.author_id, \
             books.title, books.pages, books.id FROM books \
             WHERE books.pages >= $1 AND books.title >= $2 AND (books.title > $3 OR books.title = $4 AND \
             (books.pages < $5 OR books.pages = $6 AND books.id < $7)) \
             ORDER BY books.title, books.pages DESC, books.id DESC LIMIT $8"
        ]
    );
    // Relationships come along.
    let page = q()
        .with(Book::AUTHOR)
        .page(3)
        .after_some(second.next)
        .fetch(&mut db)
        .await
        .unwrap();
    for book in page.rows {
        assert!(db.related(book, Book::AUTHOR).is_ok());
    }
    // Rows that come and go move no page.
    let before = q()
        .page(3)
        .before(second.prev.unwrap())
        .fetch(&mut db)
        .await
        .unwrap();
    assert_eq!(before.rows, first.rows);
}

#[tokio::test]
async fn a_token_that_does_not_fit_is_refused_before_anything_is_sent() {
    let on = Fixture::new::<All>().await;
    notes(&on, 10).await;
    let mut db = on.session();
    let q = || Book::query().order_by((Book::TITLE, Book::AUTHOR_ID));
    let token = q().page(2).fetch(&mut db).await.unwrap().next.unwrap();
    on.sent();
    let broken =
        "this is no page token, or it was cut or changed on its way: begin again without one";
    let mut wrong = vec![
        String::new(),
        "x".to_owned(),
        "ä".repeat(10),
        "00".to_owned(),
        "'; DROP TABLE books; --".to_owned(),
        format!("{token}00"),
        token[2..].to_owned(),
    ];
    // Every cut, and every digit changed.
    wrong.extend((0..token.len()).map(|at| token[..at].to_owned()));
    wrong.extend((0..token.len()).map(|at| {
        let other = if &token[at..=at] == "0" { "1" } else { "0" };
        format!("{}{other}{}", &token[..at], &token[at + 1..])
    }));
    for wrong in wrong {
        assert_eq!(
            text(&refused(q().page(2).after(&*wrong).fetch(&mut db).await)),
            broken,
            "{wrong}"
        );
        assert_eq!(
            text(&refused(q().page(2).before(wrong).fetch(&mut db).await)),
            broken
        );
    }
    let other = "this page token is of a query with another order: a token goes with the order that it came from, so \
                 begin again without one";
    for q in [
        Book::query().order_by(Book::TITLE),
        Book::query().order_by((Book::TITLE, Book::AUTHOR_ID.desc())),
        Book::query().order_by((Book::TITLE, Book::AUTHOR_ID.asc().nulls_first())),
        Book::query().order_by((Book::TITLE, Book::PAGES * 2)),
    ] {
        assert_eq!(
            text(&refused(q.page(2).after(&*token).fetch(&mut db).await)),
            other
        );
    }
    let q = || Book::query().order_by(Book::ID);
    assert_eq!(
        text(&refused(q().limit(1).page(2).fetch(&mut db).await)),
        "a page of `books` cannot have LIMIT or OFFSET, which `page` sets"
    );
    assert_eq!(
        text(&refused(q().distinct().page(2).fetch(&mut db).await)),
        "a page of `books` cannot have DISTINCT, whose rows have no key"
    );
    assert_eq!(on.count(), 0);
    // An order with values in it is another order with other values.
    let by = |n: i32| Book::query().order_by(Book::PAGES * n);
    let token = by(2).page(2).fetch(&mut db).await.unwrap().next.unwrap();
    assert_eq!(
        text(&refused(by(3).page(2).after(token).fetch(&mut db).await)),
        other
    );
}

#[tokio::test]
async fn numbered_pages_know_the_total_even_behind_the_end() {
    let on = Fixture::new::<All>().await;
    notes(&on, 10).await;
    let mut db = on.session();
    let q = || {
        Author::query()
            .filter(Author::ID.gt(1))
            .order_by(Author::ID.desc())
            .select(Author::ID)
    };
    let page = q().page_with_count(2, 4, &mut db).await.unwrap();
    assert_eq!(
        (page.rows, page.total, page.number),
        (vec![16, 13, 10, 7], 9, 2)
    );
    assert_eq!(
        on.sent()[1..],
        [
            "SELECT count(*) FROM authors WHERE authors.id > $1",
            "SELECT authors.id FROM authors WHERE authors.id > $1 ORDER BY authors.id DESC LIMIT $2 OFFSET $3"
        ]
    );
    let page = q().page_with_count(3, 4, &mut db).await.unwrap();
    assert_eq!((page.rows.len(), page.pages()), (1, 3));
    on.sent();
    let page = q().page_with_count(9, 4, &mut db).await.unwrap();
    assert_eq!((page.rows.len(), page.total), (0, 9));
    assert_eq!(on.count(), 1, "the page itself is not asked for");
    assert_eq!(
        text(&refused(q().page_with_count(0, 4, &mut db).await)),
        "page 0 of `authors` with 4 rows: pages count from 1, and have at least one row"
    );
    assert!(
        refused(q().limit(1).page_with_count(1, 4, &mut db).await)
            .to_string()
            .contains("LIMIT")
    );
}
