raise OSError("libmissing.so.1: cannot open shared object file")
