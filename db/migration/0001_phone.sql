-- All times are microseconds since 1970-01-01 00:00:00 UTC.

-- The SIPN settings, by their JSON names, as the vendor's files write them. Names this program does not know stay as they are.
CREATE TABLE line_setting (
    line  INTEGER NOT NULL CHECK (line BETWEEN 1 AND 20),
    name  TEXT    NOT NULL,
    value TEXT    NOT NULL,
    PRIMARY KEY (line, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    name     TEXT    PRIMARY KEY CHECK (name IN ('admin', 'user')),
    password TEXT    NOT NULL, -- argon2id, in the PHC string format
    changed  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    name      TEXT    PRIMARY KEY,
    scope     TEXT    NOT NULL CHECK (scope IN ('read', 'control', 'admin')),
    hash      BLOB    NOT NULL UNIQUE, -- SHA-256 of the secret, which is random
    created   INTEGER NOT NULL,
    last_used INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE call_log (
    key         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL, -- begins again with every start of the phone
    line        INTEGER NOT NULL,
    direction   TEXT    NOT NULL,
    remote      TEXT    NOT NULL,
    server      TEXT    NOT NULL,
    started     INTEGER NOT NULL,
    answered    INTEGER,
    ended       INTEGER,
    end_by      TEXT    NOT NULL,
    end_cause   TEXT    NOT NULL,
    end_code    INTEGER NOT NULL,
    end_reason  TEXT    NOT NULL,
    elapsed_us  INTEGER NOT NULL,
    sip_call_id TEXT    NOT NULL
) STRICT;

CREATE TABLE event (
    seq     INTEGER PRIMARY KEY,
    time    INTEGER NOT NULL,
    mono_us INTEGER NOT NULL,
    type    TEXT    NOT NULL,
    line    INTEGER NOT NULL, -- 0: none
    call    TEXT    NOT NULL, -- empty: none
    data    TEXT    NOT NULL  -- JSON
) STRICT;
