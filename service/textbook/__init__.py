"""A textbook: chapters with summaries, quizzes and boosters, validated, versioned, published."""
