"""Whether a pupil's years fit together, over all grades, schools, provinces and linked ids."""
