"""What to predict about optimization: each answer is measured when it is given."""

from cnncore.course.ballots import claim
from cnncore.course.facts import facts
from cnncore.descent.comparisons import ball_of, loss_after, momentum_against_sgd
from pages.parts.predict import predict, true_or_false

IMAGES = 4800


def ask() -> None:
    """Ask three questions."""
    predict(
        "predict_momentum",
        "plain SGD goes well at learning rate 0.1. You switch momentum 0.9 on. At which rate does it go on as before?",
        ("0.1", "0.09", "0.01", "1"),
        "0.01",
        _momentum,
    )
    predict(
        "predict_ball",
        "SGD has settled in its ball of noise. You double the learning rate *and* the batch. The ball ...",
        ("shrinks", "stays about as it is", "doubles"),
        "stays about as it is",
        lambda _: (
            f"Measured in the round bowl: {ball_of(0.05, 8):.3f} at rate 0.05 and batch 8, {ball_of(0.1, 16):.3f} at "
            f"0.1 and 16, but {ball_of(0.1, 8):.3f} at 0.1 and 8. Its squared size is proportional to lr / B: twice "
            "that is a ball √2 times as large."
        ),
    )
    true_or_false(
        "claim_batch",
        claim("large-batch"),
        lambda: (
            f"With {IMAGES:,} images down the valley at rate 0.1: {IMAGES // 32} updates of 32 images end at a loss "
            f"of {loss_after(IMAGES, 32, 0.1):.2f}, {IMAGES // 240} updates of 240 images at "
            f"{loss_after(IMAGES, 240, 0.1):.2f}. A cleaner gradient, but fewer steps. On CIFAR-10 it is "
            f"{facts()['updates.128']} updates an epoch at a batch of 128 against {facts()['updates.512']} at 512."
        ),
    )


def _momentum(choice: str) -> str:
    others = " and ".join(
        f"at {rate} it is {momentum_against_sgd(float(rate)):.2f}" for rate in ("0.01", "0.1") if rate != choice
    )
    return (
        f"Down the valley, momentum 0.9 at {choice} is on average {momentum_against_sgd(float(choice)):.2f} away from "
        f"SGD at 0.1, step by step; {others}. A steady gradient is worth lr / (1 − m): 0.01 / (1 − 0.9) = 0.1."
    )
