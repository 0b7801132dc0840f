"""What other products compute, re-implemented from their published formulas, as baselines on the same events.

Formulas only, written anew from descriptions; no code of theirs is here. None was run beside the product itself.
They are given host names where the products know addresses only, which favours them.
"""
