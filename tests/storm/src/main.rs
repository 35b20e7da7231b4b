//! `npm run storm`: what happens when a broker is restarted and all its clients come back, for each kind of backoff, with the engine's own code.
//!
//! ```text
//!   npm run storm                                            100,000 clients
//!   npm run storm -- --clients 1000000 --accept 10000        more of them, and how many connections a second the broker lets in
//!   npm run storm -- --outage 5 --seed 7                     so many seconds until it listens again
//!   npm run storm -- --keep                                  writes the table of the README and its picture anew
//! ```

mod kinds;
mod picture;
mod report;
mod storm;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kinds::{KINDS, Kind};
use storm::{Scene, Storm};

const USAGE: &str =
    "npm run storm -- [--clients N] [--accept CONNECTIONS_A_SECOND] [--outage SECONDS] [--seed N] | --keep";
/// The scene of the README.
const DOCUMENTED: Scene = Scene {
    clients: 100_000,
    accept: 1_000,
    outage: 30_000,
    seed: 1,
};
/// What stands before the table in the README.
const MARK: &str = "<!-- storm: written by `npm run storm -- --keep` -->\n\n";

fn storms(scene: Scene) -> Vec<(Kind, Storm)> {
    KINDS.iter().map(|kind| (*kind, storm::run(scene, kind.rule))).collect()
}

/// The README with another table.
fn with_table(readme: &str, table: &str) -> Option<String> {
    let (before, rest) = readme.split_once(MARK)?;
    let (_, after) = rest.split_once("\n\n")?;
    Some(format!("{before}{MARK}{table}\n{after}"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The scene that the arguments ask for.
fn scene(arguments: &[String]) -> Option<Scene> {
    let mut scene = DOCUMENTED;
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { return None };
        match name.as_str() {
            "--clients" => {
                scene.clients = value
                    .parse()
                    .ok()
                    .filter(|clients| (1..=10_000_000).contains(clients))?
            }
            "--accept" => scene.accept = value.parse().ok().filter(|accept| *accept > 0)?,
            "--outage" => scene.outage = 1_000 * value.parse::<u64>().ok().filter(|seconds| *seconds <= 3_600)?,
            "--seed" => scene.seed = value.parse().ok()?,
            _ => return None,
        }
    }
    Some(scene)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let keep = arguments == ["--keep"];
    let Some(scene) = (if keep { Some(DOCUMENTED) } else { scene(&arguments) }) else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    let storms = storms(scene);
    let table = report::table(scene, &storms);
    print!("{table}");
    let picture = if keep { "www/storm.svg" } else { "target/storm.svg" };
    let written = std::fs::write(root().join(picture), picture::svg(scene, &storms)).and_then(|()| {
        if !keep {
            return Ok(());
        }
        let path = root().join("README.md");
        let readme = std::fs::read_to_string(&path)?;
        std::fs::write(&path, with_table(&readme, &table).unwrap_or(readme))
    });
    match written {
        Ok(()) => {
            println!("\nThe curves: {picture}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{picture}: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_shows_the_table_and_the_picture_of_the_code_as_it_is() {
        let storms = storms(DOCUMENTED);
        let read = |name: &str| std::fs::read_to_string(root().join(name)).unwrap();
        let (readme, picture) = (read("README.md"), read("www/storm.svg"));
        let stale = "run `npm run storm -- --keep`";
        assert!(
            with_table(&readme, &report::table(DOCUMENTED, &storms)) == Some(readme),
            "{stale}"
        );
        assert!(picture::svg(DOCUMENTED, &storms) == picture, "{stale}");
    }

    #[test]
    fn arguments_that_make_no_sense_are_refused() {
        let scene = |text: &str| scene(&text.split_whitespace().map(String::from).collect::<Vec<_>>());
        assert_eq!(
            scene("--clients 5 --outage 7").map(|scene| (scene.clients, scene.outage)),
            Some((5, 7_000))
        );
        for wrong in [
            "--clients",
            "--clients 0",
            "--accept none",
            "--keep --seed 1",
            "--outage 1e9",
            "--speed 3",
        ] {
            assert!(scene(wrong).is_none(), "{wrong}");
        }
    }
}
