"""Results: one line each, what answers say, how they compare, statistics over them."""
