-- The events of one type in their order; which of them are of a line and a time is seen without reading the events themselves.
CREATE INDEX event_type ON event (type, seq, time, line);
