"""The kernels, each one compiled function that runs whole epochs or batches, and the parts they share."""
