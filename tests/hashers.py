from minitwitter.accounts.hashers import Argon2Hasher


class CheapArgon2Hasher(Argon2Hasher):
    """The product's hasher with the least parameters that Argon2 takes."""

    time_cost = 1
    memory_cost = 8
