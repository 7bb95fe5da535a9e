"""Byte-level BPE tokenizers rebuilt from a checkpoint's own vocabulary, and encoding with offsets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer
from tokenizers.models import BPE
from tokenizers.normalizers import NFC
from tokenizers.pre_tokenizers import ByteLevel, Digits, PreTokenizer, Split
from tokenizers.pre_tokenizers import Sequence as PreTokenizers

from heatline.errors import BundleError, WeightsError

Int32 = NDArray[np.int32]

# How the families cut text before merging; ``{1}`` or ``{1,3}`` is the only difference in their digits rule.
_CUT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Tokens:
    """Token ids ``(T,)`` and their code-point offsets ``(T, 2)`` in the text they came from.

    A character that takes several tokens gives each of them its own one-character span.
    """

    ids: Int32  # (T,)
    offsets: Int32  # (T, 2)


def byte_level_bpe(*, tokens: Sequence[str], merges: Sequence[str], pre_tokenizer: str) -> str:
    """Build a ``tokenizers`` JSON from a GGUF vocabulary.

    Special tokens keep their ids but are never matched in text: ``<|endoftext|>`` inside a program is
    ordinary characters.  Raises ``WeightsError`` for an unknown ``tokenizer.ggml.pre``.
    """
    vocabulary = {token: i for i, token in enumerate(tokens)}
    pairs = [(left, right) for left, _, right in (merge.partition(" ") for merge in merges)]
    model = BPE(vocab=vocabulary, merges=pairs, ignore_merges=pre_tokenizer == "llama-bpe")
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = _pre_tokenizer(pre_tokenizer)
    if pre_tokenizer == "qwen2":
        tokenizer.normalizer = NFC()
    return str(tokenizer.to_str())


def _pre_tokenizer(name: str) -> PreTokenizer:
    if name == "smollm":
        return PreTokenizers([Digits(individual_digits=True), ByteLevel(add_prefix_space=False)])
    if name in ("gpt-2", "default"):
        return ByteLevel(add_prefix_space=False)
    digits = {"qwen2": "", "llama-bpe": "{1,3}"}.get(name)
    if digits is None:
        raise WeightsError(
            f"The tokenizer rule {name!r} is unknown to Heatline. Use a checkpoint of the Llama 3, SmolLM or "
            "Qwen families, or a safetensors folder with its tokenizer.json."
        )
    split = Split(Regex(_CUT.replace("DIGITS", digits)), "isolated")
    return PreTokenizers([split, ByteLevel(add_prefix_space=False, use_regex=False)])


class TextTokenizer:
    """Encodes text to ids with code-point offsets; safe for any ``str``, lone surrogates included."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, path: Path) -> TextTokenizer:
        """Read ``tokenizer.json``; raises ``BundleError`` when it can't be read."""
        try:
            return cls(Tokenizer.from_file(str(path)))
        except Exception as error:  # the library raises bare Exception
            raise BundleError(
                f"The tokenizer {path.name} can't be read ({error}). Build the supervisor again."
            ) from error

    def encode(self, text: str) -> Tokens:
        """Tokenize ``text``; no special tokens are added or matched."""
        # Rust strings hold no lone surrogates; one replacement character each keeps the offsets.
        encoding = self._tokenizer.encode(_SURROGATE.sub("\ufffd", text), add_special_tokens=False)
        return Tokens(
            ids=np.asarray(encoding.ids, dtype=np.int32),
            offsets=np.asarray(encoding.offsets, dtype=np.int32).reshape(-1, 2),
        )
