"""Transfer (chuyển trường): a pupil's records as a package that another repository takes in."""
