use super::{CapturePointId, LinkType, Timestamp};

/// One captured layer-2 frame with its capture metadata; borrows the octets from the source's buffer.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// When the capture point stamped it.
    pub at: Timestamp,
    /// Where it was captured.
    pub capture_point: CapturePointId,
    /// What its first octets are.
    pub linktype: LinkType,
    /// Its length on the wire in octets; `bytes` is shorter where the capture cut it.
    pub orig_len: u32,
    /// The captured octets, from the link-layer header on.
    pub bytes: &'a [u8],
}
