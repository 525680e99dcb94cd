//! Inventories in files: YAML, JSON and CSV to rows with their places.
//!
//! Any number of files goes into one snapshot. What is wrong in them is collected and never stops the load; a file
//! that cannot be opened is a problem like any other. Does not read the values of fields: the builder does.

mod kind;
mod load;
mod recurrence;
mod sections;
mod table;

pub use kind::{Field, Kind};
pub use load::{InventoryFile, Loaded, load, load_inline, load_texts, read_text};

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use proptest::prelude::*;
    use rollcall_core::recorded::{Snapshot, View, diff};

    use super::*;
    use crate::text::report::{Style, write_count, write_problems};

    fn loaded(files: &[(&str, &str)]) -> Loaded {
        let names: Vec<InventoryFile> = files.iter().map(|(name, _)| InventoryFile::at(name)).collect();
        let texts = files.iter().map(|(_, text)| Ok((*text).to_owned()));
        load_texts(names.iter().zip(texts).collect(), None)
    }

    fn clean(files: &[(&str, &str)]) -> Snapshot {
        let loaded = loaded(files);
        assert_eq!(loaded.built.problems, []);
        loaded.built.snapshot
    }

    fn rendered(loaded: &Loaded) -> String {
        let mut out = Vec::new();
        let problems = &loaded.built.problems;
        write_problems(&mut out, problems, &loaded.excerpts, Style::Plain).unwrap();
        write_count(&mut out, problems).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// Every file in `testdata` has beside it, as `.txt`, exactly what is reported about it. With `ROLLCALL_BLESS` in the
    /// environment the test writes what it finds instead; the difference is for review.
    #[test]
    fn bad_inventories_get_their_exact_diagnostics() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sources/files/testdata");
        let mut cases: Vec<PathBuf> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ext| ext != "txt"))
            .collect();
        cases.sort();
        assert!(cases.len() >= 10, "the cases are in their folder");
        for path in cases {
            let name = path.file_name().unwrap().to_str().unwrap();
            let found = rendered(&loaded(&[(name, &fs::read_to_string(&path).unwrap())]));
            let beside = path.with_extension("txt");
            if std::env::var_os("ROLLCALL_BLESS").is_some() {
                fs::write(&beside, &found).unwrap();
            }
            let expected = fs::read_to_string(&beside).unwrap_or_default();
            assert_eq!(found, expected, "{name}");
        }
    }

    const YAML: &str = r#"
guests:
  - {id: web-01, macs: ["52:54:00:00:00:01", "52:54:00:00:00:02"], addresses: [10.1.0.1], host: hv-01, state: running,
     owner: shop, tags: [web, blue], state-since: 2026-11-20T10:00:00Z}
  - {id: db-01, macs: ["52:54:00:00:00:03"], host: hv-01, state: powered-off}
hosts:
  - {id: hv-01, macs: ["00:11:22:33:44:01"], vteps: [192.0.2.1], state: in-service, site: dc1,
     attachments: [{switch: tor-1, port: eth1}, {switch: tor-2, port: "1/1:3"}], subnets: ["2001:db8:1::/64"]}
subnets:
  - {prefix: 10.1.0.0/24, vlan: 100, site: dc1, purpose: guests}
known-stations:
  - {mac: "00:aa:00:00:00:01", name: core-router, ttl: 1h}
"#;

    const TABLES: [(&str, &str); 4] = [
        (
            "vms.csv",
            "id,macs,addresses,host,state,owner,tags,state-since\n\
             web-01,52:54:00:00:00:01 52-54-00-00-00-02,10.1.0.1,hv-01,Powered On,shop,\"web,blue\",2026-11-20 11:00:00+01:00\n\
             db-01,5254.0000.0003,,hv-01,shut off,,,\n",
        ),
        (
            "hosts.csv",
            "id;mac;vtep;state;site;attachments;subnets\n\
             hv-01;00:11:22:33:44:01;192.0.2.1;connected;dc1;tor-1:eth1 tor-2:1/1:3;2001:db8:1::/64\n",
        ),
        ("nets.csv", "Network\tVLAN ID\tSite\tRole\n10.1.0.0/24\t100\tdc1\tguests\n"),
        ("others.csv", "MAC,Name,TTL\n00:aa:00:00:00:01,core-router,60m\n"),
    ];

    const JSON: &str = r#"{
	"guests": [
		{"id": "web-01", "macs": ["52:54:00:00:00:01", "52:54:00:00:00:02"], "addresses": ["10.1.0.1"],
		 "host": "hv-01", "state": "running", "owner": "shop", "tags": ["web", "blue"],
		 "state-since": "2026-11-20T10:00:00Z", "name": null},
		{"id": "db-01", "macs": ["52:54:00:00:00:03"], "host": "hv-01", "state": "powered-off"}
	],
	"hosts": [
		{"id": "hv-01", "macs": ["00:11:22:33:44:01"], "vteps": ["192.0.2.1"], "state": "in-service", "site": "dc1",
		 "attachments": [{"switch": "tor-1", "port": "eth1"}, {"switch": "tor-2", "port": "1/1:3"}],
		 "subnets": ["2001:db8:1::/64"]}
	],
	"subnets": [{"prefix": "10.1.0.0/24", "vlan": 100, "site": "dc1", "purpose": "guests"}],
	"known-stations": [{"mac": "00:aa:00:00:00:01", "name": "core-router", "ttl": "1h"}]
}"#;

    #[test]
    fn yaml_json_and_csv_say_the_same() {
        let yaml = clean(&[("inventory.yaml", YAML)]);
        assert_eq!((yaml.guests().len(), yaml.hosts().len()), (2, 1));
        let json = clean(&[("inventory.json", JSON)]);
        let csv = clean(&TABLES);
        for other in [json, csv] {
            assert!(diff(&yaml, &other).is_empty(), "{:?}", diff(&yaml, &other));
            for view in View::ALL {
                assert_eq!(yaml.view(view), other.view(view));
            }
        }
    }

    #[test]
    fn several_files_are_one_inventory_and_doubles_name_both_places() {
        let host = "hosts: [{id: hv-01}]";
        let guest = "guests:\n  - {id: web-01, macs: [52:54:00:00:00:01], host: hv-01}";
        let snapshot = clean(&[("a.yaml", guest), ("b.yaml", host)]);
        assert!(snapshot.guests()[0].host.is_some());

        // Two sources may have one guest, and one of them the double in itself.
        assert_eq!(clean(&[("a.yaml", guest), ("b.yaml", host), ("c.yaml", guest)]).guests().len(), 1);
        let elsewhere =
            "hosts: [{id: hv-02}]\nguests:\n  - {id: web-01, macs: [52:54:00:00:00:01], host: hv-02}";
        let other = "\n  - {id: web-01, macs: [52:54:00:00:00:02], host: hv-01}";
        for (third, code, place) in [
            (elsewhere.to_owned(), "RC0221", "c.yaml:3:5"),
            (format!("{guest}{other}"), "RC0205", "c.yaml:3:5"),
        ] {
            let files = loaded(&[("a.yaml", guest), ("b.yaml", host), ("c.yaml", &third)]);
            let [problem] = files.built.problems.as_slice() else {
                panic!("one problem: {:?}", files.built.problems);
            };
            assert_eq!((problem.code, &*problem.place.to_string()), (code, place));
            assert_eq!(problem.also.as_ref().map(ToString::to_string), Some("a.yaml:2:5".into()));
        }
    }

    #[test]
    fn the_configuration_maps_columns() {
        let file = InventoryFile {
            kind: Some(Kind::Guests),
            columns: [("id", "Machine"), ("macs", "Card 1"), ("host", "Wirt")]
                .map(|(field, title)| (field.to_owned(), title.to_owned()))
                .into(),
            ..InventoryFile::at("export.csv")
        };
        let text = "Machine,Card 1,Whatever,Host\nweb-01,52:54:00:00:00:01,x,hv-01\n";
        let loaded = load_texts(vec![(&file, Ok(text.to_owned()))], None);
        let codes: Vec<&str> = loaded.built.problems.iter().map(|p| p.code).collect();
        // The column for the host is not called so, and what stands in for it names an unknown host.
        assert_eq!(codes, ["RC0008", "RC0206"]);
        assert_eq!(&*loaded.built.snapshot.guests()[0].id, "web-01");
    }

    #[test]
    fn a_file_that_is_not_there_is_a_problem() {
        let loaded = load(&[InventoryFile::at("no/such/file.yaml")], None);
        assert!(loaded.unreadable);
        assert_eq!(loaded.built.problems[0].code, "RC0007");
        assert_eq!(loaded.built.problems[0].place.to_string(), "no/such/file.yaml");
    }

    proptest! {
        #[test]
        fn tables_never_panic_and_places_are_inside(text in "(id|mac|host|web|[,;\n\r\" \t]|\u{e9}|52:54:00:00:00:01){0,40}") {
            let loaded = loaded(&[("guests.csv", &text)]);
            let lines = u32::try_from(text.split('\n').count()).unwrap();
            for problem in loaded.built.problems {
                prop_assert!(problem.place.line <= lines, "{problem:?}");
            }
        }

        #[test]
        fn sections_never_panic(text in "(guests|hosts|id|macs|parent|: |\n  - |[\\[\\]{},\n\"&*]|a|52:54:00:00:00:01){0,40}") {
            let loaded = loaded(&[("inventory.yaml", &text)]);
            prop_assert!(loaded.built.snapshot.guests().len() <= text.len());
        }
    }
}
