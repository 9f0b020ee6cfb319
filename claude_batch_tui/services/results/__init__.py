"""Reading results: entries, costs, comparisons, ledgers, statistics, schemas."""
