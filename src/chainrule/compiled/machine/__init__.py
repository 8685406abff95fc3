"""What kernels are compiled for and kept by: processor, compiler, disk, threads."""
