//! `cargo xtask fuzz [TARGET…] [--seconds N] [--seeds]`: libFuzzer over every door by which octets come in.
//!
//! The targets are built by stable Rust with LLVM's coverage instrumentation, without cargo-fuzz, whose
//! installation takes longer than a run. Corpora and seeds lie in the target folder: seeds are made from the
//! generated captures each time, corpora grow from run to run. A find is left where the message says; it
//! becomes a named file in `tests/hostile`, which the ordinary tests run.

mod samples;
mod seeds;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::{setup, shell};

/// How long each target runs unless it is said.
const SECONDS: u64 = 60;
/// LLVM's coverage of edges, comparisons and the table of places that libFuzzer wants.
const INSTRUMENT: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing";

/// Fuzzes the named targets, or all.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let Wanted { targets, seconds, only_seeds } = parse(arguments, &targets()?)?;
    if only_seeds {
        for target in &targets {
            println!("{:<12} {} seeds", target, seeds::write(target, &folder("seeds", target))?);
        }
        return Ok(ExitCode::SUCCESS);
    }
    if !setup::ensure(&[setup::CXX_COMPILER])?.is_empty() {
        bail!("no C++ compiler `c++`, which libFuzzer is compiled with");
    }
    fuzz(&targets, seconds)?;
    Ok(ExitCode::SUCCESS)
}

/// Fuzzes every target for so many seconds each.
///
/// # Errors
/// A find of any of them; all are run nevertheless.
pub(crate) fn all(seconds: u64) -> Result<()> {
    fuzz(&targets()?, seconds)
}

fn fuzz(targets: &[String], seconds: u64) -> Result<()> {
    let binaries = build()?;
    let mut finds = Vec::new();
    for target in targets {
        match fuzz_one(&binaries.join(target), target, seconds)? {
            Ended::Clean { executions, corpus, seconds } => {
                println!(
                    "{target:<12} {executions:>12} executions in {seconds:>5} s, {corpus:>6} in the corpus"
                );
            }
            Ended::Found(place) => {
                println!("{target:<12} FOUND: {place}");
                finds.push(format!("{target}: {place}"));
            }
        }
    }
    if !finds.is_empty() {
        bail!(
            "{} finds (copy each into tests/hostile/TARGET under a name that says what was wrong):\n{}",
            finds.len(),
            finds.join("\n")
        );
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    targets: Vec<String>,
    seconds: u64,
    only_seeds: bool,
}

fn parse(arguments: &[String], known: &[String]) -> Result<Wanted> {
    let mut wanted = Wanted { targets: Vec::new(), seconds: SECONDS, only_seeds: false };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seconds" => {
                let number = words.next().context("say how many seconds after `--seconds`")?;
                wanted.seconds = number.parse().with_context(|| format!("read `{number}` as seconds"))?;
            }
            "--seeds" => wanted.only_seeds = true,
            name if known.iter().any(|target| target == name) => wanted.targets.push(name.to_owned()),
            other => bail!("there is no fuzz target `{other}` (there are {})", known.join(", ")),
        }
    }
    if wanted.targets.is_empty() {
        wanted.targets = known.to_vec();
    }
    Ok(wanted)
}

/// Returns the names of the targets, which are those of their files.
fn targets() -> Result<Vec<String>> {
    let folder = shell::root().join("sensor/fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("list {}", folder.display()))? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// Builds every target; returns the folder in which they lie.
fn build() -> Result<PathBuf> {
    let host = host()?;
    let folder = shell::target_dir().join("fuzz");
    // Not locked: what the workspace has come to depend on is added to the lock file here.
    let mut build = shell::cargo(&["build", "--release", "--quiet"]);
    build.args(["--manifest-path", "sensor/fuzz/Cargo.toml", "--target", &host, "--target-dir"]).arg(&folder);
    // With a target named, the flags are not for build scripts and macros.
    shell::run(build.env("RUSTFLAGS", INSTRUMENT).env_remove("CARGO_TARGET_DIR"))?;
    Ok(folder.join(host).join("release"))
}

fn host() -> Result<String> {
    let about = shell::capture(&mut shell::program("rustc", &["-vV"]))?;
    let line = about.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.context("find the host in what `rustc -vV` prints")?.to_owned())
}

/// A folder of one target among the build results: `seeds`, `corpus` or `finds`.
fn folder(kind: &str, target: &str) -> PathBuf {
    shell::target_dir().join("fuzz").join(kind).join(target)
}

enum Ended {
    Clean {
        executions: u64,
        corpus: usize,
        seconds: u64,
    },
    /// Where the octets lie that broke it.
    Found(String),
}

fn fuzz_one(binary: &Path, target: &str, seconds: u64) -> Result<Ended> {
    let (seeds, corpus, finds) = (folder("seeds", target), folder("corpus", target), folder("finds", target));
    seeds::write(target, &seeds)?;
    for path in [&corpus, &finds] {
        fs::create_dir_all(path).with_context(|| format!("make {}", path.display()))?;
    }
    let log = shell::target_dir().join("fuzz").join(format!("{target}.log"));
    let mut command = shell::program(binary, &[]);
    // The corpus comes first: new octets are written there.
    command.arg(&corpus).arg(&seeds).arg(format!("-max_total_time={seconds}"));
    command.args(["-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=1"]);
    command.arg(format!("-artifact_prefix={}/", finds.display()));
    let file = fs::File::create(&log).with_context(|| format!("write {}", log.display()))?;
    let started_at = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(file).status();
    let status = status.with_context(|| format!("start {}", binary.display()))?;
    let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    if !status.success() {
        let place =
            said.lines().find_map(|line| line.split_once("Test unit written to ")).map(|(_, path)| path);
        let why = said.lines().find(|line| line.contains("panicked at")).unwrap_or("see the log");
        let place = place.map_or_else(|| log.display().to_string(), str::to_owned);
        return Ok(Ended::Found(format!("{place} ({why}; log {})", log.display())));
    }
    let executions = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    Ok(Ended::Clean {
        executions: executions.and_then(|number| number.trim().parse().ok()).unwrap_or_default(),
        corpus: fs::read_dir(&corpus)?.count(),
        seconds: started_at.elapsed().as_secs(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_name_targets_and_seconds() {
        let known = ["decode".to_owned(), "pcap".to_owned()];
        let parsed =
            |words: &[&str]| parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), &known);
        let all = parsed(&[]).unwrap();
        assert_eq!((all.targets.as_slice(), all.seconds, all.only_seeds), (&known[..], SECONDS, false));
        let one = parsed(&["pcap", "--seconds", "5"]).unwrap();
        assert_eq!((one.targets, one.seconds), (vec!["pcap".to_owned()], 5));
        assert!(parsed(&["pcapng"]).is_err());
        assert!(parsed(&["--seconds"]).is_err());
    }

    #[test]
    fn every_target_has_seeds() {
        for target in targets().unwrap() {
            let seeds = seeds::of(&target).unwrap();
            assert!(!seeds.is_empty() && seeds.len() <= seeds::SEEDS_MAX, "{target}: {}", seeds.len());
            assert!(seeds.iter().all(|seed| !seed.is_empty()), "{target}");
        }
    }
}
