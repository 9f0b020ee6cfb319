"""What a user can do, one file a verb: plain functions whose signature names all they touch."""
