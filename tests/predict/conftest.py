"""What predictions are made with: tiny models, folders of images."""

from ..tiny_models import cutouts as cutouts
from ..tiny_models import model as model
from ..tiny_models import tiny as tiny
