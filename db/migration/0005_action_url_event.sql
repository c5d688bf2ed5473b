-- Events are for tokens that may only read: what is kept of an action URL is scheme and host, as in new events.
UPDATE event SET data = json_set(data, '$.url', (
    SELECT scheme || substr(authority, instr(authority, '@') + 1) FROM (
        SELECT scheme, substr(before_path, 1, instr(before_path || '?', '?') - 1) AS authority FROM (
            SELECT scheme, substr(rest, 1, instr(rest || '/', '/') - 1) AS before_path FROM (
                SELECT substr(url, 1, instr(url, '://') + 2) AS scheme, substr(url, instr(url, '://') + 3) AS rest FROM (
                    SELECT json_extract(data, '$.url') AS url)))))
    )
WHERE type = 'action_url' AND json_valid(data) AND instr(json_extract(data, '$.url'), '://') > 0;
