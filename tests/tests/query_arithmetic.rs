//! Random expressions, calculated by PostgreSQL and by Rust: the brackets that the renderer leaves out change nothing.

use orm_core::expr::{Expr, Of};
use orm_core::prelude::*;
use tests::queries::*;

type Int = Expr<i64, Of<Number>>;
type Truth = Filter<Number>;

/// What the tree is in Rust: the SQL and the value, NULL as `None`. All numbers stay small, so nothing overflows.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn number(&mut self, depth: u32) -> (Int, i64) {
        if depth == 0 {
            // The first row of `numbers`: a is 10, id is 1.
            return match self.roll(3) {
                0 => (func::cast::<i64, _>(Number::A).of_model(), 10),
                1 => (func::cast::<i64, _>(Number::ID).of_model(), 1),
                _ => {
                    let n = self.roll(9) as i64 - 4;
                    (value(n).of_model(), n)
                }
            };
        }
        let ((a, x), (b, y)) = (self.number(depth - 1), self.number(depth - 1));
        match self.roll(5) {
            0 => ((a + b).of_model(), x.wrapping_add(y)),
            1 => ((a - b).of_model(), x.wrapping_sub(y)),
            2 if x.abs() < 10_000 && y.abs() < 10_000 => ((a * b).of_model(), x * y),
            3 if y != 0 => ((a / b).of_model(), x / y),
            _ => ((-a).of_model(), -x),
        }
    }

    fn truth(&mut self, depth: u32) -> (Truth, Option<bool>) {
        if depth == 0 {
            let ((a, x), (b, y)) = (self.number(2), self.number(2));
            return match self.roll(9) {
                0 => (a.eq(b).for_model(), Some(x == y)),
                1 => (a.lt(b).for_model(), Some(x < y)),
                2 => (a.ge(b).for_model(), Some(x >= y)),
                3 => (a.is_null().for_model(), Some(false)),
                4 => (a.between(b, 3).for_model(), Some(y <= x && x <= 3)),
                5 => (a.in_([1, 10]).for_model(), Some(x == 1 || x == 10)),
                6 => (a.is_distinct_from(b).for_model(), Some(x != y)),
                7 => (value(None::<bool>).for_model(), None),
                _ => (
                    func::cast::<String, _>(a).like("1%").for_model(),
                    Some(x.to_string().starts_with('1')),
                ),
            };
        }
        let ((a, x), (b, y)) = (self.truth(depth - 1), self.truth(depth - 1));
        match self.roll(7) {
            0 => (a.and(b).for_model(), and(x, y)),
            1 => (
                a.or(b).for_model(),
                and(x.map(|x| !x), y.map(|y| !y)).map(|both| !both),
            ),
            2 => ((!a).for_model(), x.map(|x| !x)),
            3 => (a.eq(b).for_model(), x.zip(y).map(|(x, y)| x == y)),
            4 => (a.is_null().for_model(), Some(x.is_none())),
            5 => (a.is_not_distinct_from(b).for_model(), Some(x == y)),
            _ => (a.lt(b).for_model(), x.zip(y).map(|(x, y)| !x & y)),
        }
    }
}

fn and(x: Option<bool>, y: Option<bool>) -> Option<bool> {
    match (x, y) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

#[tokio::test]
async fn random_expressions() {
    let shop = Shop::open().await;
    let mut on = shop.connection().await;
    let mut dice = Dice(20_261_122);
    for round in 0..400 {
        let depth = 1 + round % 4;
        let (number, expected) = dice.number(depth);
        let (truth, holds) = dice.truth(depth);
        let q = Number::query()
            .filter(Number::ID.eq(1))
            .select((number, truth));
        let found: (i64, Option<bool>) = q
            .clone()
            .one(&mut on)
            .await
            .unwrap_or_else(|error| panic!("{q:?}: {error}"));
        assert_eq!(found, (expected, holds), "{}", q.to_sql());
    }
}
