"""A model's config.json, as model hubs have it: its keys in our words, for cases and for the shape of a job."""

from collections.abc import Iterator

from simulator.scenario.yaml_tree import Item

# Keys of such a file, and ours: in a case, and in the shape of a scenario's job.
CASE_KEYS = {
    "num_hidden_layers": "layers", "n_layer": "layers", "hidden_size": "hidden", "n_embd": "hidden",
    "num_attention_heads": "heads", "n_head": "heads", "num_key_value_heads": "kv_heads", "head_dim": "head_dim",
    "intermediate_size": "ffn", "n_inner": "ffn", "vocab_size": "vocab", "tie_word_embeddings": "tied",
}  # fmt: skip
_MIXTURE_KEYS = {
    "n_routed_experts": "experts", "num_local_experts": "experts", "num_experts": "experts",
    "n_shared_experts": "shared", "num_experts_per_tok": "topk", "moe_intermediate_size": "moe_ffn",
    "first_k_dense_replace": "dense_layers",
}  # fmt: skip
SHAPE_KEYS = {
    **CASE_KEYS, "vocab_size": "vocabulary", "head_dim": "head_size",
    "n_routed_experts": "experts", "num_local_experts": "experts", "num_experts": "experts",
    "n_shared_experts": "shared_experts", "num_experts_per_tok": "top_k", "moe_intermediate_size": "expert_ffn",
    "first_k_dense_replace": "dense_layers",
}  # fmt: skip
del SHAPE_KEYS["tie_word_embeddings"]
_GATED = ("silu", "swiglu")
_GATED_FAMILIES = ("gemma",)  # which call their gate by the name of its activation
_OF_GATE = ("hidden_act", "model_type")
# Latent attention is that of DeepSeek-V3 in a case; other ranks are not told.
_LATENT = {"q_lora_rank": "1536", "kv_lora_rank": "512", "qk_rope_head_dim": "64", "qk_nope_head_dim": "128"}


def is_config(tree: Item) -> bool:
    """Return whether a tree is the configuration of a model, and neither a case nor a scenario."""
    keys = tree.value if isinstance(tree.value, dict) else {}
    return len(set(CASE_KEYS) & set(keys)) >= 3 and not {"schema", "cluster", "job", "cases"} & set(keys)


def in_our_words(model: Item) -> Item:
    """Return the model of a case with the keys of a configuration under ours; a model of ours as it is.

    What has no word here keeps its key, and is told as not read.
    """
    if not isinstance(model.value, dict) or not set(model.value) & (set(CASE_KEYS) - {"head_dim"}):
        return model
    given = model.value
    renamed = {_free(CASE_KEYS.get(key, key), key, given): item for key, item in given.items()}
    latent = [key for key, rank in _LATENT.items() if key in given and given[key].value == rank]
    if "glu" not in renamed and "hidden_act" in renamed:
        renamed["glu"] = Item(str(_is_gated(model)).lower(), given["hidden_act"].spot, model.layer)
    mixture = {name: given[key] for key, name in _MIXTURE_KEYS.items() if key in given}
    if "experts" in mixture and "moe" not in given:
        if "moe_ffn" not in mixture and "ffn" in renamed:
            mixture["moe_ffn"] = renamed["ffn"]  # Mixtral has no other
        if len(latent) == len(_LATENT):
            mixture["mla"] = Item("true", given["kv_lora_rank"].spot, model.layer)
        renamed["moe"] = Item(mixture, mixture["experts"].spot, model.layer)
    used = {*_MIXTURE_KEYS, *(_LATENT if len(latent) == len(_LATENT) else ()), *_OF_GATE}
    kept = {key: item for key, item in renamed.items() if key not in used and item.value is not None}
    return Item(kept, model.spot, model.layer)


def _free(name: str, key: str, given: dict[str, Item]) -> str:
    return name if name == key or name not in given else key


def _is_gated(model: Item) -> bool:
    act, family = model.child("hidden_act"), model.child("model_type")
    name = "" if family is None else str(family.value).lower()
    return (act is not None and str(act.value).lower() in _GATED) or name.startswith(_GATED_FAMILIES)


def as_case(tree: Item) -> str:
    """Return the model of a configuration as a case has it, with a sequence length that is to be filled in."""
    model = in_our_words(tree)
    known = [*dict.fromkeys(CASE_KEYS.values()), "glu"]
    words = [f"{name}: {item.value}" for name in known if (item := model.child(name)) is not None]
    mixture = model.child("moe")
    if mixture is not None:
        words.append(f"moe: {{{', '.join(f'{key}: {value}' for key, value in mixture.data().items())}}}")
    return f"{{{', '.join([*words, 'seq: 8192'])}}}".replace("True", "true").replace("False", "false")


def as_shape(tree: Item) -> str:
    """Return the shape of a job that a configuration means."""
    return f"{{{', '.join(_shapes(tree))}}}"


def _shapes(tree: Item) -> Iterator[str]:
    for key, name in SHAPE_KEYS.items():
        item = tree.child(key)
        if item is not None and item.value is not None:
            yield f"{name}: {item.value}"
    ffn, own = tree.child("intermediate_size"), tree.child("moe_intermediate_size")
    if ffn is not None and own is None and any(tree.child(key) for key in ("num_local_experts", "num_experts")):
        yield f"expert_ffn: {ffn.value}"
    if tree.child("hidden_act") is not None:
        yield f"gated: {str(_is_gated(tree)).lower()}"
