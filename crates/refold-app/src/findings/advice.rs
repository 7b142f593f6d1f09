//! What to do about a finding, by its code: the third column of `docs/findings.md`, which a test compares.

/// Empty for a code that has none.
pub fn of(code: &str) -> &'static str {
    match code {
        "checkpoint-in-rows" => {
            "Name the column under checkpoint in the mapping, or under none; then the rows are compared as far as the read model is"
        }
        "clock-backwards" => "Read the history by version; on the time axis the order of versions stays",
        "column-not-compared" => "Add them to the mapping, or say as = \"ignored\"",
        "copy-differs" => {
            "Search again; ask who wrote to the store and set its times back, and verify it against an anchor"
        }
        "damaged" => "Compare with a backup; copy the file again from where it came",
        "leap-second" => "Nothing; the store keeps the text as it is, and answers and records the second after it",
        "left-out" => "Ask whoever wrote the case where you need it, or open the store",
        "linked" => "Nothing; the finding names the other stream",
        "no-cache" => "Make room and rights there, or set REFOLD_HOME to another folder",
        "out-of-reach" => "Open it again when the server can be reached; what is kept of it, its connection says",
        "unsettled" => {
            "Ask again once these transactions are over; of one that stays open ask its owner: the finding names it where the server does, and the server lists it in pg_stat_activity, or in information_schema.INNODB_TRX; what lets older events be shown meanwhile the guide to production says; of a case file, save it once more from the store"
        }
        "no-stream" => "Check the layout: it may name the wrong column",
        "no-type" => "Check the layout: it may name the wrong column",
        "not-an-event" => "Look at that record of the file",
        "not-utf8" => "Nothing; it can be asked for as it is shown",
        "payload-missing" => "Ask who wrote it; the state goes on without it",
        "position-replaced" => {
            "Ask who wrote the record: lines may have been copied or moved; name it by the position that is shown"
        }
        "read-model-ahead" => {
            "Look whether the store is an older copy, restored from a backup, or another one; open it again where it grows"
        }
        "row-position-unreadable" => {
            "Look who writes the column; their fields are compared without it, and one that holds an earlier state is unclear"
        }
        "row-without-position" => {
            "Look why the column is empty there; they are compared as if they were as far as the read model"
        }
        "rows-changed" => "Open the store again to see all events, and ask who changes rows",
        "time-ambiguous" => "Choose a version where it matters; let the application store times with their zone",
        "time-implausible" => "Read it as it is; choose a version where the time misleads",
        "time-unreadable" => {
            "Check the layout: the form of the time may be another; only the years 1678 to 2261 can be read"
        }
        "too-large" => "Look at it with the tools of the store",
        "torn-record" => "Nothing, if a program is just writing it; open the store again",
        "undecodable" => "Name a layout whose decode steps fit",
        "version-duplicate" => "Look at both events: two writers may have raced",
        "version-gap" => {
            "Ask whether events were deleted or archived; where versions are left out as a rule, say gaps = true in the layout"
        }
        "version-missing" => "Read the stream by position",
        "wrong-type" => "Check the layout",
        "zone-unknown" => "Name the zone with zone in a layout file, or where the store is opened",
        "cause-cycle" => "Ask which event really caused which: a program wrote a cause that cannot be",
        "cause-later" => "Ask who wrote the cause; the graph of causes shows both",
        "cause-missing" => "Ask whether the cause was deleted, or whether it was a command",
        "causes-elsewhere" => "Nothing; causes are commands or messages here, which the store does not hold",
        "event-id-duplicate" => "Look at both: one may have been appended twice",
        "payload-oversize" => {
            "Ask whether a document should lie beside the store; what is large can be said with the question"
        }
        "recorded-late" => "Nothing, when writers run beside each other; else look at the clock of whoever wrote it",
        "type-unknown" => "Add a rule, or list the type as ignored",
        "excerpt-idle" | "redaction-idle" => {
            "Look how the field is called: before a report is made every path of its events can be listed"
        }
        "redacted" => "Nothing; reveal them with a reason where you must see them",
        "empty-range" => "Choose a wider range: without a beginning and an end all events are shown",
        "in-gap" => "Ask whether events were deleted or archived; compare with a backup",
        "past-head" => "Look at the version that the answer names",
        "searched-copy" => "Search without the copy where nothing may be missing: clear the cache, and search again",
        "repeated-key" => "Ask who wrote it; read the payload, which has every value",
        "repeated-member" => "Ask who wrote it; the raw record has every one",
        "RF-EVENT-DEPTH" => "Look at the payload",
        "RF-EVENT-MALFORMED" => "Look at the raw payload; ask who wrote it",
        "RF-EVENT-SIZE" => "Look at the raw payload",
        "RF-EVENT-UNDECODABLE" => "Name a layout whose decode steps fit",
        "RF-EVENT-UNKNOWN-TYPE" => "Add a rule, or list the type as ignored",
        "RF-HANDLER-THROW" | "RF-HANDLER-TYPE" => "Correct the rule at the place that the finding names",
        "RF-INVARIANT-BROKEN" => {
            "Look at the state before and after the event; ask whether the rule or the event is wrong"
        }
        "RF-INVARIANT-UNDECIDED" => "Say in the invariant what it means where a value is missing or of another kind",
        "RF-NONDETERMINISTIC" => "Keep nothing outside the state, and read no clock, no chance and no other stream",
        "RF-LIMIT-DEPTH" | "RF-LIMIT-FUEL" | "RF-LIMIT-MEMORY" | "RF-LIMIT-OUTPUT" | "RF-LIMIT-STACK"
        | "RF-LIMIT-STATE" | "RF-LIMIT-STEPS" | "RF-LIMIT-WALL" => "Make the rule cheaper, or split it",
        "RF-UPCAST-CYCLE" | "RF-UPCAST-GAP" => "Add the missing upcaster",
        _ => "",
    }
}

#[cfg(test)]
mod tests;
