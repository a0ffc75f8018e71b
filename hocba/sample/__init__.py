"""A synthetic province: schools, people, pupils and signed records."""
