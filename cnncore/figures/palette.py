"""One colour, one meaning, over the whole app: the colours of Okabe & Ito (2008), safe for colour-blind readers.

Colour never stands alone: test curves are dashed as well, kernels are drawn with a border, input and output are named.
"""

INPUT = "#0072B2"  # blue: what a layer receives
KERNEL = "#E69F00"  # orange: what it has learned
OUTPUT = "#009E73"  # bluish green: what it computes

TRAIN = "#0072B2"  # solid
TEST = "#D55E00"  # vermilion, dashed
UNREAD = "#CC79A7"  # reddish purple, hatched: data that nothing reads, and everything else to beware of
OTHER = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#999999", "#F0E442")  # other runs, in this order

DASH = (6, 3)  # of test and validation curves, in pixels
