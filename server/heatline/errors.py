"""Everything Heatline raises on purpose.

HeatlineError
├── InputError            what the user gave can't be read or scored          (also ValueError)
├── SettingsError         a setting or option has a bad value                 (also ValueError)
├── SupervisorError       a supervisor is unknown, missing or can't be run
│   ├── WeightsError      a weight file is truncated, of the wrong hash or kind  (also ValueError)
│   ├── BundleError       a bundle on disk is incomplete or was altered
│   ├── DeviceError       a graphics card or accelerator can't run a supervisor
│   └── DownloadError     weights could not be fetched                        (also OSError)
├── ProbeError            a probe is missing, malformed or of another bundle  (also ValueError)
└── SecondOpinionError    a model that was asked can't be, or gave no opinion

Every message is one sentence on what is wrong and one on what to do; a person reads it as it is.
"""


class HeatlineError(Exception):
    """Base of all errors that are shown to a person as one line, without a traceback."""


class InputError(HeatlineError, ValueError):
    """Raised for a file or text that can't be read or scored."""


class SettingsError(HeatlineError, ValueError):
    """Raised for an option or setting with a bad value."""


class SupervisorError(HeatlineError):
    """Raised when a supervisor is unknown, missing or can't be run."""


class WeightsError(SupervisorError, ValueError):
    """Raised for a weight file that is truncated, of the wrong hash, or of an unsupported kind."""


class BundleError(SupervisorError):
    """Raised when a bundle on disk is incomplete or was altered."""


class DeviceError(SupervisorError):
    """Raised when a graphics card or another accelerator can't run a supervisor; the processor still may."""


class DownloadError(SupervisorError, OSError):
    """Raised when weights could not be fetched from any of their sources."""


class ProbeError(HeatlineError, ValueError):
    """Raised when a probe is missing, malformed, or was fitted on another bundle."""


class SecondOpinionError(HeatlineError):
    """Raised when a model that was to be asked may not be, can't be reached, or gave nothing usable."""
