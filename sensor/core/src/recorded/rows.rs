//! What a source hands in: fields as text, each with its place.
//!
//! Nothing is read here; [`super::SnapshotBuilder`] does, so that every source gets the same diagnostics.
//! A field that the source does not have is `None` or an empty list.

use super::problem::Position;

/// A text with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text, without surrounding white space.
    pub value: String,
    /// Where it stands.
    pub at: Position,
}

impl Text {
    /// Makes a text at a place.
    pub fn new(value: impl Into<String>, at: Position) -> Self {
        Self { value: value.into(), at }
    }
}

macro_rules! row {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            /// Where the row begins.
            pub at: Position,
            $($(#[$field_doc])* pub $field: $kind,)*
        }
    };
}

row! {
    /// A row of `guests`.
    GuestRow {
        /// Required, unless there is a name.
        id: Option<Text>,
        /// A UUID.
        uuid: Option<Text>,
        /// The id where there is none.
        name: Option<Text>,
        /// MAC addresses.
        macs: Vec<Text>,
        /// IP addresses.
        addresses: Vec<Text>,
        /// IPv6 addresses.
        home_addresses: Vec<Text>,
        /// The id of a host.
        host: Option<Text>,
        /// A run state, in the source's own word.
        state: Option<Text>,
        /// A time (RFC 3339).
        state_since: Option<Text>,
        /// Any text.
        owner: Option<Text>,
        /// Any texts.
        tags: Vec<Text>,
        /// Any texts.
        groups: Vec<Text>,
        /// A time (RFC 3339).
        created: Option<Text>,
        /// A time (RFC 3339).
        expires: Option<Text>,
        /// The id of a node of the hierarchy.
        parent: Option<Text>,
    }
}

row! {
    /// A row of `hosts`.
    HostRow {
        /// Required, unless there is a name.
        id: Option<Text>,
        /// The id where there is none.
        name: Option<Text>,
        /// MAC addresses.
        macs: Vec<Text>,
        /// IP addresses.
        vteps: Vec<Text>,
        /// Switch ports.
        attachments: Vec<AttachmentRow>,
        /// An IP address.
        management: Option<Text>,
        /// A host state, in the source's own word.
        state: Option<Text>,
        /// Any text.
        site: Option<Text>,
        /// IP prefixes.
        subnets: Vec<Text>,
        /// The id of a node of the hierarchy.
        parent: Option<Text>,
    }
}

row! {
    /// One of a host's switch ports.
    AttachmentRow {
        /// Required: the id of a switch.
        switch: Option<Text>,
        /// Required: the name of a port.
        port: Option<Text>,
    }
}

row! {
    /// A row of `switches`.
    SwitchRow {
        /// Required, unless there is a name.
        id: Option<Text>,
        /// The id where there is none.
        name: Option<Text>,
        /// An IP address.
        management: Option<Text>,
        /// Any texts.
        known_as: Vec<Text>,
        /// Names of ports.
        ports: Vec<Text>,
        /// Names of ports.
        uplinks: Vec<Text>,
        /// Other names of ports, each as `ALIAS=PORT`.
        port_aliases: Vec<Text>,
    }
}

row! {
    /// A row of `subnets`.
    SubnetRow {
        /// Required: an IP prefix.
        prefix: Option<Text>,
        /// A VLAN identifier, 1 to 4094.
        vlan: Option<Text>,
        /// Any text.
        site: Option<Text>,
        /// Any text.
        purpose: Option<Text>,
    }
}

row! {
    /// A row of `known-stations`.
    KnownStationRow {
        /// Required: a MAC address.
        mac: Option<Text>,
        /// The MAC address where there is none.
        name: Option<Text>,
        /// A duration.
        ttl: Option<Text>,
    }
}

row! {
    /// A row of `scheduled-work`.
    ScheduledWorkRow {
        /// Required: any text.
        reference: Option<Text>,
        /// Any text.
        who: Option<Text>,
        /// Ids of guests.
        guests: Vec<Text>,
        /// Ids of hosts.
        hosts: Vec<Text>,
        /// Ids of switches.
        switches: Vec<Text>,
        /// Names of groups or ids of nodes.
        groups: Vec<Text>,
        /// Tags.
        tags: Vec<Text>,
        /// Required: a time (RFC 3339).
        from: Option<Text>,
        /// Required: a time (RFC 3339).
        to: Option<Text>,
        /// An RRULE.
        recurrence: Option<Text>,
    }
}

row! {
    /// A row of `hierarchy`.
    NodeRow {
        /// Required, unless there is a name.
        id: Option<Text>,
        /// Required: any text.
        kind: Option<Text>,
        /// The id where there is none.
        name: Option<Text>,
        /// The id of a node.
        parent: Option<Text>,
    }
}

row! {
    /// A row of `guest-prefixes`.
    GuestPrefixRow {
        /// Required: the first octets of a MAC address.
        prefix: Option<Text>,
        /// Required: any text.
        label: Option<Text>,
    }
}
