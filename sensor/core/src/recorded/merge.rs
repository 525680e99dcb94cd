//! One record of a guest out of those that several sources have of it.

use core::cmp::Reverse;
use std::collections::BTreeMap;

use super::builder::Problems;
use super::check::GuestDraft;
use super::model::{Claim, Guest, RecordConflict, Uuid};
use super::problem::Position;
use super::state::RunState;

/// Makes one record of those that different sources have of one guest, by its id or its UUID.
///
/// The source with the highest precedence speaks, of equals the one named first; the others fill in what it does not say. What they
/// contradict stays with the record, and is told. Two records of one source are left for whoever looks for doubles.
pub(super) fn merge_sources(drafts: &mut Vec<GuestDraft>, problems: &mut Problems) {
    let rank = |at: Position| {
        let precedence = problems.source_of(at).map_or(0, |settings| settings.precedence);
        (Reverse(precedence), at)
    };
    drafts.sort_by_cached_key(|draft| rank(draft.guest.position));
    by_uuid(drafts);
    let mut places: BTreeMap<Box<str>, usize> = BTreeMap::new();
    let mut merged: Vec<(GuestDraft, Vec<Position>)> = Vec::with_capacity(drafts.len());
    for draft in drafts.drain(..) {
        let at = draft.guest.position;
        let known = places.get(&draft.guest.id).and_then(|&place| merged.get_mut(place));
        match known {
            Some((known, from)) if from.iter().all(|other| other.source != at.source) => {
                merge(known, draft, problems);
                from.push(at);
            }
            Some(_) => merged.push((draft, vec![at])),
            None => {
                places.insert(draft.guest.id.clone(), merged.len());
                merged.push((draft, vec![at]));
            }
        }
    }
    drafts.extend(merged.into_iter().map(|(draft, _)| draft));
}

/// Gives records of different sources that have one UUID one id: that of the source that counts most.
fn by_uuid(drafts: &mut [GuestDraft]) {
    let mut ids: BTreeMap<Uuid, (Box<str>, Vec<Position>)> = BTreeMap::new();
    for draft in drafts {
        let Some(uuid) = draft.guest.uuid else { continue };
        let (id, from) = ids.entry(uuid).or_insert_with(|| (draft.guest.id.clone(), Vec::new()));
        let at = draft.guest.position;
        if from.iter().all(|other| other.source != at.source) {
            draft.guest.id = id.clone();
            from.push(at);
        }
    }
}

fn merge(known: &mut GuestDraft, other: GuestDraft, problems: &mut Problems) {
    let positions = [known.guest.position, other.guest.position];
    let mut conflicts = Vec::new();
    let mut disagree = |what, values: [String; 2]| conflicts.push((what, values));
    match (&known.host, other.host) {
        (Some(one), Some(two)) if one.id != two.id => {
            disagree("host", [one.id.to_string(), two.id.to_string()]);
        }
        (None, other) => known.host = other,
        (Some(_), _) => {}
    }
    if known.parent.is_none() {
        known.parent = other.parent;
    }
    let (guest, other) = (&mut known.guest, other.guest);
    match (guest.run_state, other.run_state) {
        (one, two) if one == two => guest.state_since = guest.state_since.or(other.state_since),
        (RunState::Unknown, state) => (guest.run_state, guest.state_since) = (state, other.state_since),
        (_, RunState::Unknown) => {}
        (one, two) => disagree("run state", [one.as_str().to_owned(), two.as_str().to_owned()]),
    }
    let has_all = |one: &Guest, two: &Guest| two.macs.iter().all(|mac| one.macs.contains(mac));
    if !guest.macs.is_empty() && !has_all(guest, &other) && !has_all(&other, guest) {
        let list = |guest: &Guest| guest.macs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        disagree("MAC addresses", [list(guest), list(&other)]);
    } else {
        add(&mut guest.macs, other.macs);
    }
    match (guest.uuid, other.uuid) {
        (Some(one), Some(two)) if one != two => disagree("UUID", [one.to_string(), two.to_string()]),
        (one, two) => guest.uuid = one.or(two),
    }
    if guest.name == guest.id {
        guest.name = other.name;
    }
    add(&mut guest.home_addresses, other.home_addresses);
    add(&mut guest.addresses, other.addresses);
    add(&mut guest.tags, other.tags);
    add(&mut guest.groups, other.groups);
    guest.owner = guest.owner.take().or(other.owner);
    (guest.created, guest.expires) = (guest.created.or(other.created), guest.expires.or(other.expires));
    let [first, second] = positions;
    for (what, [one, two]) in conflicts {
        let name = |at| problems.source_of(at).map_or_else(Box::default, |settings| settings.name.clone());
        let claims = [(one, first), (two, second)];
        let claims = claims.map(|(value, at)| Claim { value: value.into(), source: name(at) });
        let [one, two] = &claims;
        let message =
            format!("guest `{}`: {what} `{}` here, `{}` by `{}`", guest.id, two.value, one.value, one.source);
        problems.disagreement(
            second,
            first,
            message,
            "correct one of the two; the other source counts until then",
        );
        guest.conflicts.push(RecordConflict { what, claims });
    }
}

fn add<T: PartialEq>(list: &mut Vec<T>, more: Vec<T>) {
    for item in more {
        if !list.contains(&item) {
            list.push(item);
        }
    }
}
