"""Who did what to whose account: a log that is only added to."""
