//! The ranking against its specification, docs/surprise.md and docs/families.md: worked examples, edge cases, laws, and a second implementation.
//!
//! An [`input`] names its roles and calls. `formula.rs` is the specification once more, slow and literal; `by_name.rs` runs the real
//! ranking on the same input.

mod by_name;
mod edge_cases;
mod explained;
mod families;
pub(crate) mod formula;
pub(crate) mod input;
mod laws;
pub(crate) mod random_inputs;
mod worked_examples;
