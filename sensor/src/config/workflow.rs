//! The section `workflow`: where rules are, and what they may do.

use std::collections::BTreeMap;
use std::path::Path;

use rollcall_core::rules::Select;
use rollcall_core::workflow::WorkflowSettings;

use super::audit_rules::typed;
use super::checked::section;
use crate::rulebook::Place;
use crate::text::yaml::Node;
use crate::text::{Faults, Fields, Marked};

/// What is done about differences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workflows {
    /// Where the rules are.
    pub rules: Place,
    /// How they are run.
    pub settings: WorkflowSettings,
}

/// Reads what the section has beside settings with one value: where the rules are, and whom they must leave alone.
pub(super) fn read(
    node: Node,
    dir: &Path,
    values: &mut BTreeMap<&'static str, Marked>,
    faults: &mut Faults,
) -> (Place, Select) {
    let Some(mut fields) = section(node, "workflow", &["rules", "protect"], values, faults) else {
        return Default::default();
    };
    let paths = fields.texts("rules").into_iter().map(|text| dir.join(text.value)).collect::<Vec<_>>();
    let rules = if paths.is_empty() { Place::Shipped } else { Place::Paths(paths) };
    let known = ["guests", "hosts", "groups", "tags", "macs"];
    let protect = fields.node("protect").and_then(|node| {
        let mut protect = Fields::open(node, "whom to protect", &known, fields.faults())?;
        let mut names = |key: &str| -> Vec<Box<str>> {
            protect.texts(key).into_iter().map(|text| text.value.into()).collect()
        };
        let [guests, hosts, groups, tags] = ["guests", "hosts", "groups", "tags"].map(&mut names);
        let macs = protect.texts("macs");
        let help = "write it as 52:54:00:12:34:56, or its first octets, 52:54:00";
        let macs = typed(macs, "MAC address or prefix", help, protect.faults());
        Some(Select { guests, hosts, groups, tags, macs })
    });
    (rules, protect.unwrap_or_default())
}
