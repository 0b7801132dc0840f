-- Which functions appeared in the last day of the logs, and are called regularly since?
WITH last AS (SELECT max(time) AS until FROM calls)
SELECT host, min(time) AS first_seen, count(DISTINCT src_ip) AS clients, count(*) AS calls
FROM calls, last
GROUP BY host, until
HAVING first_seen > until - INTERVAL 36 HOUR AND calls >= <<checkins>>
ORDER BY clients, calls DESC;
