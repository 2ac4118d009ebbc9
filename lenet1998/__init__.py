"""LeNet-5 as LeCun, Bottou, Bengio and Haffner described it in 1998."""
