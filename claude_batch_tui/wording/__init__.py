"""Values as words, so that both faces say the same; a module a subject."""
