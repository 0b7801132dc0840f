-- Who calls in nearly every hour of a day? People go home.
SELECT src_ip, host, time::DATE AS day, count(DISTINCT hour(time)) AS hours, count(*) AS calls
FROM calls
GROUP BY ALL
HAVING hours >= 20
ORDER BY hours DESC, calls DESC;
