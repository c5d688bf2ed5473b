-- SIP messages of the trace, their secrets masked: the newest, bounded in octets and age. AUTOINCREMENT, for no number is given twice, whatever was deleted.
CREATE TABLE message (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    time      INTEGER NOT NULL,
    mono_us   INTEGER NOT NULL,
    began     INTEGER NOT NULL, -- number of the first message of the same start of the phone
    event     INTEGER NOT NULL, -- number of the newest event before it
    line      INTEGER NOT NULL, -- 0: none
    sent      INTEGER NOT NULL CHECK (sent IN (0, 1)),
    slot      TEXT    NOT NULL, -- empty: of no server
    proxy     INTEGER NOT NULL CHECK (proxy IN (0, 1)),
    transport TEXT    NOT NULL,
    local     TEXT    NOT NULL,
    remote    TEXT    NOT NULL,
    call_id   TEXT    NOT NULL,
    start     TEXT    NOT NULL,
    fault     TEXT    NOT NULL,
    total     INTEGER NOT NULL, -- octets of this message and of all before it
    raw       BLOB    NOT NULL
) STRICT;
