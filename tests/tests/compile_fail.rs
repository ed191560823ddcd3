//! The mistakes that people make with the derives, each with the message that it gets, and beside them the near misses that
//! have to compile.
//!
//! `TRYBUILD=overwrite cargo test -p tests --test compile_fail` writes the messages anew; read them as a user would before
//! they are committed.

#[test]
fn mistakes_are_reported() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    cases.compile_fail("compile_fail/*/*.rs");
}
