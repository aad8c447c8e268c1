"""The sentences for what PyTorch has and a description has not: what it is, and what to use instead."""

_MAPS = "descriptions are of networks for images"
_SUBSTITUTES: dict[str, str] = {
    "Dropout1d Dropout2d Dropout3d FeatureAlphaDropout dropout1d dropout2d dropout3d feature_dropout": (
        "it drops whole channels, use nn.Dropout, which drops single numbers"
    ),
    "AlphaDropout alpha_dropout": "use nn.Dropout",
    "BatchNorm1d LazyBatchNorm1d": (
        "batch normalisation is of maps here, leave it out, or put nn.BatchNorm2d after the convolutions"
    ),
    "GroupNorm LayerNorm InstanceNorm2d LocalResponseNorm RMSNorm SyncBatchNorm CrossMapLRN2d "
    "group_norm layer_norm instance_norm local_response_norm batch_norm": "use nn.BatchNorm2d, or leave it out",
    "ELU SELU CELU PReLU RReLU elu selu celu prelu rrelu": "use nn.LeakyReLU",
    "Hardswish Mish hardswish mish": "use nn.SiLU",
    "Hardsigmoid LogSigmoid hardsigmoid logsigmoid": "use nn.Sigmoid",
    "Hardtanh Softsign Tanhshrink hardtanh softsign tanhshrink": "use nn.Tanh or nn.ReLU6",
    "clamp clamp_min clamp_max clip": "use nn.ReLU or nn.ReLU6",
    "Softplus Threshold Hardshrink Softshrink GLU softplus threshold hardshrink softshrink glu": "use nn.ReLU",
    "AdaptiveMaxPool2d adaptive_max_pool2d amax": "use nn.AdaptiveAvgPool2d, or nn.MaxPool2d with its kernel",
    "LPPool2d FractionalMaxPool2d lp_pool2d fractional_max_pool2d": "use nn.MaxPool2d or nn.AvgPool2d",
    "ZeroPad2d ReflectionPad2d ReplicationPad2d CircularPad2d ConstantPad2d pad": (
        "give the padding to the convolution or pool behind it, its `padding` and `padding_mode`"
    ),
    "Upsample UpsamplingNearest2d UpsamplingBilinear2d PixelShuffle MaxUnpool2d "
    "interpolate upsample pixel_shuffle max_unpool2d": "use nn.ConvTranspose2d with a stride",
    "Unflatten unflatten Fold fold": "no layer here makes a map of a flat vector, leave it out",
    "Conv1d Conv3d LazyConv1d LazyConv3d ConvTranspose1d ConvTranspose3d MaxPool1d MaxPool3d AvgPool1d AvgPool3d "
    "AdaptiveAvgPool1d AdaptiveAvgPool3d BatchNorm3d": f"{_MAPS}, use its 2d form",
    "Bilinear Softmin PixelUnshuffle ChannelShuffle Unfold unfold permute transpose": (
        "nothing here does the same, leave it out"
    ),
    "mul multiply sub subtract div divide matmul bmm einsum neg abs exp sqrt pow square": (
        "a description calculates with tensors no more than to add two, leave it out"
    ),
    "chunk split narrow select index_select unbind": "nothing here takes a part of a tensor, leave it out",
    "sum": "use a mean over height and width, x.mean((2, 3))",
    "stack": "use torch.cat(maps, 1), or add the maps",
    "weight_norm spectral_norm": "it changes how a layer's weights are made, leave it out",
}
_INSTEAD = {name: remedy for names, remedy in _SUBSTITUTES.items() for name in names.split()}


def unknown(what: str, name: str, known: tuple[str, ...]) -> str:
    """Return the sentence for a module or function `name` that no layer here is; `known` are those that are read."""
    if name.lower() in ("softmax", "softmax2d"):
        return (
            f"{what} has no place in the network: the cross-entropy loss contains it, and a second one slows learning "
            "down, leave it out."
        )
    if name.lower() in ("logsoftmax", "log_softmax"):
        return (
            f"{what} can only be the last step, over the classes (`dim` 1), where the cross-entropy loss makes it "
            "superfluous: leave it out."
        )
    if name.endswith("Loss") or name in ("cross_entropy", "nll_loss", "mse_loss"):
        return f"{what} is a loss, which is no part of the network: return what the last layer gives."
    if name.removesuffix("_") in _INSTEAD:  # mul_ is mul, in place
        return f"{what} is not among the layers that can be read: {_INSTEAD[name.removesuffix('_')]}."
    layers = f"({', '.join(known)}, Identity, Sequential; sums and concatenations of maps)"
    return f"{what} is not among the layers that can be read {layers}: leave it out, or write it with these."
