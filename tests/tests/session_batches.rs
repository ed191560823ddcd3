//! Many rows in one statement: keys made by the client, by the server in its several ways, rows that come back in another
//! order or not at all, and columns that travel in their own way.
#![allow(missing_docs)]

use std::collections::HashSet;

use orm_core::prelude::*;
use orm_core::session::State;
use rust_decimal_macros::dec;
use serde_json::json;
use tests::fixture::Fixture;
use tests::models::*;
use uuid::Uuid;

/// Belongs to a tenant, and is numbered by the server.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "tenant_items")]
struct TenantItem {
    #[orm(primary_key)]
    tenant: i32,
    #[orm(primary_key, identity)]
    id: i64,
    name: String,
}

/// Has nothing that must be given.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(table = "blanks")]
struct Blank {
    #[orm(primary_key)]
    id: i32,
    #[orm(server_default = "'x'")]
    mark: String,
}

#[tokio::test]
async fn a_hundred_thousand_rows_are_one_insert_one_update_and_one_delete() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    let ann = db.add(Author::create().name("Ann"));
    let books = db.add_all((0..100_000).map(|n| Book::create().title(format!("b{n}"))));
    db.flush().await.unwrap();
    assert_eq!(f.count(), 3);
    for (n, book) in books.iter().enumerate() {
        assert_eq!(db[*book].title, format!("b{n}"));
        assert_eq!(db[*book].id, n as i32 + 1);
    }
    for book in &books {
        db[*book].pages = 7;
    }
    db.flush().await.unwrap();
    assert_eq!(f.count(), 1);
    assert_eq!(db[books[99_999]].sides, 14);
    for book in &books {
        db.delete(*book).unwrap();
    }
    db.flush().await.unwrap();
    assert_eq!(f.count(), 1);
    db.rollback().await.unwrap();
    assert_eq!(db.state(ann), State::Detached);
    assert_eq!(db.state(books[5]), State::Detached);
    assert_eq!(f.rows("select count(*) from books").await, ["0"]);
}

#[tokio::test]
async fn many_rows_that_were_changed_and_deleted_come_back() {
    let f = Fixture::new::<(Author, Book)>().await;
    let mut db = f.session();
    db.add_all((0..100).map(|n| Book::create().title(format!("b{n}"))));
    db.commit().await.unwrap();
    let books = Book::query().order_by(Book::ID).all(&mut db).await.unwrap();
    let ids: Vec<i32> = books.iter().map(|book| db[*book].id).collect();
    // Not in the order of their keys.
    for book in books[..60].iter().rev() {
        db[*book].title.push('!');
    }

    let mut inner = db.begin_nested().await.unwrap();
    for book in &books[50..] {
        inner[*book].title.push('?');
    }
    for book in books[20..].iter().rev() {
        inner.delete(*book).unwrap();
    }
    inner.flush().await.unwrap();
    assert_eq!(inner.state(books[20]), State::Deleted);
    assert_eq!(inner.get::<Book>(ids[20]).await.unwrap(), None);
    assert_eq!(inner.get::<Book>(ids[19]).await.unwrap(), Some(books[19]));
    inner.rollback().await.unwrap();
    for (n, (book, id)) in books.iter().zip(&ids).enumerate() {
        let mark = if n < 60 { "!" } else { "" };
        assert_eq!(db[*book].title, format!("b{n}{mark}"));
        assert_eq!(db.get::<Book>(*id).await.unwrap(), Some(*book));
    }

    db.rollback().await.unwrap();
    for (n, book) in books.iter().enumerate() {
        assert_eq!(db[*book].title, format!("b{n}"));
    }
    for book in &books {
        db.delete(*book).unwrap();
    }
    db.commit().await.unwrap();
    assert_eq!(db.state(books[0]), State::Detached);
    assert_eq!(db.get::<Book>(ids[0]).await.unwrap(), None);
}

#[tokio::test]
async fn keys_of_the_client_are_sent_and_need_no_answer() {
    let f = Fixture::new::<(Ticket,)>().await;
    let mut db = f.session();
    let one = db.add(Ticket::create().subject("one"));
    let id = db.draft(one).unwrap().id.expect("the client makes it");
    db.flush().await.unwrap();
    assert_eq!(db[one].id, id);
    let more = db.add_all(["a", "b"].map(|s| Ticket::create().subject(s)));
    db.commit().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "BEGIN",
            "INSERT INTO tickets (id, subject, version) VALUES ($1, $2, $3)",
            "INSERT INTO tickets (id, subject, version) SELECT u.c0, u.c1, u.c2 \
             FROM unnest($1::uuid[], $2::text[], $3::int4[]) WITH ORDINALITY AS u(c0, c1, c2, n) ORDER BY u.n",
            "COMMIT"
        ]
    );
    assert_eq!(
        f.rows(&format!(
            "select subject from tickets where id = '{}'",
            db[more[1]].id
        ))
        .await,
        ["b"]
    );
}

#[tokio::test]
async fn keys_of_two_columns() {
    let f = Fixture::new::<(Seat,)>().await;
    let mut db = f.session();
    let seats = db.add_all((1..=2).flat_map(|row| {
        (1..=3).map(move |number| Seat {
            row,
            number,
            taken_by: None,
        })
    }));
    db.commit().await.unwrap();
    for seat in &seats {
        let name = format!("{}-{}", db[*seat].row, db[*seat].number);
        db[*seat].taken_by = Some(name);
    }
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select * from seats order by 1, 2 limit 4").await,
        ["1|1|1-1", "1|2|1-2", "1|3|1-3", "2|1|2-1"]
    );
    assert_eq!(db.get::<Seat>((2, 3)).await.unwrap(), Some(seats[5]));
    f.sent();
    db[seats[0]].number = 9;
    db.flush().await.unwrap();
    db.delete(seats[0]).unwrap();
    db.delete(seats[1]).unwrap();
    db.commit().await.unwrap();
    assert_eq!(
        f.sent()[1],
        "DELETE FROM seats USING unnest($1::int4[], $2::int4[]) AS u(k0, k1) WHERE seats.\"row\" = u.k0 AND seats.number = u.k1"
    );
    assert_eq!(f.rows("select count(*) from seats").await, ["4"]);
}

#[tokio::test]
async fn keys_of_the_server_that_are_no_numbers_come_back_in_the_order_of_add() {
    let f = Fixture::new::<(Document,)>().await;
    let mut db = f.session();
    let documents = db.add_all((0..50).map(|n| Document::create().title(format!("t{n}"))));
    db.flush().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "BEGIN",
            "WITH input AS MATERIALIZED (SELECT gen_random_uuid() AS k0, u.c0, u.n FROM unnest($1::text[]) \
             WITH ORDINALITY AS u(c0, n)), inserted AS (INSERT INTO documents (id, title) SELECT input.k0, input.c0 \
             FROM input ORDER BY input.n RETURNING id, created_at) SELECT inserted.id, inserted.created_at \
             FROM input JOIN inserted ON inserted.id = input.k0 ORDER BY input.n",
        ]
    );
    db.commit().await.unwrap();
    let ids: HashSet<Uuid> = documents.iter().map(|d| db[*d].id).collect();
    assert_eq!(ids.len(), 50);
    for document in &documents {
        let Document { id, title, .. } = db[*document].clone();
        assert_eq!(
            f.rows(&format!("select title from documents where id = '{id}'"))
                .await,
            [title]
        );
    }
}

#[tokio::test]
async fn half_of_a_key_from_the_server() {
    let f = Fixture::new::<(TenantItem,)>().await;
    let mut db = f.session();
    let items =
        db.add_all((0..3).map(|n| TenantItem::create().tenant(9 - n).name(format!("n{n}"))));
    db.commit().await.unwrap();
    for (n, item) in items.iter().enumerate() {
        assert_eq!(
            (db[*item].id, db[*item].name.as_str()),
            (n as i64 + 1, format!("n{n}").as_str())
        );
    }
    assert_eq!(
        f.rows("select * from tenant_items order by id").await,
        ["9|1|n0", "8|2|n1", "7|3|n2"]
    );
}

#[tokio::test]
async fn rows_without_any_column() {
    let f = Fixture::new::<(Blank,)>().await;
    let mut db = f.session();
    let one = db.add(Blank::create());
    db.flush().await.unwrap();
    let more = db.add_all([Blank::create(), Blank::create()]);
    db.commit().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "BEGIN",
            "INSERT INTO blanks DEFAULT VALUES RETURNING id, mark",
            "INSERT INTO blanks SELECT FROM generate_series(1, $1) AS u(n) ORDER BY u.n RETURNING id, mark",
            "COMMIT"
        ]
    );
    assert_eq!((db[one].id, db[more[0]].id, db[more[1]].id), (1, 2, 3));
    assert_eq!(db[more[1]].mark, "x");
}

/// The order in which an UPDATE returns its rows is that of the join, which the planner chooses. Here it hashes what was sent
/// and reads the table from its beginning, where the rows lie in no order.
#[tokio::test]
async fn rows_find_their_entities_in_whatever_order_returning_gives_them() {
    let f = Fixture::new::<(Stamped,)>().await;
    let database = &f.rows("select current_database()").await[0];
    f.elsewhere(&format!(
        "create function stamp() returns trigger language plpgsql as $$
         begin new.writes := new.name::int; return new; end $$;
         create trigger stamp before update on stamped for each row execute function stamp();
         insert into stamped (code, name) select lpad(((n * 7919) % 3000)::text, 4, '0'), '0' from generate_series(1, 3000) n;
         analyze stamped;
         alter database \"{database}\" set enable_nestloop = off;
         alter database \"{database}\" set enable_mergejoin = off;
         set enable_nestloop = off; set enable_mergejoin = off;"
    ))
    .await;
    let mut db = f.another_engine().await.session();
    let query = Stamped::query().order_by(Stamped::CODE).limit(8);
    let rows = query.all(&mut db).await.unwrap();
    for (n, row) in rows.iter().enumerate() {
        db[*row].name = (n + 1).to_string();
    }
    // The same statement by hand, to see that its rows do come back shuffled.
    let back = f
        .rows(
            "begin; update stamped set name = u.c0 \
             from unnest('{0000,0001,0002,0003,0004,0005,0006,0007}'::text[], '{1,2,3,4,5,6,7,8}'::text[]) as u(k0, c0) \
             where stamped.code = u.k0 returning stamped.code; rollback",
        )
        .await;
    assert_eq!(back.len(), 8);
    assert!(!back.is_sorted());
    db.commit().await.unwrap();
    for (n, row) in rows.iter().enumerate() {
        assert_eq!(db[*row].writes, n as i32 + 1);
    }
}

#[tokio::test]
async fn rows_are_matched_by_their_keys_where_the_client_has_given_them() {
    let f = Fixture::new::<(Stamped,)>().await;
    // A rule that answers in another order than the rows were sent in is not to be had; a trigger that changes what is
    // sent back by key is.
    f.elsewhere(
        "create function stamp() returns trigger language plpgsql as $$
         begin new.writes := length(new.code); return new; end $$;
         create trigger stamp before insert or update on stamped for each row execute function stamp();",
    )
    .await;
    let mut db = f.session();
    let rows = db.add_all(["ccc", "a", "bb"].map(|code| Stamped::create().code(code).name(code)));
    db.commit().await.unwrap();
    let writes: Vec<i32> = rows.iter().map(|row| db[*row].writes).collect();
    assert_eq!(writes, [3, 1, 2]);
    db.refresh(rows[0]).await.unwrap();
    db.refresh(rows[1]).await.unwrap();
    db.refresh(rows[2]).await.unwrap();
    // The keys change in the same batch, each to what another one was.
    db[rows[0]].code = "dddd".to_owned();
    db.flush().await.unwrap();
    assert_eq!(db[rows[0]].writes, 4);
    f.sent();
    for row in &rows {
        let code = format!("{}{}", db[*row].code, "xxxx");
        db[*row].code = code;
    }
    db.flush().await.unwrap();
    assert_eq!(
        f.sent(),
        [
            "UPDATE stamped SET code = u.c0 FROM unnest($1::text[], $2::text[]) AS u(k0, c0) \
          WHERE stamped.code = u.k0 RETURNING stamped.code, stamped.name, stamped.writes"
        ]
    );
    let writes: Vec<i32> = rows.iter().map(|row| db[*row].writes).collect();
    assert_eq!(writes, [8, 5, 6]);
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select code, writes from stamped order by 2").await,
        ["axxxx|5", "bbxxxx|6", "ddddxxxx|8"]
    );
    assert_eq!(
        db.get::<Stamped>("axxxx".to_owned()).await.unwrap(),
        Some(rows[1])
    );
}

#[tokio::test]
async fn identity_keys_follow_the_order_of_add() {
    let f = Fixture::new::<(Author,)>().await;
    let mut db = f.session();
    let names = (0..500).map(|n| format!("{}", (n * 7919) % 500));
    let all = db.add_all(names.clone().map(|name| Author::create().name(name)));
    db.commit().await.unwrap();
    for (author, name) in all.iter().zip(names) {
        assert_eq!(db[*author].name, name);
    }
    let rows = f.rows("select id, name from authors order by id").await;
    let expected: Vec<String> = all
        .iter()
        .map(|author| format!("{}|{}", db[*author].id, db[*author].name))
        .collect();
    assert_eq!(rows, expected);
}

fn samples() -> [Sample; 3] {
    let empty = Sample {
        id: 1,
        tags: Vec::new(),
        numbers: None,
        blobs: Vec::new(),
        blob: None,
        mood: None,
        moods: Vec::new(),
        data: None,
        raw: None,
        price: None,
    };
    let full = Sample {
        id: 2,
        tags: [
            "",
            "a,b",
            "{}",
            "\"",
            "\\",
            "NULL",
            "null",
            " x ",
            "'",
            "\u{1F984}",
            "a\nb",
        ]
        .map(str::to_owned)
        .to_vec(),
        numbers: Some(vec![Some(i32::MIN), None, Some(i32::MAX)]),
        blobs: vec![vec![], vec![0, 255, 92, 34], b"{\"x\"}".to_vec()],
        blob: Some(vec![0, 1, 2]),
        mood: Some(Mood::VeryGood),
        moods: vec![Mood::Bad, Mood::VeryGood],
        data: Some(json!({"a": [1, null, "\"\\'"], "b": {}})),
        raw: Some(json!({"z": 1, "a": "x"})),
        price: Some(dec!(12.50)),
    };
    let other = Sample {
        id: 3,
        numbers: Some(Vec::new()),
        blob: Some(Vec::new()),
        data: Some(json!(null)),
        raw: Some(json!("")),
        ..full.clone()
    };
    [empty, full, other]
}

#[tokio::test]
async fn every_kind_of_column_travels_in_batches() {
    let f = Fixture::new::<(Sample,)>().await;
    let mut db = f.session();
    let rows = db.add_all(samples());
    db.commit().await.unwrap();
    assert_eq!(f.count(), 1);
    for (row, sample) in rows.iter().zip(samples()) {
        db.refresh(*row).await.unwrap();
        assert_eq!(db[*row], sample);
    }
    // And back again by UPDATE: each row takes the values of the next.
    let next = |at: usize| samples()[(at + 1) % 3].clone();
    for (at, row) in rows.iter().enumerate() {
        let id = db[*row].id;
        db[*row] = Sample { id, ..next(at) };
    }
    db.commit().await.unwrap();
    for (at, row) in rows.iter().enumerate() {
        let id = db[*row].id;
        db.refresh(*row).await.unwrap();
        assert_eq!(db[*row], Sample { id, ..next(at) });
    }
    // And all of them from a stale state: the guards compare every kind of column.
    db.commit().await.unwrap();
    for (at, row) in rows.iter().enumerate() {
        let id = db[*row].id;
        db[*row] = Sample {
            id,
            ..samples()[at].clone()
        };
    }
    db.commit().await.unwrap();
    db[rows[1]] = Sample { id: 2, ..next(1) };
    db.commit().await.unwrap();
    for (at, row) in rows.iter().enumerate() {
        db.refresh(*row).await.unwrap();
        let expected = if at == 1 {
            Sample { id: 2, ..next(1) }
        } else {
            samples()[at].clone()
        };
        assert_eq!(db[*row], expected);
    }
}

#[tokio::test]
async fn a_guard_knows_that_the_column_rounds() {
    let f = Fixture::new::<(Sample,)>().await;
    let mut db = f.session();
    let rows = db.add_all([dec!(1.005), dec!(2.999)].map(|price| Sample::create().price(price)));
    db.commit().await.unwrap();
    for row in &rows {
        db[*row].price = Some(dec!(5));
    }
    db.commit().await.unwrap();
    db[rows[0]].price = Some(dec!(7.777));
    db.commit().await.unwrap();
    db[rows[0]].price = None;
    db.commit().await.unwrap();
    assert_eq!(
        f.rows("select price from samples order by id").await,
        ["NULL", "5.00"]
    );
}
