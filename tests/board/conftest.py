"""The models and results of the tests of `bench`, which a board is made of."""

from ..bench.conftest import bright as bright
from ..bench.conftest import finder as finder
from ..bench.conftest import folder_of_images as folder_of_images
from ..bench.conftest import stored as stored
from ..bench.conftest import tiny_model as tiny_model
