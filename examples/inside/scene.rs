//! [`Scene`]: what is to be seen behind one step of the story, as plain data; and the [`Stage`], which makes it.

use std::io;
use std::ops::Range;

use examples::Result;
use orm_core::prelude::*;

use crate::cast::{Cast, Entity};
use crate::recorder::{Recorder, Sent};
use crate::story;
use crate::terminal::Terminal;

/// What is to be seen behind one step.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) number: usize,
    pub(crate) title: &'static str,
    /// What happens, and why.
    pub(crate) words: &'static str,
    /// The code of the step, from the story's own source.
    pub(crate) code: String,
    pub(crate) sent: Vec<Sent>,
    /// `db.debug_view()`.
    pub(crate) session: String,
    /// `db.plan()`.
    pub(crate) plan: String,
    /// `db.undo_view()`.
    pub(crate) undo: String,
    pub(crate) entities: Vec<Entity>,
}

/// Where the story is performed: takes down each scene, and shows it.
pub(crate) struct Stage<'out> {
    pub(crate) cast: Cast,
    terminal: Terminal<'out>,
    recorder: Recorder,
    step: bool,
    scenes: Vec<Scene>,
}

impl<'out> Stage<'out> {
    pub(crate) fn new(terminal: Terminal<'out>, recorder: Recorder, step: bool) -> Self {
        // What the connection has said to begin with is no part of the story.
        recorder.take();
        Stage {
            cast: Cast::default(),
            terminal,
            recorder,
            step,
            scenes: Vec::new(),
        }
    }

    /// A step is done: what is there to be seen now? `code` is the lines of the story between which it stands.
    pub(crate) fn scene(
        &mut self,
        db: &mut Session,
        code: Range<u32>,
        title: &'static str,
        words: &'static str,
    ) -> Result {
        // Planning marks what a delete takes along, which is to be seen.
        let plan = db.plan()?.to_string();
        let scene = Scene {
            number: self.scenes.len() + 1,
            title,
            words,
            code: between(story::SOURCE, code),
            sent: self.recorder.take(),
            session: db.debug_view().values().to_string(),
            plan,
            undo: db.undo_view().values().to_string(),
            entities: self.cast.look(db),
        };
        self.terminal.show(&scene, self.scenes.last())?;
        self.scenes.push(scene);
        if self.step {
            self.terminal.wait(&mut io::stdin().lock())?;
        }
        Ok(())
    }

    pub(crate) fn into_scenes(self) -> Vec<Scene> {
        self.scenes
    }
}

/// The lines of a text between two others, moved to the left.
fn between(text: &str, lines: Range<u32>) -> String {
    let inside: Vec<&str> = (text.lines())
        .skip(lines.start as usize)
        .take((lines.end - lines.start) as usize - 1)
        .collect();
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let filled = inside.iter().filter(|line| !line.is_empty());
    let margin = filled.map(indent).min().unwrap_or(0);
    let moved = inside.iter().map(|line| line.get(margin..).unwrap_or(""));
    moved.collect::<Vec<_>>().join("\n")
}
