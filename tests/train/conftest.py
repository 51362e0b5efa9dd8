"""The toy plugin, for every test of training."""

from .toy import toy as toy
