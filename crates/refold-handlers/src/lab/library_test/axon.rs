//! Java and Kotlin, with the aggregate fixture of Axon and JUnit. Payloads are JSON text, which Jackson reads into the
//! types of the model.

use std::fmt::Write as _;

use super::words::{Classes, head, json, json_of, quoted};
use super::{Leaf, TestText, Then};

const NOTES: [&str; 5] = [
    "Payloads are the exact JSON of the events, upcast: Jackson reads them into the types of the model, so a long and a",
    "BigDecimal get each digit. Places are those of the state as Jackson writes it, fields first. Numbers are compared by",
    "amount, at six digits after the point, as few decimals are exactly a double.",
    "ID is what the first event makes the identifier of the aggregate: correct it. The fixture asks for a command, and",
    "this one only loads the aggregate.",
];

const JAVA_SEEN: &str = r#"
    private static final ObjectMapper JSON = new ObjectMapper()
        .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .setVisibility(PropertyAccessor.FIELD, JsonAutoDetect.Visibility.ANY)
        .findAndRegisterModules();

    private static Object event(Class<?> type, String json) throws Exception {
        return JSON.readValue(json, type);
    }

    private static String seen(JsonNode state, String place) {
        JsonNode found = state.at(place);
        return found.isMissingNode() ? "(nothing)" : plain(found.isTextual() ? found.textValue() : found.toString());
    }

    private static String plain(String text) {
        try {
            return new BigDecimal(text).setScale(6, RoundingMode.HALF_EVEN).stripTrailingZeros().toPlainString();
        } catch (NumberFormatException noNumber) {
            return text;
        }
    }

    record Look() {}

    static class Looking {
        private final AggregateTestFixture<AGGREGATE> fixture;

        Looking(AggregateTestFixture<AGGREGATE> fixture) {
            this.fixture = fixture;
        }

        @CommandHandler
        public void look(Look command) {
            fixture.getRepository().load(ID);
        }
    }
"#;

const KOTLIN_SEEN: &str = r#"
    private val json = ObjectMapper()
        .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .setVisibility(PropertyAccessor.FIELD, JsonAutoDetect.Visibility.ANY)
        .findAndRegisterModules()

    private inline fun <reified T : Any> event(text: String): Any = json.readValue(text, T::class.java)

    private fun seen(state: JsonNode, place: String): String {
        val found = state.at(place)
        return if (found.isMissingNode) "(nothing)" else plain(if (found.isTextual) found.textValue() else found.toString())
    }

    private fun plain(text: String): String =
        text.toBigDecimalOrNull()?.setScale(6, RoundingMode.HALF_EVEN)?.stripTrailingZeros()?.toPlainString() ?: text

    class Look

    class Looking(private val fixture: AggregateTestFixture<AGGREGATE>) {
        @CommandHandler
        fun look(command: Look) {
            fixture.repository.load(ID)
        }
    }
"#;

/// What is not there is not right either.
const JAVA_THERE: &str = r#"            for (Map.Entry<String, String> one : expected) {
                assertFalse(state.at(one.getKey()).isMissingNode(), "the model has nothing at " + one.getKey());
            }
"#;
const KOTLIN_THERE: &str = r#"            for ((place, _) in expected) {
                assertFalse(state.at(place).isMissingNode, "the model has nothing at " + place)
            }
"#;

const JACKSON: [&str; 5] = [
    "com.fasterxml.jackson.annotation.JsonAutoDetect",
    "com.fasterxml.jackson.annotation.PropertyAccessor",
    "com.fasterxml.jackson.databind.DeserializationFeature",
    "com.fasterxml.jackson.databind.JsonNode",
    "com.fasterxml.jackson.databind.ObjectMapper",
];
const AXON: [&str; 3] = [
    "org.axonframework.commandhandling.CommandHandler",
    "org.axonframework.test.aggregate.AggregateTestFixture",
    "org.junit.jupiter.api.Test",
];

pub fn write_java(test: &TestText<'_>, aggregate: &str, class: &str) -> String {
    let classes = Classes::of(test.given);
    let renamed = classes.note();
    let mut out = head(test, "//", NOTES.into_iter().chain([renamed.as_str()]));
    imports(
        &mut out,
        ";",
        &[
            "java.math.BigDecimal",
            "java.math.RoundingMode",
            "java.util.List",
            "java.util.Map",
        ],
    );
    let _ = write!(
        out,
        "import static org.junit.jupiter.api.Assertions.*;\nimport {}.*; // the package of the model: correct it\n\n\
         class {class} {{\n    private static final String ID = \"1\";\n\n    @Test\n    \
             void itIsRightAfterTheseEvents() throws Exception {{\n        \
             AggregateTestFixture<{aggregate}> fixture = new AggregateTestFixture<>({aggregate}.class);\n        \
             fixture.registerAnnotatedCommandHandler(new Looking(fixture));\n        \
             List<Object> events = List.of(\n",
        aggregate.to_ascii_lowercase()
    );
    let events = test.given.iter().map(|event| {
        let (class, payload) = (classes.class(&event.event_type), quoted(&json(&event.payload), false));
        format!("            event({class}.class, {payload})")
    });
    out.push_str(&events.collect::<Vec<_>>().join(",\n"));
    out.push_str("\n        );\n\n        fixture.given(events).when(new Look()).expectSuccessfulHandlerExecution()");
    let compare = |out: &mut String, leaves: &[Leaf], there: &str, assert: &str| {
        out.push_str(".expectState(aggregate -> {\n            List<Map.Entry<String, String>> expected = List.of(\n");
        let entries = leaves.iter().map(|leaf| {
            let (place, value) = (leaf.place.to_string(), expected(leaf));
            format!(
                "                Map.entry({}, {})",
                quoted(&place, false),
                quoted(&value, false)
            )
        });
        out.push_str(&entries.collect::<Vec<_>>().join(",\n"));
        let _ = write!(
            out,
            "\n            );\n            JsonNode state = JSON.valueToTree(aggregate);\n{there}            \
                 {assert}(\n                \
                 expected.stream().map(one -> Map.entry(one.getKey(), plain(one.getValue()))).toList(),\n                \
                 expected.stream().map(one -> Map.entry(one.getKey(), seen(state, one.getKey()))).toList()\n            );\n        }})"
        );
    };
    match test.then {
        Then::NoError => {}
        Then::Is(leaves) => compare(&mut out, leaves, "", "assertEquals"),
        Then::IsNot(leaves) => compare(&mut out, leaves, JAVA_THERE, "assertNotEquals"),
    }
    let _ = write!(out, ";\n    }}\n{}}}\n", JAVA_SEEN.replace("AGGREGATE", aggregate));
    out
}

pub fn write_kotlin(test: &TestText<'_>, aggregate: &str, class: &str) -> String {
    let classes = Classes::of(test.given);
    let renamed = classes.note();
    let mut out = head(test, "//", NOTES.into_iter().chain([renamed.as_str()]));
    imports(&mut out, "", &["java.math.RoundingMode"]);
    let _ = write!(
        out,
        "import org.junit.jupiter.api.Assertions.*\nimport {}.* // the package of the model: correct it\n\n\
         private const val ID = \"1\"\n\nclass {class} {{\n    @Test\n    fun `it is right after these events`() {{\n        \
             val fixture = AggregateTestFixture({aggregate}::class.java)\n        \
             fixture.registerAnnotatedCommandHandler(Looking(fixture))\n        val events = listOf(\n",
        aggregate.to_ascii_lowercase()
    );
    for event in test.given {
        let (class, payload) = (classes.class(&event.event_type), quoted(&json(&event.payload), true));
        let _ = writeln!(out, "            event<{class}>({payload}),");
    }
    out.push_str("        )\n\n        fixture.given(events).`when`(Look()).expectSuccessfulHandlerExecution()");
    let compare = |out: &mut String, leaves: &[Leaf], there: &str, assert: &str| {
        out.push_str(".expectState { aggregate ->\n            val expected = listOf(\n");
        for leaf in leaves {
            let (place, value) = (leaf.place.to_string(), expected(leaf));
            let _ = writeln!(
                out,
                "                {} to {},",
                quoted(&place, true),
                quoted(&value, true)
            );
        }
        let _ = write!(
            out,
            "            )\n            val state = json.valueToTree<JsonNode>(aggregate)\n{there}            \
                 {assert}(\n                expected.map {{ (place, value) -> place to plain(value) }},\n                \
                 expected.map {{ (place, _) -> place to seen(state, place) }},\n            )\n        }}"
        );
    };
    match test.then {
        Then::NoError => {}
        Then::Is(leaves) => compare(&mut out, leaves, "", "assertEquals"),
        Then::IsNot(leaves) => compare(&mut out, leaves, KOTLIN_THERE, "assertNotEquals"),
    }
    let _ = write!(out, "\n    }}\n{}}}\n", KOTLIN_SEEN.replace("AGGREGATE", aggregate));
    out
}

fn imports(out: &mut String, end: &str, own: &[&str]) {
    out.push('\n');
    for name in JACKSON.iter().chain(own).chain(&AXON) {
        let _ = writeln!(out, "import {name}{end}");
    }
}

/// What stands at the place: a text without its quotes, anything else as JSON.
fn expected(leaf: &Leaf) -> String {
    match &leaf.value {
        Some(refold_core::value::Value::Text(text)) => text.to_display().into_owned(),
        _ => json_of(leaf),
    }
}
