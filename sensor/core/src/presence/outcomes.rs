/// What the table has had to do; every one is a sum over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableCounters {
    /// Rows thrown out because the table was full, or to let a recorded station in where every context number was
    /// taken.
    pub evicted: u64,
    /// Frames of newcomers turned away, because the table was full of recorded stations or no context number was
    /// left; a station that goes on talking counts with each.
    pub refused: u64,
    /// Frames of a station seen at several places that repeated a frame seen elsewhere within 1 ms.
    pub mirror_copies: u64,
}

impl TableCounters {
    /// Adds another shard's counters.
    pub const fn add(&mut self, other: Self) {
        self.evicted += other.evicted;
        self.refused += other.refused;
        self.mirror_copies += other.mirror_copies;
    }
}

/// What a frame calls for beyond refreshing its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// Nothing: the steady state.
    Steady,
    /// A look at the row: a report is due, the address is another one, or the station is contested.
    Notable(u32),
    /// A row.
    Unknown,
}

/// Whether a frame tells where its station is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Originality {
    /// It does.
    Original,
    /// It repeats a frame seen at another place a moment ago: the mirror copied it twice.
    MirrorCopy,
}
