//! C#, with the live aggregation of Marten and xUnit. Payloads are JSON text, read into the types of the model.

use std::fmt::Write as _;

use super::words::{class_of, head, json, json_of, quoted};
use super::{Leaf, TestText, Then};

const NOTES: [&str; 5] = [
    "Payloads are the exact JSON of the events, upcast: System.Text.Json reads them into the types of the model, so a",
    "long and a decimal get each digit. Places are those of the state as System.Text.Json writes it. Numbers are compared",
    "by amount, at six digits after the point, as few decimals are exactly a double.",
    "MARTEN_TEST_DATABASE is the connection string of a PostgreSQL database for tests: the events go into a stream of",
    "their own there.",
];

const SEEN: &str = r#"
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private static object Event<T>(string json) => JsonSerializer.Deserialize<T>(json, Json)!;

    private static string Seen(JsonNode? state, string[] path)
    {
        foreach (var key in path)
        {
            if (state is JsonObject members && members.TryGetPropertyValue(key, out var member)) state = member;
            else if (state is JsonArray elements && int.TryParse(key, out var at) && at < elements.Count) state = elements[at];
            else return "nothing";
        }
        return Plain(state?.ToJsonString() ?? "null");
    }

    private static string Plain(string json) =>
        decimal.TryParse(json.Trim('"'), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? decimal.Round(number, 6).ToString("0.######", CultureInfo.InvariantCulture)
            : json.Trim('"');
"#;

pub fn write(test: &TestText<'_>, aggregate: &str, class: &str) -> String {
    let mut out = head(test, "//", &NOTES);
    let _ = write!(
        out,
        "\nusing System.Globalization;\nusing System.Text.Json;\nusing System.Text.Json.Nodes;\nusing Marten;\nusing Xunit;\n\
         using {aggregate}s; // the namespace of the model: correct it\n\npublic class {class}\n{{\n    [Fact]\n    \
             public async Task ItIsRightAfterTheseEvents()\n    {{\n        \
             var events = new object[]\n        {{\n"
    );
    for event in test.given {
        let (class, payload) = (class_of(&event.event_type), quoted(&json(&event.payload), false));
        let _ = writeln!(out, "            Event<{class}>({payload}),");
    }
    let _ = write!(
        out,
        "        }};\n\n        \
             var database = Environment.GetEnvironmentVariable(\"MARTEN_TEST_DATABASE\")!;\n        \
             await using var store = DocumentStore.For(database);\n        \
             await using var session = store.LightweightSession();\n        \
             var stream = Guid.NewGuid();\n        \
             session.Events.StartStream<{aggregate}>(stream, events);\n        \
             await session.SaveChangesAsync();\n\n        \
             var aggregate = await session.Events.AggregateStreamAsync<{aggregate}>(stream);\n\n"
    );
    match test.then {
        Then::NoError => out.push_str("        Assert.NotNull(aggregate); // each of them can be applied\n    }\n}\n"),
        Then::Is(leaves) => compare(&mut out, leaves, "Equal"),
        Then::IsNot(leaves) => compare(&mut out, leaves, "NotEqual"),
    }
    out
}

fn compare(out: &mut String, leaves: &[Leaf], assert: &str) {
    out.push_str("        var expected = new (string[] Path, string Value)[]\n        {\n");
    for leaf in leaves {
        let segments = leaf.place.segments();
        let path: Vec<String> = segments
            .iter()
            .map(|it| quoted(&it.to_key().to_display(), false))
            .collect();
        let _ = writeln!(
            out,
            "            (new string[] {{ {} }}, {}),",
            path.join(", "),
            quoted(&json_of(leaf), false)
        );
    }
    let _ = write!(
        out,
        "        }};\n        var state = JsonSerializer.SerializeToNode(aggregate, Json);\n        \
             Assert.{assert}(\n            expected.Select(one => Plain(one.Value)),\n            \
             expected.Select(one => Seen(state, one.Path)));\n    }}\n{SEEN}}}\n"
    );
}
