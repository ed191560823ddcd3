//! The models against the database's catalogue, and every row of every table.

use std::fmt::Debug;

use orm_core::Result;
use orm_core::model::{FromRow, Model, Table};
use orm_core::query::entity;

use crate::models::*;
use crate::support::{Chinook, chinook};

const TABLES: [&Table; 11] = [
    Album::TABLE,
    Artist::TABLE,
    Customer::TABLE,
    Employee::TABLE,
    Genre::TABLE,
    Invoice::TABLE,
    InvoiceLine::TABLE,
    MediaType::TABLE,
    Playlist::TABLE,
    PlaylistTrack::TABLE,
    Track::TABLE,
];

#[tokio::test]
async fn every_table_has_a_model_with_its_names_types_nulls_and_key() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut inspector = chinook.engine.inspect().await?;
    let names = TABLES.map(|table| table.name);
    assert_eq!(inspector.table_names(None).await?, names);
    for table in TABLES {
        let there = inspector.columns(table.name, None).await?;
        let there: Vec<_> = there
            .iter()
            .map(|column| {
                let sql_type = column.sql_type.replace("character varying", "varchar");
                (
                    column.name.as_str(),
                    sql_type.replace(' ', ""),
                    column.nullable,
                    column.primary_key,
                )
            })
            .collect();
        let here = table.columns.iter().enumerate();
        let here: Vec<_> = here
            .map(|(at, column)| {
                let ty = column.declared.unwrap_or(match column.ty.name {
                    "int4" => "integer",
                    "timestamp" => "timestamp without time zone",
                    other => other,
                });
                (
                    column.name,
                    ty.replace(' ', ""),
                    column.nullable,
                    table.primary_key.contains(&(at as u16)),
                )
            })
            .collect();
        assert_eq!(here, there, "{}", table.name);
    }
    Ok(())
}

#[tokio::test]
async fn the_foreign_keys_are_the_databases() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut here: Vec<(String, String, String)> = Vec::new();
    for table in TABLES {
        for relation in table.relations {
            if let orm_core::model::RelationKind::BelongsTo(key) = &relation.kind {
                let column = table.columns[key.columns[0] as usize].name;
                here.push((table.name.into(), column.into(), relation.to.name.into()));
            }
        }
    }
    here.sort();
    chinook
        .assert_same(
            &here,
            "SELECT conrelid::regclass::text, attname::text, confrelid::regclass::text FROM pg_constraint
             JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
             WHERE contype = 'f' AND array_length(conkey, 1) = 1
             ORDER BY conrelid::regclass::text COLLATE \"C\", attname",
        )
        .await
}

#[tokio::test]
async fn create_all_leaves_a_database_that_is_there_as_it_is() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    chinook.engine.create_all::<All>().await?;
    let sent = chinook.taken();
    let creating = |sql: &&String| sql.contains("CREATE") || sql.contains("ALTER");
    assert_eq!(sent.iter().find(creating), None);
    assert_eq!(
        Track::query().count(&mut chinook.engine.session()).await?,
        3503
    );
    Ok(())
}

/// Every row, read by a query and by `SELECT *`, on a connection and on a session.
async fn all_rows<M>(chinook: &Chinook) -> Result<()>
where
    M: Model + Clone + FromRow + PartialEq + Debug,
{
    let mut connection = chinook.engine.acquire().await?;
    let order = M::TABLE
        .primary_key
        .iter()
        .map(|at| M::TABLE.columns[*at as usize].name);
    let order: Vec<_> = order.collect();
    let select = format!(
        "SELECT * FROM {} ORDER BY {}",
        M::TABLE.name,
        order.join(", ")
    );
    let mut plain: Vec<M> = entity::<M>().all(&mut connection).await?;
    plain.sort_by_key(Model::key);
    chinook.assert_same(&plain, select).await?;
    let mut db = chinook.engine.session();
    let mut tracked = entity::<M>().all(&mut db).await?;
    tracked.sort_by_key(|handle| db[*handle].key());
    let tracked: Vec<M> = tracked
        .into_iter()
        .map(|handle| db[handle].clone())
        .collect();
    assert!(tracked == plain, "{} differ in a session", M::TABLE.name);
    Ok(())
}

#[tokio::test]
async fn every_row_of_every_table_is_read_as_it_is() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    all_rows::<Album>(&chinook).await?;
    all_rows::<Artist>(&chinook).await?;
    all_rows::<Customer>(&chinook).await?;
    all_rows::<Employee>(&chinook).await?;
    all_rows::<Genre>(&chinook).await?;
    all_rows::<Invoice>(&chinook).await?;
    all_rows::<InvoiceLine>(&chinook).await?;
    all_rows::<MediaType>(&chinook).await?;
    all_rows::<Playlist>(&chinook).await?;
    all_rows::<PlaylistTrack>(&chinook).await?;
    all_rows::<Track>(&chinook).await
}

#[tokio::test]
async fn a_row_is_got_by_its_key_of_one_column_or_two() -> Result<()> {
    let Some(chinook) = chinook().await else {
        return Ok(());
    };
    let mut db = chinook.engine.session();
    let artist = db.get::<Artist>(22).await?.expect("artist 22");
    let name: Option<String> = chinook
        .scalar("SELECT name FROM artist WHERE artist_id = 22")
        .await?;
    assert_eq!(db[artist].name, name);
    assert_eq!(db.get::<Artist>(-1).await?, None);
    let link: (i32, i32) = chinook
        .fetch_one("SELECT playlist_id, track_id FROM playlist_track ORDER BY 2 DESC, 1 LIMIT 1")
        .await?;
    let found = db.get::<PlaylistTrack>(link).await?.expect("the link");
    assert_eq!((db[found].playlist_id, db[found].track_id), link);
    assert_eq!(db.get::<PlaylistTrack>((link.0, -1)).await?, None);
    Ok(())
}
