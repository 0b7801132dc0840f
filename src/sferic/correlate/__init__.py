"""From measurements to findings: points, the best explained level of each channel, reasons in words.

Also the seed's rule (`activity`) as a baseline. No reading, no printing.
"""
