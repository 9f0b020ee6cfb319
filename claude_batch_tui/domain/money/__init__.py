"""What requests cost at most, what answers cost, and when a cost asks for its count to be typed."""
