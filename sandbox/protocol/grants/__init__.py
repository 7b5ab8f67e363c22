"""The grants of RFC 6749 and RFC 8628, each as `check_` (may refuse, changes nothing) and `redeem_`.

They are two verbs so that a room can put its vendor's own checks between them, and so that a refused
attempt never burns a code.
"""
