"""What requests cost, and how that grows: `make bench`, `make bench-growth`. docs/performance.md has the results."""
