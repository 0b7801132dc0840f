"""A realistic report made by hand: five findings of different kinds, a ledger with losses, some published rows."""

from datetime import UTC, datetime

from sferic.model.finding import ActivityRow, Bar, Day, Finding, Interval, Reason, Sample, Step
from sferic.model.report import Account, FileAccount, Missing, ReasonCount, RejectSample, Report


def at(text: str) -> int:
    """Give epoch microseconds of an ISO time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


PRIOR = Reason("prior", -30.0, "1 in 1,000", "Before any evidence, one channel in a thousand is taken to be C2.")

LAMBDA = Finding(
    id="3fa9c1d27b40",
    analytic="beacon",
    score=96,
    points=31.4,
    severity="critical",
    src_ip="10.20.4.31",
    device="WS-0431",
    user="EXAMPLE\\mira",
    process="WinHttp (no browser)",
    platform="aws-lambda-url",
    provider="Amazon Web Services",
    function="h3kq7zexamplelabel0000000000000a",
    hosts=("h3kq7zexamplelabel0000000000000a.lambda-url.ap-southeast-1.on.aws",),
    first_seen=at("2026-03-02 08:15:12"),
    last_seen=at("2026-03-04 17:40:03"),
    connections=2861,
    checkins=2861,
    interval=Interval(56.0, 0.2, "one_sided", 60.0),
    bytes_up=1_430_500,
    bytes_down=3_290_150,
    techniques=("T1071.001", "T1583.007"),
    reasons=(
        PRIOR,
        Reason(
            "timing",
            24.1,
            "≈60 s −20 %, n = 2,860",
            "Gaps follow a sleep of 60 s shortened by up to 20 %.",
            (
                "squid/access.log.gz:812",
                "squid/access.log.gz:913",
                "squid/access.log.gz:1011",
                "squid/access.log.gz:1090",
            ),
        ),
        Reason("prevalence", 13.2, "1 of 312 sources", "Only this machine of 312 calls the function."),
        Reason("client", 11.0, "WinHttp", "The client is a script library, not a browser."),
        Reason("presence", 7.6, "58 of 58 hours", "It calls at night and at the weekend like by day."),
        Reason("size", 6.5, "500 B up, 98 % alike", "Requests are small and nearly all of one size."),
        Reason("novelty", 2.0, "new on day 3", "The function was never called before 2 March."),
        Reason("known_service", -3.0, "none fits", "A monitoring probe would look like this, but none is listed."),
    ),
    benign_explanations=("A home-grown agent that reports to its own Lambda function.", "An uptime probe."),
    next_steps=(
        "Ask who owns the function; the owner cannot be read from the name.",
        "On WS-0431 find the process that resolves the name.",
    ),
    sources=("squid_access",),
    platform_evidence="documented",
    gaps=tuple(
        Bar(46.0 + 2 * i, 48.0 + 2 * i, n) for i, n in enumerate((3, 210, 402, 460, 433, 398, 441, 510, 3, 0, 1))
    ),
    days=(
        Day("2026-03-02", (0,) * 8 + (38, 62, 64, 63, 61, 60, 62, 63, 64, 62, 61, 63, 62, 64, 61, 63)),
        Day(
            "2026-03-03",
            (62, 64, 61, 63, 62, 60, 3, 61, 63, 64, 62, 61, 120, 62, 63, 61, 64, 62, 61, 60, 63, 62, 61, 64),
        ),
        Day("2026-03-04", (61, 62, 63, 61, 62, 64, 63, 62, 61, 60, 63, 62, 64, 61, 62, 63, 61, 40) + (0,) * 6),
    ),
    samples=(
        Sample(
            "squid/access.log.gz:812",
            "1772439312.114    231 10.20.4.31 TCP_TUNNEL/200 1650 CONNECT h3kq7zexamplelabel0000000000000a.lambda-url.ap-southeast-1.on.aws:443 mira HIER_DIRECT/192.0.2.44 -",
        ),
        Sample(
            "squid/access.log.gz:913",
            "1772439368.902    198 10.20.4.31 TCP_TUNNEL/200 1650 CONNECT h3kq7zexamplelabel0000000000000a.lambda-url.ap-southeast-1.on.aws:443 mira HIER_DIRECT/192.0.2.44 -",
        ),
    ),
)

ROTATING = Finding(
    id="b81e22ac9905",
    analytic="beacon",
    score=84,
    points=19.2,
    severity="high",
    src_ip="10.30.1.77",
    user="noor",
    process="python-requests/2.31.0",
    platform="cloudflare-workers",
    provider="Cloudflare",
    tenant="example-account",
    function="cdn-a",
    hosts=(
        "cdn-a.example-account.workers.dev",
        "cdn-b.example-account.workers.dev",
        "cdn-c.example-account.workers.dev",
    ),
    first_seen=at("2026-03-03 00:02:00"),
    last_seen=at("2026-03-04 23:58:10"),
    connections=5754,
    checkins=2877,
    interval=Interval(60.2, 0.3, "two_sided", 60.0),
    bytes_up=700_000,
    techniques=("T1071.001", "T1584.007"),
    reasons=(
        PRIOR,
        Reason("timing", 22.0, "≈60 s ±30 %", "Together, three functions of one account are called every 60 s."),
        Reason("prevalence", 13.2, "1 of 312 sources", "Only this machine calls the account."),
        Reason("rotation", 8.0, "3 functions", "The calls move between three functions of one account."),
        Reason("client", 6.0, "python-requests", "The client is a script library."),
    ),
    sources=("bluecoat_proxysg", "cisco_asa"),
    platform_evidence="observed",
)

SLOW = Finding(
    id="0d4477f1c2ee",
    analytic="beacon",
    score=61,
    points=4.8,
    severity="medium",
    device="SRV-DB-02",
    platform="gcp-cloud-run",
    provider="Google",
    tenant="123456789012",
    function="metrics",
    hosts=("metrics-123456789012.europe-west1.run.app",),
    first_seen=at("2026-03-01 00:40:00"),
    last_seen=at("2026-03-04 23:10:00"),
    connections=93,
    checkins=93,
    interval=Interval(3660.0, 0.2, "two_sided", 3600.0),
    bytes_up=18_600,
    bytes_down=29_000,
    reasons=(
        PRIOR,
        Reason("timing", 21.8, "≈1 h ±20 %", "Gaps follow a sleep of one hour."),
        Reason("prevalence", 13.0, "1 of 312 sources", "Only this machine calls the function."),
    ),
    needs="93 check-ins so far; about 30 more would settle the law.",
    benign_explanations=("A scheduled job.",),
    sources=("panos_traffic",),
    platform_evidence="documented",
)

LONG = Finding(
    id="77aa01bb02cc",
    analytic="long_connection",
    score=47,
    points=-1.0,
    severity="low",
    src_ip="2001:db8:4:1:aaaa:bbbb:cccc:31",
    process="C:\\Program Files\\Example Vendor\\Agent\\bin\\example-agent-service.exe",
    process_is_guessed=True,
    process_tree=(
        Step("C:\\Windows\\System32\\services.exe"),
        Step(
            "C:\\Program Files\\Example Vendor\\Agent\\bin\\example-agent-service.exe",
            '"C:\\Program Files\\Example Vendor\\Agent\\bin\\example-agent-service.exe" --service',
            "NT AUTHORITY\\SYSTEM",
            "Example Vendor Ltd",
            "Example Vendor Ltd",
            0,
        ),
    ),
    platform="supabase",
    tenant="exampleprojectlabel0",
    hosts=("exampleprojectlabel0.supabase.co",),
    first_seen=at("2026-03-04 01:00:00"),
    last_seen=at("2026-03-04 13:00:00"),
    connections=2,
    bytes_up=91_000_000,
    bytes_down=440_000,
    reasons=(
        PRIOR,
        Reason("duration", 18.0, "6 h", "A connection stayed open for six hours."),
        Reason("size", 11.0, "91 MB up", "Far more goes up than comes down."),
    ),
    sources=("zeek_conn",),
)

BARE = Finding(id="e0e0e0e0e0e0", analytic="activity", score=40, points=-4.0, severity="informational")

ACTIVITY = (
    ActivityRow(
        "2026-03-02 08:15:12",
        "2026-03-04 17:40:03",
        "10.20.4.31",
        "mira",
        (LAMBDA.hosts[0],),
        2861,
        58,
        49.33,
        500,
        1150,
        1,
    ),
    ActivityRow(
        "2026-03-03 00:02:00",
        "2026-03-04 23:58:10",
        "10.30.1.77",
        "noor",
        ROTATING.hosts,
        2877,
        48,
        59.94,
        243,
        None,
        1,
    ),
)

ACCOUNT = Account(
    files=(
        FileAccount(
            path="squid/access.log.gz",
            codec="gzip",
            bytes=41_200_000,
            lines=301_114,
            selected=4_020,
            events=3_980,
            rejected=12,
            unknown=28,
            sources={"squid_access": 3_980},
        ),
        FileAccount(
            path="bluecoat/main.log",
            bytes=20_100_000,
            lines=88_040,
            selected=3_100,
            events=3_100,
            sources={"bluecoat_proxysg": 3_100},
        ),
        FileAccount(
            path="old/broken.log.gz",
            codec="gzip",
            bytes=1_000,
            lines=9,
            problem="ends inside a gzip block; 9 lines before that were read",
            exit_code=6,
        ),
    ),
    hidden=3,
    reject_reasons=(
        ReasonCount("squid_access", "size is not a number", 9),
        ReasonCount("squid_access", "line ends early", 3),
    ),
    reject_samples=(
        RejectSample(
            "squid/access.log.gz:5123",
            "squid_access",
            "size is not a number",
            "1772439368.902 198 10.20.4.31 TCP_MISS/200 - GET",
        ),
    ),
    unknown_samples=(RejectSample("squid/access.log.gz:77", "", "", 'level=info msg="upstream x.workers.dev slow"'),),
    missing=(
        Missing(
            "squid_access",
            "process",
            "has no process names; Sysmon event 3 or Defender network events would give them",
        ),
    ),
    duplicates=4,
    first_time=at("2026-03-01 00:00:03"),
    last_time=at("2026-03-04 23:59:58"),
    judged=507,
    short=5,
    estate=312,
    wall_s=1.9,
    cpu_s=3.1,
    peak_mb=214.0,
)


def example() -> Report:
    """Give the whole report."""
    return Report(
        version="0.1.0",
        made_at=at("2026-03-05 09:00:00"),
        paths=("squid", "bluecoat", "old"),
        account=ACCOUNT,
        findings=(LAMBDA, ROTATING, SLOW, LONG, BARE),
    )
