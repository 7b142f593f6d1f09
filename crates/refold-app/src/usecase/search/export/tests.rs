use std::path::PathBuf;
use std::sync::Arc;

use refold_core::event::{Columns, Encoding, EventBatch, Position, Version};
use refold_core::names::Names;
use refold_core::port::store::ReadQuery;
use refold_core::time::Timestamp;
use refold_core::work::{CancelToken, Silent};
use refold_stores::memory::{MemoryEvent, MemoryStore};
use refold_stores::{OpenOptions, open};

use super::*;

const PAYLOADS: [&[u8]; 10] = [
    b"{\"price\":9007199254740993,\"price\":0.10,\"big\":1e400}",
    b"{\n\t\"laid\": \"out\"\n}",
    b"",
    b"plain: text, with \"quotes\"\r\n",
    b"\xff\x00\xfe",
    "{\"hidden\":\"\u{202e}\u{1b}[2J\"}".as_bytes(),
    b"=cmd|' /C calc'!A0",
    b"null",
    b"{\"base64\":\"no\"}",
    b" {\"content_type\" :1} ",
];

struct Lab {
    folder: tempfile::TempDir,
    store: Arc<MemoryStore>,
    session: Session,
}

fn lab() -> Lab {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("shop")).unwrap();
    let events = PAYLOADS.iter().zip(1..).map(|(payload, n)| MemoryEvent {
        position: Position(n * 10),
        stream: format!("order-{},\"x\"", n % 3).into_bytes(),
        category: b"order".to_vec(),
        version: if n == 5 { EventBatch::NO_VERSION } else { Version(n) },
        event_type: b"T".to_vec(),
        recorded_at: if n == 4 {
            Timestamp::NONE
        } else {
            Timestamp(n * 1_000_000_007)
        },
        payload: Some(payload.to_vec()),
        encoding: Encoding::Json,
        metadata: (n % 2 == 0).then(|| b"{\"actor\":\"ada\"}".to_vec()),
    });
    let store = Arc::new(MemoryStore::new("exported", events.collect()));
    let location = folder.path().join("shop").join("orders.db").display().to_string();
    let session = Session::of_store(Arc::clone(&store) as Arc<_>, &location, &folder.path().join("cache"));
    Lab { folder, store, session }
}

impl Lab {
    fn export(&self, name: &str, format: ExportFormat) -> Result<(PathBuf, Written), AppError> {
        let token = CancelToken::default();
        let file = self.folder.path().join(name);
        let written = export(
            &Work::new(&token, &Silent),
            &self.session,
            &Search::default(),
            &file,
            format,
        )?;
        Ok((file, written))
    }
}

#[test]
fn an_exported_line_opens_as_the_event_that_it_was() {
    let lab = lab();
    let (file, written) = lab.export("out.ndjson", ExportFormat::Ndjson).unwrap();
    assert_eq!(written.events as usize, PAYLOADS.len());
    let bytes = std::fs::read(&file).unwrap();
    assert_eq!(
        written.sha256,
        crate::text::hex(&<sha2::Sha256 as sha2::Digest>::digest(&bytes))
    );
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let store = open(
        &work,
        &file.display().to_string(),
        None,
        &OpenOptions::in_scratch(lab.folder.path().to_owned()),
    )
    .unwrap();
    let mut reader = store.read(&ReadQuery::all(Columns::ALL)).unwrap();
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    reader
        .next_batch(&work, 100, &mut batch, &mut names, &Findings::default())
        .unwrap();
    for (row, event) in lab.store.events().iter().enumerate() {
        let read = batch.event(row);
        assert_eq!(read.position, event.position);
        assert_eq!(read.version, event.version);
        assert_eq!(names.stream(read.stream), event.stream);
        let payload = event.payload.as_deref();
        assert_eq!(read.payload, payload, "{:?}", payload.map(String::from_utf8_lossy));
        assert_eq!(read.metadata, event.metadata.as_deref());
    }
}

#[test]
fn a_table_holds_every_byte() {
    let lab = lab();
    let (file, _) = lab.export("out.csv", ExportFormat::Csv).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let rows = records(&text);
    assert_eq!(rows[0].join(","), rows::csv_head(&rows::COLUMNS).trim_end());
    for (row, event) in rows[1..].iter().zip(lab.store.events()) {
        let stored = match row[11].as_str() {
            "" => None,
            "json" | "text" => Some(row[12].clone().into_bytes()),
            _ => Some(from_base64(&row[12])),
        };
        assert_eq!(stored, event.payload);
        assert_eq!(row[1].as_bytes(), event.stream);
    }
}

#[test]
fn nothing_is_written_beside_a_store_or_over_anything_but_an_export() {
    let lab = lab();
    for name in [
        "shop/out.ndjson",
        "shop/../shop/out.ndjson",
        "absent/out.ndjson",
        "orders.db-wal",
    ] {
        assert!(lab.export(name, ExportFormat::Ndjson).is_err(), "{name}");
    }
    let precious = lab.folder.path().join("precious.ndjson");
    std::fs::write(&precious, "SQLite format 3\0").unwrap();
    assert!(lab.export("precious.ndjson", ExportFormat::Ndjson).is_err());
    assert_eq!(std::fs::read(&precious).unwrap(), b"SQLite format 3\0");
    lab.export("out.ndjson", ExportFormat::Ndjson).unwrap();
    lab.export("out.ndjson", ExportFormat::Ndjson).unwrap();
    assert!(lab.export("out.ndjson", ExportFormat::Csv).is_err());
    assert_eq!(std::fs::read_dir(lab.folder.path().join("shop")).unwrap().count(), 0);
}

#[test]
fn a_cancelled_export_leaves_no_file() {
    let lab = lab();
    let token = CancelToken::default();
    token.cancel();
    let file = lab.folder.path().join("out.ndjson");
    let work = Work::new(&token, &Silent);
    let outcome = export(&work, &lab.session, &Search::default(), &file, ExportFormat::Ndjson);
    assert!(outcome.unwrap_err().is_cancelled());
    let left: Vec<_> = std::fs::read_dir(lab.folder.path())
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(left, ["shop"]);
}

/// RFC 4180, read by hand: what a spreadsheet would make of it.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut is_quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => field.push(letters.next().unwrap()),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut field)),
            '\r' if !is_quoted => {}
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            letter => field.push(letter),
        }
    }
    rows
}

fn from_base64(text: &str) -> Vec<u8> {
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut bits: u32 = 0;
    let mut count = 0;
    let mut bytes = Vec::new();
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        bits = bits << 6 | u32::from(value(letter));
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

/// What a line says is what the table says: nothing of an event is lost between the two.
#[test]
fn a_line_is_read_back_as_the_row_of_the_table() {
    let lab = lab();
    let (lines, _) = lab.export("out.ndjson", ExportFormat::Ndjson).unwrap();
    let (table, _) = lab.export("out.csv", ExportFormat::Csv).unwrap();
    let again = |line: &str| rows::csv(&row(&serde_json::from_str::<EventAnswer>(line).unwrap()).0);
    let lines = std::fs::read_to_string(lines).unwrap();
    let again: String = lines.lines().map(again).collect();
    assert_eq!(
        rows::csv_head(&rows::COLUMNS) + &again,
        std::fs::read_to_string(table).unwrap()
    );
    for wrong in [
        "{\"base64\":\"YQ=\",\"content_type\":\"text/plain\"}",
        "{\"base64\":\"YR==\",\"content_type\":\"text/plain\"}",
    ] {
        assert!(serde_json::from_str::<Stored>(wrong).is_err(), "{wrong}");
    }
}
