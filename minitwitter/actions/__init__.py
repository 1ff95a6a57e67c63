"""Everything that can be done, by noun. Every write goes through here: API, admin, command line and tests alike.

An action applies the rules, owns its transaction, and keeps the steps that cross subjects in one readable order.
"""
