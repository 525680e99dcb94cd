use core::time::Duration;

use super::groups::GroupRule;
use super::member::MemberKind;
use super::post::Severity;
use super::routing::RoutingRule;

/// From when on a post is carried to the parent's stream: whichever is reached first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// The weight of its likes; never by weight where there is none.
    pub weight: Option<u32>,
    /// The share, in percent, of the members of that class below the stream who report it, where at least
    /// [`Threshold::REPORTS_MIN`] do; never by share where there is none.
    pub share_percent: Option<u8>,
}

impl Threshold {
    /// Fewer reports are no share of anything: of two guests one is not half of a trouble.
    pub const REPORTS_MIN: u32 = 3;
}

/// From when on posts are carried up, for each level of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromoteAt {
    /// From streams of hosts, devices and guests. Default weight 10, or half of its guests.
    pub host: Threshold,
    /// From streams of groups, topics and management servers. Default weight 20, or half of its members.
    pub group: Threshold,
    /// From streams of what the inventory has a word for (`rack`), instead of the above.
    pub words: Vec<(Box<str>, Threshold)>,
}

impl PromoteAt {
    /// Returns the threshold of a stream's owner.
    pub(super) fn of(&self, kind: MemberKind, what: &str) -> Threshold {
        if let Some((_, threshold)) = self.words.iter().find(|(word, _)| **word == *what) {
            return *threshold;
        }
        match kind {
            MemberKind::Host | MemberKind::Device | MemberKind::Guest | MemberKind::Station => self.host,
            _ => self.group,
        }
    }
}

/// What a like weighs: the weight of the severity that is reported, times the standing of who likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weights {
    /// By severity, the lightest first. Default 0, 1, 2 and 4.
    pub severity: [u16; 4],
    /// Of guests and stations. Default 1.
    pub guest: u16,
    /// Of devices. Default 2.
    pub device: u16,
    /// Of hosts. Default 4.
    pub host: u16,
    /// Of management servers, people and the sensor itself. Default 8.
    pub server: u16,
}

impl Weights {
    /// Returns what a like weighs.
    pub fn of(&self, severity: Severity, liker: MemberKind) -> u32 {
        let standing = match liker {
            MemberKind::Guest | MemberKind::Station => self.guest,
            MemberKind::Device => self.device,
            MemberKind::Host => self.host,
            _ => self.server,
        };
        let severity = Severity::ALL.into_iter().zip(self.severity).find(|(other, _)| *other == severity);
        severity.map_or(0, |(_, weight)| u32::from(weight) * u32::from(standing))
    }
}

impl Default for Weights {
    fn default() -> Self {
        Self { severity: [0, 1, 2, 4], guest: 1, device: 2, host: 4, server: 8 }
    }
}

/// What a host may ask for when one of its guests gives no sign of life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PowerOn {
    /// Nothing.
    #[default]
    Never,
    /// That the guest be powered on, once.
    Ask,
}

/// How the network of streams is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamSettings {
    /// The sensor's name, for what it observed. Default `rollcall`.
    pub sensor: Box<str>,
    /// How long after its last report an open post still takes a further report as a like. Default 1 h.
    pub match_window: Duration,
    /// From when on posts are carried up.
    pub promote_at: PromoteAt,
    /// What likes weigh.
    pub weights: Weights,
    /// How long an open post may stand in a stream unacknowledged before it is carried up whatever it weighs; at each
    /// level anew. Zero: never. Default 1 h.
    pub escalate_after: Duration,
    /// How long the tag cloud looks back; trends compare with as long before. Default 24 h.
    pub tag_window: Duration,
    /// How long a member may give no sign of life. Zero: not looked for. Default 24 h.
    pub heartbeat: Duration,
    /// What is asked for then.
    pub power_on: PowerOn,
    /// How long a guest that was to be powered on may take. Default 10 min.
    pub power_on_grace: Duration,
    /// Which posts go to topics.
    pub routes: Vec<RoutingRule>,
    /// Groups by rule.
    pub groups: Vec<GroupRule>,
}

impl Default for StreamSettings {
    fn default() -> Self {
        let half = Some(50);
        Self {
            sensor: "rollcall".into(),
            match_window: Duration::from_secs(3_600),
            promote_at: PromoteAt {
                host: Threshold { weight: Some(10), share_percent: half },
                group: Threshold { weight: Some(20), share_percent: half },
                words: Vec::new(),
            },
            weights: Weights::default(),
            escalate_after: Duration::from_secs(3_600),
            tag_window: Duration::from_secs(86_400),
            heartbeat: Duration::from_secs(86_400),
            power_on: PowerOn::Never,
            power_on_grace: Duration::from_secs(600),
            routes: Vec::new(),
            groups: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_like_weighs_by_severity_and_standing() {
        let weights = Weights::default();
        assert_eq!(weights.of(Severity::Critical, MemberKind::Guest), 4);
        assert_eq!(weights.of(Severity::Critical, MemberKind::Host), 16);
        assert_eq!(weights.of(Severity::Minor, MemberKind::Person), 8);
        assert_eq!(weights.of(Severity::Info, MemberKind::Person), 0);
    }

    #[test]
    fn a_word_of_the_inventory_has_its_own_threshold() {
        let mut promote_at = StreamSettings::default().promote_at;
        let rack = Threshold { weight: Some(99), share_percent: None };
        promote_at.words.push(("rack".into(), rack));
        assert_eq!(promote_at.of(MemberKind::Group, "rack"), rack);
        assert_eq!(promote_at.of(MemberKind::Group, "cluster"), promote_at.group);
        assert_eq!(promote_at.of(MemberKind::Host, "host"), promote_at.host);
    }
}
