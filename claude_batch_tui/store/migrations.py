"""The schema, one step a version. A step is never changed once it has been released; later work appends."""

from __future__ import annotations

APPLICATION_ID = 0x63627475
"""`cbtu`: tells our files from others' (PRAGMA application_id)."""

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
)
