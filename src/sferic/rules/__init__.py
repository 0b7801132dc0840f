"""Rules over single records of cloud audit logs: plain Sigma rules, read with pySigma and run on the raw JSON.

`rulebook` finds and reads them, `matching` makes a test of each. What several events decide is not here.
"""
