"""How right, complete, clean and alive the data are ("đúng, đủ, sạch, sống"), as figures."""
