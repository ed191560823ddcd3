//! Programs to run and read live in the folders beside this file, one example each.
