"""Ten exercises on the paper that check themselves: see docs/course.md, and notebooks/exercises/ for the texts.

>>> def s2(x, coefficient, bias):
...     return None
>>> check("s2", s2)
s2: 0 of 1
  returns nothing yet: end the function with return
    with x (3, 4, 8), coefficient (3,), bias (3,)
"""

from lenet1998.exercises.judging import check as check
