//! The entities of a scene as a drawing: a column for each model, and an arrow from each foreign key to what it leads to.

use std::fmt::Write;

use crate::cast::{Entity, Field, Is};
use crate::html::escape;

const BOX: usize = 232;
const BETWEEN: usize = 58;
const HEAD: usize = 26;
const LINE: usize = 18;
const GAP: usize = 14;

/// A box and where it stands.
struct Placed<'a> {
    entity: &'a Entity,
    x: usize,
    y: usize,
    height: usize,
}

/// Draws the entities. Those that are different from before have a strong border.
pub(crate) fn draw(entities: &[Entity], before: &[Entity]) -> String {
    let placed = place(entities);
    if placed.is_empty() {
        return "<p class=\"none\">The session has no entities yet.</p>".to_owned();
    }
    let width = placed.iter().map(|one| one.x + BOX).max().unwrap_or(0) + 2;
    let height = placed
        .iter()
        .map(|one| one.y + one.height)
        .max()
        .unwrap_or(0)
        + 2;
    let mut svg = format!(
        "<svg class=\"graph\" viewBox=\"0 0 {width} {height}\" style=\"max-width:{width}px\" role=\"img\" \
         aria-label=\"The entities of the session\">\n"
    );
    for child in &placed {
        let parent = child.entity.parent.as_ref();
        let parent = parent.and_then(|name| placed.iter().find(|one| one.entity.name == *name));
        if let Some(parent) = parent {
            arrow(&mut svg, child, parent);
        }
    }
    for one in &placed {
        let fresh = !before.contains(one.entity);
        node(&mut svg, one, fresh);
    }
    svg.push_str("</svg>\n");
    svg
}

fn place(entities: &[Entity]) -> Vec<Placed<'_>> {
    let mut columns: Vec<(&str, usize)> = Vec::new();
    let mut placed = Vec::new();
    for entity in entities.iter().filter(|entity| entity.state != Is::Gone) {
        let at = columns.iter().position(|column| column.0 == entity.model);
        let at = at.unwrap_or_else(|| {
            columns.push((entity.model, 2));
            columns.len() - 1
        });
        let height = HEAD + LINE * entity.fields.len() + 10;
        placed.push(Placed {
            entity,
            x: 2 + at * (BOX + BETWEEN),
            y: columns[at].1,
            height,
        });
        columns[at].1 += height + GAP;
    }
    placed
}

fn arrow(svg: &mut String, child: &Placed<'_>, parent: &Placed<'_>) {
    let (from_x, from_y) = (child.x, child.y + HEAD / 2);
    let (to_x, to_y) = (parent.x + BOX, parent.y + HEAD / 2);
    let middle = (from_x + to_x) / 2;
    let state = child.entity.state.word();
    let _ = writeln!(
        svg,
        "<path class=\"edge {state}\" d=\"M{from_x} {from_y} C{middle} {from_y} {middle} {to_y} {} {to_y}\"/>\
         <path class=\"tip {state}\" d=\"M{to_x} {to_y} l8 -4 v8 z\"/>",
        to_x + 6
    );
}

fn node(svg: &mut String, one: &Placed<'_>, fresh: bool) {
    let Placed {
        entity,
        x,
        y,
        height,
    } = one;
    let state = entity.state.word();
    let fresh = if fresh { " fresh" } else { "" };
    let _ = write!(
        svg,
        "<g class=\"node {state}{fresh}\" transform=\"translate({x} {y})\">\
         <rect width=\"{BOX}\" height=\"{height}\" rx=\"7\"/>\
         <text class=\"name\" x=\"12\" y=\"18\">{}</text>\
         <text class=\"state\" x=\"{}\" y=\"18\" text-anchor=\"end\">{state}</text>",
        escape(&entity.name),
        BOX - 12,
    );
    for (at, field) in entity.fields.iter().enumerate() {
        let y = HEAD + LINE * (at + 1) - 4;
        let _ = write!(
            svg,
            "<text class=\"field\" x=\"12\" y=\"{y}\">{}</text><text class=\"value\" x=\"88\" y=\"{y}\">{}</text>",
            field.name,
            value(field),
        );
    }
    svg.push_str("</g>\n");
}

fn value(field: &Field) -> String {
    match &field.was {
        Some(was) => format!(
            "<tspan class=\"was\">{}</tspan> <tspan class=\"is\">{}</tspan>",
            escape(was),
            escape(&field.value)
        ),
        None => escape(&field.value),
    }
}
