"""Classes in the shape of other packages', for programs written against them."""
