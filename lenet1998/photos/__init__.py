"""Pictures of digits as people take them: from the file to ink in MNIST's form, or to the ink of lines.

In the order of the work: ``signatures`` tells kinds of files and ``files`` decodes pictures; ``sheet`` finds the paper;
``ink`` tells what is written from light and shadow, ``rules`` and ``parts`` from what it is written on; ``pens``
thickens thin strokes; ``digit`` does all of it for one digit, up to section III-A's normalisation (`lenet1998.form`).
`lenet1998.strings.picture` goes on with lines.
"""
