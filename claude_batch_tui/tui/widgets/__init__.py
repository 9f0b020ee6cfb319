"""Parts of screens; they do no I/O."""
