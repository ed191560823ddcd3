use orm_core::session::SessionOptions;

struct Rules;

fn main() {
    let _ = SessionOptions::new().hooks(Rules);
}
