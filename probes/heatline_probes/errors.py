"""Everything heatline_probes raises on purpose; the tree hangs below `heatline.errors.HeatlineError`.

HeatlineError
├── CorpusError       program corpora are missing, or a file of them can't be read    (also ValueError)
├── SandboxError      programs can't be run safely here                               (also OSError)
├── PatchError        a patch table or a mining state can't be used                   (also ValueError)
├── EvaluationError   predictions can't be read, or can't be measured as asked         (also ValueError)
├── TrainingError     a probe can't be fitted as asked, or from what there is              (also ValueError)
└── GeneratorError    an OpenAI-compatible endpoint can't be asked or answers nonsense

Every message is one sentence on what is wrong and one on what to do; a person reads it as it is.
"""

from heatline.errors import HeatlineError


class CorpusError(HeatlineError, ValueError):
    """Raised when program corpora are missing, malformed or of an unknown format."""


class SandboxError(HeatlineError, OSError):
    """Raised when the machine can't run untrusted programs under the limits that are asked for."""


class PatchError(HeatlineError, ValueError):
    """Raised for a patch table, card or mining state that is malformed or was altered."""


class EvaluationError(HeatlineError, ValueError):
    """Raised when predictions are missing or malformed, or a protocol can't be applied to them."""


class GeneratorError(HeatlineError):
    """Raised when an OpenAI-compatible endpoint can't be reached or answers what can't be used."""


class TrainingError(HeatlineError, ValueError):
    """Raised when a probe can't be fitted as asked, or from what there is."""
