"""Models by name: shapes as their authors published them."""

from collections.abc import Mapping

from simulator.workload.transformer import Transformer


class KnownModel:
    """A published model: its shapes, and who says so."""

    def __init__(self, name: str, source: str, model: Transformer) -> None:
        """Keep the three."""
        self.name, self.source, self.model = name, source, model


def _dense(
    layers: int, hidden: int, heads: int, kv_heads: int, ffn: int, gated: bool, vocabulary: int, sequence: int,
    tied: bool = False,
) -> Transformer:  # fmt: skip
    return Transformer(
        layers, hidden, heads, kv_heads, hidden / heads, ffn, float(gated), vocabulary, sequence, tied=float(tied)
    )


def _gpt(layers: int, hidden: int, heads: int) -> Transformer:
    return _dense(layers, hidden, heads, heads, 4 * hidden, False, 51_200, 2_048, tied=True)


_LLAMA = "arXiv 2407.21783, table 3"
_MEGATRON = "Korthikanti et al. 2022, arXiv 2205.05198, table 3"
_DEEPSEEK = "DeepSeek-V3 Technical Report, arXiv 2412.19437, section 4.2"
_MIXTRAL = "Mixtral of Experts, arXiv 2401.04088, table 1"

MODELS: Mapping[str, KnownModel] = {
    model.name: model
    for model in (
        KnownModel("llama3_8b", _LLAMA, _dense(32, 4_096, 32, 8, 14_336, True, 128_256, 8_192)),
        KnownModel("llama3_70b", _LLAMA, _dense(80, 8_192, 64, 8, 28_672, True, 128_256, 8_192)),
        KnownModel("llama3_405b", _LLAMA, _dense(126, 16_384, 128, 8, 53_248, True, 128_256, 8_192)),
        KnownModel("gpt3_175b", "Brown et al. 2020, table 2.1; vocabulary padded to 51,200", _gpt(96, 12_288, 96)),
        KnownModel("megatron_22b", _MEGATRON, _gpt(48, 6_144, 64)),
        KnownModel("megatron_175b", _MEGATRON, _gpt(96, 12_288, 96)),
        KnownModel("megatron_530b", _MEGATRON, _gpt(105, 20_480, 128)),
        KnownModel("megatron_1t", _MEGATRON, _gpt(128, 25_600, 160)),
        KnownModel(
            "deepseek_v3",
            _DEEPSEEK,
            Transformer(
                61,
                7_168,
                128,
                128,
                128,
                18_432,
                1,
                129_280,
                4_096,
                experts=256,
                shared_experts=1,
                top_k=8,
                expert_ffn=2_048,
                dense_layers=3,
                query_rank=1_536,
                kv_rank=512,
                rope_size=64,
            ),
        ),
        KnownModel(
            "mixtral_8x7b",
            _MIXTRAL,
            Transformer(32, 4_096, 32, 8, 128, 14_336, 1, 32_000, 32_768, experts=8, top_k=2, expert_ffn=14_336),
        ),
    )
}
