//! How much of the heap the tables of a million stations hold: prints rows and octets.

#![expect(clippy::print_stdout, reason = "the numbers are read by xtask")]

use anyhow::{Result, ensure};
use rollcall_tests::counting::Counting;
use rollcall_tests::made::{Class, Engine};

#[global_allocator]
static HEAP: Counting = Counting;

const STATIONS: u32 = 1_000_000;

fn main() -> Result<()> {
    let Some(class) = Class::named("new-station") else {
        anyhow::bail!("the class of new stations is gone");
    };
    let mut engine = Engine::new(class);
    (0..STATIONS.div_ceil(Engine::FRAMES)).for_each(|_| engine.run());
    let rows = engine.tracked();
    let shard = engine.into_shard();
    let with = HEAP.live_octets();
    drop(shard);
    ensure!(rows >= STATIONS as usize, "only {rows} stations are tracked");
    println!("{rows} {}", with - HEAP.live_octets());
    Ok(())
}
