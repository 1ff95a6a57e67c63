"""What every subject uses and what knows no subject: errors, ids, pages, the database, text, logs."""
