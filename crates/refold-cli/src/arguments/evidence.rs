//! The arguments of anchors, proofs, reports, store health and read models.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use refold_app::usecase::health::MOST_PAYLOAD_BYTES;

#[derive(Debug, Args)]
pub struct Anchor {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The folder in which the anchor's own folder is made; not the store's
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Sign it with this secret key, made by `minisign -G -W`
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Continue this anchor; refused when the store is not what it says
    #[arg(long, value_name = "DIR")]
    pub previous: Option<PathBuf>,
    /// The key that salts the earlier anchor, where it is not beside it
    #[arg(long, value_name = "FILE", requires = "previous")]
    pub salt: Option<PathBuf>,
    /// Ask this authority for a time stamp (RFC 3161): the digest of the checkpoint goes there, and nothing of the store
    #[arg(long, value_name = "URL")]
    pub stamp: Option<String>,
    /// Do not salt: whoever has the anchor can try whether a payload was this or that
    #[arg(long, conflicts_with = "previous")]
    pub plain: bool,
    /// Keep digests of ranges only (44 bytes for 1,024 positions, not 56 bytes for each event besides): a difference is then named by its range
    #[arg(long)]
    pub short: bool,
}

#[derive(Debug, Args)]
pub struct Anchors {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The folder in which anchors were made
    #[arg(long = "in", value_name = "DIR")]
    pub folder: PathBuf,
}

#[derive(Debug, Args)]
pub struct Verify {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The folder of the anchor; without it the hash chain that the store itself keeps (EventSourcingDB)
    #[arg(long, value_name = "DIR")]
    pub anchor: Option<PathBuf>,
    /// The key that salts the anchor, where it is not beside it
    #[arg(long, value_name = "FILE", requires = "anchor")]
    pub salt: Option<PathBuf>,
    /// The public key of minisign that must have signed the anchor: its file, or its text
    #[arg(long, value_name = "KEY", requires = "anchor")]
    pub key: Option<String>,
    /// Certificates (PEM), one of which must vouch for the time stamp of the anchor
    #[arg(long, value_name = "FILE", requires = "anchor")]
    pub authority: Option<PathBuf>,
    /// A list of revoked certificates (CRL, DER or PEM) by which the certificate of the authority must stand; several may be named
    #[arg(long, value_name = "FILE", requires = "authority")]
    pub crl: Vec<PathBuf>,
    /// The public key (PEM, or 64 hexadecimal digits) that the store itself must have signed its events with
    #[arg(long, value_name = "FILE")]
    pub native_key: Option<PathBuf>,
    /// Tell by this handler what each difference from the anchor did to the state of its aggregate [default: builtin:merge]
    #[arg(long, requires = "anchor")]
    pub handler: Option<String>,
    /// An older copy of the store, for the states before; it is held against the anchor too
    #[arg(long, value_name = "STORE", requires = "anchor")]
    pub copy: Option<String>,
    /// A file of explanations (erasures, redactions), shown beside the differences, which they stay
    #[arg(long, value_name = "FILE")]
    pub explanations: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Prove {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The folder of the anchor
    #[arg(long, value_name = "DIR")]
    pub anchor: PathBuf,
    /// That the event at this position is in the anchor
    #[arg(
        long,
        value_name = "#POSITION",
        required_unless_present = "since",
        conflicts_with = "since"
    )]
    pub event: Option<String>,
    /// That the anchor begins with this earlier one
    #[arg(long, value_name = "DIR")]
    pub since: Option<PathBuf>,
    /// The folder in which the proof's own folder is made; not the store's
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The key that salts the anchor, where it is not beside it
    #[arg(long, value_name = "FILE")]
    pub salt: Option<PathBuf>,
}

/// What can be named together, which one line cannot say.
const REPORT_USAGE: &str = "\
refold report [OPTIONS] <STORE> [STREAMS]... <--out <DIR>|--dry-run>
       refold report [OPTIONS] <STORE> [STREAMS]... --subject <PATH=VALUE>... [--allow <FILE>] <--out <DIR>|--dry-run>
       refold report [OPTIONS] <STORE> --category <CATEGORY> <--out <DIR>|--dry-run>
       refold report [OPTIONS] <STORE> [STREAM] --invariants --handler <HANDLER> <--out <DIR>|--dry-run>
       refold report [OPTIONS] <STORE> [STREAM] --handler <HANDLER> --against <HANDLER> <--out <DIR>|--dry-run>
       refold report [OPTIONS] <STORE> --verification <DIR> <--out <DIR>|--dry-run>";

#[derive(Debug, Args)]
#[command(override_usage = REPORT_USAGE)]
pub struct Report {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The streams that it is about; without one: the category, or the whole store
    pub streams: Vec<String>,
    /// All streams of this category
    #[arg(long, conflicts_with = "streams")]
    pub category: Option<String>,
    #[command(flatten)]
    pub question: ReportQuestion,
    #[command(flatten)]
    pub subject: ReportSubject,
    /// The first event at or after this; in a report about many streams a position or a time
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true)]
    pub from: Option<String>,
    /// The last event at or before this
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true)]
    pub to: Option<String>,
    /// What the state of a single stream, and those of a verification, are folded with [default: builtin:merge]
    #[arg(long)]
    pub handler: Option<String>,
    /// The folder in which the report's own folder is made; not the store's
    #[arg(long, value_name = "DIR", required_unless_present = "dry_run")]
    pub out: Option<PathBuf>,
    /// Write nothing: list every path of the payloads and metadata, how often it is there, and how often it is hidden
    #[arg(long, conflicts_with = "out")]
    pub dry_run: bool,
    /// What is in it besides the manifest and what verifies it
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', default_values = ["pdf", "html", "csv", "json"])]
    pub format: Vec<ReportFormat>,
    /// Hide what this file of masking rules names, besides those at hand (docs/masking.md)
    #[arg(long, value_name = "FILE")]
    pub redact: Option<PathBuf>,
    /// Sign it with this secret key, made by `minisign -G -W`
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// The report time, RFC 3339 or @SECONDS since 1970 [default: the variable SOURCE_DATE_EPOCH, or the clock]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub time: Option<String>,
    /// What stands above it
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Who makes it
    #[arg(long, value_name = "NAME")]
    pub operator: Option<String>,
    /// Their organisation
    #[arg(long, value_name = "NAME")]
    pub organisation: Option<String>,
    /// The number of the case or ticket that it is for
    #[arg(long, value_name = "NUMBER")]
    pub case: Option<String>,
    /// Who may read it; stands on every page
    #[arg(long, value_name = "TEXT")]
    pub classification: Option<String>,
    /// Do not hash the files of the store
    #[arg(long)]
    pub no_source_digest: bool,
}

/// What a report of a verification cannot be about. Each of its own options says so too: that one is required is passed
/// over where what requires it could not stand beside what is given.
const OF_STREAMS: [&str; 4] = ["streams", "category", "from", "to"];

/// The question that a report is about, and how it is asked.
#[derive(Debug, Args)]
pub struct ReportQuestion {
    /// Check the invariants of the handler's package in the stream, the category or the store, as `check` does: every violation, and the events that they name
    #[arg(long, conflicts_with_all = ["verification", "from", "to"])]
    pub invariants: bool,
    /// Check this condition on `state` instead
    #[arg(long, value_name = "EXPR", requires = "invariants", conflicts_with_all = ["verification", "against", "from", "to"])]
    pub invariant: Option<String>,
    /// Fold the stream, the category or the store with this handler too, as `replay --against` does: every stream that differs, every failure, and the events that they name
    #[arg(long, value_name = "HANDLER", conflicts_with_all = ["invariants", "verification", "from", "to"])]
    pub against: Option<String>,
    /// Hold the store against the anchor in this folder, as `verify` does: every finding, and the events that they name
    #[arg(long, value_name = "DIR", conflicts_with_all = OF_STREAMS)]
    pub verification: Option<PathBuf>,
    /// The key that salts the anchor, where it is not beside it
    #[arg(long, value_name = "FILE", requires = "verification", conflicts_with_all = OF_STREAMS)]
    pub salt: Option<PathBuf>,
    /// The public key of minisign that must have signed the anchor: its file, or its text
    #[arg(long, value_name = "KEY", requires = "verification", conflicts_with_all = OF_STREAMS)]
    pub anchor_key: Option<String>,
    /// Certificates (PEM), one of which must vouch for the time stamp of the anchor
    #[arg(long, value_name = "FILE", requires = "verification", conflicts_with_all = OF_STREAMS)]
    pub authority: Option<PathBuf>,
    /// A list of revoked certificates (CRL, DER or PEM) by which the certificate of the authority must stand; several may be named
    #[arg(long, value_name = "FILE", requires = "authority", conflicts_with_all = OF_STREAMS)]
    pub crl: Vec<PathBuf>,
    /// The public key (PEM, or 64 hexadecimal digits) that the store itself must have signed its events with
    #[arg(long, value_name = "FILE", requires = "verification", conflicts_with_all = OF_STREAMS)]
    pub native_key: Option<PathBuf>,
    /// An older copy of the store, for the states before; it is held against the anchor too
    #[arg(long, value_name = "STORE", requires = "verification", conflicts_with_all = OF_STREAMS)]
    pub copy: Option<String>,
    /// A file of explanations (erasures, redactions), shown beside the differences, which they stay
    #[arg(long, value_name = "FILE", requires = "verification", conflicts_with_all = OF_STREAMS)]
    pub explanations: Option<PathBuf>,
}

/// The person that a report is about.
#[derive(Debug, Args)]
pub struct ReportSubject {
    /// A field of payloads and metadata that names a person, with the value that is this one's, as /customerId=C-7: every event of a stream that holds it, with only what `--allow` lists
    #[arg(long, value_name = "PATH=VALUE", conflicts_with_all = ["category", "invariants", "verification", "against"])]
    pub subject: Vec<String>,
    /// The list of the fields that are shown, and of those that stand by a pseudonym (docs/evidence.md); without it nothing is shown but the fields of `--subject`
    #[arg(long, value_name = "FILE", requires = "subject")]
    pub allow: Option<PathBuf>,
    /// The key of the case, with which pseudonyms are made [default: a new one, beside the report]
    #[arg(long, value_name = "FILE", requires = "subject")]
    pub case_key: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ReportFormat {
    /// The report for people, to be printed and kept (PDF/A, PDF/UA)
    Pdf,
    /// The report for people, in one file for a browser
    Html,
    /// The events as a table, and a view of it for spreadsheets
    Csv,
    /// The events, one a line
    Json,
    /// A workbook of both, to look at
    Xlsx,
}

#[derive(Debug, Args)]
pub struct VerifyBundle {
    /// The folder of the anchor, the proof or the report
    pub bundle: PathBuf,
    /// The public key of minisign that must have signed it: its file, or its text
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
}

#[derive(Debug, Args)]
pub struct Health {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// Event types that this handler does not know are findings
    #[arg(long)]
    pub handler: Option<String>,
    /// A payload with more bytes than this is a finding
    #[arg(long, value_name = "BYTES", default_value_t = MOST_PAYLOAD_BYTES)]
    pub max_payload: u64,
}

#[derive(Debug, Args)]
pub struct Drift {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The database of the read model, an export of it as CSV, JSON Lines or JSON, or where it is on a server: its address
    /// or @name
    #[arg(long, value_name = "READ_MODEL")]
    pub read_model: String,
    /// The table; the only one there is, where none is named
    #[arg(long)]
    pub table: Option<String>,
    /// The handler that the read model should be made by [default: builtin:merge]
    #[arg(long)]
    pub handler: Option<String>,
    /// What its columns hold; without it the file beside the read model (read_model.orders.toml for the table orders)
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// Compare nothing: print a first mapping, with what speaks for each line of it
    #[arg(long, conflicts_with_all = ["map", "position"])]
    pub guess: bool,
    /// How far the read model is as a whole: #4711 or a time; without it what the mapping says
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true)]
    pub position: Option<String>,
    /// Faults of each kind that are listed; all are counted
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub limit: usize,
}
