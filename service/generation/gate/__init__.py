"""Gates: what an artefact must be before it is kept, whoever made it; pure."""
