//! Every statement that is ever sent to a server. There is no other place that holds SQL for PostgreSQL.
//!
//! All of them go through the extended protocol, one statement a message, inside a read-only transaction. Values are
//! parameters; the identifiers in [`page`], [`end`] and [`behind`] are the catalogue's own, quoted by
//! [`crate::tables::quoted`]. Each begins with a name in a comment, so that whoever runs the server finds it in his log.
//!
//! No statement calls anything but functions of `pg_catalog`, and none names a view, a function, a type or an operator of
//! the store: the search path is `pg_catalog`, and behind it `pg_temp`, in which there is nothing.

use crate::tables::Table;
use crate::tables::plan::{Plan, Shape};

/// Begins every unit of work; [`LIMITS`] follows it.
pub const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Ends every unit of work. There is nothing to commit.
pub const ROLLBACK: &str = "ROLLBACK";

/// What holds for one transaction, and whether the server took it as read-only. Once this was answered, no transaction can
/// be made to write. Of two limits the smaller holds: that which the session has, be it by its role, its database or the
/// server, or ours. Memory for sorting: what a page puts in order is never written to a file of the server, unless somebody
/// gave this role or this database less; what the server gives everybody is less than ours and counts for nothing. Whoever
/// the session belongs to may have a search path of his own until now, so each operator names its schema. The third and the
/// fourth answer are how long a statement may take, and how long it may wait for a lock.
pub const LIMITS: &str = "/* refold limits */ SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true), \
     pg_catalog.set_config('row_security', 'off', true), pg_catalog.set_config('statement_timeout', CASE WHEN \
     pg_catalog.current_setting('statement_timeout')::pg_catalog.interval OPERATOR(pg_catalog.>) \
     '0'::pg_catalog.interval AND pg_catalog.current_setting('statement_timeout')::pg_catalog.interval \
     OPERATOR(pg_catalog.<) '30s'::pg_catalog.interval THEN pg_catalog.current_setting('statement_timeout') ELSE \
     '30s' END, true), pg_catalog.set_config('lock_timeout', CASE WHEN \
     pg_catalog.current_setting('lock_timeout')::pg_catalog.interval OPERATOR(pg_catalog.>) \
     '0'::pg_catalog.interval AND pg_catalog.current_setting('lock_timeout')::pg_catalog.interval \
     OPERATOR(pg_catalog.<) '2s'::pg_catalog.interval THEN pg_catalog.current_setting('lock_timeout') ELSE '2s' \
     END, true), pg_catalog.set_config('idle_in_transaction_session_timeout', CASE WHEN \
     pg_catalog.current_setting('idle_in_transaction_session_timeout')::pg_catalog.interval \
     OPERATOR(pg_catalog.>) '0'::pg_catalog.interval AND \
     pg_catalog.current_setting('idle_in_transaction_session_timeout')::pg_catalog.interval \
     OPERATOR(pg_catalog.<) '60s'::pg_catalog.interval THEN \
     pg_catalog.current_setting('idle_in_transaction_session_timeout') ELSE '60s' END, true), \
     pg_catalog.set_config('work_mem', CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_db_role_setting AS own CROSS \
     JOIN LATERAL pg_catalog.unnest(own.setconfig) AS one(said) WHERE pg_catalog.starts_with(one.said, \
     'work_mem=') AND (own.setrole OPERATOR(pg_catalog.=) 0::pg_catalog.oid OR own.setrole OPERATOR(pg_catalog.=) \
     (SELECT me.oid FROM pg_catalog.pg_roles AS me WHERE me.rolname OPERATOR(pg_catalog.=) session_user)) AND \
     (own.setdatabase OPERATOR(pg_catalog.=) 0::pg_catalog.oid OR own.setdatabase OPERATOR(pg_catalog.=) (SELECT \
     here.oid FROM pg_catalog.pg_database AS here WHERE here.datname OPERATOR(pg_catalog.=) \
     pg_catalog.current_database()))) AND pg_catalog.pg_size_bytes(pg_catalog.current_setting('work_mem')) \
     OPERATOR(pg_catalog.<) 33554432::pg_catalog.int8 THEN pg_catalog.current_setting('work_mem') ELSE '32MB' \
     END, true), pg_catalog.current_setting('transaction_read_only')";

/// [`LIMITS`], where nobody has smaller ones.
pub const OWN_LIMITS: [&str; 2] = ["30s", "2s"];

/// Who we are to the server, and which server it is.
pub const ROLE: &str = "/* refold role */ SELECT current_user::text, pg_catalog.pg_is_in_recovery(), \
     pg_catalog.current_setting('server_version'), pg_catalog.current_database()::text, \
     pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')";

/// What whoever signed in could do to the server and the database, itself or as a role that it can become, beside what a
/// reader may have, which is a closed list: the rights to connect and to make temporary tables, and the roles of the server
/// that read. Each: what it is about, who has it (NULL: everybody), what, whether it may be handed on, and the roles given
/// to whoever signed in that lead there. Last: who signed in, who may act as another since.
pub const ROLE_POWERS: &str = "/* refold role powers */ WITH own AS (SELECT oid, rolname, rolsuper FROM pg_catalog.pg_roles WHERE rolname = \
     session_user), reach AS (SELECT other.* FROM own JOIN pg_catalog.pg_roles AS other ON other.oid = own.oid OR \
     NOT own.rolsuper AND pg_catalog.pg_has_role(own.oid, other.oid, 'MEMBER')), given(kind, name, grantee, \
     power, is_grantable) AS (SELECT 'ROLE', pg_catalog.quote_ident(reach.rolname), reach.oid, asked.power, false \
     FROM reach CROSS JOIN LATERAL (VALUES ('SUPERUSER', rolsuper), ('CREATEROLE', rolcreaterole), ('CREATEDB', \
     rolcreatedb), ('REPLICATION', rolreplication), ('MEMBER', rolname LIKE 'pg\\_%' AND rolname <> ALL \
     (ARRAY['pg_read_all_data', 'pg_read_all_settings', 'pg_read_all_stats', 'pg_stat_scan_tables', 'pg_monitor', \
     'pg_database_owner']))) AS asked(power, is_held) WHERE asked.is_held UNION ALL SELECT 'ROLE', \
     pg_catalog.quote_ident(handed.rolname), reach.oid, 'ADMIN', false FROM reach JOIN pg_catalog.pg_auth_members \
     AS link ON link.member = reach.oid AND link.admin_option JOIN pg_catalog.pg_roles AS handed ON handed.oid = \
     link.roleid UNION ALL SELECT 'DATABASE', pg_catalog.quote_ident(datname), datdba, 'OWNER', false FROM \
     pg_catalog.pg_database WHERE datname = pg_catalog.current_database() UNION ALL SELECT 'DATABASE', \
     pg_catalog.quote_ident(datname), acl.grantee, acl.privilege_type, acl.is_grantable FROM \
     pg_catalog.pg_database CROSS JOIN LATERAL pg_catalog.aclexplode(datacl) AS acl WHERE datname = \
     pg_catalog.current_database() AND acl.grantee <> datdba AND (acl.is_grantable OR acl.privilege_type NOT IN \
     ('CONNECT', 'TEMPORARY'))) SELECT given.kind, given.name, holder.rolname::text, given.power, \
     given.is_grantable, ARRAY(SELECT direct.rolname::text FROM pg_catalog.pg_auth_members AS link JOIN \
     pg_catalog.pg_roles AS direct ON direct.oid = link.roleid WHERE link.member = own.oid AND \
     pg_catalog.pg_has_role(direct.oid, given.grantee, 'MEMBER') ORDER BY 1), own.rolname::text FROM own JOIN given ON true LEFT \
     JOIN reach AS holder ON holder.oid = given.grantee WHERE given.grantee = 0 OR holder.oid IS NOT NULL ORDER \
     BY given.grantee <> own.oid, 1, 2, 3, 4";

/// Whether the server follows another, asked where several may be meant.
pub const STANDBY: &str = "/* refold standby */ SELECT pg_catalog.pg_is_in_recovery()";

/// What tells this cluster from others, asked where [`ROLE`] says that it may be.
pub const IDENTITY: &str = "/* refold identity */ SELECT system_identifier::text FROM pg_catalog.pg_control_system()";

/// Tables of the store, and what else looks like one: whether all of it may be read, or some of its columns; whether it hides
/// rows from us. Behind that: whether rows are found by their places in the table, all of which are in one or in its only
/// partition; older servers than 14 would look through the whole of it. Last: whether it would hide rows from an ordinary role.
pub const TABLES: &str = "/* refold tables */ SELECT class.oid, space.nspname::text, class.relname::text, \
     class.relkind::text, class.relispartition, \
     pg_catalog.has_schema_privilege(space.oid, 'USAGE') AND pg_catalog.has_table_privilege(class.oid, 'SELECT'), \
     pg_catalog.has_schema_privilege(space.oid, 'USAGE') AND pg_catalog.has_any_column_privilege(class.oid, 'SELECT'), \
     class.relkind IN ('r', 'p') AND pg_catalog.row_security_active(class.oid), \
     EXISTS (SELECT 1 FROM pg_catalog.pg_inherits AS heir JOIN pg_catalog.pg_class AS child ON \
     child.oid = heir.inhrelid WHERE heir.inhparent = class.oid AND child.relkind = 'f'), \
     coalesce(CASE class.relkind WHEN 'r' THEN NOT class.relhassubclass AND (SELECT amname FROM pg_catalog.pg_am WHERE \
     oid = class.relam) = 'heap' WHEN 'p' THEN (SELECT pg_catalog.count(*) = 1 AND \
     pg_catalog.bool_and(leaf.relkind = 'r' AND way.amname = 'heap') FROM pg_catalog.pg_partition_tree(class.oid) AS tree \
     JOIN pg_catalog.pg_class AS leaf ON leaf.oid = tree.relid LEFT JOIN pg_catalog.pg_am AS way ON way.oid = leaf.relam \
     WHERE tree.isleaf) END AND pg_catalog.current_setting('server_version_num')::int4 >= 140000, false), \
     class.relrowsecurity FROM pg_catalog.pg_class AS class JOIN pg_catalog.pg_namespace AS space ON space.oid = class.relnamespace \
     WHERE class.relkind IN ('r', 'p', 'v', 'm', 'f') AND space.nspname <> 'information_schema' AND \
     space.nspname NOT LIKE 'pg\\_%' ORDER BY space.nspname, class.relname LIMIT 4000";

/// Columns of ordinary and partitioned tables. Generated ones count only where they are stored.
pub const COLUMNS: &str = "/* refold columns */ SELECT attribute.attrelid, attribute.attname::text, \
     pg_catalog.format_type(attribute.atttypid, attribute.atttypmod), attribute.attnotnull, \
     CASE WHEN type.typtype = 'd' THEN type.typbasetype ELSE type.oid END, attribute.attnum, \
     pg_catalog.has_column_privilege(attribute.attrelid, attribute.attnum, 'SELECT') \
     FROM pg_catalog.pg_attribute AS attribute JOIN pg_catalog.pg_type AS type ON type.oid = attribute.atttypid \
     WHERE attribute.attrelid = ANY($1) AND attribute.attnum > 0 AND NOT attribute.attisdropped AND \
     attribute.attgenerated IN ('', 's') ORDER BY attribute.attrelid, attribute.attnum";

/// Usable indexes of whole tables, by the names of their columns, and by what expressions say behind a `=`.
pub const INDEXES: &str = "/* refold indexes */ SELECT index.indrelid, index.indisunique, \
     ARRAY(SELECT coalesce(attribute.attname::text, '=' || pg_catalog.pg_get_indexdef(index.indexrelid, place + 1, true)) FROM pg_catalog.generate_series(0, index.indnkeyatts - 1) AS place \
     LEFT JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = index.indrelid AND attribute.attnum = \
     index.indkey[place] ORDER BY place) \
     FROM pg_catalog.pg_index AS index WHERE index.indrelid = ANY($1) AND index.indisvalid AND index.indpred IS NULL \
     ORDER BY index.indexrelid";

/// A table with all tables below it, whatever they are: partitions and heirs.
pub const FAMILY: &str = "/* refold family */ WITH RECURSIVE family(oid) AS (SELECT $1::oid UNION SELECT heir.inhrelid \
     FROM pg_catalog.pg_inherits AS heir JOIN family ON heir.inhparent = family.oid) SELECT class.oid, class.relkind::text, \
     class.relname::text, pg_catalog.pg_relation_size(class.oid) FROM family JOIN pg_catalog.pg_class AS class ON class.oid = family.oid ORDER BY class.oid";

/// The same of tables with all that is below them, of their schemas, and of the sequences that their columns draw from. What a
/// reader may have: SELECT on tables and sequences, USAGE on schemas. And CREATE on a schema where everybody may, as up to
/// PostgreSQL 14 it is on `public`: it makes things beside the store, which no statement of ours looks up.
pub const TABLE_POWERS: &str = "/* refold table powers */ WITH RECURSIVE own AS (SELECT oid, rolname FROM pg_catalog.pg_roles WHERE rolname = \
     session_user AND NOT rolsuper), family(oid) AS (SELECT pg_catalog.unnest($1::oid[]) UNION SELECT \
     heir.inhrelid FROM pg_catalog.pg_inherits AS heir JOIN family ON heir.inhparent = family.oid), object(kind, \
     name, owner, acl, part) AS (SELECT 'TABLE', pg_catalog.format('%I.%I', space.nspname, class.relname), \
     class.relowner, class.relacl, '' FROM family JOIN pg_catalog.pg_class AS class ON class.oid = family.oid \
     JOIN pg_catalog.pg_namespace AS space ON space.oid = class.relnamespace UNION ALL SELECT 'TABLE', \
     pg_catalog.format('%I.%I', space.nspname, class.relname), class.relowner, field.attacl, pg_catalog.format(' \
     (%I)', field.attname) FROM family JOIN pg_catalog.pg_class AS class ON class.oid = family.oid JOIN \
     pg_catalog.pg_namespace AS space ON space.oid = class.relnamespace JOIN pg_catalog.pg_attribute AS field ON \
     field.attrelid = class.oid AND field.attacl IS NOT NULL UNION ALL SELECT DISTINCT ON (space.oid) 'SCHEMA', \
     pg_catalog.quote_ident(space.nspname), space.nspowner, space.nspacl, '' FROM family JOIN pg_catalog.pg_class \
     AS class ON class.oid = family.oid JOIN pg_catalog.pg_namespace AS space ON space.oid = class.relnamespace \
     UNION ALL SELECT 'SEQUENCE', pg_catalog.format('%I.%I', space.nspname, class.relname), class.relowner, \
     class.relacl, '' FROM pg_catalog.pg_class AS class JOIN pg_catalog.pg_namespace AS space ON space.oid = \
     class.relnamespace WHERE class.relkind = 'S' AND class.oid IN (SELECT link.objid FROM family JOIN \
     pg_catalog.pg_depend AS link ON link.refobjid = family.oid WHERE link.classid = \
     'pg_catalog.pg_class'::regclass AND link.deptype IN ('a', 'i') UNION SELECT link.refobjid FROM family JOIN \
     pg_catalog.pg_attrdef AS value ON value.adrelid = family.oid JOIN pg_catalog.pg_depend AS link ON \
     link.classid = 'pg_catalog.pg_attrdef'::regclass AND link.objid = value.oid)), given(kind, name, grantee, \
     power, is_grantable) AS (SELECT DISTINCT kind, name, owner, 'OWNER', false FROM object UNION ALL SELECT \
     kind, name, acl.grantee, acl.privilege_type || part, acl.is_grantable FROM object CROSS JOIN LATERAL \
     pg_catalog.aclexplode(acl) AS acl WHERE acl.grantee <> owner AND (acl.is_grantable OR (kind, \
     acl.privilege_type) NOT IN (('TABLE', 'SELECT'), ('SCHEMA', 'USAGE'), ('SEQUENCE', 'SELECT'))) AND NOT \
     (acl.grantee = 0 AND kind = 'SCHEMA' AND acl.privilege_type = 'CREATE')) SELECT \
     given.kind, given.name, holder.rolname::text, given.power, given.is_grantable, ARRAY(SELECT \
     direct.rolname::text FROM pg_catalog.pg_auth_members AS link JOIN pg_catalog.pg_roles AS direct ON \
     direct.oid = link.roleid WHERE link.member = own.oid AND pg_catalog.pg_has_role(direct.oid, given.grantee, \
     'MEMBER') ORDER BY 1), own.rolname::text FROM own JOIN given ON given.grantee = 0 OR pg_catalog.pg_has_role(own.oid, \
     given.grantee, 'MEMBER') LEFT JOIN pg_catalog.pg_roles AS holder ON holder.oid = given.grantee ORDER BY \
     given.grantee <> own.oid, 1, 2, 3, 4";

/// The sequences that the numbers of a column are drawn from, with how many a session takes at once.
pub const SEQUENCES: &str = "/* refold sequences */ SELECT sequence.seqrelid, sequence.seqcache, sequence.seqincrement \
     FROM pg_catalog.pg_sequence AS sequence WHERE sequence.seqrelid IN (SELECT link.objid FROM pg_catalog.pg_depend AS link \
     WHERE link.refobjid = $1 AND link.refobjsubid = $2 AND link.deptype IN ('a', 'i') UNION SELECT link.refobjid FROM \
     pg_catalog.pg_attrdef AS value JOIN pg_catalog.pg_depend AS link ON link.objid = value.oid WHERE value.adrelid = $1 \
     AND value.adnum = $2) ORDER BY sequence.seqrelid";

/// Transactions, prepared ones too, that have written to one of these tables or drawn a number of one of these sequences
/// and are not over: they hold a lock on it until they are. And in which session, where it is one.
pub const WRITERS: &str = "/* refold writers */ SELECT DISTINCT held.virtualtransaction, held.pid FROM pg_catalog.pg_locks AS held \
     WHERE held.locktype = 'relation' AND held.granted AND held.relation = ANY($1) AND held.mode IN ('RowExclusiveLock', \
     'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') AND held.database = (SELECT oid FROM \
     pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) AND \
     (held.pid IS NULL OR held.pid <> pg_catalog.pg_backend_pid()) ORDER BY 1";

/// Whether the server notes when transactions are over, and lets us see when those were that wrote the rows of a table: of
/// single columns that may be read the last does not hold. `$1`: the table, `$2`: all below it too.
pub const ENDS: &str = "/* refold ends */ SELECT coalesce(pg_catalog.current_setting('track_commit_timestamp', true) = 'on' AND \
     pg_catalog.has_function_privilege(pg_catalog.to_regprocedure('pg_catalog.pg_xact_commit_timestamp_origin(pg_catalog.xid)'), \
     'EXECUTE') AND pg_catalog.has_table_privilege($1::oid, 'SELECT') AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class AS class \
     LEFT JOIN pg_catalog.pg_am AS way ON way.oid = class.relam WHERE class.oid = ANY($2::oid[]) AND class.relkind = 'r' AND \
     way.amname IS DISTINCT FROM 'heap'), false)";

/// Sessions of this database: their numbers, who they are and what they call themselves, and when their transactions began, in
/// microseconds since 1970, which is told to their own role and to who may read all statistics.
pub const SESSIONS: &str = "/* refold sessions */ SELECT activity.pid, activity.usename::text, activity.application_name::text, \
     (pg_catalog.date_part('epoch', activity.xact_start) * 1000000)::bigint FROM pg_catalog.pg_stat_activity AS activity \
     WHERE activity.pid <> pg_catalog.pg_backend_pid() AND activity.datname = pg_catalog.current_database()";

/// Sessions that let nobody read some table of this database: their numbers, who they are, and what they call themselves, as
/// far as we may know.
pub const HOLDERS: &str = "/* refold holders */ SELECT DISTINCT held.pid, activity.usename::text, \
     activity.application_name::text FROM pg_catalog.pg_locks AS held LEFT JOIN pg_catalog.pg_stat_activity AS activity \
     ON activity.pid = held.pid WHERE held.locktype = 'relation' AND held.granted AND held.mode = 'AccessExclusiveLock' AND \
     held.relation >= 16384 AND held.pid IS DISTINCT FROM pg_catalog.pg_backend_pid() AND held.database = (SELECT oid FROM \
     pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) ORDER BY held.pid LIMIT 5";

/// Whether a server still follows another, and if so whether it has all that this one sent, and nothing was committed there
/// for as many seconds as `$1` says. One that hears nothing from its primary does not know. And when the last transaction
/// that it has was over there, in microseconds since 1970.
pub const QUIET: &str = "/* refold quiet */ SELECT pg_catalog.pg_is_in_recovery(), coalesce(EXISTS (SELECT 1 FROM \
     pg_catalog.pg_stat_get_wal_receiver() AS receiver WHERE receiver.pid IS NOT NULL) AND \
     pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn() AND \
     pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp()) > $1, false), \
     (pg_catalog.date_part('epoch', pg_catalog.pg_last_xact_replay_timestamp()) * 1000000)::bigint";

/// Before which number all transactions are over, and before which they have begun.
pub const OVER: &str = "/* refold over */ SELECT pg_catalog.pg_snapshot_xmin(present.seen)::text, \
     pg_catalog.pg_snapshot_xmax(present.seen)::text \
     FROM (SELECT pg_catalog.pg_current_snapshot() AS seen) AS present";

/// How many blocks a table has, which file they are in, how many of its rows were changed or removed, and another text once
/// anything was written to it or its partitions are others, the last two by the server's own count. `$2`: the table that it
/// is the only partition of.
pub const TABLE: &str = "/* refold table */ SELECT pg_catalog.pg_relation_size($1) / \
     pg_catalog.current_setting('block_size')::bigint, pg_catalog.pg_relation_filenode($1), \
     pg_catalog.pg_stat_get_tuples_updated($1) + pg_catalog.pg_stat_get_tuples_deleted($1), \
     pg_catalog.concat_ws(':', pg_catalog.pg_stat_get_tuples_inserted($1), pg_catalog.pg_stat_get_tuples_updated($1), \
     pg_catalog.pg_stat_get_tuples_deleted($1), pg_catalog.pg_relation_size($1), pg_catalog.pg_relation_filenode($1), \
     (SELECT pg_catalog.count(*) FROM pg_catalog.pg_partition_tree($2)))";

/// Which file a table is in, as long as it is a partition of `$2` or of none, before which number all transactions are over
/// for this server, and how many rows of the table were changed or removed.
pub const FILE: &str = "/* refold file */ SELECT CASE WHEN pg_catalog.pg_partition_root($1)::oid IS NOT DISTINCT FROM $2 THEN \
     pg_catalog.pg_relation_filenode($1) END, \
     pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text::bigint, \
     pg_catalog.pg_stat_get_tuples_updated($1) + pg_catalog.pg_stat_get_tuples_deleted($1)";

/// Rows that were changed and removed in tables, by the server's own count.
pub const CHANGES: &str = "/* refold changes */ SELECT \
     pg_catalog.sum(pg_catalog.pg_stat_get_tuples_updated(of.oid))::bigint, \
     pg_catalog.sum(pg_catalog.pg_stat_get_tuples_deleted(of.oid))::bigint FROM pg_catalog.unnest($1::oid[]) AS of(oid)";

/// The name of a statement in this catalogue.
pub fn id(sql: &str) -> &str {
    let named = sql.strip_prefix("/* refold ").and_then(|rest| rest.split_once(" */"));
    named.map_or(if sql == ROLLBACK { "rollback" } else { "begin" }, |(name, _)| name)
}

/// A page of events: `shape` of the rows that fulfil `conditions`, at most as many as parameter `$limit` says.
pub fn page(plan: &Plan, shape: &Shape, conditions: &[String], order: &str, limit: usize) -> String {
    format!(
        "/* refold events */ {} LIMIT ${limit}",
        plan.select(shape, conditions, order)
    )
}

/// How the server would go about a statement, which is not run.
pub fn explained(sql: &str) -> String {
    let bare = sql.split_once(" */ ").map_or(sql, |(_, bare)| bare);
    format!("/* refold plan */ EXPLAIN (FORMAT JSON) {bare}")
}

/// The last position.
pub fn last(plan: &Plan) -> String {
    let position = &plan.position;
    let selected = plan.select_one(&format!("{position}::bigint"), &[format!("{position} IS NOT NULL")]);
    format!("/* refold last */ {selected} ORDER BY {position} DESC LIMIT 1")
}

/// That a row was written by a transaction before this one. Numbers go round: of a row that is older than half of their
/// circle it counts that it cannot be of one that is still to come.
pub fn written_before(transaction: u64) -> String {
    let age = "pg_catalog.age(\"event\".xmin)";
    let low = transaction & u64::from(u32::MAX);
    format!("({age} > pg_catalog.age('{low}'::xid) OR {age} < 0)")
}

/// That a row lies in this partition.
pub fn in_partition(oid: u32) -> String {
    format!("\"event\".tableoid = {oid}::oid")
}

/// Whether a column holds more than one value, NULL being one. Both ends of its order are asked for as an index that begins
/// with it has them: so this looks at two rows, and NULL is at the second where there is any.
pub fn tenants(table: &Table, column: &str) -> String {
    let first = format!("SELECT {column} FROM {} ORDER BY {column}", table.sql());
    format!(
        "/* refold tenants */ SELECT CASE WHEN ({first} LIMIT 1) IS DISTINCT FROM ({first} DESC LIMIT 1) THEN 1 ELSE 0 END"
    )
}

/// The positions up to `$1`, newest first, `$2` of them: where numbers are missing among them.
pub fn behind(plan: &Plan) -> String {
    let position = &plan.position;
    let selected = plan.select_one(&format!("{position}::bigint"), &[format!("{position} <= $1")]);
    format!("/* refold behind */ {selected} ORDER BY {position} DESC LIMIT $2")
}

/// The same with the time at which the transaction that wrote the row was over, in microseconds since 1970: where it is
/// noted, and was not taken from another server.
pub fn drawn(plan: &Plan) -> String {
    let position = &plan.position;
    let ended = "(SELECT (pg_catalog.date_part('epoch', ended.\"timestamp\") * 1000000)::bigint FROM \
         pg_catalog.pg_xact_commit_timestamp_origin(\"event\".xmin) AS ended WHERE ended.roident = 0)";
    let selected = plan.select_one(&format!("{position}::bigint, {ended}"), &[format!("{position} <= $1")]);
    format!("/* refold drawn */ {selected} ORDER BY {position} DESC LIMIT $2")
}

/// All columns of one row of the table of events, by its position `$1`.
pub fn row(plan: &Plan, columns: &[String]) -> String {
    let selected = plan.select_one(&columns.join(", "), &[format!("{} = $1", plan.position)]);
    format!("/* refold row */ {selected} LIMIT 1")
}

/// All rows of a table that holds no events, as one cut through it.
pub fn rows(table: &Table, columns: &[String]) -> String {
    format!("/* refold rows */ SELECT {} FROM {}", columns.join(", "), table.sql())
}

/// How a body is selected that has at most `most_bytes` bytes: NULL stands for a larger one. And the size that one of more
/// has at least, NULL standing for a smaller one. The size is known without reading the body.
pub fn body(column: &str, type_name: &str, most_bytes: u64) -> (String, String) {
    let size = match type_name {
        "text" | "bytea" => format!("pg_catalog.octet_length({column})"),
        // Of documents only the size on disk is known, which compression may have made smaller.
        _ => format!("pg_catalog.pg_column_size({column})"),
    };
    (
        format!("CASE WHEN {size} <= {most_bytes} THEN {column} END"),
        format!("CASE WHEN {size} > {most_bytes} THEN ({size})::bigint END"),
    )
}

/// The same of a large object whose number the column holds. Nothing tells its size; it is too large where it has a byte
/// behind those that are allowed. One that is gone is NULL, as a body that was never there.
pub fn large_object(column: &str, most_bytes: u64) -> (String, String) {
    // No EXISTS: for a large page the server would rather list all objects of the database than look for each.
    let exists = format!(
        "(SELECT large.oid FROM pg_catalog.pg_largeobject_metadata AS large WHERE large.oid = {column}) IS NOT NULL"
    );
    let reaches = format!("pg_catalog.octet_length(pg_catalog.lo_get({column}, {most_bytes}, 1))");
    (
        format!("CASE WHEN {exists} THEN CASE {reaches} WHEN 0 THEN pg_catalog.lo_get({column}) END END"),
        format!(
            "CASE WHEN {exists} THEN CASE {reaches} WHEN 1 THEN {}::bigint END END",
            most_bytes + 1
        ),
    )
}
