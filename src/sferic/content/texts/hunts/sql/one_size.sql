-- Whose answers are nearly always equally long? An empty task is always the same.
WITH sizes AS (SELECT src_ip, host, bytes_down, count(*) AS n FROM calls WHERE bytes_down IS NOT NULL GROUP BY ALL)
SELECT src_ip, host, sum(n) AS calls, max(n) AS commonest, round(max(n) / sum(n), 2) AS share, arg_max(bytes_down, n) AS size
FROM sizes
GROUP BY src_ip, host
HAVING calls >= <<checkins>> AND share >= 0.3
ORDER BY share DESC, calls DESC;
