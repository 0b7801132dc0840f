-- Who calls, alone or nearly so, at even distances? A gap up to <<pause_s>> s is a burst; near is half to one and a half of the usual.
WITH rare AS (
    SELECT owner FROM calls GROUP BY owner HAVING count(DISTINCT src_ip) <= <<clients>>
), gaps AS (
    SELECT src_ip, owner, host, time, date_diff('second', lag(time) OVER (PARTITION BY src_ip, owner ORDER BY time), time) AS gap
    FROM calls SEMI JOIN rare USING (owner)
), usual AS (
    SELECT src_ip, owner, median(gap) AS median_s, count(*) AS gaps FROM gaps WHERE gap > <<pause_s>> GROUP BY ALL
)
SELECT src_ip, owner, min(host) AS host, median_s, gaps,
    round(avg((gap BETWEEN <<low>> * median_s AND <<high>> * median_s)::INT), 2) AS regular,
    min(time) AS first_seen, max(time) AS last_seen
FROM gaps JOIN usual USING (src_ip, owner)
WHERE gap > <<pause_s>>
GROUP BY src_ip, owner, median_s, gaps
HAVING gaps >= <<checkins>> - 1 AND regular >= <<regular>>
ORDER BY regular DESC, gaps DESC;
