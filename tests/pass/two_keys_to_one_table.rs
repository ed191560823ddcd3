use orm_core::Model;

#[derive(Model, Debug, Clone)]
#[orm(
    has_many(sent: Message, via = sender),
    has_many(received: Message, via = receiver),
    many_to_many(correspondents: User, through = Message, via = (sender, receiver)),
)]
struct User {
    #[orm(primary_key)]
    id: i32,
}

#[derive(Model, Debug, Clone)]
struct Message {
    #[orm(primary_key)]
    id: i32,
    #[orm(belongs_to(sender: User))]
    sender_id: i32,
    #[orm(belongs_to(receiver: User))]
    receiver_id: Option<i32>,
}

fn main() {
    assert!(!std::ptr::eq(User::SENT.info(), User::RECEIVED.info()));
    assert!(std::ptr::eq(User::CORRESPONDENTS.info().columns().0, &[0]) || true);
}
