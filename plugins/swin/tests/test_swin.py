"""A Swin transformer of timm is a network of the zoo."""

from zoo_core.testing.networks import network_of


def test_the_default_network_has_the_parameters_of_the_paper():
    widths, heads, depth, patch, window, channels, outputs = (48, 96, 192), (2, 4, 8), 2, 4, 4, 3, 6
    embedding = channels * patch**2 * widths[0] + widths[0] + 2 * widths[0]
    # attention 4 D^2 + 4 D and a bias for each head and offset, perceptron 8 D^2 + 5 D, two norms 4 D
    blocks = sum(depth * (12 * D**2 + 13 * D + (2 * window - 1) ** 2 * h) for D, h in zip(widths, heads, strict=True))
    mergers = sum(8 * D + 8 * D**2 for D in widths[:-1])  # a norm of four patches, and 4 D to 2 D
    head = 2 * widths[-1] + widths[-1] * outputs + outputs

    network = network_of("swin", channels, outputs, 64)

    assert sum(one.numel() for one in network.parameters()) == embedding + blocks + mergers + head
