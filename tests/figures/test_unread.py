from hypothesis import assume, given
from hypothesis import strategies as st

from cnncore.architecture import AvgPool2d, Conv2d, ConvTranspose2d, MaxPool2d, layer_facts
from cnncore.figures.sliding import lines
from cnncore.figures.unread import unread_sentence

SETTINGS = st.tuples(*(st.integers(*limits) for limits in ((1, 14), (1, 5), (1, 5), (0, 3), (1, 3))))


def unread(layer, shape):
    return tuple(line.unread for line in lines(layer, shape))


def test_what_the_hatching_means():
    layer, shape = Conv2d(1, 3, stride=3), (1, 8, 8)
    assert unread(layer, shape) == ((6, 7), (6, 7))
    assert unread_sentence(layer, shape) == (
        "**Rows and columns 7 and 8 are never read.** Height and width 6 give the same output as 8. "
        "All of it is read with an input of 9, or with a padding of 1, or with a stride of 1."
    )
    assert unread_sentence(Conv2d(1, 3, padding=1), shape) == ""


def test_what_a_large_stride_steps_over():
    sentence = unread_sentence(Conv2d(1, 1, stride=2), (1, 7, 8))
    assert "**Rows 2, 4 and 6 are never read.** The window steps over them." in sentence
    assert "**Columns 2, 4, 6 and 8 are never read.**" in sentence


@given(SETTINGS)
def test_every_remedy_helps(setting):
    size, k, s, p, d = setting
    assume(d * (k - 1) + 1 <= size + 2 * p)
    sentence = unread_sentence(Conv2d(1, k, s, p, d), (1, size, size))
    _, _, remedies = sentence.partition("All of it is read with ")
    for name, index in (("an input of ", 0), ("a stride of ", 2), ("a padding of ", 3)):
        if name in remedies:
            changed = list(setting)
            changed[index] = int("".join(filter(str.isdigit, remedies.split(name)[1].split(",")[0])))
            size2, k2, s2, p2, d2 = changed
            assert unread(Conv2d(1, k2, s2, p2, d2), (1, size2, size2)) == ((), ())


def test_the_same_output_without_what_is_never_read():
    layer = Conv2d(1, 3, stride=3)
    assert layer_facts(layer, (1, 6, 6)).output == layer_facts(layer, (1, 8, 8)).output


def test_ceil_mode_is_the_first_remedy_of_a_pool():
    sentence = unread_sentence(MaxPool2d(2), (1, 7, 7))
    assert sentence.startswith("**Row and column 7 are never read.** Height and width 6 give the same output as 7. ")
    assert "All of it is read with ceil mode, or with an input of 8" in sentence
    assert unread_sentence(AvgPool2d(2, ceil_mode=True), (1, 7, 7)) == ""


def test_what_the_padding_of_a_transposed_convolution_cuts_off():
    layer = ConvTranspose2d(1, 1, padding=1)
    assert unread(layer, (1, 5, 5)) == ((0, 4), (0, 4))
    assert unread_sentence(layer, (1, 5, 5)) == (
        "**Rows and columns 1 and 5 are never read.** The padding cuts off all that they are spread over. "
        "All of it is read with a padding of 0."
    )


def test_wrapped_padding_reads_what_the_window_does_not_reach():
    assert unread(Conv2d(1, 3, 3, 1), (1, 6, 6)) == ((5,), (5,))
    assert unread(Conv2d(1, 3, 3, 1, padding_mode="circular"), (1, 6, 6)) == ((), ())
