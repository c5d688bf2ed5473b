-- The name that the other side gave in a call, and the newest DTMF digits that it sent.
ALTER TABLE call_log ADD COLUMN remote_name TEXT NOT NULL DEFAULT '';
ALTER TABLE call_log ADD COLUMN digits_received TEXT NOT NULL DEFAULT '';
