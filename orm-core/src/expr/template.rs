//! SQL text with a `?` for each operand: what [`raw`](super::raw) takes apart, and the renderer puts together.

/// A piece of such a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Words as they are.
    Text(&'a str),
    /// The place of an operand.
    Operand,
}

/// The pieces of a text. `??` is a question mark, and what stands in quotes is left alone.
pub(crate) fn pieces(mut text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut quote = None;
    std::iter::from_fn(move || {
        for (at, c) in text.char_indices() {
            match (quote, c) {
                (None, '?') if at > 0 => {
                    let piece = Piece::Text(&text[..at]);
                    text = &text[at..];
                    return Some(piece);
                }
                (None, '?') => {
                    let double = text.starts_with("??");
                    let piece = if double {
                        Piece::Text("?")
                    } else {
                        Piece::Operand
                    };
                    text = &text[if double { 2 } else { 1 }..];
                    return Some(piece);
                }
                (None, '\'' | '"') => quote = Some(c),
                (Some(open), c) if open == c => quote = None,
                _ => {}
            }
        }
        let rest = std::mem::take(&mut text);
        (!rest.is_empty()).then_some(Piece::Text(rest))
    })
}

/// The number of operands that a text has places for.
pub(crate) fn places(text: &str) -> usize {
    pieces(text)
        .filter(|piece| *piece == Piece::Operand)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        let show = |piece| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Operand => "<>".to_owned(),
        };
        pieces(text).map(show).collect()
    }

    #[test]
    fn question_marks_are_places_but_for_doubled_and_quoted_ones() {
        assert_eq!(text("length(?) + ?"), "length(<>) + <>");
        assert_eq!(text("a ?? ?"), "a ? <>");
        assert_eq!(text("a ??| ?"), "a ?| <>");
        assert_eq!(
            text("'it''s ?' || \"a?\" || ?"),
            "'it''s ?' || \"a?\" || <>"
        );
        assert_eq!(text("?"), "<>");
        assert_eq!(text(""), "");
        assert_eq!(text("größer ?ä"), "größer <>ä");
        assert_eq!(places("? ?? '?' ?"), 2);
    }
}
