"""The Build screen: the form, the preview, the check."""
