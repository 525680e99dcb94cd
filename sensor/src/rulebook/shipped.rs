/// The rules that are part of the program, by name.
pub const SHIPPED: &[(&str, &str)] = &[
    ("rules/conflict/conflict.address.yaml", include_str!("../../../rules/conflict/conflict.address.yaml")),
    (
        "rules/duplicate/duplicate.power-off.yaml",
        include_str!("../../../rules/duplicate/duplicate.power-off.yaml"),
    ),
    (
        "rules/misplaced/misplaced.update-record.yaml",
        include_str!("../../../rules/misplaced/misplaced.update-record.yaml"),
    ),
    ("rules/records/records.trouble.yaml", include_str!("../../../rules/records/records.trouble.yaml")),
    ("rules/sensor/sensor.trouble.yaml", include_str!("../../../rules/sensor/sensor.trouble.yaml")),
    ("rules/silent/silent.ticket.yaml", include_str!("../../../rules/silent/silent.ticket.yaml")),
    ("rules/unknown/unknown.rogue.yaml", include_str!("../../../rules/unknown/unknown.rogue.yaml")),
    ("rules/unknown/unknown.station.yaml", include_str!("../../../rules/unknown/unknown.station.yaml")),
    ("rules/zombie/zombie.ticket.yaml", include_str!("../../../rules/zombie/zombie.ticket.yaml")),
];
