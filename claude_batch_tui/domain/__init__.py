"""What batches, requests and results are, and every decision about them: values in, values out."""
