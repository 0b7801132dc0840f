"""The frozen records every room of the house shares: events, signals, findings, reports and errors."""
