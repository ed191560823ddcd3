//! Random units of work over two tables that refer to themselves and to each other, by keys that the client gives and changes: rows
//! of several batches, led by relationships and by hand, rings of them, and deletes of all that. Whatever is done, the flush finds an
//! order in which PostgreSQL takes it, and memory, database and reference agree. Seeds are chosen as in `session_random`.
#![allow(missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use orm_core::engine::sql;
use orm_core::prelude::*;
use orm_core::session::State;
use tests::fixture::Fixture;
use tests::random::{Dice, seeds};

#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "stations",
    has_many(from: Station, via = next),
    has_many(lines: Line, via = depot)
)]
struct Station {
    #[orm(primary_key)]
    code: String,
    #[orm(server_default = "'x'")]
    mark: String,
    #[orm(belongs_to(next: Self))]
    next_code: Option<String>,
    #[orm(belongs_to(line: Line))]
    line_code: Option<String>,
}

/// Its key is not its first column, so UPDATEs of others go first where nothing orders them.
#[derive(Model, Debug, Clone, PartialEq)]
#[orm(
    table = "lines",
    has_many(stations: Station, via = line),
    has_many(twins: Line, via = twin)
)]
struct Line {
    #[orm(belongs_to(depot: Station))]
    depot_code: Option<String>,
    #[orm(belongs_to(twin: Self))]
    twin_code: Option<String>,
    #[orm(primary_key)]
    code: String,
}

/// What a row should be: its key, and the numbers of the rows that it leads to in its own table and in the other one.
struct Row<M> {
    handle: Handle<M>,
    code: String,
    own: Option<u32>,
    other: Option<u32>,
}

#[derive(Default)]
struct World {
    stations: BTreeMap<u32, Row<Station>>,
    lines: BTreeMap<u32, Row<Line>>,
    numbers: u32,
    /// Since the last flush: rows that are new or have a new key, ..
    new: BTreeSet<u32>,
    /// .. those of them that another one was led to by hand, by a key that nothing else knows, ..
    promised: BTreeSet<u32>,
    /// .. and stations whose next one was set: that wins over what is done by hand.
    led: BTreeSet<u32>,
}

fn one<T>(dice: &mut Dice, of: &BTreeMap<u32, T>) -> Option<u32> {
    dice.pick(&of.keys().copied().collect::<Vec<_>>()).copied()
}

/// One of them, or none.
fn maybe<T>(dice: &mut Dice, of: &BTreeMap<u32, T>) -> Option<u32> {
    one(dice, of).filter(|_| dice.below(5) > 0)
}

impl World {
    /// A key that nothing had, at any place among the others.
    fn code(&mut self, dice: &mut Dice) -> (u32, String) {
        self.numbers += 1;
        (self.numbers, format!("{}{}", dice.below(10), self.numbers))
    }

    /// A row that may be given another key, or be deleted.
    fn free<M: orm_core::model::Model>(
        &self,
        db: &Session,
        at: u32,
        row: Handle<M>,
    ) -> Option<u32> {
        let is_there = db.state(row) == State::Persistent;
        (is_there && !self.promised.contains(&at)).then_some(at)
    }

    fn add(&mut self, dice: &mut Dice, db: &mut Session) {
        let (number, code) = self.code(dice);
        self.new.insert(number);
        let new = Station::create().code(&*code);
        match dice.below(3) {
            0 => {
                let handle = db.add(Line::create().code(&*code));
                self.lines.insert(number, Row::new(handle, code));
            }
            1 => {
                let handle = db.add(new);
                self.stations.insert(number, Row::new(handle, code));
            }
            _ => {
                let handle = db.add(new.mark("m"));
                self.stations.insert(number, Row::new(handle, code));
            }
        }
    }

    /// Sets one of the four relationships.
    fn lead(&mut self, dice: &mut Dice, db: &mut Session) -> Option<()> {
        let (station, line) = (one(dice, &self.stations), one(dice, &self.lines));
        let to_station = maybe(dice, &self.stations);
        let to_line = maybe(dice, &self.lines);
        let target = to_station.map(|to| self.stations[&to].handle);
        let line_target = to_line.map(|to| self.lines[&to].handle);
        match dice.below(5) {
            0 | 1 => {
                let row = self.stations.get_mut(&station?)?;
                row.own = to_station;
                db.set(row.handle, Station::NEXT, target);
                self.led.insert(station?);
            }
            2 => {
                let row = self.stations.get_mut(&station?)?;
                row.other = to_line;
                db.set(row.handle, Station::LINE, line_target);
            }
            3 => {
                let row = self.lines.get_mut(&line?)?;
                row.other = to_station;
                db.set(row.handle, Line::DEPOT, target);
            }
            _ => {
                let row = self.lines.get_mut(&line?)?;
                row.own = to_line;
                db.set(row.handle, Line::TWIN, line_target);
            }
        }
        Some(())
    }

    fn lead_by_hand(&mut self, dice: &mut Dice, db: &mut Session) -> Option<()> {
        let (at, to) = (one(dice, &self.stations)?, one(dice, &self.stations)?);
        let code = self.stations[&to].code.clone();
        let row = self.stations.get_mut(&at)?;
        if self.led.contains(&at) || db.state(row.handle) != State::Persistent {
            return None;
        }
        row.own = Some(to);
        db[row.handle].next_code = Some(code);
        if self.new.contains(&to) {
            self.promised.insert(to);
        }
        Some(())
    }

    fn rename(&mut self, dice: &mut Dice, db: &mut Session) -> Option<()> {
        let (number, code) = self.code(dice);
        if number % 2 == 0 {
            let at = one(dice, &self.stations)?;
            let at = self.free(db, at, self.stations[&at].handle)?;
            let row = self.stations.get_mut(&at)?;
            row.code.clone_from(&code);
            db[row.handle].code = code;
            self.new.insert(at);
        } else {
            let at = one(dice, &self.lines)?;
            let row = self.lines.get_mut(&at)?;
            if db.state(row.handle) == State::Persistent {
                row.code.clone_from(&code);
                db[row.handle].code = code;
            }
        }
        Some(())
    }

    /// What refers to a row that is deleted refers to nothing then.
    fn delete(&mut self, dice: &mut Dice, db: &mut Session) -> Option<()> {
        if dice.below(2) == 0 {
            let at = one(dice, &self.stations)?;
            // By a key that only the row in memory has, nobody finds whom it was led to by hand.
            let is_new = self.new.contains(&at);
            let at = self.free(db, at, self.stations[&at].handle)?;
            if is_new {
                return None;
            }
            db.delete(self.stations.remove(&at)?.handle).unwrap();
            forget(&mut self.stations, |row| &mut row.own, at);
            forget(&mut self.lines, |row| &mut row.other, at);
        } else {
            let at = one(dice, &self.lines)?;
            let at = self.free(db, at, self.lines[&at].handle)?;
            db.delete(self.lines.remove(&at)?.handle).unwrap();
            forget(&mut self.lines, |row| &mut row.own, at);
            forget(&mut self.stations, |row| &mut row.other, at);
        }
        Some(())
    }

    /// What the rows should be, in the order of their keys.
    fn expected(&self) -> Vec<String> {
        let station = |at: &Option<u32>| at.map(|at| &*self.stations[&at].code);
        let line = |at: &Option<u32>| at.map(|at| &*self.lines[&at].code);
        let stations = self.stations.values();
        let stations = stations.map(|row| text(&row.code, station(&row.own), line(&row.other)));
        let lines = self.lines.values();
        let lines = lines.map(|row| text(&row.code, line(&row.own), station(&row.other)));
        sorted(stations.chain(lines))
    }

    fn in_memory(&self, db: &Session) -> Vec<String> {
        let stations = self.stations.values().map(|row| &db[row.handle]);
        let stations = stations.map(|row| {
            text(
                &row.code,
                row.next_code.as_deref(),
                row.line_code.as_deref(),
            )
        });
        let lines = self.lines.values().map(|row| &db[row.handle]);
        let lines = lines.map(|row| {
            text(
                &row.code,
                row.twin_code.as_deref(),
                row.depot_code.as_deref(),
            )
        });
        sorted(stations.chain(lines))
    }
}

impl<M> Row<M> {
    fn new(handle: Handle<M>, code: String) -> Self {
        Row {
            handle,
            code,
            own: None,
            other: None,
        }
    }
}

fn forget<M>(rows: &mut BTreeMap<u32, Row<M>>, of: fn(&mut Row<M>) -> &mut Option<u32>, at: u32) {
    for row in rows.values_mut() {
        of(row).take_if(|to| *to == at);
    }
}

fn text(code: &str, own: Option<&str>, other: Option<&str>) -> String {
    format!("{code} {} {}", own.unwrap_or("-"), other.unwrap_or("-"))
}

fn sorted(rows: impl Iterator<Item = String>) -> Vec<String> {
    let mut rows: Vec<String> = rows.collect();
    rows.sort();
    rows
}

async fn in_database(db: &mut Session) -> Vec<String> {
    let rows = "select concat_ws(' ', code, coalesce(next_code, '-'), coalesce(line_code, '-')) from stations \
        union all select concat_ws(' ', code, coalesce(twin_code, '-'), coalesce(depot_code, '-')) from lines";
    let rows: Vec<(String,)> = sql(rows).all(db).await.unwrap();
    sorted(rows.into_iter().map(|(row,)| row))
}

#[tokio::test]
async fn any_change_of_keys_links_and_rows_has_an_order() {
    let f = Fixture::new::<(Station, Line)>().await;
    for seed in seeds(150) {
        let (mut dice, mut world) = (Dice::new(seed), World::default());
        f.elsewhere("truncate stations, lines").await;
        let mut db = f.session();
        if dice.below(2) == 0 {
            Line::query().all(&mut db).await.unwrap();
        }
        for _ in 0..6 {
            for _ in 0..=dice.below(8) {
                match dice.below(12) {
                    0..=3 => world.add(&mut dice, &mut db),
                    4..=6 => drop(world.lead(&mut dice, &mut db)),
                    7 | 8 => drop(world.rename(&mut dice, &mut db)),
                    9 | 10 => drop(world.lead_by_hand(&mut dice, &mut db)),
                    _ => drop(world.delete(&mut dice, &mut db)),
                }
            }
            let plan = db.plan().unwrap().to_string();
            if let Err(error) = db.flush().await {
                panic!("seed {seed}: {error}\n{plan}");
            }
            let expected = world.expected();
            assert_eq!(world.in_memory(&db), expected, "seed {seed}\n{plan}");
            assert_eq!(in_database(&mut db).await, expected, "seed {seed}\n{plan}");
            if dice.below(2) == 0 {
                db.commit().await.unwrap();
            }
            world.new.clear();
            world.promised.clear();
            world.led.clear();
        }
    }
}
