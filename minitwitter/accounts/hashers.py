"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with the parameters of OWASP's Password Storage Cheat Sheet (19 MiB, 2 passes, 1 lane).

    Django's own cost 100 MiB and ten times the time: several log-ins at once would exhaust a small machine.
    """

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
