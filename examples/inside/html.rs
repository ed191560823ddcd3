//! The scenes as one page that needs nothing else: the statements as a time line, and for each step its code, what was said
//! to PostgreSQL, the entities as a drawing, what became of each, the plan and the undo log.

use std::fmt::Write;

use crate::cast::Entity;
use crate::graph;
use crate::paint::{Piece, new_lines, pieces};
use crate::recorder::Sent;
use crate::scene::Scene;

const STYLE: &str = include_str!("page.css");

/// The page.
pub(crate) fn page(scenes: &[Scene]) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Inside a unit of work</title>\n\
         <style>\n{STYLE}</style>\n<main>\n<h1>Inside a unit of work</h1>\n\
         <p class=\"lead\">One session, step by step: what it knows, what it is about to do, what it says to PostgreSQL, and \
         what comes back.</p>\n"
    );
    page.push_str(&time_line(scenes));
    page.push_str(&legend());
    for (at, scene) in scenes.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| &scenes[at]);
        section(&mut page, scene, before);
    }
    page.push_str("</main>\n</html>\n");
    page
}

/// What stands for itself in HTML.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// What was waited for together: statements that travelled one behind the other.
fn round_trips(sent: &[Sent]) -> Vec<&[Sent]> {
    sent.chunk_by(|_, next| next.round_trips == 0).collect()
}

/// Who said what, from the top to the bottom: the session on the left, PostgreSQL on the right.
fn time_line(scenes: &[Scene]) -> String {
    const LEFT: usize = 290;
    const RIGHT: usize = 900;
    const WIDTH: usize = 1010;
    let mut body = String::new();
    let mut y = 44;
    for scene in scenes {
        let title = y + 4;
        let trips = round_trips(&scene.sent);
        let _ = writeln!(
            body,
            "<a href=\"#step-{0}\"><text class=\"step\" x=\"0\" y=\"{title}\"><tspan class=\"number\">{0}</tspan> {1}</text></a>\
             <circle class=\"dot{2}\" cx=\"{LEFT}\" cy=\"{y}\" r=\"4\"/>",
            scene.number,
            escape(scene.title),
            if trips.is_empty() { " quiet" } else { "" },
        );
        for trip in trips {
            y += 6;
            for one in trip {
                y += 15;
                let _ = writeln!(
                    body,
                    "<text class=\"sql\" x=\"{}\" y=\"{y}\">{}</text>",
                    LEFT + 22,
                    colored(&short(&one.sql, 70)),
                );
            }
            y += 9;
            let _ = writeln!(
                body,
                "<path class=\"there\" d=\"M{LEFT} {y} H{RIGHT}\"/><path class=\"tip\" d=\"M{RIGHT} {y} l-9 -4.5 v9 z\"/>"
            );
            let counts: Vec<_> = trip.iter().filter_map(|one| one.count).collect();
            let rows: u64 = counts.iter().sum();
            let answer = match (counts.is_empty(), rows) {
                (true, _) => "done".to_owned(),
                (false, 1) => "1 row".to_owned(),
                (false, n) => format!("{n} rows"),
            };
            y += 18;
            if trip[0].round_trips > 1 {
                let _ = writeln!(
                    body,
                    "<text class=\"answer\" x=\"{}\" y=\"{}\">prepared first: one round trip more</text>",
                    LEFT + 22,
                    y - 4,
                );
            }
            let _ = writeln!(
                body,
                "<path class=\"back\" d=\"M{RIGHT} {y} H{LEFT}\"/><path class=\"tip\" d=\"M{LEFT} {y} l9 -4.5 v9 z\"/>\
                 <text class=\"answer\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{answer}</text>",
                RIGHT - 18,
                y - 4,
            );
        }
        y += 30;
    }
    let sent: usize = scenes.iter().map(|scene| scene.sent.len()).sum();
    let trips: usize = scenes
        .iter()
        .map(|scene| round_trips(&scene.sent).len())
        .sum();
    format!(
        "<h2 id=\"wire\">On the wire</h2>\n<p>{sent} statements, sent in {trips} groups. What stands above one arrow goes out \
         together, without waiting in between. A statement is prepared once on each connection. Behind BEGIN that \
         costs nothing more, because the two travel together.</p>\n\
         <div class=\"wide\"><svg class=\"wire\" viewBox=\"0 0 {WIDTH} {y}\" role=\"img\" aria-label=\"The statements in the order in \
         which they were sent\">\n\
         <text class=\"lane\" x=\"{LEFT}\" y=\"14\" text-anchor=\"middle\">session</text>\
         <text class=\"lane\" x=\"{RIGHT}\" y=\"14\" text-anchor=\"middle\">PostgreSQL</text>\n\
         <path class=\"life\" d=\"M{LEFT} 24 V{y} M{RIGHT} 24 V{y}\"/>\n{body}</svg></div>\n"
    )
}

fn legend() -> String {
    let states = ["new", "changed", "unchanged", "deleting", "deleted"];
    let keys: String = (states.iter())
        .map(|state| format!("<span class=\"badge {state}\">{state}</span>"))
        .collect::<Vec<_>>()
        .join(" ");
    format!(
        "<h2>Step by step</h2>\n<p class=\"legend\">An entity is {keys}. A strong border: something is different from the step \
         before. An arrow leads from a foreign key to the row that it names.</p>\n"
    )
}

fn section(page: &mut String, scene: &Scene, before: Option<&Scene>) {
    let entities = before.map_or(&[][..], |scene| scene.entities.as_slice());
    let _ = write!(
        page,
        "<section id=\"step-{0}\">\n<h3><a href=\"#step-{0}\">{0}</a> {1}</h3>\n<p>{2}</p>\n<pre class=\"code\">{3}</pre>\n\
         <div class=\"pair\">\n<div>\n<h4>Sent</h4>\n{4}</div>\n<div>\n<h4>Entities</h4>\n{5}</div>\n</div>\n\
         <h4>Before and after</h4>\n{6}",
        scene.number,
        escape(scene.title),
        words(scene.words),
        escape(&scene.code),
        sent(&scene.sent),
        graph::draw(&scene.entities, entities),
        before_and_after(&scene.entities, entities),
    );
    page.push_str("<div class=\"three\">\n");
    let texts: [(&str, fn(&Scene) -> &str); 3] = [
        ("Plan: <code>db.plan()</code>", |scene| &scene.plan),
        ("Session: <code>db.debug_view()</code>", |scene| {
            &scene.session
        }),
        ("Undo log: <code>db.undo_view()</code>", |scene| &scene.undo),
    ];
    for (title, text) in texts {
        let known = before.map_or("", text);
        let _ = writeln!(
            page,
            "<div><h4>{title}</h4>\n<pre>{}</pre></div>",
            lines(text(scene), known)
        );
    }
    page.push_str("</div>\n</section>\n");
}

/// A paragraph, with what stands between backticks as code.
fn words(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(at, part)| match at % 2 {
        0 => escape(part),
        _ => format!("<code>{}</code>", escape(part)),
    });
    parts.collect()
}

fn colored(sql: &str) -> String {
    let pieces = pieces(sql).into_iter().map(|(kind, piece)| match kind {
        Piece::Keyword => format!("<tspan class=\"k\">{piece}</tspan>"),
        Piece::Param => format!("<tspan class=\"p\">{piece}</tspan>"),
        Piece::Other => escape(piece),
    });
    pieces.collect()
}

fn short(sql: &str, most: usize) -> String {
    if sql.chars().count() <= most {
        return sql.to_owned();
    }
    let start: String = sql.chars().take(most).collect();
    let end = start.rfind(' ').unwrap_or(start.len());
    format!("{} ..", &start[..end])
}

fn sent(sent: &[Sent]) -> String {
    if sent.is_empty() {
        return "<p class=\"none\">Nothing.</p>\n".to_owned();
    }
    let mut out = String::new();
    for trip in round_trips(sent) {
        out.push_str("<div class=\"trip\">\n");
        for one in trip {
            let sql = colored(&one.sql).replace("tspan", "span");
            let _ = writeln!(out, "<pre class=\"sql\">{sql}</pre>");
            if !one.params.is_empty() {
                let params = one.params.iter().enumerate();
                let params: Vec<_> = params
                    .map(|(at, param)| {
                        format!("<span class=\"p\">${}</span> = {}", at + 1, escape(param))
                    })
                    .collect();
                let _ = writeln!(out, "<p class=\"params\">{}</p>", params.join(" &nbsp; "));
            }
            out.push_str(&answer(one));
        }
        out.push_str("</div>\n");
    }
    out
}

fn answer(sent: &Sent) -> String {
    if sent.columns.is_empty() {
        return match sent.count {
            None => String::new(),
            Some(1) => "<p class=\"count\">1 row</p>\n".to_owned(),
            Some(n) => format!("<p class=\"count\">{n} rows</p>\n"),
        };
    }
    let row = |cells: &[String], tag: &str| {
        let cells = cells
            .iter()
            .map(|cell| format!("<{tag}>{}</{tag}>", escape(cell)));
        format!("<tr>{}</tr>", cells.collect::<String>())
    };
    let rows: String = sent.rows.iter().map(|cells| row(cells, "td")).collect();
    format!(
        "<table class=\"rows\">{}{rows}</table>\n",
        row(&sent.columns, "th")
    )
}

/// Each entity that is different from the step before: what it was, and what it is.
fn before_and_after(now: &[Entity], before: &[Entity]) -> String {
    let mut rows = String::new();
    for entity in now.iter().filter(|entity| !before.contains(entity)) {
        let was = before.iter().find(|was| was.name == entity.name);
        let was = was.map_or_else(
            || "<span class=\"none\">not in the session</span>".to_owned(),
            described,
        );
        let _ = writeln!(
            rows,
            "<tr><th>{}</th><td>{was}</td><td>{}</td></tr>",
            escape(&entity.name),
            described(entity)
        );
    }
    if rows.is_empty() {
        return "<p class=\"none\">No entity is different from before.</p>\n".to_owned();
    }
    format!(
        "<div class=\"wide\"><table class=\"states\"><tr><th></th><th>before</th><th>after</th></tr>\n{rows}</table></div>\n"
    )
}

fn described(entity: &Entity) -> String {
    let fields = entity.fields.iter().map(|field| {
        let value = escape(&field.value);
        match &field.was {
            Some(was) => format!(
                "{} <del>{}</del> <ins>{value}</ins>",
                field.name,
                escape(was)
            ),
            None => format!("{} {value}", field.name),
        }
    });
    let fields: Vec<_> = fields.collect();
    let state = entity.state.word();
    format!(
        "<span class=\"badge {state}\">{state}</span> {}",
        fields.join(", ")
    )
}

/// A text whose new lines are marked. Each is a block of its own, so there is nothing between them.
fn lines(text: &str, before: &str) -> String {
    let lines = new_lines(text.trim_end(), before).into_iter();
    let lines = lines.map(|(new, line)| {
        let class = if new { "line new" } else { "line" };
        format!("<span class=\"{class}\">{}</span>", escape(line))
    });
    lines.collect()
}
