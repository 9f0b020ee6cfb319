"""The schema, one step a version. A step is never changed once it has been released; later work appends."""

from __future__ import annotations

APPLICATION_ID = 0x63627475
"""`cbtu` (PRAGMA application_id): tells our files from others', and a store that holds all its journal says from one that
is still to be filled."""

_NEXT = "(SELECT max(revision) + 1 FROM batch WHERE scope_id = {row}.scope_id)"


def _revisions() -> str:
    """Triggers that give a batch the next revision whenever anything the list shows of it is written.

    So whoever follows the store reads what changed since the revision it knows, and nothing else.
    """
    own = "AFTER INSERT ON batch", "AFTER UPDATE ON batch WHEN NEW.revision = OLD.revision"
    triggers = [
        f"CREATE TRIGGER batch_changed_{number} {when} BEGIN UPDATE batch SET revision = {_NEXT.format(row='NEW')}"
        " WHERE rowid = NEW.rowid; END;"
        for number, when in enumerate(own)
    ]
    for table, target in (
        ("name", "target_id"),
        ("tag", "target_id"),
        ("note", "target_id"),
        ("cost", "target_id"),
        ("hidden", "batch_id"),
        ("download", "batch_id"),
    ):
        for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
            # Two statements: an OR over both columns would read every batch.
            updates = "".join(
                f"UPDATE batch SET revision = {_NEXT.format(row=row)}"
                f" WHERE scope_id = {row}.scope_id AND {column} = {row}.{target}; "
                for column in ("batch_id", "run_id")
            )
            triggers.append(
                f"CREATE TRIGGER {table}_{event.lower()} AFTER {event} ON {table} BEGIN {updates}END;"
            )
    return "\n".join(triggers)


STEPS: tuple[str, ...] = (
    """
    CREATE TABLE scope (
        scope_id INTEGER PRIMARY KEY,
        base_url TEXT NOT NULL,
        workspace_id TEXT NOT NULL,
        organization_id TEXT,
        hint TEXT,
        used_at TEXT NOT NULL,
        UNIQUE (base_url, workspace_id)
    ) STRICT;
    CREATE TABLE run (
        run_id TEXT PRIMARY KEY,
        scope_id INTEGER REFERENCES scope,
        kind TEXT NOT NULL,
        created_at TEXT NOT NULL,
        source TEXT,
        recipe TEXT,
        parent_id TEXT
    ) STRICT;
    CREATE TABLE batch (
        scope_id INTEGER NOT NULL REFERENCES scope,
        batch_id TEXT NOT NULL,
        run_id TEXT REFERENCES run,
        facts TEXT NOT NULL,
        created_at TEXT NOT NULL,
        has_ended INTEGER NOT NULL,
        model TEXT,
        source TEXT,
        seen INTEGER NOT NULL DEFAULT 1,
        provisional INTEGER NOT NULL DEFAULT 0,
        gone_at TEXT,
        deleted_at TEXT,
        cancel_sent_at TEXT,
        PRIMARY KEY (scope_id, batch_id)
    ) STRICT;
    CREATE INDEX batch_by_age ON batch (scope_id, created_at DESC);
    CREATE TABLE submission (
        submission_id TEXT PRIMARY KEY,
        run_id TEXT NOT NULL REFERENCES run,
        scope_id INTEGER REFERENCES scope,
        state TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        batch_id TEXT,
        created_at TEXT NOT NULL,
        facts TEXT NOT NULL
    ) STRICT;
    CREATE INDEX submission_by_body ON submission (sha256);
    CREATE TABLE name (
        scope_id INTEGER NOT NULL REFERENCES scope,
        target_id TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (scope_id, target_id)
    ) STRICT;
    CREATE TABLE tag (
        scope_id INTEGER NOT NULL REFERENCES scope,
        target_id TEXT NOT NULL,
        tag TEXT NOT NULL,
        PRIMARY KEY (scope_id, target_id, tag)
    ) STRICT;
    CREATE TABLE note (
        scope_id INTEGER NOT NULL REFERENCES scope,
        target_id TEXT NOT NULL,
        note TEXT NOT NULL,
        PRIMARY KEY (scope_id, target_id)
    ) STRICT;
    CREATE TABLE poll (
        poll_id INTEGER PRIMARY KEY,
        scope_id INTEGER REFERENCES scope,
        at TEXT NOT NULL,
        seconds REAL NOT NULL,
        batches INTEGER,
        error TEXT
    ) STRICT;
    CREATE TABLE notification (
        scope_id INTEGER NOT NULL REFERENCES scope,
        target_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        sent_at TEXT NOT NULL,
        PRIMARY KEY (scope_id, target_id, kind)
    ) STRICT;
    CREATE TABLE cost (
        scope_id INTEGER NOT NULL REFERENCES scope,
        target_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        usd REAL NOT NULL,
        prices_as_of TEXT,
        PRIMARY KEY (scope_id, target_id, kind)
    ) STRICT;
    CREATE TABLE download (
        scope_id INTEGER NOT NULL REFERENCES scope,
        batch_id TEXT NOT NULL,
        state TEXT NOT NULL,
        path TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        lines INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        finished_at TEXT NOT NULL,
        problems TEXT,
        PRIMARY KEY (scope_id, batch_id)
    ) STRICT;
    """,
    """
    CREATE TABLE usage (
        scope_id INTEGER NOT NULL REFERENCES scope,
        batch_id TEXT NOT NULL,
        model TEXT,
        source TEXT,
        succeeded INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        recorded_at TEXT NOT NULL,
        PRIMARY KEY (scope_id, batch_id)
    ) STRICT;
    """,
    """
    ALTER TABLE batch ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE hidden (
        scope_id INTEGER NOT NULL REFERENCES scope,
        batch_id TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (scope_id, batch_id)
    ) STRICT;
    CREATE TABLE adoption (
        scope_id INTEGER NOT NULL REFERENCES scope,
        batch_id TEXT NOT NULL,
        run_id TEXT NOT NULL REFERENCES run,
        PRIMARY KEY (scope_id, batch_id)
    ) STRICT;
    CREATE INDEX batch_by_revision ON batch (scope_id, revision);
    CREATE INDEX batch_by_run ON batch (scope_id, run_id);
    CREATE INDEX batch_unfinished ON batch (scope_id, created_at) WHERE has_ended = 0;
    CREATE INDEX submission_by_batch ON submission (batch_id);
    """
    + _revisions(),
    """
    ALTER TABLE download ADD COLUMN flawed TEXT;
    CREATE TABLE spend (
        scope_id INTEGER NOT NULL REFERENCES scope,
        batch_id TEXT NOT NULL,
        succeeded INTEGER NOT NULL,
        facts TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        PRIMARY KEY (scope_id, batch_id)
    ) STRICT;
    CREATE TABLE sighting (
        sighting_id INTEGER PRIMARY KEY,
        scope_id INTEGER NOT NULL REFERENCES scope,
        batch_id TEXT NOT NULL,
        at TEXT NOT NULL,
        facts TEXT NOT NULL
    ) STRICT;
    CREATE INDEX sighting_by_batch ON sighting (scope_id, batch_id);
    CREATE INDEX poll_by_time ON poll (scope_id, at);
    """,
    """
    CREATE TABLE hint (
        hint TEXT PRIMARY KEY,
        scope_id INTEGER NOT NULL REFERENCES scope,
        used_at TEXT NOT NULL
    ) STRICT;
    INSERT OR REPLACE INTO hint SELECT hint, scope_id, used_at FROM scope WHERE hint IS NOT NULL AND hint != '' ORDER BY used_at;
    """,
    """
    ALTER TABLE download ADD COLUMN exported_at TEXT;
    """,
    """
    CREATE TABLE review (
        target_id TEXT NOT NULL,
        custom_id TEXT NOT NULL,
        verdict TEXT,
        label TEXT,
        note TEXT,
        at TEXT NOT NULL,
        PRIMARY KEY (target_id, custom_id)
    ) STRICT;
    """,
)
