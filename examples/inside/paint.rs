//! What the terminal and the page colour: the words of SQL, and the lines that weren't there a step before.

/// What a piece of SQL is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A word of SQL's own.
    Keyword,
    /// `$1`.
    Param,
    /// Names, and what stands between.
    Other,
}

/// Takes SQL apart. SQL's own words are in capitals, as the renderer writes them.
pub(crate) fn pieces(sql: &str) -> Vec<(Piece, &str)> {
    let mut pieces = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
        let same = |c: char| is_word(c) == is_word(first);
        let end = rest.find(|c| !same(c)).unwrap_or(rest.len());
        let (piece, behind) = rest.split_at(end);
        let kind = if piece.starts_with('$') {
            Piece::Param
        } else if piece.len() > 1 && piece.chars().all(|c| c.is_ascii_uppercase()) {
            Piece::Keyword
        } else {
            Piece::Other
        };
        pieces.push((kind, piece));
        rest = behind;
    }
    pieces
}

/// The lines of a text, each with whether it is not among the lines of an earlier one, under the same headline. Spaces don't
/// count: columns move when something longer stands in them.
pub(crate) fn new_lines<'a>(now: &'a str, before: &str) -> Vec<(bool, &'a str)> {
    let mut known = placed(before);
    let lines = placed(now).into_iter().zip(now.lines());
    let marked = lines.map(|(line, text)| {
        let old = known.iter().position(|known| *known == line);
        if let Some(at) = old {
            known.remove(at);
        }
        (old.is_none() && !text.trim().is_empty(), text)
    });
    marked.collect()
}

/// Each line's headline, which is the last line that is not indented, and its words.
fn placed(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut headline = "";
    let lines = text.lines().map(|line| {
        if !line.is_empty() && !line.starts_with(' ') {
            headline = line;
        }
        (headline, line.split_whitespace().collect())
    });
    lines.collect()
}
