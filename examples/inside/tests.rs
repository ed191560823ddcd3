//! The story as a test: what its text says, that it says the same each time, in colour and as a page, and what its parts do.

use crate::paint::{Piece, new_lines, pieces};
use crate::scene::Scene;
use crate::terminal::Terminal;

/// The text, and the scenes that it is made of.
async fn told(color: bool) -> (String, Vec<Scene>) {
    let mut out = Vec::new();
    let scenes = crate::run(Terminal::new(&mut out, color), false).await;
    let text = String::from_utf8(out).expect("the story is text");
    match scenes {
        Ok(scenes) => (text, scenes),
        Err(error) => panic!("{error}\n\n{text}"),
    }
}

/// The lines of a scene's text that begin with its number.
fn scene<'a>(text: &'a str, title: &str) -> &'a str {
    let from = text
        .find(title)
        .unwrap_or_else(|| panic!("{title} is missing in:\n{text}"));
    let behind = &text[from..];
    &behind[..behind.find("\n\n").unwrap_or(behind.len())]
}

#[tokio::test]
async fn each_step_shows_code_statements_session_plan_and_undo_log() {
    let (text, _) = told(false).await;
    let expect = |title: &str, lines: &[&str]| {
        let scene = scene(&text, title);
        for line in lines {
            assert!(
                scene.lines().any(|one| one == *line),
                "`{line}` is missing in:\n{scene}"
            );
        }
    };
    expect(
        "━━ 1 ━━ A session",
        &[
            "      code │   let mut db = engine.session();",
            "      sent │   nothing",
            "   session │ + 0 entities, 0 of them unsent, in no transaction",
            "      plan │ + nothing to do",
            "  undo log │ + no entries: there is nothing to take back",
        ],
    );
    expect(
        "━━ 2 ━━ Read a user",
        &[
            "      sent │ → BEGIN",
            "           │ → SELECT users.id, users.name FROM users WHERE users.name = $1 LIMIT $2",
            "           │     $1 = Ann",
            "           │   ← id  name",
            "           │   ← 1   Ann",
            "           │ +   3  link  User#0.ORDERS  was not loaded",
        ],
    );
    expect(
        "━━ 3 ━━ Ask for the same",
        &["   session │   as before", "  undo log │   as before"],
    );
    expect("━━ 4 ━━ Load what", &["           │     $1 = {1,2}"]);
    expect(
        "━━ 5 ━━ Change two rows",
        &[
            "      sent │   nothing",
            "           │ +   #0  changed    name: 'Ann' -> 'Anna'",
            "      plan │ +  1. 1 row: UPDATE users SET name = $1 WHERE id = $2",
            "           │ +    9  row   User#0         name was 'Ann'",
            "           │ +   10  row   Order#0        total was 30",
        ],
    );
    expect(
        "━━ 6 ━━ Add an order",
        &[
            "           │ +   #3  new        product: 'pot', quantity: 1, order_id: {key of new Order#2}",
            "           │ +   11  added   new Order#2    was not in the session",
        ],
    );
    expect(
        "━━ 7 ━━ Delete an order",
        &[
            "           │ +   #1  deleting",
            "           │ +   #2  deleting",
            "           │ +  5. 1 row: DELETE FROM items WHERE id = $1",
            "           │ +       deleted `Item`, behind everything that refers to them",
        ],
    );
    expect(
        "━━ 8 ━━ Flush",
        &[
            "      sent │ → UPDATE users SET name = $1 WHERE id = $2",
            "           │   UPDATE orders SET total = $1 WHERE id = $2",
            "           │     $1 = {pot,lid}",
            "           │     $3 = {3,3}",
            "           │   ← 5",
            "           │ +   #1  deleted",
            "      plan │ + nothing to do",
        ],
    );
    expect(
        "━━ 9 ━━ A savepoint",
        &[
            "           │ + savepoint sp_1",
            "           │ +   17  row     User#0         name was 'Anna'",
        ],
    );
    expect("━━ 10 ━━ Back", &["           │ +   #0  unchanged  stale"]);
    expect(
        "━━ 11 ━━ Commit",
        &[
            "      sent │ → COMMIT",
            "  undo log │ + no entries: there is nothing to take back",
        ],
    );
    expect("━━ 12 ━━ What others see", &["           │   ← 3   25"]);
}

#[tokio::test]
async fn the_text_is_the_same_each_time_and_without_its_colours() {
    let ((plain, _), (colored, _)) = tokio::join!(told(false), told(true));
    let mut stripped = String::new();
    for (at, part) in colored.split('\x1b').enumerate() {
        let text = part
            .split_once('m')
            .filter(|_| at > 0)
            .map_or(part, |(_, text)| text);
        stripped.push_str(text);
    }
    let trimmed: Vec<_> = stripped.lines().map(str::trim_end).collect();
    assert_eq!(trimmed, plain.lines().collect::<Vec<_>>());
    assert!(colored.contains("\x1b[") && !plain.contains('\x1b'));
}

#[tokio::test]
async fn the_page_needs_nothing_else_and_has_all_steps() {
    let (_, scenes) = told(false).await;
    let page = crate::html::page(&scenes);
    for outside in [
        "http:", "https:", "src=", "<link", "<script", "@import", "url(",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    for scene in &scenes {
        assert!(page.contains(&format!("<section id=\"step-{}\">", scene.number)));
    }
    // Whatever is opened is closed.
    for tag in [
        "section", "div", "pre", "svg", "table", "tr", "td", "span", "text", "tspan", "g", "p", "a",
    ] {
        let opened =
            page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    assert!(page.contains("<td><span class=\"badge changed\">changed</span> id 1, name <del>'Ann'</del> <ins>'Anna'</ins></td>"));
    assert!(page.contains("key of new Order#2"));
    assert!(
        !page.contains("<ins>'Nobody'"),
        "it was flushed when the step was over"
    );
}

#[test]
fn a_step_waits_for_a_line() {
    let mut out = Vec::new();
    let mut input = "\nthe next\n".as_bytes();
    Terminal::new(&mut out, false).wait(&mut input).unwrap();
    assert_eq!(input, b"the next\n");
    assert_eq!(out, b"\nEnter for the next step ");
}

#[test]
fn a_line_is_new_under_its_headline() {
    let before = "a\n  x  1\n\nb\n  y\n";
    let now = "a\n  x   1\n  y\n\nb\n  y\n  y\n";
    let new: Vec<_> = new_lines(now, before)
        .into_iter()
        .map(|(new, _)| new)
        .collect();
    assert_eq!(new, [false, false, true, false, false, false, true]);
}

#[test]
fn words_of_sql_are_told_from_names() {
    let pieces = pieces("SELECT a.id FROM a WHERE a.x = $12");
    let of = |wanted: Piece| {
        let pieces = pieces.iter().filter(|(kind, _)| *kind == wanted);
        pieces.map(|(_, piece)| *piece).collect::<Vec<_>>()
    };
    assert_eq!(of(Piece::Keyword), ["SELECT", "FROM", "WHERE"]);
    assert_eq!(of(Piece::Param), ["$12"]);
    let whole: String = pieces.iter().map(|(_, piece)| *piece).collect();
    assert_eq!(whole, "SELECT a.id FROM a WHERE a.x = $12");
}
