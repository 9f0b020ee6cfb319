"""The Message Batches API in domain terms; the only importer of the SDK."""
