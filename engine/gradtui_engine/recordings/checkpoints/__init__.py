"""Files of weights, read without PyTorch: what torch.save writes, safetensors, both in one file or in several."""
