//! What stands close to a mistake and is none.

use orm_core::engine::Connection;
use orm_core::expr::{Expr, Of};
use orm_core::prelude::*;
use orm_core::query::EntityQuery;
use rust_decimal::Decimal;
use tests::queries::*;

type Clerk = Aliased<Employee, 2>;

fn values() {
    let name: Option<String> = None;
    let _ = User::query().filter(User::FULL_NAME.is_not_distinct_from(name));
    let _ = User::query().filter(User::FULL_NAME.is_not_distinct_from(None));
    let _ = User::query()
        .filter(User::FULL_NAME.eq(User::USERNAME))
        .filter(User::USERNAME.eq(User::FULL_NAME));
    let _ = User::query().filter(
        User::USERNAME
            .eq("ann")
            .or(User::USERNAME.eq(&String::new())),
    );
    let _ = User::query().filter(User::USERNAME.eq(std::borrow::Cow::from("ann")));
    let _ = User::query()
        .filter(User::IS_ACTIVE)
        .filter(User::IS_ACTIVE.eq(true))
        .filter(!User::IS_ACTIVE);
    let _ = User::query()
        .filter(value(1).eq(User::ID))
        .filter(value(true));
    let _ = User::query()
        .filter(User::ID.in_([1, 2]))
        .filter(User::ID.in_(&vec![1]))
        .filter(User::ID.in_(1..3));
    let _ = User::query()
        .filter(User::USERNAME.in_(vec!["a"]))
        .filter(User::FULL_NAME.in_(&[String::new()]));
    let _ = Product::query()
        .filter(Product::PRICE.gt(100))
        .filter(Product::PRICE.between(1, Decimal::TEN));
    let _ = Product::query()
        .filter((Product::PRICE * Product::STOCK_QUANTITY).gt(Product::CATEGORY_ID));
    let _ = Product::query()
        .limit(1)
        .limit(2)
        .offset(1)
        .offset(2)
        .distinct()
        .distinct();
    let _ = Product::query()
        .order_by(Product::ID)
        .order_by((Product::NAME.desc(), Product::PRICE + 1));
}

/// Aliases differ by their number or by their model.
fn aliases() {
    let address = Order::query()
        .join(Order::SHIPPING_ADDRESS)
        .join(Order::BILLING_ADDRESS.to::<Aliased<Address, 0>>())
        .left_join(Order::BILLING_ADDRESS.to::<Aliased<Address, 1>>())
        .left_join(Order::SHIPPING_ADDRESS.to::<Aliased<Address, 16>>())
        .left_join(Order::SHIPPING_ADDRESS.to::<Aliased<Address, 255>>());
    let _ = address
        .join(Order::USER.to::<Aliased<User, 1>>())
        .filter(Aliased::<Address, 0>::CITY.eq(Aliased::<Address, 16>::CITY))
        .filter(Aliased::<Address, 255>::CITY.ne(Address::CITY))
        .select((Aliased::<User, 1>::USERNAME, Aliased::<Address, 1>::CITY));
}

fn writing() {
    let _ = Product::query()
        .join(Product::CATEGORY)
        .update(Product::NAME.set(Category::NAME))
        .returning((Product::ALL, Category::NAME));
    let _ = Product::query().join(Product::ITEMS).delete();
    let _ = Employee::query().join_on(Boss::ALL, Boss::ID.eq(Employee::MANAGER_ID)).delete();
    let _ = Tag::insert([Tag::create().name("a")]).on_conflict(Tag::ID).do_nothing();
    let _ = Tag::insert(vec![Tag { id: 1, name: String::new() }]).on_conflict((Tag::ID, Tag::NAME)).do_update_all();
    let _ = Tag::insert(["a", "b"].map(|name| Tag::create().name(name)))
        .on_conflict(Tag::ID)
        .do_update(Tag::NAME.set(excluded(Tag::NAME)))
        .filter(Tag::NAME.ne(excluded(Tag::NAME)))
        .returning(Tag::ALL);
    let names = Tag::query().select(Tag::NAME);
    let _ = Category::insert_from(Category::NAME, names.clone());
    // A column that can be NULL takes what cannot.
    let _ = Category::insert_from(Category::DESCRIPTION, names);
}

fn scopes() {
    let _ = User::query()
        .join(User::ORDERS)
        .filter(Order::STATUS.eq(OrderStatus::Pending))
        .order_by(Order::ID);
    let _ = User::query().filter(User::ORDERS.any(Order::USER_ID.eq(User::ID)));
    let _ = Employee::query()
        .join(Employee::MANAGER.to::<Boss>())
        .select((Employee::ALL, Boss::NAME));
    let _ = Employee::query()
        .join(Employee::MANAGER.to::<Boss>())
        .join(Boss::MANAGER.to::<Clerk>())
        .filter(
            Clerk::SALARY
                .gt(Boss::SALARY)
                .and(Boss::SALARY.gt(Employee::SALARY)),
        );
    let _ = Order::query()
        .join(Order::SHIPPING_ADDRESS)
        .join(Order::BILLING_ADDRESS.to::<Aliased<Address, 1>>())
        .filter(Address::CITY.eq(Aliased::<Address, 1>::CITY));
    // A clause under an `if`, a join that is only sometimes wanted, a loop.
    let mut q = Product::query();
    for word in ["a", "b"] {
        q = q.filter(Product::NAME.contains(word));
    }
    if !q.to_sql().is_empty() {
        q = q.filter(Product::CATEGORY.has(Category::NAME.eq("Laptops")));
    }
    let _: EntityQuery<Product> = q;
    let _: Filter<User> = User::ORDERS.exists().for_model();
    let _: Expr<Decimal, Of<OrderItem>> = (OrderItem::UNIT_PRICE * OrderItem::QUANTITY).of_model();
}

fn groups() {
    let _ = User::query()
        .select(count(User::ID))
        .filter(User::IS_ACTIVE);
    let _ = User::query().select((count(User::ID), max(User::ID), value(1)));
    let _ = User::query()
        .group_by(User::IS_ACTIVE)
        .select((User::IS_ACTIVE, count(User::ID)));
    let _ = User::query()
        .group_by((User::ID,))
        .having(count_all().gt(1).and(User::ID.gt(1)))
        .order_by(count_all());
    let _ = User::query().select(func::coalesce(sum(User::ID), 0) + 1);
    let _ = User::query().select((User::ID, User::ORDERS.exists(), value(1)));
}

fn writes() {
    let _ = User::query().update(User::FULL_NAME.set(None));
    let _ = User::query().update((
        User::FULL_NAME.set("x"),
        User::FULL_NAME.set(User::USERNAME),
    ));
    let _ = User::query().filter(User::ORDERS.exists()).delete();
    let _ = Product::query().update(Product::PRICE.set(Product::PRICE * 2 + 1));
    let _ = Product::query().update(vec![Product::NAME.set("a"), Product::STOCK_QUANTITY.set(1)]);
}

async fn rows(on: &mut Connection, db: &mut Session) -> orm_core::Result<()> {
    let _: Vec<(i32, Option<OrderStatus>)> = User::query()
        .left_join(User::ORDERS)
        .select((User::ID, Order::STATUS))
        .all(on)
        .await?;
    let _: Vec<(User, Option<Order>)> = User::query()
        .left_join(User::ORDERS)
        .select((User::ALL, Order::ALL))
        .all(on)
        .await?;
    let _: Vec<(Handle<User>, Option<Handle<Order>>)> = User::query()
        .left_join(User::ORDERS)
        .select((User::ALL, Order::ALL))
        .all(db)
        .await?;
    let _: i64 = User::query().select(count_all()).scalar(on).await?;
    let _: Vec<Handle<Order>> = Order::query()
        .with(Order::ITEMS.then(OrderItem::PRODUCT))
        .with(Order::USER)
        .all(db)
        .await?;
    Ok(())
}

/// Twelve joins: the time to check it grows with their number, not with a power of it.
fn twelve_joins() {
    let _ = OrderItem::query()
        .join(OrderItem::ORDER)
        .join(OrderItem::PRODUCT)
        .left_join(Product::CATEGORY)
        .left_join(Product::TAGS)
        .join(Order::USER)
        .left_join(User::PROFILE)
        .left_join(Order::SHIPPING_ADDRESS)
        .left_join(Order::BILLING_ADDRESS.to::<Aliased<Address, 1>>())
        .left_join_on(Employee::ALL, Employee::NAME.eq(User::USERNAME))
        .left_join(Employee::MANAGER.to::<Boss>())
        .left_join(Boss::MANAGER.to::<Clerk>())
        .join_on(Number::ALL, Number::ID.eq(OrderItem::ID))
        .filter(
            OrderItem::QUANTITY.gt(1).and(
                Category::NAME
                    .eq(Tag::NAME)
                    .or(Boss::SALARY.gt(Clerk::SALARY)),
            ),
        )
        .order_by((User::ID, Order::ID, Product::ID, Profile::ID.desc()))
        .select((
            OrderItem::ALL,
            Order::ALL,
            Product::NAME,
            Category::NAME,
            Tag::NAME,
            User::USERNAME,
            Profile::BIO,
            Address::CITY,
            Aliased::<Address, 1>::CITY,
            Employee::NAME,
            Boss::NAME,
            Clerk::NAME,
            Number::A + OrderItem::QUANTITY,
        ));
}

fn main() {
    values();
    scopes();
    aliases();
    groups();
    writes();
    twelve_joins();
    let _ = rows;
    writing();
}
