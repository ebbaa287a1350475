"""The kinds of fabrics by name."""

FAT_TREE, RAIL, NVL_RAIL, DRAGONFLY, TORUS, TWO_SITES = (
    "fat_tree", "rail", "nvl_rail", "dragonfly", "torus_3d", "two_sites",
)  # fmt: skip
KINDS = (FAT_TREE, RAIL, NVL_RAIL, DRAGONFLY, TORUS, TWO_SITES)
CLOS = (FAT_TREE, RAIL, NVL_RAIL, TWO_SITES)  # leaves, spines and cores
