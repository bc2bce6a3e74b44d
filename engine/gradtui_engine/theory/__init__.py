"""What theory predicts: mean field, the plane of σ_w and σ_b, power series."""
