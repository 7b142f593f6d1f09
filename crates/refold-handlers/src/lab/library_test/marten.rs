//! C#, with the live aggregation of Marten and xUnit. Payloads are JSON text, read into the types of the model.

use std::fmt::Write as _;

use super::words::{Classes, head, json, json_of, quoted};
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

    private const string Nothing = "(nothing)";

    private static string Seen(JsonNode? state, string[] path)
    {
        foreach (var key in path)
        {
            if (state is JsonObject members && members.TryGetPropertyValue(key, out var member)) state = member;
            else if (state is JsonArray elements && int.TryParse(key, out var at) && at < elements.Count) state = elements[at];
            else return Nothing;
        }
        return Plain(state);
    }

    private static string Wanted(string json) => json == Nothing ? Nothing : Plain(JsonNode.Parse(json));

    // Texts are read and not compared as JSON, which may escape what it likes.
    private static string Plain(JsonNode? value)
    {
        if (value is JsonValue single && single.TryGetValue<string>(out var text)) return Amount(text);
        return Amount(value?.ToJsonString() ?? "null");
    }

    private static string Amount(string text)
    {
        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            var rounded = decimal.Round(number, 6);
            return rounded == 0 ? "0" : rounded.ToString("0.######", CultureInfo.InvariantCulture);
        }
        // What no decimal holds: the digits, and how many zeros follow.
        var parts = Regex.Match(text, @"^(-?)0*(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,9}))?$");
        if (!parts.Success) return text;
        var digits = (parts.Groups[2].Value + parts.Groups[3].Value).TrimStart('0');
        var significant = digits.TrimEnd('0');
        var exponent = parts.Groups[4].Success ? int.Parse(parts.Groups[4].Value, CultureInfo.InvariantCulture) : 0;
        var scale = exponent - parts.Groups[3].Length + digits.Length - significant.Length;
        return significant == "" ? "0" : $"{parts.Groups[1].Value}{significant}e{scale}";
    }
"#;

pub fn write(test: &TestText<'_>, aggregate: &str, class: &str) -> String {
    let classes = Classes::of(test.given);
    let renamed = classes.note();
    let mut out = head(test, "//", NOTES.into_iter().chain([renamed.as_str()]));
    let _ = write!(
        out,
        "\nusing System.Globalization;\nusing System.Text.Json;\nusing System.Text.Json.Nodes;\nusing System.Text.RegularExpressions;\nusing Marten;\nusing Xunit;\n\
         using {aggregate}s; // the namespace of the model: correct it\n\npublic class {class}\n{{\n    [Fact]\n    \
             public async Task ItIsRightAfterTheseEvents()\n    {{\n        \
             var events = new object[]\n        {{\n"
    );
    for event in test.given {
        let (class, payload) = (classes.class(&event.event_type), quoted(&json(&event.payload), false));
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
        Then::Is(leaves) => compare(&mut out, leaves, "", "Equal"),
        Then::IsNot(leaves) => compare(&mut out, leaves, THERE, "NotEqual"),
    }
    out
}

/// What is not there is not right either.
const THERE: &str = "        Assert.All(expected, one => Assert.NotEqual(Nothing, Seen(state, one.Path)));\n";

fn compare(out: &mut String, leaves: &[Leaf], there: &str, assert: &str) {
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
        "        }};\n        var state = JsonSerializer.SerializeToNode(aggregate, Json);\n{there}        \
             Assert.{assert}(\n            expected.Select(one => Wanted(one.Value)),\n            \
             expected.Select(one => Seen(state, one.Path)));\n    }}\n{SEEN}}}\n"
    );
}
