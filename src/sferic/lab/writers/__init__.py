"""The raw log formats the lab can write: for each kind of log box the files it produces.

A writer takes the entries of a box in the order they ended and gives lines without line ends.
"""

from collections.abc import Callable, Iterable

from sferic.lab.endpoint import Sighting
from sferic.lab.records import Record
from sferic.lab.scenario import Format, Sensor, Site
from sferic.lab.writers import bluecoat, cisco, defender, panos, squid, stream, sysmon, zeek, zscaler

Writer = Callable[[Iterable[Record], Site], list[str]]

BOXES: dict[Format, dict[str, Writer]] = {
    "squid_access": {"squid_access": squid.native},
    "squid_recommended": {"squid_recommended": squid.recommended},
    "bluecoat_proxysg": {"bluecoat_proxysg": bluecoat.elff},
    "zscaler_nss_web": {"zscaler_nss_web": zscaler.web},
    "panos": {"panos_threat": panos.threat_url, "panos_traffic": panos.traffic},
    "cisco_branch": {"cisco_asa": cisco.asa, "stream_dns": stream.dns},
    "stream_http": {"stream_http": stream.http},
    "squid_with_zeek": {"squid_recommended": squid.recommended, "zeek_conn": zeek.conn, "zeek_ssl": zeek.ssl},
}

SENSORS: dict[Sensor, Callable[[Iterable[Sighting]], list[str]]] = {
    "windows_sysmon": sysmon.events,
    "microsoft_defender": defender.rows,
}
"""What the sensors on a site's machines write, in the order it happened."""
