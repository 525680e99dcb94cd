//! What Mobile IPv4 says of mobile nodes. Read RFC 5944 sections 3.3, 3.4 and 3.8 before editing.

use core::net::Ipv4Addr;

use super::{Notice, Registration, RegistrationReply, RegistrationRequest};
use crate::decode::{Datagram, MobileIpv4Kind, MobileIpv4Message};

/// Reads a registration; none where the fixed fields were cut off or it is another message.
pub(super) fn registration(datagram: Datagram<'_>, message: MobileIpv4Message<'_>) -> Option<Notice> {
    let lifetime = message.lifetime()?;
    let home_address = Some(message.home_addr()?).filter(|addr| *addr != Ipv4Addr::UNSPECIFIED);
    let (home_agent, identification) = (message.home_agent()?, message.identification()?);
    let registration = match message.kind()? {
        MobileIpv4Kind::Request => Registration::Request(RegistrationRequest {
            home_address,
            home_agent,
            care_of: message.care_of()?,
            lifetime: lifetime.duration(),
            deregistration: lifetime.is_zero(),
            simultaneous: message.is_simultaneous(),
            identification,
            source: datagram.ip.src()?,
        }),
        MobileIpv4Kind::Reply => {
            let code = message.code()?;
            Registration::Reply(RegistrationReply {
                code,
                home_address,
                home_agent,
                lifetime: lifetime.duration(),
                deregistration: lifetime.is_zero() && matches!(code, 0 | 1),
                identification,
                destination: datagram.ip.dst()?,
            })
        }
        MobileIpv4Kind::Other(_) => return None,
    };
    Some(Notice::Registration(registration))
}
