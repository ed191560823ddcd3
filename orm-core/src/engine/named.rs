//! Finds `:name` in SQL text, without being misled by casts, quotes and comments. Called by `sql`.

/// A part of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// To be copied.
    Text(&'a str),
    /// `:name`, without the colon.
    Name(&'a str),
    /// `$1`.
    Number(&'a str),
}

/// Takes the text apart. The pieces in their order make the text again, but for `\:`, which becomes `:`.
pub(super) fn scan(text: &str) -> Vec<Piece<'_>> {
    let mut scanner = Scanner {
        text,
        at: 0,
        copied: 0,
        pieces: Vec::new(),
    };
    while scanner.step() {}
    scanner.copy_to(text.len());
    scanner.pieces
}

struct Scanner<'a> {
    text: &'a str,
    /// What is looked at.
    at: usize,
    /// Everything before it is in `pieces`.
    copied: usize,
    pieces: Vec<Piece<'a>>,
}

impl<'a> Scanner<'a> {
    /// Passes over one token. All bytes that matter are ASCII, so no index falls inside a character.
    fn step(&mut self) -> bool {
        let text = self.text;
        let rest = &text[self.at..];
        let Some(first) = rest.chars().next() else {
            return false;
        };
        let inside_word = text[..self.at].chars().next_back().is_some_and(is_word);
        let length = match first {
            '\'' if self.follows_e() => until_quote(rest, true),
            '\'' => until_quote(rest, false),
            '"' => until(&rest[1..], "\"").map_or(rest.len(), |end| 1 + end),
            '-' if rest.starts_with("--") => until(rest, "\n").unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment(rest),
            '$' if inside_word => 1,
            '$' => match dollar(rest) {
                Dollar::Quote(length) => length,
                Dollar::Number(length) => {
                    self.piece(Piece::Number(&rest[..length]), length);
                    0
                }
                Dollar::Other => 1,
            },
            '\\' if rest[1..].starts_with(':') => {
                self.copy_to(self.at);
                self.copied += 1;
                // The colon is text now, and so is what follows it.
                2
            }
            ':' if rest.starts_with("::") || rest.starts_with(":=") => 2,
            // `items[1:n]` is a slice.
            ':' if !inside_word => match word(&rest[1..]) {
                Some(name) => {
                    self.piece(Piece::Name(name), 1 + name.len());
                    0
                }
                None => 1,
            },
            other => other.len_utf8(),
        };
        self.at += length;
        true
    }

    fn copy_to(&mut self, end: usize) {
        if self.copied < end {
            self.pieces.push(Piece::Text(&self.text[self.copied..end]));
        }
        self.copied = end;
    }

    fn piece(&mut self, piece: Piece<'a>, length: usize) {
        self.copy_to(self.at);
        self.pieces.push(piece);
        self.at += length;
        self.copied = self.at;
    }

    /// Whether the quote that comes next is that of `E'..'`, in which a backslash escapes.
    fn follows_e(&self) -> bool {
        let mut before = self.text[..self.at].chars().rev();
        matches!(before.next(), Some('e' | 'E')) && !before.next().is_some_and(is_word)
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// A name at the beginning of the text.
fn word(text: &str) -> Option<&str> {
    let first = text.chars().next()?;
    if !(first.is_alphabetic() || first == '_') {
        return None;
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    Some(&text[..end.unwrap_or(text.len())])
}

/// How far it is to the end of the next `mark`.
fn until(text: &str, mark: &str) -> Option<usize> {
    text.find(mark).map(|at| at + mark.len())
}

/// The length of a string in quotes. A doubled quote ends one string and begins another, which comes to the same.
fn until_quote(text: &str, escapes: bool) -> usize {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if escapes => {
                chars.next();
            }
            // `E'it''s \' ..'` goes on with the same rules.
            '\'' if escapes && text[at + 1..].starts_with('\'') => {
                chars.next();
            }
            '\'' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a comment, with the comments in it.
fn comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

enum Dollar {
    Quote(usize),
    Number(usize),
    Other,
}

/// `$1`, `$$..$$` or `$tag$..$tag$`.
fn dollar(text: &str) -> Dollar {
    let rest = &text[1..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        return Dollar::Number(1 + digits);
    }
    let tag = word(rest).unwrap_or_default();
    if !rest[tag.len()..].starts_with('$') {
        return Dollar::Other;
    }
    let mark = &text[..tag.len() + 2];
    let end = until(&text[mark.len()..], mark).map_or(text.len(), |end| mark.len() + end);
    Dollar::Quote(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the names become is shown between angle brackets.
    fn check(text: &str, expected: &str) {
        let shown: String = scan(text)
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.to_owned(),
                Piece::Name(name) => format!("<{name}>"),
                Piece::Number(number) => format!("<{number}>"),
            })
            .collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn names_are_found() {
        check(
            "id = :id AND a=:a1 OR b IN (:b,:c)",
            "id = <id> AND a=<a1> OR b IN (<b>,<c>)",
        );
        check(":a", "<a>");
        check(":ä_ö + 1", "<ä_ö> + 1");
    }

    #[test]
    fn casts_slices_and_assignments_are_not_names() {
        check("a::text, :b::int, x := 1", "a::text, <b>::int, x := 1");
        check("items[1:n] + items[:n]", "items[1:n] + items[<n>]");
        check("a : b, 1:2", "a : b, 1:2");
        check("a \\:b", "a :b");
    }

    #[test]
    fn quotes_are_left_alone() {
        check("':a' || :b", "':a' || <b>");
        check("'it''s :a' || :b", "'it''s :a' || <b>");
        check("'\\' || :a || ':b'", "'\\' || <a> || ':b'");
        check("E'\\' :a' || :b", "E'\\' :a' || <b>");
        check("e'it''s \\' :a' || :b", "e'it''s \\' :a' || <b>");
        check("\"odd :a\"\"x\" = :b", "\"odd :a\"\"x\" = <b>");
        check("$$ :a $$ || :b", "$$ :a $$ || <b>");
        check("$t$ :a $$ $u$ $t$ || :b", "$t$ :a $$ $u$ $t$ || <b>");
        check("'never closed :a", "'never closed :a");
        check("$$ never closed :a", "$$ never closed :a");
    }

    #[test]
    fn comments_are_left_alone() {
        check("1 -- :a '\n + :b", "1 -- :a '\n + <b>");
        check("/* :a /* :b */ ' :c */ :d", "/* :a /* :b */ ' :c */ <d>");
        check("-- :a", "-- :a");
        check("/* :a", "/* :a");
    }

    #[test]
    fn numbers_are_told_from_words_with_a_dollar() {
        check("a = $1", "a = <$1>");
        check("a$1 = $b", "a$1 = $b");
    }
}
