//! Events that say a member of their chain more than once.

use super::*;

/// The hash is made of the last of them; who takes the first reads the forged one.
#[test]
fn a_member_that_is_said_twice_is_never_a_whole_chain() {
    let case = Case::new();
    let events = signed(5, 20, 10);
    let verified = |lines: &[String]| {
        let store = case.write("events.ndjson", lines);
        let answer = case.open(&store, |work, session| {
            verify_chain(work, session, &ChainAsked::default())
        });
        answer.expect("a verdict")
    };
    for shape in [Shape::Bare, Shape::Api, Shape::ApiV2, Shape::Backup] {
        let whole = lines(&events, shape);
        assert_eq!(verified(&whole).level, Some("L3"), "{shape:?}");
        let inner = whole[9].find("{\"source\"").expect("an event") + 1;
        let data = "{\"forged\":1}";
        let put = |at: usize, member: &str| {
            let mut lines = whole.clone();
            lines[9].insert_str(at, member);
            lines
        };
        let mut forged = vec![
            (put(inner, &format!("\"data\":{data},")), "data"),
            (put(inner, &format!("\"d\\u0061ta\":{data},")), "data"),
            (put(inner, &format!("\"Data\":{data},")), "data"),
            (put(inner, "\"subject\":\"/other\","), "subject"),
        ];
        if shape != Shape::Bare {
            forged.push((put(1, "\"type\":\"other\","), "type"));
        }
        for (lines, member) in forged {
            let answer = verified(&lines);
            assert_eq!(
                (answer.level, answer.outcome),
                (None, "broken"),
                "{shape:?} {}",
                lines[9]
            );
            let told: Vec<_> = answer.findings.iter().map(|of| of.kind).collect();
            assert_eq!(told, ["REPEATED-MEMBER"], "{shape:?} {}", lines[9]);
            let detail = answer.findings[0].detail.as_deref().unwrap_or_default();
            assert!(detail.contains(&format!("it says {member} more")), "{detail}");
        }
        // Of a name that no hash covers nothing is said, as before.
        let other = verified(&put(inner, "\"colour\":1,\"colour\":2,"));
        assert_eq!(other.level, Some("L3"), "{other:?}");
    }
}
