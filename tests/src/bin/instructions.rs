//! Shows frames of one class to the engine, for `cargo xtask bench instructions` to count what that takes.
//!
//! `instructions CLASS BATCHES` prints how many frames those were; without arguments it lists the classes. What is
//! counted twice, with one number of batches and with another, tells what a frame takes without the beginning.

#![expect(clippy::print_stdout, reason = "the list of classes is read by xtask")]

use anyhow::{Context as _, Result, bail};
use rollcall_tests::made::{CLASSES, Class, Engine};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => CLASSES.iter().for_each(|class| println!("{}", class.name)),
        [class, batches] => {
            let class = Class::named(class).with_context(|| format!("there is no class `{class}`"))?;
            let batches: u64 = batches.parse().context("read the number of batches")?;
            let mut engine = Engine::new(class);
            (0..batches).for_each(|_| engine.run());
            println!("{}", batches * u64::from(Engine::FRAMES));
        }
        _ => bail!("usage: instructions [CLASS BATCHES]"),
    }
    Ok(())
}
