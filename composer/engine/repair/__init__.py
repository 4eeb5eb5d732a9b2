"""Repairs for errors: candidates are generated from the error, tried by inference, and offered only if they help.

`context` describes an error, `kinds` holds one file for each kind of repair, `search` tries them, and `fix` applies
them to a whole design.
"""
