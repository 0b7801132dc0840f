CREATE OR REPLACE TEMP VIEW calls AS
SELECT time AT TIME ZONE 'UTC' AS time, src_endpoint.ip AS src_ip, lower(dst_endpoint.hostname) AS host,
    -- Hosts of one workers.dev account are one channel: an attacker changes between them for free.
    regexp_replace(lower(dst_endpoint.hostname), '^(?:.+\.)?([^.]+\.workers\.dev)$', '\1') AS owner,
    actor.user.name AS "user",
    traffic.bytes_out AS bytes_up, traffic.bytes_in AS bytes_down
FROM read_parquet('events/**/*.parquet', hive_partitioning = true, union_by_name = true)
WHERE "table" IN ('http_activity', 'network_activity')
    AND regexp_matches(lower(dst_endpoint.hostname), '<<platforms>>')
    AND NOT regexp_matches(lower(dst_endpoint.hostname), '<<vendors>>')
    AND coalesce(http_response.code, 0) <> 407;
