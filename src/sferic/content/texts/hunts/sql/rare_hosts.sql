-- Which functions does hardly anybody call, and yet somebody often?
SELECT host, count(DISTINCT src_ip) AS clients, count(*) AS calls, min(src_ip) AS one_of_them, min(time) AS first_seen
FROM calls
GROUP BY host
HAVING clients <= <<clients>> AND calls >= <<checkins>>
ORDER BY clients, calls DESC;
