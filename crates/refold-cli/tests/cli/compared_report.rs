//! Reports of a comparison: they say what `replay --against` says, end as it ends, and are checked as every other report is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::lab::Lab;

const LEFT: &str = "handlers/order@1.0.0";
const RIGHT: &str = "handlers/order@1.1.0";
/// Stretches of a stream that a report tells.
const MOST_INTERVALS: usize = 16;

struct Compared {
    replayed: Value,
    /// The same as it was printed: a number is more than what is made of it here.
    printed: String,
    made: Value,
}

impl Compared {
    /// The same question, asked both ways; both must end alike.
    fn of(lab: &Lab, out: &str, scope: &[&str], [left, right]: [&str; 2], time: &str) -> Compared {
        let handlers = ["--handler", left, "--against", right];
        let all: &[&str] = if scope.is_empty() { &["--all"] } else { scope };
        let replay = lab.run(&[&["--json", "replay", "orders.db"], all, &handlers].concat());
        let replayed: Value = serde_json::from_str(&replay.out).unwrap_or_else(|_| panic!("{replay:?}"));
        let how = ["--format", "pdf,html,csv,json,xlsx", "--time", time, "--out", out];
        let made = lab.json(
            replay.code,
            &[&["report", "orders.db"], scope, &handlers, &how].concat(),
        );
        let found = made["verdict"]["finding_count"].as_u64().unwrap() > 0;
        assert_eq!(replay.code == 1, found || made["verdict"]["outcome"] == "unclear");
        Compared {
            replayed,
            printed: replay.out,
            made,
        }
    }

    fn dir(&self) -> &Path {
        Path::new(self.made["dir"].as_str().unwrap())
    }

    fn rows(&self, name: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.dir().join(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Of the findings and of what they are held against: what differs, and what fails.
    fn agree(&self) {
        let list = |of: &Value, name: &str| of[name].as_array().unwrap().clone();
        let place = |of: &Value| ["version", "position", "type"].map(|name| of[name].clone());
        let found = self.rows("findings.ndjson");
        let of_kind = |kind: &str| {
            let of_kind = found.iter().filter(|of| of["kind"] == kind);
            of_kind.cloned().collect::<Vec<Value>>()
        };
        let literal = |of: &Value, side: &str| {
            let text = of.as_str().unwrap_or("null");
            let member = format!("\"{side}\":{text}");
            assert!(
                of.is_null() || self.printed.contains(&member),
                "{member} is not what was printed"
            );
            serde_json::from_str::<Value>(text).unwrap()
        };
        let differing = list(&self.replayed, "differing");
        let expected: Vec<_> = differing
            .iter()
            .map(|of| {
                let first = &of["intervals"][0];
                let places = list(of, "places");
                let changes: Vec<_> = places
                    .iter()
                    .map(|it| (it["path"].clone(), it["left"].clone(), it["right"].clone()))
                    .collect();
                let until = first["until"]["position"].clone();
                (of["stream"].clone(), place(&first["from"]), until, changes)
            })
            .collect();
        let told: Vec<_> = of_kind("DIFFERS")
            .iter()
            .map(|of| {
                let changes: Vec<_> = list(&of["impacts"][0], "changes")
                    .iter()
                    .map(|it| {
                        let [before, after] =
                            [("before", "left"), ("after", "right")].map(|(name, side)| literal(&it[name], side));
                        (it["path"].clone(), before, after)
                    })
                    .collect();
                (of["stream"].clone(), place(of), of["to"].clone(), changes)
            })
            .collect();
        assert_eq!(told, expected);
        for (of, stream) in of_kind("DIFFERS").iter().zip(&differing) {
            let detail = of["detail"].as_str().unwrap();
            let stretches = list(stream, "intervals").len().min(MOST_INTERVALS);
            assert_eq!(detail.matches("from v").count(), stretches, "{detail}");
        }
        let errors = list(&self.replayed, "errors");
        let fails = of_kind("FAILS");
        assert_eq!(
            fails
                .iter()
                .map(|of| (of["stream"].clone(), place(of)))
                .collect::<Vec<_>>(),
            errors
                .iter()
                .map(|of| (of["stream"].clone(), place(of)))
                .collect::<Vec<_>>()
        );
        for (of, stop) in fails.iter().zip(&errors) {
            let detail = of["detail"].as_str().unwrap();
            assert!(detail.starts_with(stop["side"].as_str().unwrap()), "{detail}");
            assert!(detail.ends_with(stop["reason"].as_str().unwrap()), "{detail}");
        }
        assert_eq!(
            found.len() as u64,
            self.made["verdict"]["finding_count"].as_u64().unwrap()
        );
        let intervals = differing
            .iter()
            .flat_map(|of| list(of, "intervals").into_iter().take(MOST_INTERVALS));
        let ends = intervals.flat_map(|it| [it["from"].clone(), it["until"].clone()]);
        let places: BTreeSet<u64> = ends
            .chain(errors)
            .filter_map(|event| event["position"].as_str()?.parse().ok())
            .collect();
        let there: Vec<u64> = self
            .rows("events.ndjson")
            .iter()
            .map(|event| event["position"].as_str().unwrap().parse().unwrap())
            .collect();
        assert_eq!(there, places.into_iter().collect::<Vec<_>>());
    }

    /// Both verifiers find it whole.
    fn is_whole(&self, lab: &Lab) {
        let checked = lab.run(&["verify-bundle", self.made["dir"].as_str().unwrap()]);
        assert_eq!(checked.code, 0, "{checked:?}");
        let python = Command::new("python3")
            .args(["verify.py", "."])
            .current_dir(self.dir())
            .output()
            .unwrap();
        assert!(python.status.success(), "{python:?}");
    }

    fn bytes(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = std::fs::read_dir(self.dir()).unwrap().map(|entry| entry.unwrap());
        entries
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, std::fs::read(entry.path()).unwrap())
            })
            .collect()
    }
}

fn folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn a_comparison_is_reported_as_replay_finds_it() {
    let lab = Lab::shared();
    let (_kept, out) = folder();
    let all = Compared::of(lab, &out, &[], [LEFT, RIGHT], "@1");
    let stream = all.replayed["first_divergence"]["stream"].as_str().unwrap();
    assert!(all.replayed["differing_streams"].as_u64().unwrap() > 1);
    for compared in [
        Compared::of(lab, &out, &["--category", "order"], [LEFT, RIGHT], "@2"),
        Compared::of(lab, &out, &[stream], [LEFT, RIGHT], "@3"),
        Compared::of(lab, &out, &[stream], [RIGHT, LEFT], "@4"),
        all,
    ] {
        assert_eq!(compared.made["verdict"]["outcome"], "differs");
        compared.agree();
        compared.is_whole(lab);
        let page = std::fs::read_to_string(compared.dir().join("report.html")).unwrap();
        for said in ["left (order 1.", "right (order 1.", "Which of the two is right"] {
            assert!(page.contains(said), "{said}");
        }
        let hash = compared.replayed["right"]["hash"].as_str().unwrap();
        assert!(page.contains(hash), "both handlers are named by what they are");
    }
}

#[test]
fn the_same_comparison_makes_the_same_bytes() {
    let lab = Lab::shared();
    let ((_first, first), (_second, second)) = (folder(), folder());
    let here = Compared::of(lab, &first, &[], [LEFT, RIGHT], "@1");
    // The handlers by other paths, and an answer that was kept since.
    let absolute = [LEFT, RIGHT].map(|handler| lab.path().join(handler).display().to_string());
    let there = Compared::of(lab, &second, &[], [&absolute[0], &absolute[1]], "@1");
    assert_eq!(here.bytes(), there.bytes());
    let command = here.rows("manifest.json")[0]["report"]["method"]["command"].clone();
    let command = command.as_str().unwrap();
    assert!(command.contains("--against order@1.1.0"), "{command}");
}

#[test]
fn handlers_that_make_the_same_of_everything_are_equal_only_where_all_was_compared() {
    let lab = Lab::shared();
    let (_kept, out) = folder();
    let equal = Compared::of(lab, &out, &["order-4711"], [LEFT, LEFT], "@1");
    assert_eq!(
        (&equal.made["verdict"]["outcome"], &equal.made["events"]),
        (&"equal".into(), &0.into())
    );
    equal.agree();
    equal.is_whole(lab);
    // The sample holds a stream that cannot be read to its end.
    let unclear = Compared::of(lab, &out, &[], [LEFT, LEFT], "@2");
    assert_eq!(unclear.made["verdict"]["outcome"], "unclear");
    let not_checked = unclear.made["verdict"]["not_checked"].to_string();
    assert!(not_checked.contains("could not be read or folded"), "{not_checked}");
}

#[test]
fn a_handler_that_fails_is_an_outcome() {
    let lab = Lab::new(500);
    let (_kept, out) = folder();
    let rules = "refold: reducer/1\nunhandled: error\non:\n  OrderPlaced:\n    - set: { id: event.data.orderId }\n";
    std::fs::write(lab.path().join("strict.yaml"), rules).unwrap();
    let lenient = rules.replace("unhandled: error", "unhandled: ignore");
    std::fs::write(lab.path().join("lenient.yaml"), lenient).unwrap();
    for (at, handlers) in [
        ["strict.yaml", "lenient.yaml"],
        ["lenient.yaml", "strict.yaml"],
        ["strict.yaml"; 2],
    ]
    .into_iter()
    .enumerate()
    {
        let compared = Compared::of(&lab, &out, &["--category", "order"], handlers, &format!("@{at}"));
        // No state differs: what comes after is not known.
        assert_eq!(compared.made["verdict"]["outcome"], "unclear");
        assert!(!compared.replayed["errors"].as_array().unwrap().is_empty());
        compared.agree();
        compared.is_whole(&lab);
    }
}

#[test]
fn what_a_report_redacts_no_comparison_tells() {
    let lab = Lab::shared();
    let (kept, out) = folder();
    let rules = kept.path().join("redact.toml");
    std::fs::write(
        &rules,
        "refold = \"mask/1\"\n[[hide]]\npaths = [\"/items/**\", \"/total\"]\n",
    )
    .unwrap();
    let call = [
        "report",
        "orders.db",
        "--handler",
        LEFT,
        "--against",
        RIGHT,
        "--format",
        "json",
    ];
    let made = |more: &[&str]| {
        let made = lab.json(1, &[&call[..], &["--out", &out], more].concat());
        let findings = Path::new(made["dir"].as_str().unwrap()).join("findings.ndjson");
        std::fs::read_to_string(findings).unwrap()
    };
    let plain = made(&["--time", "@1"]);
    assert!(
        plain.contains("/total\",\"before\":\"") && !plain.contains("[redacted]"),
        "{plain}"
    );
    let rules = rules.to_str().unwrap();
    let hidden = made(&["--time", "@2", "--redact", rules]);
    let told = hidden.split("\"path\":\"/total\"").skip(1);
    let shown: Vec<&str> = told
        .filter(|rest| !rest.starts_with(",\"before\":\"\\\"[redacted]"))
        .collect();
    assert!(shown.is_empty(), "{shown:?}");
    assert!(hidden.contains("[redacted]"), "{hidden}");
}

#[test]
fn a_comparison_takes_no_bounds_and_no_other_question() {
    let lab = Lab::shared();
    let (_kept, out) = folder();
    for more in [
        &["--from", "#1"][..],
        &["--invariants"],
        &["--verification", "somewhere"],
    ] {
        let call = [
            "report",
            "orders.db",
            "--handler",
            LEFT,
            "--against",
            RIGHT,
            "--out",
            &out,
        ];
        let answer = lab.run(&[&call[..], more].concat());
        assert_eq!(answer.code, 2, "{answer:?}");
    }
    let two = [
        "report",
        "orders.db",
        "order-1",
        "order-2",
        "--against",
        RIGHT,
        "--out",
        &out,
    ];
    let answer = lab.run(&two);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.err.contains("handlers are compared in one stream"), "{answer:?}");
}
