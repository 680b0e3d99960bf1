"""Step 4: the network: fully connected layers, ReLU and dropout, one logit an emotion."""

import torch
from torch import nn


class EmotionNet(nn.Module):
    """A fully connected network (multilayer perceptron) for one row of features per clip.

    Parameters
    ----------
    n_features : int
        Number of inputs.
    n_classes : int
        Number of outputs.
    hidden : sequence of int
        Units of each hidden layer.
    dropout : float
        Share of hidden units switched off at random in training (Srivastava et al. 2014,
        JMLR 15:1929–1958), from 0 to below 1.

    Examples
    --------
    >>> net = EmotionNet(271, 6)
    >>> net(torch.zeros(2, 271)).shape
    torch.Size([2, 6])
    """

    def __init__(
        self,
        n_features: int,
        n_classes: int,
        *,
        hidden: tuple[int, ...] = (256,),
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if min(n_features, n_classes, *hidden) < 1 or not 0 <= dropout < 1:
            raise ValueError(
                "sizes must be at least 1 and dropout from 0 to below 1, not "
                f"n_features={n_features}, n_classes={n_classes}, hidden={hidden}, "
                f"dropout={dropout}"
            )
        layers: list[nn.Module] = []
        for n_in, n_out in zip((n_features, *hidden), hidden, strict=False):
            layers += [nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(dropout)]
        layers.append(nn.Linear((n_features, *hidden)[-1], n_classes))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Compute logits, which is what :class:`torch.nn.CrossEntropyLoss` wants.

        Parameters
        ----------
        x : torch.Tensor of float32, shape (n_clips, n_features)
            Standardised features.

        Returns
        -------
        torch.Tensor of float32, shape (n_clips, n_classes)
        """
        return self.layers(x)

    @torch.no_grad()
    def probabilities(self, x: torch.Tensor) -> torch.Tensor:
        """Compute class probabilities, each row summing to 1.

        Switches dropout off for the call and leaves the network's mode as it was.

        Parameters
        ----------
        x : torch.Tensor of float32, shape (n_clips, n_features)

        Returns
        -------
        torch.Tensor of float32, shape (n_clips, n_classes)
        """
        training = self.training
        self.eval()
        try:
            return torch.softmax(self(x), dim=1)
        finally:
            self.train(training)


def count_parameters(model: nn.Module) -> int:
    """Count the numbers that training adjusts."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
