//! Rules: nodes of a text to checked workflows, with everything that is wrong in them.
//!
//! Sits before `workflow`, which runs what is made here. Takes the tree of a YAML text with its places ([`Node`]), reads
//! each workflow ([`read`]), holds keys against the table of steps ([`actions`]) and expressions against the scheme of
//! fields ([`expr`]), and gives a [`RuleSet`] and every [`Diagnostic`] at once. A set with an error among them is not to be
//! used: whoever reloads keeps the old one.
//!
//! Does not read files, does not know runs, posts or how an effect is carried out. Bounded by [`RULES_MAX`],
//! [`STEPS_MAX`], [`TEMPLATE_OCTETS_MAX`] and the bounds of expressions.

pub mod actions;
mod diagnostic;
pub mod expr;
mod fields;
mod node;
mod read;
mod rule;
mod select;
mod set;
mod steps;
mod template;

pub use diagnostic::Diagnostic;
pub use node::{Content, Entry, Node, Origin};
pub use rule::{
    Control, Else, IfPlanned, Look, Mode, OnError, Rate, Retry, Rule, RuleLimits, RuleVersion, Step, Task,
    Trigger, WaitedFor,
};
pub use select::Select;
pub use set::{RuleSet, RuleSetBuilder};
pub use template::Template;

/// The most rules of a set.
pub const RULES_MAX: usize = 1_000;
/// The most steps of a rule, those of its compensations among them.
pub const STEPS_MAX: usize = 64;
/// The longest template, in octets.
pub const TEMPLATE_OCTETS_MAX: usize = 8_192;
/// The longest text that a template gives, in octets; what is longer is cut.
pub const RENDERED_OCTETS_MAX: usize = 32_768;
