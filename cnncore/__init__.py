"""Convolution arithmetic, receptive fields and a trainer that streams what it does: the core of the app.

`import cnncore` does no work. The practical's entry point is `cnncore.main`; the rest is found by its subject in
`cnncore.architecture`, `cnncore.data`, `cnncore.training`, `cnncore.runs` and `cnncore.course`.
"""

__version__ = "0.1.0"


def main(
    batch_size: int = 128,
    lr: float = 0.1,
    epochs: int = 5,
    cuda: bool = False,
    *,
    dataset: str = "builtin",
    network: str = "practical",
    standardize: str = "none",
    seed: int = 0,
) -> None:
    """Train a network and print the practical's log, as its Q13 calls it.

    With `cuda` it trains on CUDA where that works and otherwise on the best device there is; the log's first line says
    which and why. Without `cuda` it trains on the CPU. The data are the built-in set unless `dataset` names another one
    that is prepared (`python -m cnncore data list`). Raises `cnncore.errors.InputError` on a value that cannot be used.

        cnncore.main(batch_size=128, lr=0.1, epochs=5, cuda=True)

    On the built-in set that is only 200 updates, after which the loss is still ln 10. This learns in five epochs:

        cnncore.main(batch_size=32, lr=0.05, epochs=5, standardize="channel")
    """
    from typing import cast

    from cnncore.training.config import DeviceChoice, RunConfig, Standardization
    from cnncore.training.practical_log import PracticalLog
    from cnncore.training.trainer import train

    device = DeviceChoice.AUTO if cuda else DeviceChoice.CPU
    config = RunConfig(
        dataset=dataset,
        network=network,
        epochs=epochs,
        batch_size=batch_size,
        lr=lr,
        standardize=cast(Standardization, standardize),  # a text is looked up there, and a wrong one refused
        seed=seed,
        device=device,
    )
    log = PracticalLog()
    for event in train(config):
        for line in log.lines(event):
            print(line, flush=True)  # noqa: T201 printing is what this function is for
