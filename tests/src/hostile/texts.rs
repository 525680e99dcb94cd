use std::path::Path;

use rollcall::config::Config;
use rollcall::sources::files::{InventoryFile, load_texts};
use rollcall::text::report::{Style, write_problems};

/// An inventory in YAML.
pub fn yaml(octets: &[u8]) {
    inventory("inventory.yaml", octets);
}

/// An inventory as a spreadsheet exports it.
pub fn table(octets: &[u8]) {
    inventory("guests.csv", octets);
}

fn inventory(name: &str, octets: &[u8]) {
    let Ok(text) = str::from_utf8(octets) else {
        return;
    };
    let loaded = load_texts(vec![(&InventoryFile::at(name), Ok(text.to_owned()))], None);
    // YAML ends a line at a carriage return as well.
    let lines = text.split(['\n', '\r']).count();
    for problem in &loaded.built.problems {
        assert!(problem.place.line as usize <= lines + 1, "{problem:?}");
        assert!(!problem.message.is_empty());
    }
    let mut out = Vec::new();
    write_problems(&mut out, &loaded.built.problems, &loaded.excerpts, Style::Plain)
        .expect("a vector can be written");
}

/// A configuration.
pub fn config(octets: &[u8]) {
    let Ok(text) = str::from_utf8(octets) else {
        return;
    };
    let parsed = Config::from_text(text, "config.yaml", Path::new("."));
    assert!(parsed.problems.iter().all(|problem| !problem.message.is_empty()));
}
