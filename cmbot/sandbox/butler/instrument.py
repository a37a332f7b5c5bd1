"""The camera of the sandbox, as Butler and BPS want to find it."""

from __future__ import annotations

from typing import Any

from lsst.daf.butler.formatters.yaml import YamlFormatter
from lsst.pipe.base import Instrument


class DemoCam(Instrument):
    """A camera that exists only in the sandbox.

    Its records are written when the repository is made, so `register` is refused.
    """

    @classmethod
    def getName(cls) -> str:  # noqa: N802 - the name is lsst's
        """Name in data ids.

        Returns
        -------
        name : `str`
            Always ``DemoCam``.
        """
        return "DemoCam"

    def register(self, registry: Any, *, update: bool = False) -> None:
        """Refuse: a sandbox repository is made complete.

        Parameters
        ----------
        registry : `lsst.daf.butler.Registry`
            Not touched.
        update : `bool`, optional
            Not used.

        Raises
        ------
        NotImplementedError
            Raised always.
        """
        raise NotImplementedError(
            f"DemoCam cannot be added to {registry} (update={update}); make a new sandbox repository instead"
        )

    def getRawFormatter(self, dataId: Any) -> Any:  # noqa: ARG002, N802, N803 - lsst's signature
        """How a raw is read.

        Parameters
        ----------
        dataId : `lsst.daf.butler.DataId`
            Data id of the raw; all are alike.

        Returns
        -------
        formatter : `type`
            Reader of plain dictionaries in YAML.
        """
        return YamlFormatter
