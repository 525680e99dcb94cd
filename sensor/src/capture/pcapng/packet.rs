use super::super::{ByteOrder, CAPLEN_MAX, Damage};

/// A frame as a packet block tells it.
pub(super) struct Packet<'a> {
    pub(super) interface: u32,
    /// Units of the interface's clock.
    pub(super) ticks: Option<u64>,
    pub(super) orig_len: u32,
    /// How many octets of the body stand before the frame.
    pub(super) head: u32,
    pub(super) caplen: u32,
    /// What follows the frame and its padding.
    pub(super) options: &'a [u8],
}

/// Body: interface (4), time in units, upper and lower half (4, 4), captured length (4), length on the
/// wire (4), frame padded to four octets, options.
pub(super) fn enhanced(body: &[u8], byte_order: ByteOrder) -> Result<Packet<'_>, Damage> {
    const WHAT: &str = "an enhanced packet block";
    let Some((head, rest)) = body.split_first_chunk::<20>() else {
        return Err(Damage::Block { what: WHAT });
    };
    let [i0, i1, i2, i3, tail @ ..] = *head;
    stamped(byte_order.word([i0, i1, i2, i3]), tail, rest, byte_order, WHAT)
}

/// Body: interface (2), lost frames (2), and on as in an enhanced one.
pub(super) fn obsolete(body: &[u8], byte_order: ByteOrder) -> Result<Packet<'_>, Damage> {
    const WHAT: &str = "a packet block";
    let Some((head, rest)) = body.split_first_chunk::<20>() else {
        return Err(Damage::Block { what: WHAT });
    };
    let [i0, i1, _, _, tail @ ..] = *head;
    stamped(byte_order.half([i0, i1]).into(), tail, rest, byte_order, WHAT)
}

/// Reads what enhanced and obsolete blocks have in common: `rest` starts with the frame.
fn stamped<'a>(
    interface: u32,
    head: [u8; 16],
    rest: &'a [u8],
    byte_order: ByteOrder,
    what: &'static str,
) -> Result<Packet<'a>, Damage> {
    let [
        h0,
        h1,
        h2,
        h3, // upper half of the time
        l0,
        l1,
        l2,
        l3, // lower half
        c0,
        c1,
        c2,
        c3, // captured length
        o0,
        o1,
        o2,
        o3, // length on the wire
    ] = head;
    let caplen = byte_order.word([c0, c1, c2, c3]);
    check_caplen(caplen)?;
    if caplen as usize > rest.len() {
        return Err(Damage::Block { what });
    }
    let ticks =
        u64::from(byte_order.word([h0, h1, h2, h3])) << 32 | u64::from(byte_order.word([l0, l1, l2, l3]));
    Ok(Packet {
        interface,
        ticks: Some(ticks),
        orig_len: byte_order.word([o0, o1, o2, o3]),
        head: 20,
        caplen,
        options: rest.get(caplen.next_multiple_of(4) as usize..).unwrap_or_default(),
    })
}

/// Body: length on the wire (4), frame padded to four octets. It is of interface 0, whose `snaplen` says how
/// much of it was captured (0: all), and has no time.
pub(super) fn simple(body: &[u8], byte_order: ByteOrder, snaplen: u32) -> Result<Packet<'_>, Damage> {
    let Some((length, rest)) = body.split_first_chunk() else {
        return Err(Damage::Block { what: "a simple packet block" });
    };
    let orig_len = byte_order.word(*length);
    let limit = if snaplen == 0 { orig_len } else { orig_len.min(snaplen) };
    let caplen = u32::try_from(rest.len()).map_or(limit, |octets| limit.min(octets));
    check_caplen(caplen)?;
    Ok(Packet { interface: 0, ticks: None, orig_len, head: 4, caplen, options: &[] })
}

const fn check_caplen(caplen: u32) -> Result<(), Damage> {
    if caplen > CAPLEN_MAX {
        return Err(Damage::Caplen { caplen, max: CAPLEN_MAX });
    }
    Ok(())
}
