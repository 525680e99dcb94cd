use super::settings::{Holds, SETTINGS, Setting};

#[test]
fn every_default_lies_in_its_range() {
    for setting in SETTINGS {
        let text = setting.default;
        let read = match setting.holds {
            Holds::Duration(..) => setting.holds.duration(text).is_some(),
            Holds::Count(..) => setting.holds.count(text).is_some(),
            Holds::Word(_) => setting.holds.word(text).is_some(),
            Holds::Text(_) => setting.holds.text(text).is_some(),
        };
        assert!(read, "{}", setting.path);
        assert!(setting.doc.ends_with('.'), "{}", setting.path);
    }
}

#[test]
fn every_kind_can_be_turned_off() {
    let mut kinds: Vec<&str> = rollcall_core::audit::Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    let mut keys: Vec<&str> =
        SETTINGS.iter().filter(|s| s.section() == "audit.kinds").map(Setting::key).collect();
    kinds.sort_unstable();
    keys.sort_unstable();
    assert_eq!(kinds, keys);
}

#[test]
fn every_address_event_can_be_told() {
    let events =
        rollcall_core::presence::AddressEvent::ALL.map(rollcall_core::presence::AddressEvent::as_str);
    let keys = SETTINGS.iter().filter(|s| s.section() == "presence.address-events").map(Setting::key);
    assert!(keys.eq(events));
}

#[test]
fn no_setting_stands_twice() {
    let mut paths: Vec<_> = SETTINGS.iter().map(|setting| setting.path).collect();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), SETTINGS.len());
}
