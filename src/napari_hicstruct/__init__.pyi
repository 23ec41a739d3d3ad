"""The public names of napari-hicstruct; nothing else is promised to stay."""

from . import errors as errors
from .annotations.records import Annotation as Annotation
from .api.calls import Calls as Calls
from .api.compare import compare as compare
from .api.consensus import consensus as consensus
from .api.epi import predict_epi as predict_epi
from .api.epi import train_epi as train_epi
from .api.evaluation import evaluate as evaluate
from .api.figure import figure as figure
from .api.fuse import fuse as fuse
from .api.insulation import insulation as insulation
from .api.labels import read_labels as read_labels
from .api.labels import write_labels as write_labels
from .api.learning import calibrate as calibrate
from .api.learning import finetune as finetune
from .api.learning import train as train
from .api.maps import ContactMap as ContactMap
from .api.models import list_models as list_models
from .api.models import load_model as load_model
from .api.opening import open_map as open_map
from .api.opening import sample_map as sample_map
from .api.pileup import pileup as pileup
from .api.prediction import predict as predict
from .api.projects import open_project as open_project
from .api.repair import repair as repair
from .api.reports import report as report
from .api.segmentation import segment as segment
from .api.segmentation import train_segmentation as train_segmentation
from .api.simulation import simulate as simulate
from .api.window import show as show
from .errors import HicStructError as HicStructError
from .genome.intervals import Interval as Interval
from .jobs.progress import Progress as Progress

__version__: str
__all__: list[str]
